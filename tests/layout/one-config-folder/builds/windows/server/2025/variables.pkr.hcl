variable "vsphere_endpoint" {
  type = string
}

variable "vsphere_username" {
  type      = string
  sensitive = true
}

variable "vsphere_password" {
  type      = string
  sensitive = true
}

variable "vsphere_insecure" {
  type    = bool
  default = false
}

variable "build_username" {
  type      = string
  sensitive = true
}

variable "os_family" {
  type = string
}

variable "os_name" {
  type = string
}

variable "os_version" {
  type = string
}
