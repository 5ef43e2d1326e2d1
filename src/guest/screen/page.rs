//! A screen as it is named: its rows without the bars that every page of an installer has, whose page it is, and whether
//! it says that something failed.

use image::RgbImage;
use regex::Regex;
use serde::Deserialize;

use super::RecognisedText;
use super::fold::{Folded, FoldedRows};
use super::ground::Ground;
use super::label::{ScreenLabel, Words, row_pattern};

/// Rows that are quoted of a failure, from the one with the mark on.
const QUOTED_ROWS: usize = 3;
/// Letters that are quoted of a failure.
const QUOTED_CHARS: usize = 400;

/// What screens are known by.
#[derive(Debug, Clone, Default)]
pub struct ScreenLabels {
    /// names of screens, a team's own first
    pub labels: Vec<ScreenLabel>,
    /// whose pages there are
    pub(crate) installers: Vec<Installer>,
    /// words that say that something failed
    pub(crate) marks: FailureMarks,
}

/// An installer and what its pages are known by.
#[derive(Debug, Clone)]
pub(crate) struct Installer {
    pub(super) name: String,
    any: Vec<Words>,
    bar: Vec<Words>,
}

/// An installer as it is written in TOML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenInstaller {
    name: String,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    bar: Vec<String>,
}

impl From<WrittenInstaller> for Installer {
    fn from(written: WrittenInstaller) -> Self {
        let ready = |words: Vec<String>| words.iter().map(|words| Words::from(words.as_str())).collect();
        Self { name: written.name, any: ready(written.any), bar: ready(written.bar) }
    }
}

/// Words that say that something failed, looked for row by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct FailureMarks {
    marks: Vec<Regex>,
    except: Vec<Regex>,
}

/// The marks as they are written in TOML.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenMarks {
    #[serde(default)]
    marks: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
}

impl WrittenMarks {
    pub(crate) fn validate(self) -> Result<FailureMarks, String> {
        let ready =
            |patterns: &[String]| patterns.iter().map(|pattern| row_pattern(pattern)).collect::<Result<Vec<_>, _>>();
        Ok(FailureMarks { marks: ready(&self.marks)?, except: ready(&self.except)? })
    }
}

impl FailureMarks {
    fn on(&self, row: &str) -> bool {
        self.marks.iter().any(|mark| mark.is_match(row)) && !self.except.iter().any(|except| except.is_match(row))
    }
}

impl ScreenLabels {
    /// Adds those of a team: their names stand beside ours.
    pub(crate) fn and_own(mut self, own: Self) -> Self {
        let mine = own.labels.into_iter().map(|label| ScreenLabel { own: true, ..label });
        self.labels = mine.chain(self.labels).collect();
        self.installers.extend(own.installers);
        self.marks.marks.extend(own.marks.marks);
        self.marks.except.extend(own.marks.except);
        self
    }
}

/// A screen, ready to be named.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub rows: FoldedRows,
    /// read without mistakes
    pub exact: bool,
    pub installers: Vec<&'a str>,
    pub ground: Option<Ground>,
    pub image: Option<&'a RgbImage>,
    /// where the last row with a mark of failure ends
    pub failed: Option<usize>,
    /// what it says about the failure
    pub says: Option<String>,
}

/// Whether a row is a bar that all pages of an installer have: no screen is named by it.
pub fn is_bar(row: &str, known: &ScreenLabels) -> bool {
    let row = Folded::new(row);
    let has = |words: &Words| row.last_end(&words.folded, false).is_some();
    known.installers.iter().any(|installer| installer.bar.iter().any(has))
}

impl<'a> Page<'a> {
    pub fn new(text: Option<&RecognisedText>, image: Option<&'a RgbImage>, known: &'a ScreenLabels) -> Self {
        let exact = text.is_some_and(|text| text.exact);
        let mut page = Self { exact, image, ground: image.and_then(Ground::of), ..Self::default() };
        let has = |folded: &Folded, words: &[Words]| {
            words.iter().any(|words| folded.last_end(&words.folded, exact).is_some())
        };
        for row in text.into_iter().flat_map(|text| &text.rows) {
            let folded = Folded::new(row);
            let whose = known.installers.iter().find(|installer| has(&folded, &installer.bar));
            match whose {
                Some(installer) => page.installers.push(&installer.name),
                None => page.rows.push(row),
            }
        }
        let whose = known.installers.iter().filter(|installer| has(&page.rows.all, &installer.any));
        page.installers.extend(whose.map(|installer| installer.name.as_str()));
        page.mark(&known.marks);
        page
    }

    fn mark(&mut self, marks: &FailureMarks) {
        let rows: Vec<(&str, usize)> = self.rows.rows().map(|(row, end)| (plain(row), end)).collect();
        let marked: Vec<usize> = (0..rows.len()).filter(|at| marks.on(rows[*at].0)).collect();
        let Some((first, last)) = marked.first().zip(marked.last()) else { return };
        self.failed = Some(rows[*last].1);
        // The newest failure of a screen that scrolls stands last; a page says it in its first words.
        self.says = Some(self.quote(if last - first < QUOTED_ROWS { *first } else { *last }));
    }

    /// What stands on a row and, where it goes on, on the next ones.
    fn quote(&self, from: usize) -> String {
        let rows = self.rows.rows().skip(from).map(|(row, _)| plain(row));
        let said: Vec<&str> = rows.take_while(|row| !row.is_empty() && !is_button(row)).take(QUOTED_ROWS).collect();
        said.join(" ").chars().take(QUOTED_CHARS).collect()
    }

    /// What it says about a failure: the row with the mark, else the one on which the words that named it end.
    pub fn said(&self, end: usize) -> Option<String> {
        let row = || self.rows.rows().position(|(_, row)| row >= end && end > 0);
        self.says.clone().or_else(|| Some(self.quote(row()?)))
    }
}

/// A row without the frame of its dialog.
fn plain(row: &str) -> &str {
    row.trim_matches(|c: char| c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c))
}

fn is_button(row: &str) -> bool {
    row.starts_with('<') && row.ends_with('>')
}

/// What a screen without a name says about a failure, in its own words; `None` when nothing on it says so.
pub fn failure_said(text: &RecognisedText, known: &ScreenLabels) -> Option<String> {
    Page::new(Some(text), None, known).says
}
