# Ubuntu Server 24.04 LTS

vm_base_name = "linux-ubuntu-24.04-lts-main"

# Guest
vm_guest_os_name    = "ubuntu"
vm_guest_os_version = "24.04-lts"
vm_guest_os_type    = "ubuntu64Guest"
vm_firmware         = "efi-secure"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/ubuntu-server/24-04-lts/amd64"
iso_file                 = "ubuntu-24.04.4-live-server-amd64.iso"
iso_content_library_item = "ubuntu-24.04.4-live-server-amd64"

# The live system reports an address at once, so that the whole installation happens while packer waits for SSH.
communicator_timeout = "45m"
