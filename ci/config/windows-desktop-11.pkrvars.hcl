# Windows 11

vm_base_name = "windows-desktop-11-ent-main"

# Guest
vm_guest_os_type = "windows9_64Guest"
vm_firmware      = "efi-secure"

# Installation media with a volume licence: true takes the image out of evaluation media instead and leaves the product key away,
# and then Setup stops at the licensing page for ever if the media are not evaluation media.
vm_inst_os_eval = false

# Media, uploaded by hand under this name
iso_datastore_path       = "iso/windows/windows-desktop/11/amd64"
iso_file                 = "windows-desktop-11.iso"
iso_content_library_item = "windows-desktop-11"

# The address comes only after the first logon has installed VMware Tools
common_ip_wait_timeout = "60m"
