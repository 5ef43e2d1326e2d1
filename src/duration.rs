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

/// In one unit, rounded down, for running text: `3 s`, `4 min`, `3 h`, `3 days`. Less than nothing (clocks differ) is `0 s`.
pub fn in_words(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..172_800 => "1 day".into(),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// In at most two units: `45s`, `7m`, `7m50s`, `1h05m`, `4d22h`.
pub fn spoken(length: Duration) -> String {
    let seconds = length.as_secs();
    if seconds >= 2 * 86_400 {
        let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
        return if hours == 0 { format!("{days}d") } else { format!("{days}d{hours}h") };
    }
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// A length as it is typed: `90s`, `45m`, `2h`; a number alone is minutes. `None` for anything else, and for nothing.
pub fn typed(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "m"),
    };
    let seconds = match unit {
        "s" => 1,
        "h" => 3600,
        _ => 60,
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let length = number.parse::<u32>().ok().filter(|number| plain && *number > 0)?;
    Some(Duration::from_secs(u64::from(length) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let said = [45, 60, 470, 425, 3600, 3659, 3900, 172_799, 172_800, 425_040];
        let said = said.map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(said, ["45s", "1m", "7m50s", "7m05s", "1h", "1h", "1h05m", "47h59m", "2d", "4d22h"]);
    }

    #[test]
    fn what_is_typed_is_minutes_unless_it_says_otherwise() {
        for (text, seconds) in [("90", 5400), ("90s", 90), ("45m", 2700), ("2h", 7200)] {
            assert_eq!(typed(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "0s", "m", "-1", "+1", "1.5h", "1d", "1h30m", "99999999999", " 1"] {
            assert_eq!(typed(text), None, "{text}");
        }
    }

    #[test]
    fn a_rough_length_has_one_unit_and_is_never_negative() {
        let said = [-30, 59, 60, 3599, 3600, 86_399, 86_400, 200_000];
        let said = said.map(|seconds| rough(SignedDuration::from_secs(seconds)));
        assert_eq!(said, ["0s", "59s", "1m", "59m", "1h", "23h", "1d", "2d"]);
    }
}
