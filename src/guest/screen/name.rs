//! Names a screen by what is on it. Words may be wrapped anywhere, and read by tesseract with mistakes.

use std::cmp::Reverse;

use image::RgbImage;

use super::RecognisedText;
use super::label::{FailureKind, ScreenLabel, Words};
use super::page::{Page, ScreenLabels};
use crate::guest::fingerprint::Fingerprint;

/// Other letters allowed on a screen whose words must stand `alone`.
const MAX_OTHER_LETTERS: usize = 12;

/// The name of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenName {
    /// the name
    pub label: String,
    /// the state such a screen is in
    pub state: Option<String>,
    /// the words that named it
    pub words: String,
    /// of an error page, what it says
    pub says: Option<String>,
    /// further names that fit: those that a team gave, or ours where theirs says more
    pub also: Vec<String>,
}

/// A label that fits.
#[derive(Clone, Copy)]
struct Fit<'a> {
    label: &'a ScreenLabel,
    /// where the last of its words ends
    end: usize,
    /// place among the labels
    at: usize,
}

/// Names a screen by its text alone.
pub fn name_by_text(text: &RecognisedText, known: &ScreenLabels) -> Option<ScreenName> {
    named(&Page::new(Some(text), None, known), known)
}

/// Names a screen by its text, as far as that was read, and by its picture.
pub fn name_screen(image: &RgbImage, text: Option<&RecognisedText>, known: &ScreenLabels) -> Option<ScreenName> {
    named(&Page::new(text, Some(image), known), known)
}

/// Whether one label fits a screen; `known` says whose page it is and what marks a failure.
pub fn fits(
    label: &ScreenLabel,
    image: Option<&RgbImage>,
    text: Option<&RecognisedText>,
    known: &ScreenLabels,
) -> bool {
    end(label, &Page::new(text, image, known), &std::cell::OnceCell::new()).is_some()
}

/// The name among all that fit. An error page outranks progress, whatever stands below it: the installer that gave up
/// goes on talking. Among equals, on a text console the words that stand lowest count (it scrolls), on a graphical page
/// the label that is listed first (its title says what it is, not its last line).
fn named(page: &Page<'_>, known: &ScreenLabels) -> Option<ScreenName> {
    let fits = all_that_fit(page, known);
    let of = |own: bool| fits.iter().copied().filter(move |fit| fit.label.own == own);
    let (ours, theirs) = (decisive(of(false), page.exact), decisive(of(true), page.exact));
    let vague = |fit: &Fit<'_>| fit.label.generic || fit.label.failure == Some(FailureKind::Marked);
    let (first, second) = match (ours, theirs) {
        (Some(ours), Some(theirs)) if vague(&ours) => (theirs, Some(ours)),
        (Some(ours), theirs) => (ours, theirs),
        (None, theirs) => (theirs?, None),
    };
    let label = first.label;
    let also = second.iter().map(|fit| &fit.label.label).filter(|name| **name != label.label).cloned();
    Some(ScreenName {
        label: label.label.clone(),
        state: label.state.clone(),
        words: words(label),
        says: label.failure.and_then(|_| page.said(first.end)),
        also: also.collect(),
    })
}

/// What decides between labels: cause, symptom, marked, then what is no failure; the vague last; then by place.
fn weight(fit: &Fit<'_>, exact: bool) -> (Option<FailureKind>, bool, usize, Reverse<usize>) {
    (fit.label.failure, !fit.label.generic, if exact { fit.end } else { 0 }, Reverse(fit.at))
}

fn decisive<'a>(fits: impl Iterator<Item = Fit<'a>>, exact: bool) -> Option<Fit<'a>> {
    let fits: Vec<Fit<'a>> = fits.collect();
    let heaviest = |fits: &mut dyn Iterator<Item = &Fit<'a>>| fits.max_by_key(|fit| weight(fit, exact)).copied();
    let best = heaviest(&mut fits.iter())?;
    if !exact || best.label.failure.is_none() {
        return Some(best);
    }
    // A console that went on to something else says so below.
    let progress = |label: &ScreenLabel| matches!(label.state.as_deref(), Some("progress" | "spinner"));
    let went_on = |fit: &&Fit<'a>| {
        let label = fit.label;
        let elsewhere = label.installer.is_none() && !progress(label);
        let below = label.failure.is_none() && !label.generic && fit.end > best.end;
        below && (elsewhere || best.label.retried)
    };
    Some(heaviest(&mut fits.iter().filter(went_on)).unwrap_or(best))
}

fn all_that_fit<'a>(page: &Page<'_>, known: &'a ScreenLabels) -> Vec<Fit<'a>> {
    let print = std::cell::OnceCell::new();
    let fit = |(at, label): (usize, &'a ScreenLabel)| Some(Fit { label, end: end(label, page, &print)?, at });
    known.labels.iter().enumerate().filter_map(fit).collect()
}

/// Where the last of a label's words ends; `None` when it does not fit.
fn end(label: &ScreenLabel, page: &Page<'_>, print: &std::cell::OnceCell<Option<Fingerprint>>) -> Option<usize> {
    let whose = label.installer.as_deref().is_none_or(|name| page.installers.contains(&name));
    if !whose || label.ground.is_some_and(|ground| page.ground != Some(ground)) {
        return None;
    }
    let found = |words: &Words| page.rows.all.last_end(&words.folded, page.exact);
    let mut ends: Vec<usize> = label.text.iter().map(&found).collect::<Option<_>>()?;
    let mut letters: usize = label.text.iter().map(|words| words.folded.len()).sum();
    if !label.any.is_empty() {
        let lowest = label.any.iter().filter_map(|words| Some((found(words)?, words.folded.len()))).max()?;
        ends.push(lowest.0);
        letters += lowest.1;
    }
    for pattern in &label.row {
        ends.push(page.rows.last_row(pattern)?);
    }
    if label.failure == Some(FailureKind::Marked) {
        // Of a page that is red all over the mark is its colour.
        let red = page.ground == Some(super::ground::Ground::Red);
        ends.push(page.failed.or(red.then_some(0))?);
    }
    let alone = !label.alone || page.rows.all.len() <= letters + MAX_OTHER_LETTERS;
    if !alone || label.not.iter().any(|words| found(words).is_some()) || !looks(label, page, print) {
        return None;
    }
    Some(ends.into_iter().max().unwrap_or(0))
}

/// Whether the picture is as a label asks.
fn looks(label: &ScreenLabel, page: &Page<'_>, print: &std::cell::OnceCell<Option<Fingerprint>>) -> bool {
    let area = label.area.as_ref().is_none_or(|area| page.image.is_some_and(|image| area.matches(image)));
    let hash = label.hash.as_ref().is_none_or(|hash| {
        let print = print.get_or_init(|| page.image.and_then(Fingerprint::from_image));
        print.as_ref().is_some_and(|print| hash.matches(print))
    });
    area && hash
}

/// What a label is known by, for people.
fn words(label: &ScreenLabel) -> String {
    let written =
        |words: &[Words], with: &str| words.iter().map(|words| words.written.as_str()).collect::<Vec<_>>().join(with);
    let parts = [
        written(&label.text, " … "),
        written(&label.any, " | "),
        label.row.iter().map(regex::Regex::as_str).collect::<Vec<_>>().join(" … "),
        label.hash.as_ref().map_or_else(String::new, |hash| format!("the taught picture {hash}")),
        label.area.as_ref().map_or_else(String::new, |_| "a taught part of the picture".to_owned()),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" … ")
}

#[cfg(test)]
#[path = "name/tests.rs"]
mod tests;
