//! The pictures that simulated guests show. Where they come from: `assets/lab/screens/README.md`.

/// Names a PNG of `assets/lab/screens` and embeds it.
macro_rules! frames {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../assets/lab/screens/", $name, ".png")))),*]
    };
}

/// The PNG of this name.
pub fn png(name: &str) -> Option<&'static [u8]> {
    FRAMES.iter().find(|(frame, _)| *frame == name).map(|(_, bytes)| *bytes)
}

/// All names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FRAMES.iter().map(|(name, _)| *name)
}

#[rustfmt::skip]
const FRAMES: &[(&str, &[u8])] = frames! {
    "apt-00" "apt-01" "apt-02" "apt-03" "apt-05" "apt-06" "apt-07" "apt-09" "apt-10" "apt-11" "apt-12" "apt-13"
    "apt-14" "apt-15" "apt-16" "apt-17" "apt-18" "apt-19" "apt-20" "apt-21" "apt-22" "apt-23" "apt-26" "apt-27"
    "apt-28" "apt-29" "apt-30" "apt-33" "apt-34" "apt-35" "black-00" "cursor-00" "di-blank-00" "di-command-failed-00"
    "di-components-00" "di-components-01" "di-components-02" "di-components-03" "di-components-04" "di-components-05"
    "di-components-06" "di-components-07" "di-components-08" "di-components-09" "di-components-10" "di-components-11"
    "di-components-12" "di-components-13" "di-components-14" "di-components-15" "di-components-16" "di-components-17"
    "di-components-18" "di-components-19" "di-components-20" "di-components-21" "di-dhcp-03" "di-dhcp-04" "di-dhcp-05"
    "di-dhcp-06" "di-dhcp-07" "di-dhcp-failed-00" "di-hardware-00" "di-hardware-01" "di-hardware-02" "di-language-00"
    "di-mirror-00" "di-network-01" "di-network-02" "di-network-03" "di-network-04" "di-network-05" "di-partition-00"
    "di-preseed-missing-00" "emergency-00" "grub-boot-00" "grub-boot-01" "grub-menu-00" "grub-menu-01" "grub-menu-02"
    "grub-menu-03" "grub-menu-04" "grub-menu-05" "kernel-00" "kernel-01" "kernel-02" "kernel-03" "linux-boot-00"
    "linux-boot-01" "linux-boot-02" "linux-boot-03" "login-00" "login-01" "no-dhcp-00" "no-dhcp-01" "no-dhcp-02"
    "no-dhcp-03" "no-dhcp-04" "no-dhcp-05" "no-dhcp-06" "no-dhcp-07" "no-dhcp-08" "no-dhcp-09" "no-dhcp-10" "no-os-00"
    "panic-00" "press-any-key-00" "press-any-key-01" "press-any-key-02" "press-any-key-03" "press-any-key-04"
    "press-any-key-05" "uefi-pxe-00" "uefi-pxe-01" "uefi-pxe-02" "uefi-pxe-03" "uefi-shell-00" "win-installing-00"
    "win-installing-01" "win-installing-02" "win-installing-03" "win-installing-04" "win-licensing-00" "win-stop-00"
    "win-stop-01" "win-stop-02" "win-stop-03"
};
