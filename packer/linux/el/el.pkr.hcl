// Rocky Linux and AlmaLinux: kickstart.
//
// Anaconda looks for /ks.cfg on a volume labelled OEMDRV by itself and waits for it, so that nothing has to be typed into the boot menu's
// entries. The two keys only skip the media check; where they are lost, the menu's own timeout starts the default entry,
// and the installation goes unattended all the same.

locals {
  python = "/usr/libexec/platform-python"

  seed = {
    label = "OEMDRV"
    files = {
      "ks.cfg" = templatefile("data/ks.pkrtpl.hcl", {
        build_username           = var.build_username
        build_password_encrypted = var.build_password_encrypted
        build_key                = var.build_key
        language                 = var.vm_guest_os_language
        keyboard                 = var.vm_guest_os_keyboard
        timezone                 = var.vm_guest_os_timezone
        network                  = local.network
        storage                  = local.storage
      })
    }
  }

  boot = {
    wait    = "10s"
    command = ["<up><wait><enter>"]
  }
}
