# Rocky Linux 9

vm_base_name = "linux-rocky-9-main"

# Guest
vm_guest_os_name    = "rocky"
vm_guest_os_version = "9"
vm_guest_os_type    = "rockylinux_64Guest"
# Without Secure Boot: turn it on once the line's media are known to boot with it.
vm_firmware       = "efi"
vm_network_device = "link"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/rocky-linux/9/amd64"
iso_file                 = "Rocky-9.8-x86_64-dvd.iso"
iso_content_library_item = "Rocky-9.8-x86_64-dvd"
