//! Checksum files, in both styles mirrors use: coreutils (`<hex>  [*]name`) and BSD (`SHA256 (name) = <hex>`).

use std::fmt;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// From 64 hexadecimal digits in any case.
    pub fn parse(hex: &str) -> Option<Self> {
        // A number may have a sign, a digit has none.
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A list that names one file with two digests: which of them is right cannot be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction;

/// The digest that a checksum file has for a file.
///
/// # Errors
/// [`Contradiction`]
pub fn lookup(text: &str, file: &str) -> Result<Option<Digest>, Contradiction> {
    let mut found = None;
    for digest in entries(text).filter(|(name, _)| *name == file).map(|(_, digest)| digest) {
        if found.is_some_and(|known| known != digest) {
            return Err(Contradiction);
        }
        found = Some(digest);
    }
    Ok(found)
}

/// The file that a list has instead of the one that was looked for: an ISO of the same version, named most alike. A respin
/// gets a date, for example.
pub fn instead<'t>(text: &'t str, file: &str, version: &str) -> Option<&'t str> {
    let alike = |name: &str| name.bytes().zip(file.bytes()).take_while(|(a, b)| a == b).count();
    let isos = entries(text).map(|(name, _)| name).filter(|name| name.ends_with(".iso") && name.contains(version));
    isos.filter(|name| *name != file).max_by_key(|name| alike(name))
}

/// Whether this is a web page, which servers also answer with where nothing is.
pub fn is_web_page(text: &str) -> bool {
    const NEAR: usize = 512;
    let near: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(NEAR).collect();
    let near = near.to_ascii_lowercase();
    near.starts_with("<!doctype html")
        || near.starts_with("<html")
        || near.starts_with("<head")
        || near.contains("<html")
}

/// Names and digests of a list, which may begin with a byte order mark.
fn entries(text: &str) -> impl Iterator<Item = (&str, Digest)> {
    text.trim_start_matches('\u{feff}').lines().filter_map(|line| {
        let (name, hex) = bsd(line).or_else(|| coreutils(line))?;
        Some((name.strip_prefix("./").unwrap_or(name), Digest::parse(hex)?))
    })
}

fn bsd(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim().strip_prefix("SHA256")?.trim_start().strip_prefix('(')?;
    let (name, hex) = rest.rsplit_once(')')?;
    Some((name, hex.trim_start().strip_prefix('=')?.trim()))
}

fn coreutils(line: &str) -> Option<(&str, &str)> {
    let (hex, name) = line.trim_end().split_once([' ', '\t'])?;
    let name = name.trim_start();
    Some((name.strip_prefix('*').unwrap_or(name), hex))
}

#[cfg(test)]
mod tests {
    use super::{Contradiction, Digest, instead, is_web_page, lookup};

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

    #[test]
    fn both_styles_any_case_and_markers() {
        let want = Digest::parse(HEX);
        assert!(want.is_some());
        for text in [
            format!("{HEX}  a.iso\n"),
            format!("{HEX} *a.iso\r\n"),
            format!("# a.iso: 12 bytes\nSHA256 (a.iso) = {}\n", HEX.to_uppercase()),
            format!("SHA1 (a.iso) = 00\nSHA512 (a.iso) = 11\nSHA256 (a.iso) = {HEX}"),
            format!("{HEX}  ./a.iso"),
            format!("\u{feff}{HEX}  a.iso"),
            format!("{HEX}  a.iso\n{HEX}  a.iso"),
        ] {
            assert_eq!(lookup(&text, "a.iso"), Ok(want), "{text}");
        }
    }

    #[test]
    fn names_must_be_equal_and_digests_whole() {
        for text in [format!("{HEX}  a.iso.zsync"), format!("{HEX}  b/a.iso"), format!("{}  a.iso", &HEX[..40])] {
            assert_eq!(lookup(&text, "a.iso"), Ok(None), "{text}");
        }
        assert_eq!(lookup(&format!("+{}  a.iso", &HEX[1..]), "a.iso"), Ok(None), "a sign is no digit");
        assert_eq!(lookup("SHA256 (a.iso", "a.iso"), Ok(None));
        assert_eq!(lookup("", ""), Ok(None));
    }

    #[test]
    fn what_a_list_says_besides() {
        let other = HEX.replace('0', "1");
        assert_eq!(lookup(&format!("{HEX}  a.iso\n{other}  a.iso"), "a.iso"), Err(Contradiction));
        let respin =
            format!("{HEX}  Rocky-9.9-x86_64-minimal.iso\n{HEX}  Rocky-9.9-20221112-x86_64-dvd.iso\n{HEX}  x-9.8.iso");
        assert_eq!(
            instead(&respin, "Rocky-9.9-20221101-x86_64-dvd.iso", "9.9"),
            Some("Rocky-9.9-20221112-x86_64-dvd.iso")
        );
        assert_eq!(instead(&respin, "Rocky-9.7-x86_64-dvd.iso", "9.7"), None);
        assert!(is_web_page("\n<!DOCTYPE html><title>404") && !is_web_page(&respin));
    }
}
