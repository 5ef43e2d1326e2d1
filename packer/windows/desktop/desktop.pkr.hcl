// Windows 11. The edition is the line's own choice (vm_inst_os_edition), so that there is one source and no -only.

variable "vm_inst_os_edition" {
  type        = string
  description = "Pro or Enterprise, as the media's image names call it."

  validation {
    condition     = contains(["Pro", "Enterprise"], var.vm_inst_os_edition)
    error_message = "The vm_inst_os_edition must be Pro or Enterprise."
  }
}

variable "vm_inst_os_key_pro" {
  type        = string
  description = "Product key for Pro; empty = Microsoft's public KMS client key."
  default     = ""
  sensitive   = true
}

variable "vm_inst_os_key_ent" {
  type        = string
  description = "Product key for Enterprise; empty = Microsoft's public KMS client key."
  default     = ""
  sensitive   = true
}

locals {
  // Windows 11 asks for a TPM. vSphere needs a key provider for it, and the account Cryptographer.Access and .Encrypt.
  vtpm = true

  // Not secrets: Microsoft publishes them (learn.microsoft.com, "KMS client activation and product keys").
  product_keys = {
    Pro        = coalesce(var.vm_inst_os_key_pro, "W269N-WFGWX-YVC9B-4J6C9-T83GX")
    Enterprise = coalesce(var.vm_inst_os_key_ent, "NPPR9-FWDCX-D2C8J-H872K-2YT43")
  }
  autounattend = templatefile("../shared/autounattend.pkrtpl.hcl", {
    answers     = local.answers
    image_name  = "Windows 11 ${var.vm_inst_os_edition}${var.vm_inst_os_eval ? " Evaluation" : ""}"
    product_key = var.vm_inst_os_eval ? "" : local.product_keys[var.vm_inst_os_edition]
  })
}

build {
  source "source.vsphere-iso.windows" {
    name       = "windows-desktop"
    vm_name    = local.vm_name
    cd_content = { "autounattend.xml" = local.autounattend }
  }

  provisioner "ansible" {
    user             = var.build_username
    use_proxy        = false
    playbook_file    = "${path.root}/../../ansible/windows-playbook.yml"
    roles_path       = "${path.root}/../../ansible/roles"
    ansible_env_vars = local.ansible_env_vars
    extra_arguments  = local.ansible_arguments
  }

  post-processor "manifest" {
    output      = local.manifest_file
    strip_path  = true
    strip_time  = true
    custom_data = local.custom_data
  }
}
