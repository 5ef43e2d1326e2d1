// Where the image is built. Endpoint, account and placement come from the environment
// (PKR_VAR_vsphere_…), never from a file: a var-file would win over the environment.

variable "vsphere_endpoint" {
  type        = string
  description = "Host name of vCenter, without a scheme."
}

variable "vsphere_username" {
  type        = string
  description = "The account that builds."
  sensitive   = true
}

variable "vsphere_password" {
  type        = string
  description = "Its password."
  sensitive   = true
}

variable "vsphere_insecure_connection" {
  type        = bool
  description = "Accept a certificate of vCenter that cannot be verified."
}

variable "vsphere_datacenter" {
  type        = string
  description = "Datacenter; may be empty where vCenter has only one."
  default     = ""
}

variable "vsphere_cluster" {
  type        = string
  description = "Cluster to build on. Either this or vsphere_host."
  default     = ""
}

variable "vsphere_host" {
  type        = string
  description = "A single ESXi host to build on. Either this or vsphere_cluster."
  default     = ""
}

variable "vsphere_resource_pool" {
  type        = string
  description = "Resource pool; empty = the cluster's own."
  default     = ""
}

variable "vsphere_datastore" {
  type        = string
  description = "Datastore of the template's disk and of the generated CD."
}

variable "vsphere_network" {
  type        = string
  description = "Port group with DHCP; the guest also needs the distribution's mirrors through it."
}

variable "vsphere_folder" {
  type        = string
  description = "VM folder of the templates, the one `tmpl-tui promote` works in."
  default     = ""
}

variable "vsphere_set_host_for_datastore_uploads" {
  type        = bool
  description = "Upload the generated CD through the chosen host instead of letting vCenter pick one."
  default     = false
}
