//! What is in the drives: a file of the user's, or a CD made of Debian's installer as Debian packages it
//! (`debian-installer-13-netboot-amd64`): shim, GRUB and kernel signed, in the folders of the netinst CD.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Error, run};
use crate::child::{self, Kind};

/// Where the packages put themselves, one folder a release.
const INSTALLERS: &str = "/usr/lib/debian-installer/images";
/// The menu waits for ever, as that of the netinst CD does.
const MENU: &str = "menuentry 'Install' {\n linux /install.amd/vmlinuz --- quiet\n initrd /install.amd/initrd.gz\n}\n";
/// The mirrors' names lead to the front: a network that is closed has no name server. The installer writes `hosts` anew
/// and copies it, so that this looks again.
const HOSTS: &str = "#!/bin/sh\n(while sleep 2; do for hosts in /etc/hosts /target/etc/hosts; do\n\
    [ ! -d \"${hosts%/*}\" ] || grep -qs deb.debian.org \"$hosts\" ||\n\
    echo \"10.0.2.100 deb.debian.org security.debian.org\" >>\"$hosts\"\ndone; done) >/dev/null 2>&1 </dev/null &\n";

/// The media of a lab.
#[derive(Debug)]
pub enum Media {
    /// this file, whatever the datastore calls it
    OfUser(PathBuf),
    /// CDs by Debian's release
    OfDebian(BTreeMap<String, PathBuf>),
}

/// The installers that are installed here, by release.
pub fn installers() -> BTreeMap<String, PathBuf> {
    let folders = fs::read_dir(INSTALLERS).into_iter().flatten().flatten();
    let found = folders.filter_map(|folder| {
        let files = folder.path().join("amd64/text/debian-installer/amd64");
        files.join("initrd.gz").exists().then_some((folder.file_name().to_str()?.to_owned(), files))
    });
    found.collect()
}

impl Media {
    /// A file of the user's.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_user(iso: PathBuf) -> Result<Self, Error> {
        match fs::File::open(&iso) {
            Ok(_) => Ok(Self::OfUser(iso)),
            Err(error) => Err(Error::Failed(format!("--iso {}: {error}", iso.display()))),
        }
    }

    /// Makes a CD of each installer.
    ///
    /// # Errors
    /// What the programs say that make it.
    pub fn of_debian(installers: &BTreeMap<String, PathBuf>, folder: &Path) -> Result<Self, Error> {
        let make = |(release, files): (&String, &PathBuf)| {
            let iso = folder.join(format!("debian-{release}.iso"));
            make_cd(files, &folder.join("cd"), &iso)?;
            Ok((release.clone(), iso))
        };
        installers.iter().map(make).collect::<Result<_, Error>>().map(Self::OfDebian)
    }

    /// Debian's releases.
    pub fn releases(&self) -> Vec<String> {
        match self {
            Self::OfUser(_) => Vec::new(),
            Self::OfDebian(cds) => cds.keys().cloned().collect(),
        }
    }

    /// Whether guests reach the mirror and nothing else. Nobody knows what a medium of the user's needs.
    pub fn confined(&self) -> bool {
        matches!(self, Self::OfDebian(_))
    }

    /// The file for a path on the datastore whose content the lab does not have.
    pub fn stands_for(&self, path: &str) -> Option<PathBuf> {
        match self {
            Self::OfUser(iso) => Some(iso.clone()),
            Self::OfDebian(cds) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                let release = name.strip_prefix("debian-")?.split(['.', '-']).next()?;
                cds.get(release).cloned()
            }
        }
    }
}

fn make_cd(files: &Path, place: &Path, iso: &Path) -> Result<(), Error> {
    let (kernel, grub) = (place.join("install.amd"), place.join("debian-installer/amd64/grub"));
    for folder in [&kernel, &grub, &place.join("EFI/BOOT")] {
        fs::create_dir_all(folder)?;
    }
    fs::copy(files.join("linux"), kernel.join("vmlinuz"))?;
    fs::write(grub.join("grub.cfg"), MENU)?;
    let mut initrd = fs::read(files.join("initrd.gz"))?;
    // Archives one behind the other are one to the kernel, each at a multiple of four.
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.write_all(&archive("lib/debian-installer-startup.d/S99mirror", HOSTS))?;
    fs::write(kernel.join("initrd.gz"), initrd)?;
    let image = place.join("efi.img");
    fs::File::create(&image)?.set_len(8 << 20)?;
    let tool = |name: &str| {
        let mut tool = child::command(Kind::Guest, name);
        tool.arg("-i").arg(&image);
        tool
    };
    let mut format = tool("mformat");
    format.arg("::");
    run(format)?;
    let mut folders = tool("mmd");
    folders.args(["::/EFI", "::/EFI/BOOT"]);
    run(folders)?;
    for (from, to) in [("bootnetx64.efi", "BOOTX64.EFI"), ("grubx64.efi", "grubx64.efi")] {
        let mut copy = tool("mcopy");
        copy.arg(files.join(from)).arg(format!("::/EFI/BOOT/{to}"));
        run(copy)?;
    }
    let mut make = child::command(Kind::Guest, "xorriso");
    make.args(["-as", "mkisofs", "-quiet", "-V", "DEBIAN", "-J", "-R", "-e", "efi.img", "-no-emul-boot", "-o"]);
    make.arg(iso).arg(place);
    run(make)?;
    Ok(fs::remove_dir_all(place)?)
}

/// An initramfs with one program in its folder, in the kernel's "newc" format
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
fn archive(path: &str, content: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (name, mode, content) in [(folder, 0o040_755, ""), (path, 0o100_755, content), ("TRAILER!!!", 0, "")] {
        let fields = [0, mode, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        out.extend_from_slice(b"070701");
        fields.iter().for_each(|field| out.extend_from_slice(format!("{field:08X}").as_bytes()));
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(content.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_medium_stands_for_the_isos_of_its_release() {
        let media = Media::OfDebian(BTreeMap::from([("12".to_owned(), PathBuf::from("/x/debian-12.iso"))]));
        let found = |name: &str| media.stands_for(&format!("[vsanDatastore] iso/linux/debian/{name}"));
        assert_eq!(found("debian-12.15.0-amd64-netinst.iso"), Some("/x/debian-12.iso".into()));
        assert_eq!(found("debian-13.6.0-amd64-netinst.iso"), None);
        assert_eq!(found("AlmaLinux-9.iso"), None);
        assert!(media.confined() && !Media::OfUser("/y".into()).confined());
        assert_eq!(Media::OfUser("/y".into()).stands_for("[x] any"), Some("/y".into()));
    }

    #[test]
    fn the_archive_is_one_that_cpio_reads() {
        let dir = tempfile::tempdir().unwrap();
        let made = archive("lib/x.d/S99", HOSTS);
        assert_eq!(made.len() % 4, 0);
        assert_eq!(&made[..14], b"07070100000000");
        assert!(made.windows(10).any(|window| window == b"TRAILER!!!"));
        drop(dir);
    }
}
