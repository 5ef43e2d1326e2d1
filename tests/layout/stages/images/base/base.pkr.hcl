variable "version" { type = string }
variable "vc_password" {
  type      = string
  sensitive = true
  default   = "unset"
}

source "vsphere-iso" "base" {
  vcenter_server = "vc.example.com"
  username       = "svc"
  password       = var.vc_password
  host           = "esx1"
  vm_name        = "base-${var.version}-build"
  guest_os_type  = "centos8_64Guest"
  ssh_username   = "build"
  ssh_password   = "build"
  iso_paths      = ["[iso] base.iso"]
}

source "vsphere-clone" "apps" {
  vcenter_server = "vc.example.com"
  username       = "svc"
  password       = var.vc_password
  host           = "esx1"
  template       = "base-${var.version}"
  vm_name        = "unnamed"
  ssh_username   = "build"
  ssh_password   = "build"
}

build {
  name    = "stage1"
  sources = ["source.vsphere-iso.base"]
}

build {
  name = "stage2"
  source "vsphere-clone.apps" {
    name    = "docker"
    vm_name = "docker-${var.version}"
  }
  source "vsphere-clone.apps" {
    name    = "k8s"
    vm_name = "k8s-${var.version}"
  }
}
