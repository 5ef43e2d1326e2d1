packer {
  required_version = ">= 1.10.0"
  required_plugins {
    vsphere = {
      version = ">= 1.3.0"
      source  = "github.com/hashicorp/vsphere"
    }
  }
}

data "git-repository" "cwd" {}

locals {
  build_version = data.git-repository.cwd.head
  vm_name       = "${var.os_family}-${var.os_name}-${var.os_version}-${local.build_version}"
  answers = {
    "/answers" = { user = var.build_username, lang = "en", user = var.build_username }
  }
}

source "vsphere-iso" "linux-debian" {
  vcenter_server      = var.vsphere_endpoint
  username            = var.vsphere_username
  password            = var.vsphere_password
  insecure_connection = var.vsphere_insecure
  cluster             = "cluster"
  datastore           = "ds"
  vm_name       = local.vm_name
  guest_os_type = "debian12_64Guest"
  communicator  = "ssh"
}

build {
  sources = ["source.vsphere-iso.linux-debian"]
}
