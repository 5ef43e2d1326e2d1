//! Durations as packer reads and writes them.

use std::time::Duration;

/// Go's notation, as in a var-file: `1h5m10.5s`.
pub fn parse(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut number = String::new();
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        let unit = match letter {
            '0'..='9' | '.' => {
                number.push(letter);
                continue;
            }
            'h' => 3600.0,
            'm' if letters.peek() == Some(&'s') => {
                letters.next();
                0.001
            }
            'm' => 60.0,
            's' => 1.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        number.clear();
    }
    number.is_empty().then_some(seconds)
}

/// Go's notation, as in the log: `20m0s`, `1h0m0s`, `500ms`.
pub fn go(seconds: f64) -> String {
    if seconds < 1.0 {
        return format!("{:.0}ms", seconds * 1000.0);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds of a time limit")]
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// The two largest units in words, as at the end of a build: `1 minute 797 milliseconds`.
pub fn words(time: Duration) -> String {
    let units = [
        (time.as_secs() / 3600, "hour"),
        (time.as_secs() / 60 % 60, "minute"),
        (time.as_secs() % 60, "second"),
        (u64::from(time.subsec_millis()), "millisecond"),
        (u64::from(time.subsec_micros() % 1000), "microsecond"),
    ];
    let said: Vec<String> = units
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .take(2)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations() {
        assert_eq!(parse("1h5m10s"), Some(3910.0));
        assert_eq!(parse("250ms"), Some(0.25));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("20"), None);
        assert_eq!([go(1200.0), go(3600.0), go(20.0), go(0.5)], ["20m0s", "1h0m0s", "20s", "500ms"]);
        assert_eq!(words(Duration::from_micros(60_797_100)), "1 minute 797 milliseconds");
        assert_eq!(words(Duration::from_micros(50_924_000)), "50 seconds 924 milliseconds");
    }
}
