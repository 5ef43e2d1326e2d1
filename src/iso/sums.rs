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

/// The SHA-256 that `text` lists for `file`; the first one where it lists several.
///
/// The name must be equal; `./` before it and `*` (binary mode) are taken off. Other algorithms are passed over.
pub fn lookup(text: &str, file: &str) -> Option<Digest> {
    text.lines().find_map(|line| {
        let (name, hex) = bsd(line).or_else(|| coreutils(line))?;
        (name.strip_prefix("./").unwrap_or(name) == file).then(|| Digest::parse(hex)).flatten()
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
    use super::{Digest, lookup};

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
        ] {
            assert_eq!(lookup(&text, "a.iso"), want, "{text}");
        }
    }

    #[test]
    fn names_must_be_equal_and_digests_whole() {
        for text in [format!("{HEX}  a.iso.zsync"), format!("{HEX}  b/a.iso"), format!("{}  a.iso", &HEX[..40])] {
            assert_eq!(lookup(&text, "a.iso"), None, "{text}");
        }
        assert_eq!(lookup(&format!("+{}  a.iso", &HEX[1..]), "a.iso"), None, "a sign is no digit");
        assert_eq!(lookup("SHA256 (a.iso", "a.iso"), None);
        assert_eq!(lookup("", ""), None);
    }
}
