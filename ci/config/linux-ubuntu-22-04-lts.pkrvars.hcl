# Ubuntu Server 22.04 LTS

vm_base_name = "linux-ubuntu-22.04-lts-main"

# Guest
vm_guest_os_name    = "ubuntu"
vm_guest_os_version = "22.04-lts"
vm_guest_os_type    = "ubuntu64Guest"
vm_firmware         = "efi-secure"

# Media; iso_file is the last part of iso_url in ci/matrix.json
iso_datastore_path       = "iso/linux/ubuntu-server/22-04-lts/amd64"
iso_file                 = "ubuntu-22.04.5-live-server-amd64.iso"
iso_content_library_item = "ubuntu-22.04.5-live-server-amd64"

# The live system reports an address at once, so that the whole installation happens while packer waits for SSH.
communicator_timeout = "45m"
