// One source for all Windows lines. The folder's own build block names the editions and adds the answer file of each; its locals say:
//   vtpm          whether the guest has a virtual TPM

source "vsphere-iso" "windows" {
  // vCenter and placement
  vcenter_server                 = var.vsphere_endpoint
  username                       = var.vsphere_username
  password                       = var.vsphere_password
  insecure_connection            = var.vsphere_insecure_connection
  datacenter                     = var.vsphere_datacenter
  cluster                        = var.vsphere_cluster
  host                           = var.vsphere_host
  resource_pool                  = var.vsphere_resource_pool
  datastore                      = var.vsphere_datastore
  folder                         = var.vsphere_folder
  set_host_for_datastore_uploads = var.vsphere_set_host_for_datastore_uploads

  // virtual machine
  notes                = local.notes
  vm_version           = var.common_vm_version
  guest_os_type        = var.vm_guest_os_type
  firmware             = var.vm_firmware
  vTPM                 = local.vtpm
  CPUs                 = var.vm_cpu_count
  cpu_cores            = var.vm_cpu_cores
  RAM                  = var.vm_mem_size
  video_ram            = var.vm_video_memory
  displays             = var.vm_video_displays
  disk_controller_type = var.vm_disk_controller_type
  tools_upgrade_policy = var.common_tools_upgrade_policy

  storage {
    disk_size             = var.vm_disk_size
    disk_thin_provisioned = var.vm_disk_thin_provisioned
  }
  network_adapters {
    network      = var.vsphere_network
    network_card = var.vm_network_card
  }

  // media: the installer, VMware Tools (also the disk driver), then the generated CD with answer file and scripts.
  // Which letters they get is Windows's business; everything in the guest searches for them.
  cdrom_type = var.vm_cdrom_type
  iso_paths  = [local.iso_path, var.vm_tools_iso_path]
  cd_label   = "UNATTEND"
  cd_files = [
    "${path.root}/../shared/bootstrap.ps1",
    "${path.root}/../../ansible/roles/harden/files/Initialize-WinRMHttps.ps1",
  ]
  remove_cdrom    = var.common_remove_cdrom
  reattach_cdroms = var.vm_cdrom_count

  // The generated CD holds the build account's password; without this it stays in the datastore's packer_cache for ever.
  remote_cache_cleanup = true

  // boot: the firmware waits a few seconds for "any key" before it boots from a CD, sooner or later by the host's load.
  // Further keys are harmless: nothing reads them until Setup is on, and the answer file answers Setup.
  boot_order   = "disk,cdrom"
  boot_wait    = "2s"
  boot_command = [for second in range(12) : "<spacebar><wait>"]

  // guest: TLS from the first connection on, so that the password never crosses the network in clear and no
  // weaker setting of WinRM has to be taken back later
  ip_wait_timeout   = var.common_ip_wait_timeout
  ip_settle_timeout = var.common_ip_settle_timeout
  ip_wait_address   = var.common_ip_wait_address
  communicator      = "winrm"
  winrm_username    = var.build_username
  winrm_password    = var.build_password
  winrm_port        = var.communicator_port
  winrm_timeout     = var.communicator_timeout
  winrm_use_ssl     = true
  winrm_insecure    = true
  winrm_use_ntlm    = true

  // The role "harden" leaves this script: it takes back what only the build needed, disables the build account, and powers off.
  shutdown_command    = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File \"C:\\Program Files\\PackerTemplate\\Complete-Template.ps1\""
  shutdown_timeout    = var.common_shutdown_timeout
  convert_to_template = var.common_template_conversion
}
