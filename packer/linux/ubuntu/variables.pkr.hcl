// What the Linux lines have in common beyond ../../shared.

variable "build_password_encrypted" {
  type        = string
  description = "build_password as a SHA-512 crypt, for the installers. Rotate the two together."
  sensitive   = true

  validation {
    condition     = can(regex("^[$]6[$][./A-Za-z0-9$=]+$", var.build_password_encrypted))
    error_message = "The build_password_encrypted must be a SHA-512 crypt ($6$…), as `openssl passwd -6` prints it."
  }
}

variable "build_key" {
  type        = string
  description = "Public SSH key that may log in to the build account while the build lasts."
  sensitive   = true
}

variable "vm_guest_os_name" {
  type        = string
  description = "Distribution, e.g. debian."
}

variable "vm_guest_os_version" {
  type        = string
  description = "Its version as templates and notes call it, e.g. 12 or 24.04-lts."
}

variable "vm_guest_os_language" {
  type        = string
  description = "Locale."
  default     = "en_US.UTF-8"
}

variable "vm_guest_os_keyboard" {
  type        = string
  description = "Keyboard layout."
  default     = "us"
}

variable "vm_guest_os_timezone" {
  type        = string
  description = "Time zone."
  default     = "UTC"
}

variable "vm_guest_os_cloudinit" {
  type        = bool
  description = "Leave cloud-init in the template, ready for its next first boot, instead of removing it."
  default     = false
}

variable "additional_packages" {
  type        = list(string)
  description = "Packages to install on top of the ones a template needs."
  default     = []
}

variable "communicator_port" {
  type        = number
  description = "The guest's SSH port."
  default     = 22
}

// --- virtual hardware ---

variable "vm_cpu_count" {
  type        = number
  description = "CPUs."
  default     = 2
}

variable "vm_cpu_cores" {
  type        = number
  description = "Cores per socket."
  default     = 1
}

variable "vm_mem_size" {
  type        = number
  description = "Memory, MiB."
  default     = 2048
}

variable "vm_disk_size" {
  type        = number
  description = "Disk, MiB."
  default     = 40960
}
