// The disk's layout, one description for all three installers. A size of -1 means "the rest".

variable "vm_disk_device" {
  type        = string
  description = "Disk as the installer names it, without /dev/."
}

variable "vm_disk_use_swap" {
  type        = bool
  description = "Create the swap volumes of the layout; without it they are left out."
}

variable "vm_disk_partitions" {
  type = list(object({
    name = string
    size = number
    format = object({
      label  = string
      fstype = string
    })
    mount = object({
      path    = string
      options = string
    })
    volume_group = string
  }))
  description = "GPT partitions in order, sizes in MiB. A volume_group makes the partition its physical volume; fstype fat32 at /boot/efi is the EFI system partition."
}

variable "vm_disk_lvm" {
  type = list(object({
    name = string
    partitions = list(object({
      name = string
      size = number
      format = object({
        label  = string
        fstype = string
      })
      mount = object({
        path    = string
        options = string
      })
    }))
  }))
  description = "Volume groups and their logical volumes, in order; fstype swap makes a swap volume."
  default     = []
}

locals {
  storage = {
    device     = var.vm_disk_device
    swap       = var.vm_disk_use_swap
    partitions = var.vm_disk_partitions
    lvm = [for group in var.vm_disk_lvm : {
      name       = group.name
      partitions = [for volume in group.partitions : volume if var.vm_disk_use_swap || volume.format.fstype != "swap"]
    }]
  }
}
