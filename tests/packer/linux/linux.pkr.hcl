// A template small enough for a simulated vCenter: the guest is an sshd on this machine. Understood by packer 1.6 and by
// everything newer that has the vsphere and ansible plugins installed.

variable "vsphere_endpoint" { type = string }
variable "vsphere_username" { type = string }
variable "vsphere_password" {
  type      = string
  sensitive = true
}
variable "vsphere_insecure_connection" { type = bool }
variable "vsphere_datacenter" { type = string }
variable "vsphere_cluster" { type = string }
variable "vsphere_folder" { type = string }
variable "vsphere_datastore" { type = string }
variable "vsphere_network" { type = string }

variable "build_username" { type = string }
variable "build_password" {
  type      = string
  sensitive = true
}
variable "ansible_username" { type = string }
variable "common_iso_datastore" { type = string }
variable "common_ip_wait_timeout" { type = string }
variable "common_shutdown_timeout" { type = string }
variable "vm_disk_device" { type = string }
variable "vm_base_name" { type = string }
variable "vm_guest_os_type" { type = string }
variable "iso_datastore_path" { type = string }
variable "iso_file" { type = string }

// The throw-away sshd.
variable "guest_port" { type = number }
variable "guest_user" { type = string }
variable "guest_key" { type = string }
variable "guest_folder" { type = string }

source "vsphere-iso" "linux" {
  vcenter_server      = var.vsphere_endpoint
  username            = var.vsphere_username
  password            = var.vsphere_password
  insecure_connection = var.vsphere_insecure_connection
  datacenter          = var.vsphere_datacenter
  cluster             = var.vsphere_cluster
  folder              = var.vsphere_folder
  datastore           = var.vsphere_datastore

  vm_name       = "${var.vm_base_name}-build"
  guest_os_type = var.vm_guest_os_type
  CPUs          = 1
  RAM           = 512
  storage {
    disk_size = 1024
  }
  network_adapters {
    network      = var.vsphere_network
    network_card = "vmxnet3"
  }
  iso_paths    = ["[${var.common_iso_datastore}] ${var.iso_datastore_path}/${var.iso_file}"]
  remove_cdrom = true
  // The simulator cannot set another order at the end.
  boot_order = "disk,cdrom"
  boot_wait  = "1s"

  ip_wait_timeout   = var.common_ip_wait_timeout
  ip_settle_timeout = "1s"

  communicator         = "ssh"
  ssh_username         = var.guest_user
  ssh_private_key_file = var.guest_key
  ssh_port             = var.guest_port
  ssh_timeout          = "1m"

  shutdown_timeout    = var.common_shutdown_timeout
  convert_to_template = true
}

build {
  sources = ["source.vsphere-iso.linux"]

  provisioner "ansible" {
    playbook_file    = "${path.root}/playbook.yml"
    use_proxy        = false
    user             = var.guest_user
    ansible_env_vars = ["ANSIBLE_HOST_KEY_CHECKING=False", "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3"]
    extra_arguments  = ["--extra-vars", "guest_folder=${var.guest_folder} ansible_port=${var.guest_port}"]
  }

  post-processor "manifest" {
    strip_path = true
  }
}
