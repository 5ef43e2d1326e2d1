//! How long packer waits, as its plugin announces it.

use std::time::Duration;

use super::phase::Phase;

/// A wait that the plugin announced: its phase and its length.
pub fn announced_wait(text: &str) -> Option<(Phase, Duration)> {
    const WAITS: &[(&str, Phase)] = &[
        ("Waiting for IP, up to total timeout: ", Phase::WaitIp),
        ("Waiting for SSH, up to timeout: ", Phase::Connect),
        ("Waiting for WinRM, up to timeout: ", Phase::Connect),
        ("Waiting a maximum of ", Phase::Shutdown),
    ];
    let (start, phase) = WAITS.iter().find(|(start, _)| text.starts_with(start))?;
    let word = text[start.len()..].split([',', ' ']).next()?;
    Some((*phase, parse_go_duration(word)?))
}

/// A duration as Go prints it: `1h2m3.5s`, `20m0s`, `350ms`.
pub fn parse_go_duration(word: &str) -> Option<Duration> {
    let mut rest = word;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        seconds += amount
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "µs" | "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !word.is_empty())
}
