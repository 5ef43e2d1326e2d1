// Windows 11, one source per edition; the line's edition in ci/matrix.json picks one by -only. The other gets a name of
// its own, so that a build without -only cannot make two VMs fight over one.

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
    pro = coalesce(var.vm_inst_os_key_pro, "W269N-WFGWX-YVC9B-4J6C9-T83GX")
    ent = coalesce(var.vm_inst_os_key_ent, "NPPR9-FWDCX-D2C8J-H872K-2YT43")
  }
  editions = {
    pro = { image = "Pro", key = local.product_keys.pro }
    ent = { image = "Enterprise", key = local.product_keys.ent }
  }
  autounattend = {
    for name, edition in local.editions : name => templatefile("../shared/autounattend.pkrtpl.hcl", {
      answers     = local.answers
      image_name  = "Windows 11 ${edition.image}${var.vm_inst_os_eval ? " Evaluation" : ""}"
      product_key = var.vm_inst_os_eval ? "" : edition.key
    })
  }
  vm_names = {
    for name, edition in local.editions : name => (
      strcontains(var.vm_base_name, "-${name}-") ? local.vm_name : "${var.vm_base_name}-${name}-build"
    )
  }
}

build {
  source "source.vsphere-iso.windows" {
    name       = "windows-desktop-pro"
    vm_name    = local.vm_names["pro"]
    cd_content = { "autounattend.xml" = local.autounattend["pro"] }
  }
  source "source.vsphere-iso.windows" {
    name       = "windows-desktop-ent"
    vm_name    = local.vm_names["ent"]
    cd_content = { "autounattend.xml" = local.autounattend["ent"] }
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
