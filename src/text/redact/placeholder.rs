//! What stands in the place of a secret is no secret, whatever its letters.

/// How each begins.
pub const OPEN: &str = "[REDACTED:";
/// Stands for the name where none is known.
pub const NAMELESS: &str = "?";
/// Longer names are none.
const LONGEST: usize = 128;

/// Where a placeholder ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// there is none
    None,
    /// the bytes end before it can be told
    Cut,
    /// here
    At(usize),
}

/// What stands in the place of the secret `name`.
pub fn of(name: &str) -> String {
    format!("{OPEN}{name}]")
}

/// Of the placeholder that begins at `at`, when it holds one of the `names`: what anybody else writes between such brackets
/// may be a secret.
pub fn end(names: &[String], bytes: &[u8], at: usize, last: bool) -> End {
    let rest = &bytes[at.min(bytes.len())..];
    let Some(name) = rest.strip_prefix(OPEN.as_bytes()) else {
        return if !last && OPEN.as_bytes().starts_with(rest) { End::Cut } else { End::None };
    };
    let near = &name[..name.len().min(LONGEST)];
    match memchr::memchr(b']', near) {
        Some(length) => {
            let known = |name: &[u8]| name == NAMELESS.as_bytes() || names.iter().any(|it| it.as_bytes() == name);
            if known(&near[..length]) { End::At(at + OPEN.len() + length + 1) } else { End::None }
        }
        None if !last && near.len() < LONGEST && !near.contains(&b'\n') => End::Cut,
        None => End::None,
    }
}
