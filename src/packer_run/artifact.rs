//! What packer says it built.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of the end of the output is read: artifacts are its last lines.
const TAIL: u64 = 256 << 10;
const HEADER: &str = "==> Builds finished. The artifacts of successful builds are:";

/// The artifacts in packer's output, as it names them: of its vSphere builders that is the VM's name. Where packer masks a
/// sensitive value in one, [`MASKED`] stands for it.
///
/// # Errors
/// Those of reading.
pub fn artifacts(output: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(output)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().skip_while(|line| !line.starts_with(HEADER)).skip(1);
    // `--> vsphere-iso.linux: linux-debian-12-main-build`
    let named = lines.filter_map(|line| line.strip_prefix("--> ")?.split_once(": "));
    Ok(named.map(|(_, artifact)| artifact.trim().to_owned()).collect())
}

/// What packer writes in place of a sensitive value.
pub const MASKED: &str = "<sensitive>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_under_the_last_heading_is_what_was_built() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let of = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            artifacts(file.path()).unwrap()
        };
        let guest = "    vsphere-iso.linux: --> vsphere-iso.linux: not-mine\n";
        assert_eq!(
            of(&format!("{guest}{HEADER}\n--> vsphere-iso.linux: a-build\n--> vsphere-iso.linux: a-build\n")),
            ["a-build", "a-build"]
        );
        assert!(of("==> Builds finished but no artifacts were created.\n").is_empty());
        assert!(of(&format!("{HEADER}\n")).is_empty());
    }
}
