//! Going to a place in the log by name: a time of day, a line, or so much later or earlier.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};

use crate::packer_log::parse_go_duration as parse_duration;

/// A place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JumpTarget {
    /// the first line at or after a moment of packer's clock
    Time(DateTime),
    /// a line, counted from 1
    Line(u64),
}

/// What was typed: `03:07`, `03:07:12`, `812`, `+5m`, `-30s`. `here` is packer's clock at the cursor.
///
/// # Errors
/// One line: what can be typed.
pub fn place(text: &str, here: Option<DateTime>) -> Result<JumpTarget, String> {
    let text = text.trim();
    let unknown = || format!("cannot go to {text:?}: a time (03:07), a line (812), or +5m / -30s from here");
    let stamp = || here.ok_or_else(|| "this log has no times; type a line".to_owned());
    if let Ok(line) = text.parse::<u64>() {
        return if text.starts_with('+') { Err(unknown()) } else { Ok(JumpTarget::Line(line.max(1))) };
    }
    for (sign, later) in [('+', 1), ('-', -1)] {
        if let Some(length) = text.strip_prefix(sign) {
            let length = parse_duration(length).ok_or_else(unknown)?;
            let length = SignedDuration::try_from(length).map_err(|_| unknown())?;
            return stamp()?.checked_add(length * later).map(JumpTarget::Time).map_err(|_| unknown());
        }
    }
    let time = ["%H:%M:%S", "%H:%M"].iter().find_map(|form| Time::strptime(form, text).ok());
    Ok(JumpTarget::Time(stamp()?.date().to_datetime(time.ok_or_else(unknown)?)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn times_lines_and_steps() {
        let here = Some(date(2026, 3, 14).at(3, 7, 0, 0));
        let to = |text: &str| place(text, here);
        assert_eq!(to("03:12"), Ok(JumpTarget::Time(date(2026, 3, 14).at(3, 12, 0, 0))));
        assert_eq!(to(" 3:12:30 "), Ok(JumpTarget::Time(date(2026, 3, 14).at(3, 12, 30, 0))));
        assert_eq!(to("812"), Ok(JumpTarget::Line(812)));
        assert_eq!(to("+5m"), Ok(JumpTarget::Time(date(2026, 3, 14).at(3, 12, 0, 0))));
        assert_eq!(to("-1h30s"), Ok(JumpTarget::Time(date(2026, 3, 14).at(2, 6, 30, 0))));
        assert!(to("later").is_err() && to("+5").is_err() && to("25:00").is_err());
        assert!(place("03:12", None).is_err() && place("7", None) == Ok(JumpTarget::Line(7)));
    }
}
