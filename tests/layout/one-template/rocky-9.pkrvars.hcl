release = "rocky-9"
guest   = "rockylinux_64Guest"
iso     = "Rocky-9.5-x86_64-minimal.iso"
