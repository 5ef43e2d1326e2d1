// Debian: preseed.
//
// d-i cannot look for a preseed file on a second CD by itself. Typing a mount command into its second console works only if every key
// lands on the right screen after a guessed time. Instead the file is on the generated CD as a cpio archive, GRUB itself finds
// that CD and hands the archive to the kernel as a second initrd: d-i reads /preseed.cfg from its root file system before its first
// question. Nothing is typed once the kernel runs, no CD stays mounted that partman or cdrom-detect could trip over,
// and when the CD is missing GRUB says so and stays at its prompt. Secure Boot checks the kernel, not initrds.
// (GRUB can pack a plain file itself, "newc:NAME:FILE", but leaves out a byte without which Debian's kernels refuse the archive.)

locals {
  python = "/usr/bin/python3"

  preseed = templatefile("data/preseed.pkrtpl.hcl", {
    build_username           = var.build_username
    build_password_encrypted = var.build_password_encrypted
    build_key                = var.build_key
    language                 = var.vm_guest_os_language
    keyboard                 = var.vm_guest_os_keyboard
    timezone                 = var.vm_guest_os_timezone
    network                  = local.network
    storage                  = local.storage
  })

  // An archive with one file, in the kernel's "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst): per entry a magic
  // number, 13 hexadecimal fields, the name with its NUL, the content; name and content padded to four bytes; then the entry "TRAILER!!!".
  // Sizes are in bytes, which base64 counts where length() counts characters.
  preseed_base64 = base64encode(local.preseed)
  preseed_size   = length(local.preseed_base64) / 4 * 3 - length(regexall("=", local.preseed_base64))
  cpio_fields = {
    // inode, mode (a file, 0644), uid, gid, nlink, mtime, size, device (two), of a device (two), the name's length with its NUL, checksum
    file    = format("%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, 33188, 0, 0, 1, 0, local.preseed_size, 0, 0, 0, 0, 12, 0)
    trailer = format("%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0)
  }
  preseed_cpio = join("", [
    "070701", local.cpio_fields.file, "preseed.cfg\u0000", "\u0000\u0000",
    local.preseed, substr("\u0000\u0000\u0000", 0, (4 - local.preseed_size % 4) % 4),
    "070701", local.cpio_fields.trailer, "TRAILER!!!\u0000", "\u0000\u0000\u0000",
  ])

  seed = {
    label = "PRESEED"
    files = { "preseed.cpio" = local.preseed_cpio }
  }

  // The menu waits for ever. A "c" that came too early is lost, so it comes twice; where the first one
  // arrived, the second is typed text and the backspace takes it away.
  boot = {
    wait = "10s"
    command = [
      "c<wait3>c<bs><wait>",
      "search --no-floppy --file --set=seed /preseed.cpio<enter><wait3>",
      "linux /install.amd/vmlinuz priority=critical --- quiet<enter><wait3>",
      "initrd /install.amd/initrd.gz ($seed)/preseed.cpio<enter><wait10>",
      "boot<enter>",
    ]
  }
}
