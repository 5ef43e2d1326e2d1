variable "vcenter_server" {
  type    = string
  default = ""
}

variable "vcenter_username" {
  type    = string
  default = ""
  sensitive = true
}

variable "vcenter_password" {
  type    = string
  default = ""
  sensitive = true
}

variable "vm_name" {
  type    = string
  default = ""
}

source "vsphere-iso" "rocky" {
  vcenter_server      = var.vcenter_server
  username            = var.vcenter_username
  password            = var.vcenter_password
  cluster             = "cluster"
  vm_name             = var.vm_name
  guest_os_type       = "otherGuest"
  communicator        = "ssh"
  convert_to_template = true
}

build {
  sources = ["source.vsphere-iso.rocky"]
}
