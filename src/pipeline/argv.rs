//! What packer is told on its command line for a line. Never a secret: those are in its environment.

use super::Line;

/// Packer's `-only`: the line's own, or for Windows Desktop the source of its edition. Linux builds the one source there is.
pub fn only(line: &Line) -> Option<String> {
    if line.only.is_some() {
        return line.only.clone();
    }
    let edition = line.edition.as_deref()?;
    let short = match edition {
        "Enterprise" => "ent",
        "Professional" => "pro",
        other => other,
    };
    (line.dist == "Windows Desktop").then(|| format!("vsphere-iso.windows-desktop-{}", short.to_lowercase()))
}
