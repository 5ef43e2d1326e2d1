// The only place that names packer's and its plugins' versions; the runner image bakes in the same ones.
// Exact pins: with a floor, `packer init` may pick up on a Saturday night a plugin that nobody has tried.

packer {
  required_version = "~> 1.16.0"

  required_plugins {
    vsphere = {
      source  = "github.com/vmware/vsphere"
      version = "= 2.4.0"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "= 1.1.6"
    }
  }
}
