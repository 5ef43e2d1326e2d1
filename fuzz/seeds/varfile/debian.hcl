# Debian 12

vm_base_name = "linux-debian-12-main"

# Guest
vm_guest_os_name    = "debian"
vm_guest_os_version = "12"
vm_guest_os_type    = "debian12_64Guest"
vm_firmware         = "efi-secure"
vm_network_device   = "auto"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/debian/12/amd64"
iso_file                 = "debian-12.15.0-amd64-netinst.iso"
iso_content_library_item = "debian-12.15.0-amd64-netinst"
