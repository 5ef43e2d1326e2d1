// One source for all Linux lines. What differs between the families comes from the folder's own locals:
//   seed          label and files of the generated CD
//   boot          how long to wait for the boot menu, and what to type there
//   python        interpreter of the guest for Ansible

source "vsphere-iso" "linux" {
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
  vm_name              = local.vm_name
  notes                = local.notes
  vm_version           = var.common_vm_version
  guest_os_type        = var.vm_guest_os_type
  firmware             = var.vm_firmware
  CPUs                 = var.vm_cpu_count
  cpu_cores            = var.vm_cpu_cores
  RAM                  = var.vm_mem_size
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

  // media: the installer, then the generated CD with the unattended configuration
  cdrom_type      = var.vm_cdrom_type
  iso_paths       = [local.iso_path]
  cd_label        = local.seed.label
  cd_content      = local.seed.files
  remove_cdrom    = var.common_remove_cdrom
  reattach_cdroms = var.vm_cdrom_count

  // The generated CD holds the build account's password; without this it stays in the datastore's packer_cache for ever.
  remote_cache_cleanup = true

  // boot: the disk is empty the first time, so that the CD is next, and first from then on
  boot_order             = "disk,cdrom"
  boot_wait              = local.boot.wait
  boot_command           = local.boot.command
  boot_keygroup_interval = "20ms"

  // guest
  ip_wait_timeout    = var.common_ip_wait_timeout
  ip_settle_timeout  = var.common_ip_settle_timeout
  ip_wait_address    = var.common_ip_wait_address
  communicator       = "ssh"
  ssh_username       = var.build_username
  ssh_password       = var.build_password
  ssh_port           = var.communicator_port
  ssh_timeout        = var.communicator_timeout
  ssh_proxy_host     = var.communicator_proxy_host
  ssh_proxy_port     = var.communicator_proxy_host == "" ? 0 : var.communicator_proxy_port
  ssh_proxy_username = var.communicator_proxy_username
  ssh_proxy_password = var.communicator_proxy_password

  // The role "clean" leaves this script: it removes the build account with its password and its right to sudo, itself, and powers off.
  // No password on the command line; when it fails the guest stays up and the build ends with the shutdown's time limit.
  shutdown_command    = "sudo -n /usr/local/sbin/seal-template"
  shutdown_timeout    = var.common_shutdown_timeout
  convert_to_template = var.common_template_conversion
}

build {
  sources = ["source.vsphere-iso.linux"]

  provisioner "ansible" {
    user          = var.build_username
    playbook_file = "${path.root}/../../ansible/linux-playbook.yml"
    roles_path    = "${path.root}/../../ansible/roles"
    // Collections are part of the runner image: no galaxy_file, so that a build needs nothing from Galaxy.
    ansible_env_vars = [
      "ANSIBLE_CONFIG=${path.root}/../../ansible/ansible.cfg",
      "ANSIBLE_PYTHON_INTERPRETER=${local.python}",
    ]
    extra_arguments = [
      "--extra-vars", jsonencode({
        build_username      = var.build_username
        ansible_username    = var.ansible_username
        ansible_key         = var.ansible_key
        cloudinit_kept      = var.vm_guest_os_cloudinit
        additional_packages = var.additional_packages
      }),
    ]
  }

  post-processor "manifest" {
    output      = local.manifest_file
    strip_path  = true
    strip_time  = true
    custom_data = local.custom_data
  }
}
