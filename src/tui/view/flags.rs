//! What holds of a line whatever its run does, in a word each: as many as the column has room for, the worst first.

use ratatui::style::Style;

use super::columns::Cell;
use super::width;
use crate::console::lines::LineRow;
use crate::ops::resources::Lack;
use crate::tui::theme::Theme;

/// How much a flag needs a person; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Known,
    Noted,
    /// bears the mark of alarms
    Marked,
    Alarm,
}

/// The words of a line, the worst first; a hold beside an alarm is still read.
fn words(row: &LineRow, ongoing: bool) -> Vec<(&'static str, Weight)> {
    let generations = &row.generations;
    let seen = row.acknowledged.is_some();
    let missing = row.iso_missing && row.line.enabled && !seen;
    [
        (!generations.duplicates.is_empty(), "TWICE", Weight::Alarm),
        (generations.pending().is_some() && !ongoing, "SWAP", Weight::Alarm),
        (row.question().is_some(), "ASKS", Weight::Alarm),
        (generations.hold.is_some(), "HELD", Weight::Noted),
        (missing, "ISO", Weight::Alarm),
        (row.lacks == Some(Lack::Datastore), "FULL", Weight::Alarm),
        (row.lacks == Some(Lack::Hosts), "HOST", Weight::Alarm),
        (row.leftover() && !ongoing, "LEFT", Weight::Marked),
        (row.iso_missing && seen, "ISO", Weight::Known),
        (row.stale, "OLD", Weight::Noted),
        (!row.line.enabled, "off", Weight::Known),
    ]
    .into_iter()
    .filter_map(|(holds, word, weight)| holds.then_some((word, weight)))
    .collect()
}

/// The cell.
pub fn cell(row: &LineRow, ongoing: bool, columns: u16, theme: Theme) -> Cell {
    let words = words(row, ongoing);
    let style = match words.iter().map(|(_, weight)| *weight).max() {
        Some(Weight::Alarm) => theme.bad(),
        Some(Weight::Marked | Weight::Noted) => theme.warn(),
        Some(Weight::Known) => theme.dim(),
        None => Style::new(),
    };
    let alarms = words.iter().any(|(_, weight)| *weight >= Weight::Marked);
    let words: Vec<&str> = words.into_iter().map(|(word, _)| word).collect();
    (fitted(&words, if alarms { "▲ " } else { "" }, columns), style)
}

/// As many words as have room, and how many more there are; at least the first one.
fn fitted(words: &[&str], mark: &str, columns: u16) -> String {
    let of = |mark: &str, shown: usize, more: &str| {
        let rest = words.len() - shown;
        let said = words.iter().take(shown).copied().collect::<Vec<_>>().join(" ");
        if rest == 0 { format!("{mark}{said}") } else { format!("{mark}{said}{more}{rest}") }
    };
    let Some(first) = words.first() else { return String::new() };
    let counted = (1..=words.len()).rev().flat_map(|shown| [of(mark, shown, " +"), of(mark, shown, "+")]);
    let close = mark.trim_end();
    let short = [of(close, 1, "+"), format!("{close}{first}+"), format!("{mark}{first}"), format!("{close}{first}")];
    counted.chain(short).find(|text| width(text) <= columns).unwrap_or_else(|| format!("{mark}{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_fits_is_said_and_the_rest_is_counted() {
        let told = |columns| fitted(&["ISO", "LEFT", "OLD"], "▲ ", columns);
        assert_eq!([14, 13, 8, 7, 6].map(told), ["▲ ISO LEFT OLD", "▲ ISO LEFT +1", "▲ ISO +2", "▲ ISO+2", "▲ISO+2"]);
        assert_eq!(fitted(&["HELD", "OLD"], "", 6), "HELD+1");
        assert_eq!(fitted(&["SWAP", "ISO"], "▲ ", 6), "▲SWAP+");
        assert_eq!(fitted(&["SWAP"], "▲ ", 6), "▲ SWAP");
        assert_eq!(fitted(&["TWICE", "ISO"], "▲ ", 6), "▲TWICE");
        assert_eq!(fitted(&[], "", 6), "");
    }
}
