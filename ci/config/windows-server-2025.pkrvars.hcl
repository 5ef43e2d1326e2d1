# Windows Server 2025

vm_base_name = "windows-server-2025-datacenter-dexp-main"

# Guest
vm_guest_os_type = "windows2022srvNext_64Guest"
vm_firmware      = "efi-secure"
vm_cpu_cores     = 2

# Installation media with a volume licence: true takes the image out of evaluation media instead and leaves the product key away,
# and then Setup stops at the licensing page for ever if the media are not evaluation media.
# The edition is the source that `only` in ci/matrix.json names.
vm_inst_os_version = "2025"
vm_inst_os_eval    = false

# Media, uploaded by hand under this name
iso_datastore_path       = "iso/windows/windows-server/2025/amd64"
iso_file                 = "windows-server-2025.iso"
iso_content_library_item = "windows-server-2025"

# The address comes only after the first logon has installed VMware Tools
common_ip_wait_timeout = "60m"
