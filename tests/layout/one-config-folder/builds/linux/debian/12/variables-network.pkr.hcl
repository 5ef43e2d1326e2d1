variable "vm_ip_address" {
  type    = string
  default = null
}
