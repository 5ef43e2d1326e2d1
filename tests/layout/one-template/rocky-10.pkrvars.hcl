release = "rocky-10"
guest   = "rockylinux_64Guest"
iso     = "Rocky-10.0-x86_64-minimal.iso"
