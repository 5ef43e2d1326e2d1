//! What GitHub says in the headers of an answer: what is left of the hour, when to come again, what a token lacks.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

use super::Rate;

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How many requests are left, as the headers of every answer say.
pub(super) fn rate(headers: &HeaderMap) -> Option<Rate> {
    let count = |name: &str| number(headers, name).and_then(|number| u64::try_from(number).ok());
    Some(Rate {
        limit: count("x-ratelimit-limit")?,
        remaining: count("x-ratelimit-remaining")?,
        reset: Timestamp::from_second(number(headers, "x-ratelimit-reset")?).ok()?,
    })
}

/// Until when GitHub answers nothing: the hourly limit is used up, or it asks to slow down (`retry-after`, seconds).
pub(super) fn retry_time(headers: &HeaderMap) -> Option<Timestamp> {
    if let Some(seconds) = number(headers, "retry-after") {
        return Timestamp::now().checked_add(SignedDuration::from_secs(seconds.clamp(1, 3600))).ok();
    }
    rate(headers).filter(|rate| rate.remaining == 0).map(|rate| rate.reset)
}

/// The permission a fine-grained token would need, else the scope a classic one would, as GitHub names it.
pub(super) fn missing_permission(headers: &HeaderMap, message: &str) -> Option<String> {
    let named = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned()).filter(|text| !text.is_empty());
    if !message.contains("not accessible") && !message.contains("admin rights") {
        return None;
    }
    named("x-accepted-github-permissions").or_else(|| named("x-accepted-oauth-scopes"))
}
