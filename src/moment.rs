//! How points in time are written for people: in the zone of this machine, and which one that is. Programs get RFC 3339
//! in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// To the minute: `2026-11-28 03:07 CET`.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Time of day to the second, beside lines of a log that say no more: `03:07:12`.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}
