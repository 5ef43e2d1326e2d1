// What the Windows lines have in common beyond ../../shared. No network or storage variables: the answer file sets its own disk layout, and the address is DHCP's.

variable "vm_tools_iso_path" {
  type        = string
  description = "VMware Tools for Windows; the default is the copy that every ESXi host carries."
  default     = "[] /vmimages/tools-isoimages/windows.iso"
}

variable "vm_inst_os_eval" {
  type        = bool
  description = "The media are evaluation media: no product key. On any other media Setup without a key stops at the licensing page for ever."
  default     = false
}

variable "vm_inst_os_language" {
  type        = string
  description = "Language of Setup."
  default     = "en-US"
}

variable "vm_inst_os_keyboard" {
  type        = string
  description = "Keyboard of Setup."
  default     = "en-US"
}

variable "vm_guest_os_language" {
  type        = string
  description = "Language of the installed system."
  default     = "en-US"
}

variable "vm_guest_os_keyboard" {
  type        = string
  description = "Keyboard of the installed system."
  default     = "en-US"
}

variable "vm_guest_os_timezone" {
  type        = string
  description = "Time zone by its Windows name."
  default     = "UTC"
}

variable "communicator_port" {
  type        = number
  description = "The guest's WinRM HTTPS port."
  default     = 5986
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
  default     = 4096
}

variable "vm_disk_size" {
  type        = number
  description = "Disk, MiB."
  default     = 102400
}

variable "vm_video_memory" {
  type        = number
  description = "Video memory, KiB."
  default     = 4096
}

variable "vm_video_displays" {
  type        = number
  description = "Displays."
  default     = 1
}

locals {
  // Everything that goes into autounattend.xml, with XML's five characters escaped: one "&" in the password would make
  // the whole answer file unreadable, and Setup would ask its questions on a console nobody watches.
  answers = {
    for name, value in {
      build_username = var.build_username
      build_password = var.build_password
      inst_language  = var.vm_inst_os_language
      inst_keyboard  = var.vm_inst_os_keyboard
      language       = var.vm_guest_os_language
      keyboard       = var.vm_guest_os_keyboard
      timezone       = var.vm_guest_os_timezone
    } :
    name => replace(replace(replace(replace(replace(value, "&", "&amp;"), "<", "&lt;"), ">", "&gt;"), "\"", "&quot;"), "'", "&apos;")
  }
}

locals {
  // The password reaches Ansible through its environment, where no process list shows it (see group variables in the playbook).
  ansible_env_vars = [
    "ANSIBLE_CONFIG=${path.root}/../../ansible/ansible.cfg",
    "BUILD_PASSWORD=${var.build_password}",
  ]
  ansible_arguments = [
    "--extra-vars", jsonencode({ build_username = var.build_username }),
    // No task has this tag. The plugin appends "-e ansible_password=<the password>" unless an argument
    // says ansible_password already.
    "--skip-tags=ansible_password",
  ]
}
