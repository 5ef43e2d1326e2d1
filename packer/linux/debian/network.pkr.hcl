// The guest's network during the installation. Without an address it is DHCP.

variable "vm_network_device" {
  type        = string
  description = "Interface as the installer names it. vmxnet3 is ens33 on some virtual hardware and ens192 on other, so every line says \"the one there is\": auto (Debian), link (EL); Ubuntu matches en* and does not ask."
  default     = "auto"
}

variable "vm_ip_address" {
  type        = string
  description = "Static IPv4 address; null = DHCP."
  default     = null
}

variable "vm_ip_netmask" {
  type        = number
  description = "Its prefix length."
  default     = 24
}

variable "vm_ip_gateway" {
  type        = string
  description = "Its gateway."
  default     = null
}

variable "vm_dns_list" {
  type        = list(string)
  description = "Its name servers."
  default     = []
}

locals {
  network = {
    device      = var.vm_network_device
    static      = var.vm_ip_address != null
    address     = var.vm_ip_address
    prefix      = var.vm_ip_netmask
    netmask     = cidrnetmask("0.0.0.0/${var.vm_ip_netmask}")
    gateway     = var.vm_ip_gateway
    nameservers = var.vm_dns_list
  }
}
