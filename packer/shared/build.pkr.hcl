// What every line has in common: media, accounts, time limits.

variable "vm_base_name" {
  type        = string
  description = "Name of the live template, the same as the line's base_name in ci/matrix.json."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.vm_base_name))
    error_message = "The vm_base_name must be letters, digits, dots, dashes and underscores only."
  }
}

// --- media ---

variable "common_data_source" {
  type        = string
  description = "How the unattended configuration reaches the installer. Only a generated CD: a runner pod takes no inbound connection."

  validation {
    condition     = var.common_data_source == "disk"
    error_message = "The common_data_source must be \"disk\"."
  }
}

variable "common_iso_datastore" {
  type        = string
  description = "Datastore with the install media."
}

variable "common_iso_content_library_enabled" {
  type        = bool
  description = "Take the install media from a content library instead of the datastore."
  default     = false
}

variable "common_iso_content_library" {
  type        = string
  description = "That content library's name."
  default     = ""
}

variable "iso_datastore_path" {
  type        = string
  description = "Folder of the ISO on the datastore, no slash at either end."
}

variable "iso_file" {
  type        = string
  description = "File name of the ISO; the one the line's iso_url in ci/matrix.json ends with."
}

variable "iso_content_library_item" {
  type        = string
  description = "Its item in the content library: the file name without .iso."
}

// --- accounts ---

variable "build_username" {
  type        = string
  description = "Account that the installer creates and the build works with; it does not survive the build on Linux."

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,30}$", var.build_username))
    error_message = "The build_username must be a lower-case account name of at most 31 characters."
  }
}

variable "build_password" {
  type        = string
  description = "Its password, in clear: for SSH, WinRM and autounattend.xml."
  sensitive   = true
}

variable "ansible_username" {
  type        = string
  description = "Account that the template keeps for configuration management."

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,30}$", var.ansible_username))
    error_message = "The ansible_username must be a lower-case account name of at most 31 characters."
  }
}

variable "ansible_key" {
  type        = string
  description = "Its public SSH key."
}

// --- virtual hardware ---

variable "common_vm_version" {
  type        = number
  description = "Virtual hardware version."
}

variable "vm_guest_os_type" {
  type        = string
  description = "vSphere's guest id, e.g. debian12_64Guest."
}

variable "vm_firmware" {
  type        = string
  description = "efi or efi-secure; the boot commands are written for EFI."
  default     = "efi-secure"

  validation {
    condition     = contains(["efi", "efi-secure"], var.vm_firmware)
    error_message = "The vm_firmware must be efi or efi-secure."
  }
}

variable "vm_cdrom_type" {
  type        = string
  description = "Controller of the CD drives: sata or ide."
  default     = "sata"
}

variable "vm_cdrom_count" {
  type        = number
  description = "Empty CD drives the template keeps."
  default     = 1
}

variable "vm_disk_controller_type" {
  type        = list(string)
  description = "Disk controllers, in order."
  default     = ["pvscsi"]
}

variable "vm_disk_thin_provisioned" {
  type        = bool
  description = "Thin disk."
  default     = true
}

variable "vm_network_card" {
  type        = string
  description = "Network adapter."
  default     = "vmxnet3"
}

variable "common_tools_upgrade_policy" {
  type        = bool
  description = "Let vSphere upgrade VMware Tools at power-on."
  default     = true
}

variable "common_remove_cdrom" {
  type        = bool
  description = "Detach all media at the end."
  default     = true
}

variable "common_template_conversion" {
  type        = bool
  description = "End with a template; false leaves a VM, which cannot be promoted."
  default     = true
}

// --- time limits ---

variable "common_ip_wait_timeout" {
  type        = string
  description = "Limit of the wait for the guest's address: the whole unattended installation on most lines."
}

variable "common_ip_settle_timeout" {
  type        = string
  description = "How long an address must stay the same before it counts."
  default     = "5s"
}

variable "common_ip_wait_address" {
  type        = string
  description = "Network the guest's address must be in, e.g. 10.0.8.0/24; any IPv4 address by default. Set it where a DHCP server is slow and guests first report 169.254.x.x."
  default     = "0.0.0.0/0"
}

variable "common_shutdown_timeout" {
  type        = string
  description = "Limit of the shutdown."
}

variable "communicator_timeout" {
  type        = string
  description = "Limit of the wait for SSH or WinRM once there is an address."
  default     = "30m"
}

// --- proxy of the build network ---

variable "communicator_proxy_host" {
  type        = string
  description = "SOCKS proxy between packer and the guest; empty = none."
  default     = ""
}

variable "communicator_proxy_port" {
  type        = number
  description = "Its port."
  default     = 1080
}

variable "communicator_proxy_username" {
  type        = string
  description = "Its account."
  default     = ""
}

variable "communicator_proxy_password" {
  type        = string
  description = "Its password."
  default     = ""
  sensitive   = true
}

// --- what is being built from what ---

variable "build_commit" {
  type        = string
  description = "Commit of this repository, for the template's notes. PKR_VAR_build_commit, or what GitHub Actions says."
  default     = env("GITHUB_SHA")
}

locals {
  vm_name  = "${var.vm_base_name}-build"
  started  = timestamp()
  built_at = formatdate("YYYY-MM-DD'T'hh:mm:ss'Z'", local.started)
  commit   = var.build_commit == "" ? "unknown" : var.build_commit

  iso_path = (
    var.common_iso_content_library_enabled
    ? "${var.common_iso_content_library}/${var.iso_content_library_item}/${var.iso_file}"
    : "[${var.common_iso_datastore}] ${var.iso_datastore_path}/${var.iso_file}"
  )

  notes = join("\n", [
    "Built: ${local.built_at}",
    "Commit: ${local.commit}",
    "Media: ${var.iso_file}",
  ])

  // Goes into the manifest as it stands, unmasked: nothing secret may be added.
  custom_data = {
    build_commit     = local.commit
    build_date       = local.built_at
    iso_file         = var.iso_file
    vm_base_name     = var.vm_base_name
    vm_firmware      = var.vm_firmware
    vm_guest_os_type = var.vm_guest_os_type
    vm_version       = "${var.common_vm_version}"
    vsphere_folder   = var.vsphere_folder
  }
  manifest_file = "${path.root}/../../../manifests/${var.vm_base_name}-${formatdate("YYYYMMDD'T'hhmmss'Z'", local.started)}.json"
}
