//! The known pages that resemble a screen most, and what differs: for a screen that has no name.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::RecognisedText;
use super::pages::KnownPage;

/// Pages that are shown of a screen.
const SHOWN: usize = 3;
/// Pages with less in common than this, in percent, resemble it by chance.
const MIN_LIKENESS: usize = 12;
/// Letters of a word that count.
const MIN_LETTERS: usize = 3;
/// Letters that are quoted of a row.
const QUOTED_CHARS: usize = 100;

/// A known page that resembles a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearPage {
    /// name of its screen
    pub label: String,
    /// words in common, in percent of all words of both
    pub likeness: usize,
    /// a row of the known page that the screen lacks
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// a row of the screen that the known page lacks
    #[serde(skip_serializing_if = "Option::is_none")]
    pub besides: Option<String>,
}

/// In one line: the name, and what differs.
impl fmt::Display for NearPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "like {} ({} %)", self.label, self.likeness)?;
        self.lacks.iter().try_for_each(|row| write!(f, "; it has “{row}”"))?;
        self.besides.iter().try_for_each(|row| write!(f, "; here stands “{row}”"))
    }
}

/// The nearest pages of different names, the most similar first. What differs is quoted from both: scrub the screen first.
pub fn nearest(text: &RecognisedText, pages: &[KnownPage]) -> Vec<NearPage> {
    let mine = words(&text.rows);
    let mut near: Vec<(usize, &KnownPage)> = pages
        .iter()
        .filter(|page| page.label != "unknown")
        .map(|page| (likeness(&mine, &words(&page.text.rows)), page))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .collect();
    near.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    let mut seen = BTreeSet::new();
    near.retain(|(_, page)| seen.insert(page.label.as_str()));
    let shown = near.into_iter().take(SHOWN);
    let differing = |of: &[String], other: &BTreeSet<String>| {
        let strange = |row: &&String| {
            let row = words(std::slice::from_ref(*row));
            !row.is_empty() && row.intersection(other).count() * 2 < row.len()
        };
        of.iter().find(strange).map(|row| plain(row).chars().take(QUOTED_CHARS).collect())
    };
    let page = |(likeness, page): (usize, &KnownPage)| NearPage {
        label: page.label.clone(),
        likeness,
        lacks: differing(&page.text.rows, &mine),
        besides: differing(&text.rows, &words(&page.text.rows)),
    };
    shown.map(page).collect()
}

fn words(rows: &[String]) -> BTreeSet<String> {
    let words = rows.iter().flat_map(|row| row.split(|c: char| !c.is_alphabetic()));
    words.filter(|word| word.chars().count() >= MIN_LETTERS).map(str::to_lowercase).collect()
}

fn likeness(mine: &BTreeSet<String>, other: &BTreeSet<String>) -> usize {
    let all = mine.len() + other.len();
    (mine.intersection(other).count() * 200).checked_div(all).unwrap_or(0)
}

fn plain(row: &str) -> &str {
    row.trim_matches(|c: char| c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::super::shipped_pages;
    use super::*;

    #[test]
    fn the_nearest_pages_are_of_the_same_installer_and_say_what_differs() {
        let rows = ["┤ [!!] Partition disks ├", "Failed to align the selected disk", "<Go Back>    <Continue>"];
        let text = RecognisedText { rows: rows.map(str::to_owned).to_vec(), exact: true };
        let near = nearest(&text, &shipped_pages());
        assert_eq!((near.len(), near[0].label.as_str()), (3, "di-partitioning-failed"), "{near:?}");
        assert!(near[0].lacks.is_some() || near[0].besides.is_some());
        let labels: BTreeSet<&str> = near.iter().map(|page| page.label.as_str()).collect();
        assert_eq!(labels.len(), 3);
        let blank = RecognisedText { rows: vec!["§ ~".into()], exact: true };
        assert!(nearest(&blank, &shipped_pages()).is_empty());
    }
}
