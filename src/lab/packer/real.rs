//! What the simulated packer does for a guest that is real: the shipped line's CD and boot command, as packer would make them
//! of the shipped template. `ci/check-pipeline rendered` holds both files to it.

use std::io;

use crate::child::{self, Kind, SHORT};

/// What the Debian lines put on their generated CD.
const SEED: &[u8] = include_bytes!("../../../assets/lab/real/preseed.cpio");
/// What they type.
const BOOT_COMMAND: &str = include_str!("../../../assets/lab/real/boot-command");
/// Seconds between power-on and the first key.
pub const BOOT_WAIT: f64 = 10.0;

/// Whether the lab's guests are real.
pub fn guests() -> bool {
    std::env::var_os(super::REAL).is_some()
}

/// What is typed to install this family; another family's medium is the user's, and waits for the user.
pub fn boot_command(source: &[String], debian: bool) -> String {
    match (guests(), debian) {
        (true, true) => BOOT_COMMAND.lines().collect(),
        (true, false) => String::new(),
        (false, _) => source.concat(),
    }
}

/// The CD with the answers.
///
/// # Errors
/// Those of files, and of xorriso.
pub async fn cd() -> io::Result<Vec<u8>> {
    let place = tempfile::tempdir()?;
    let (folder, iso) = (place.path().join("cd"), place.path().join("cd.iso"));
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("preseed.cpio"), SEED)?;
    let mut make = child::command(Kind::Guest, "xorriso");
    make.args(["-as", "mkisofs", "-quiet", "-V", "PRESEED", "-J", "-R", "-o"]).arg(&iso).arg(&folder);
    let output = child::output(make, SHORT, None).await?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    std::fs::read(iso)
}
