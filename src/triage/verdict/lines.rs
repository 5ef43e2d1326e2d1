//! Lines of a log as the judge needs them.

/// The reason in `Build '…' errored after 3 seconds: reason`; packers before 1.6 leave the time out.
pub fn reason(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Build '")?;
    match rest.split_once("' errored after ") {
        Some((_, rest)) => Some(rest.split_once(": ").map_or("", |(_, reason)| reason)),
        None => rest.split_once("' errored: ").map(|(_, reason)| reason),
    }
}

/// How packer begins to give up, apart from the stages it announces.
pub fn begins_clean_up(text: &str) -> bool {
    text.starts_with("Step \"") && text.ends_with("failed, aborting...")
        || text.starts_with("aborted: skipping cleanup")
}
