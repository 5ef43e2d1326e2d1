// Windows Server, one source per edition and installation option. `only` in ci/matrix.json names the line's one;
// the others get a name of their own, so that a build without -only cannot make four VMs fight over one.

variable "vm_inst_os_version" {
  type        = string
  description = "Release, as the media's image names call it."

  validation {
    condition     = contains(["2022", "2025"], var.vm_inst_os_version)
    error_message = "The vm_inst_os_version must be 2022 or 2025."
  }
}

variable "vm_inst_os_key_standard" {
  type        = string
  description = "Product key for Standard; empty = Microsoft's public KMS client key."
  default     = ""
  sensitive   = true
}

variable "vm_inst_os_key_datacenter" {
  type        = string
  description = "Product key for Datacenter; empty = Microsoft's public KMS client key."
  default     = ""
  sensitive   = true
}

locals {
  vtpm = false

  // Not secrets: Microsoft publishes them (learn.microsoft.com, "KMS client activation and product keys").
  kms_client_keys = {
    "2022" = {
      standard   = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"
      datacenter = "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"
    }
    "2025" = {
      standard   = "TVRH6-WHNXV-R9WG3-9XRFY-MY832"
      datacenter = "D764K-2NDRG-47T6Q-P8T8W-YP6DF"
    }
  }
  product_key_standard   = coalesce(var.vm_inst_os_key_standard, local.kms_client_keys[var.vm_inst_os_version].standard)
  product_key_datacenter = coalesce(var.vm_inst_os_key_datacenter, local.kms_client_keys[var.vm_inst_os_version].datacenter)

  editions = {
    standard-core   = { image = "SERVERSTANDARDCORE", key = local.product_key_standard }
    standard-dexp   = { image = "SERVERSTANDARD", key = local.product_key_standard }
    datacenter-core = { image = "SERVERDATACENTERCORE", key = local.product_key_datacenter }
    datacenter-dexp = { image = "SERVERDATACENTER", key = local.product_key_datacenter }
  }
  autounattend = {
    for name, edition in local.editions : name => templatefile("../shared/autounattend.pkrtpl.hcl", {
      answers     = local.answers
      image_name  = "Windows Server ${var.vm_inst_os_version} ${edition.image}"
      product_key = var.vm_inst_os_eval ? "" : edition.key
    })
  }
  vm_names = {
    for name, edition in local.editions : name => (
      strcontains(var.vm_base_name, name) ? local.vm_name : "${var.vm_base_name}-${name}-build"
    )
  }
}

build {
  source "source.vsphere-iso.windows" {
    name       = "windows-server-standard-core"
    vm_name    = local.vm_names["standard-core"]
    cd_content = { "autounattend.xml" = local.autounattend["standard-core"] }
  }
  source "source.vsphere-iso.windows" {
    name       = "windows-server-standard-dexp"
    vm_name    = local.vm_names["standard-dexp"]
    cd_content = { "autounattend.xml" = local.autounattend["standard-dexp"] }
  }
  source "source.vsphere-iso.windows" {
    name       = "windows-server-datacenter-core"
    vm_name    = local.vm_names["datacenter-core"]
    cd_content = { "autounattend.xml" = local.autounattend["datacenter-core"] }
  }
  source "source.vsphere-iso.windows" {
    name       = "windows-server-datacenter-dexp"
    vm_name    = local.vm_names["datacenter-dexp"]
    cd_content = { "autounattend.xml" = local.autounattend["datacenter-dexp"] }
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
