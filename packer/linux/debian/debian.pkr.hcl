// Debian: preseed.
//
// d-i cannot look for a preseed file on a second CD by itself. Typing a mount command into its second console works only if every key
// lands on the right screen after a guessed time. Instead GRUB itself finds the generated CD and hands the file to
// the kernel as a second initrd ("newc:NAME:FILE" packs it): d-i reads /preseed.cfg from its root file system before its
// first question. Nothing is typed once the kernel runs, no CD stays mounted that partman or cdrom-detect could trip over,
// and when the CD is missing GRUB says so and stays at its prompt. Secure Boot checks the kernel, not initrds.

locals {
  python = "/usr/bin/python3"

  seed = {
    label = "PRESEED"
    files = {
      "preseed.cfg" = templatefile("data/preseed.pkrtpl.hcl", {
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

  // The menu waits for ever. A "c" that came too early is lost, so it comes twice; where the first one
  // arrived, the second is typed text and the backspace takes it away.
  boot = {
    wait = "10s"
    command = [
      "c<wait3>c<bs><wait>",
      "search --no-floppy --file --set=seed /preseed.cfg<enter><wait3>",
      "linux /install.amd/vmlinuz priority=critical --- quiet<enter><wait3>",
      "initrd /install.amd/initrd.gz newc:preseed.cfg:($seed)/preseed.cfg<enter><wait10>",
      "boot<enter>",
    ]
  }
}
