// Ubuntu Server: cloud-init autoinstall. The live image finds its configuration by the CD's label "cidata".

locals {
  python = "/usr/bin/python3"

  seed = {
    label = "cidata"
    files = {
      "meta-data" = ""
      "user-data" = templatefile("data/user-data.pkrtpl.hcl", {
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

  // GRUB's own prompt: without "autoinstall" on the kernel's command line the installer stops and asks.
  // The menu waits 30 s. A "c" that came too early is lost, so it comes twice; where the first one
  // arrived, the second is typed text and the backspace takes it away.
  boot = {
    wait = "10s"
    command = [
      "c<wait3>c<bs><wait>",
      "linux /casper/vmlinuz autoinstall ---<enter><wait5>",
      "initrd /casper/initrd<enter><wait10>",
      "boot<enter>",
    ]
  }
}
