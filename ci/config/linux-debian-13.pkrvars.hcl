# Debian 13

vm_base_name = "linux-debian-13-main"

# Guest
vm_guest_os_name    = "debian"
vm_guest_os_version = "13"
# vSphere has no id for Debian 13 at hardware version 21.
vm_guest_os_type  = "other6xLinux64Guest"
vm_firmware       = "efi-secure"
vm_network_device = "auto"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/debian/13/amd64"
iso_file                 = "debian-13.6.0-amd64-netinst.iso"
iso_content_library_item = "debian-13.6.0-amd64-netinst"
