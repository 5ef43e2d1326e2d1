//! How a length of time is said.

use std::time::Duration;

use jiff::SignedDuration;

/// In one unit, rounded down: `42s`, `7m`, `3h`, `4d`. Less than nothing (clocks differ) is `0s`.
pub fn rough(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// In at most two units: `45s`, `7m`, `7m50s`, `1h05m`.
pub fn spoken(length: Duration) -> String {
    let seconds = length.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let said = [45, 60, 470, 425, 3600, 3659, 3900].map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(said, ["45s", "1m", "7m50s", "7m05s", "1h", "1h", "1h05m"]);
    }

    #[test]
    fn a_rough_length_has_one_unit_and_is_never_negative() {
        let said = [-30, 59, 60, 3599, 3600, 86_399, 86_400, 200_000];
        let said = said.map(|seconds| rough(SignedDuration::from_secs(seconds)));
        assert_eq!(said, ["0s", "59s", "1m", "59m", "1h", "23h", "1d", "2d"]);
    }
}
