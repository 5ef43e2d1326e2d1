packer {
  required_version = ">= 1.8.2"
}

locals {
  vsphere_endpoint = vault("packer/data/vsphere", "endpoint")
  vsphere_username = vault("packer/data/vsphere", "username")
}

local "vsphere_password" {
  expression = vault("packer/data/vsphere", "password")
  sensitive  = true
}

variable "vm_name" {
  type = string
}

variable "common_vm_version" {
  type = number
}

source "vsphere-iso" "linux-server" {
  vcenter_server = local.vsphere_endpoint
  username       = local.vsphere_username
  password       = local.vsphere_password
  vm_name        = var.vm_name
  vm_version     = var.common_vm_version
  communicator   = "ssh"
}

build {
  sources = ["source.vsphere-iso.linux-server"]
}
