# AlmaLinux 9

vm_base_name = "linux-almalinux-9-main"

# Guest
vm_guest_os_name    = "almalinux"
vm_guest_os_version = "9"
vm_guest_os_type    = "almalinux_64Guest"
vm_firmware         = "efi-secure"
vm_network_device   = "link"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/almalinux-os/9/amd64"
iso_file                 = "AlmaLinux-9.8-x86_64-dvd.iso"
iso_content_library_item = "AlmaLinux-9.8-x86_64-dvd"
