//! What packer says when it forgives a failure.

/// That packer goes on although a provisioner failed.
pub struct Forgiven<'t> {
    /// it is not tried again either
    pub for_good: bool,
    /// with what it failed
    pub why: &'t str,
}

/// `Warning: Provisioner failed with "…", but continue_on_error is set; continuing the build.`, and
/// `Provisioner failed with "…", retrying with 2 trie(s) left`.
pub fn forgiven(text: &str) -> Option<Forgiven<'_>> {
    let (for_good, rest) = match text.strip_prefix("Warning: ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let why = rest.strip_prefix("Provisioner failed with ")?;
    let (why, rest) = why.rsplit_once(if for_good { ", but continue_on_error is set" } else { ", retrying with " })?;
    Some(Forgiven { for_good, why: why.trim_matches('"') }).filter(|_| !rest.is_empty())
}
