packer {
  required_version = ">= 1.10.0"
  required_plugins {
    vsphere = {
      source  = "github.com/hashicorp/vsphere"
      version = ">= 1.4.0"
    }
  }
}

variable "release" { type = string }
variable "guest" { type = string }
variable "iso" { type = string }
variable "server" {
  type    = string
  default = "vc.example.com"
}
variable "account" {
  type    = string
  default = env("VC_ACCOUNT")
}
variable "vc_password" {
  type      = string
  sensitive = true
  default   = env("VC_PASSWORD")
}

source "vsphere-iso" "linux" {
  vcenter_server      = "${var.server}"
  username            = "${var.account}"
  password            = "${var.vc_password}"
  cluster             = "one"
  datastore           = "ssd"
  folder              = "images"
  vm_name             = "linux-${var.release}-{{ isotime \"2006-01-02\" }}"
  guest_os_type       = var.guest
  iso_paths           = ["[iso] linux/${var.iso}"]
  communicator        = "ssh"
  ssh_username        = "build"
  ssh_password        = "build"
  convert_to_template = true
}

source "vsphere-iso" "windows" {
  vcenter_server      = "${var.server}"
  username            = "${var.account}"
  password            = "${var.vc_password}"
  cluster             = "one"
  datastore           = "ssd"
  folder              = "images"
  vm_name             = "ws-${var.release}"
  guest_os_type       = var.guest
  iso_paths           = ["[iso] windows/${var.iso}"]
  communicator        = "winrm"
  winrm_username      = "build"
  winrm_password      = "build"
  convert_to_template = true
}

build {
  sources = ["source.vsphere-iso.linux", "source.vsphere-iso.windows"]
}
