//! The rows of the verdict, and how they share a pane that is too small for all of them.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::view::{cut, width};

/// One row of the pane.
pub(super) struct Row {
    pub text: String,
    pub style: Style,
    pub of: Part,
}

/// What a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Cause,
    Remedy,
    /// by its index
    Evidence(usize),
    Else,
}

impl Row {
    pub fn evidence(&self) -> Option<usize> {
        match self.of {
            Part::Evidence(index) => Some(index),
            Part::Cause | Part::Remedy | Part::Else => None,
        }
    }
}

/// Makes room for what can be done and for the first evidence where the pane is small: long texts lose their ends, the
/// remedy first. All of it is there once the pane has the keys.
pub(super) fn shorten(rows: &mut Vec<Row>, inner: Rect) {
    let first = rows.iter().position(|row| row.evidence().is_some());
    let Some(first) = first else { return };
    let mut over = (first + 1).saturating_sub(usize::from(inner.height));
    for (part, least) in [(Part::Remedy, 2), (Part::Cause, 2), (Part::Remedy, 1)] {
        let of: Vec<usize> = (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|row| row.of == part)).collect();
        let cut = over.min(of.len().saturating_sub(least));
        let Some(last) = of.len().checked_sub(cut + 1).and_then(|at| of.get(at)).copied().filter(|_| cut > 0) else {
            continue;
        };
        rows.drain(last + 1..=last + cut);
        if let Some(row) = rows.get_mut(last) {
            row.text = cut_off(&row.text, usize::from(inner.width.saturating_sub(1)));
        }
        over -= cut;
    }
}

/// A row that goes on where nobody sees it.
pub(super) fn cut_off(text: &str, columns: usize) -> String {
    let columns = u16::try_from(columns).unwrap_or(u16::MAX);
    let text = text.trim_end_matches([' ', '…']);
    if width(text) + 2 <= columns {
        return format!("{text} …");
    }
    cut(&format!("{text}……"), columns).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_makes_room_first_and_evidence_is_left() {
        let row = |of| Row { text: "words that go on".into(), style: Style::new(), of };
        let parts = [(Part::Cause, 3), (Part::Remedy, 4), (Part::Else, 1), (Part::Evidence(0), 2)];
        let all = || parts.into_iter().flat_map(|(of, count)| (0..count).map(move |_| row(of)));
        for (height, cause, remedy) in [(12, 3, 4), (8, 3, 3), (7, 3, 2), (6, 2, 2), (5, 2, 1), (1, 2, 1)] {
            let mut rows: Vec<Row> = all().collect();
            shorten(&mut rows, Rect::new(0, 0, 30, height));
            let count = |part| rows.iter().filter(|row| row.of == part).count();
            assert_eq!((count(Part::Cause), count(Part::Remedy)), (cause, remedy), "{height} rows");
            assert_eq!((count(Part::Else), count(Part::Evidence(0))), (1, 2));
            let cut = |part| rows.iter().any(|row| row.of == part && row.text.ends_with(" …"));
            assert_eq!((cut(Part::Cause), cut(Part::Remedy)), (cause < 3, remedy < 4), "{height} rows");
        }
    }

    #[test]
    fn what_goes_on_says_so_once() {
        assert_eq!(cut_off("one two", 20), "one two …");
        assert_eq!(cut_off("one two …", 20), "one two …");
        assert_eq!(cut_off("one two", 7), "one tw…");
    }
}
