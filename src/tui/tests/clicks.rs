//! A click means the row that was drawn under it, wherever scrolling, filters, headings and notices put it.

use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use rstest::rstest;

use super::{USUAL, lost, runs, triage};
use crate::console::fixture::{self, key, typed};
use crate::console::github::{Row, RowId};
use crate::console::panes::Pane;
use crate::console::toast::Tone;
use crate::console::{Console, Msg, age};
use crate::pipeline::Key;
use crate::tui::hits::Hits;
use crate::tui::input::{self, Input, Mouse, MouseKind};
use crate::tui::layout::Layout;
use crate::tui::theme::Theme;

const LARGE: (u16, u16) = (200, 60);

/// A frame, and what a click on it means.
struct Frame {
    screen: TestBackend,
    layout: Layout,
    hits: Hits,
}

impl Frame {
    fn of(console: &mut Console, (columns, rows): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        console.update(Msg::Measured(Layout::of(console, area).measures()));
        let layout = Layout::of(console, area);
        let (screen, hits) = super::frame(console, area, Theme::new(true));
        Self { screen, layout, hits }
    }

    /// A row of a pane without its border.
    fn text(&self, pane: Rect, y: u16) -> String {
        (pane.x + 1..pane.right() - 1).map(|x| self.screen.buffer()[(x, y)].symbol()).collect()
    }

    /// The console after a click.
    fn click(&self, console: &Console, x: u16, y: u16) -> Console {
        let mut console = console.clone();
        let click = Input::Mouse(Mouse { kind: MouseKind::Click, column: x, row: y });
        if let Some(msg) = input::message(click, &self.layout, &self.hits) {
            console.update(msg);
        }
        console
    }
}

fn selected(console: &Console) -> Option<Key> {
    console.lines.selected().map(|row| row.line.key.clone())
}

/// More lines than any screen here shows.
fn many() -> Console {
    let keys: Vec<String> = (0..70).map(|number| format!("line-{number:02}")).collect();
    Console::new(fixture::opening(&keys.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// Clicks on every row: those that name a line select it, the others change nothing.
fn every_row_selects_its_line(console: &mut Console, size: (u16, u16)) -> usize {
    let frame = Frame::of(console, size);
    let pane = if frame.layout.media.is_empty() { frame.layout.lines } else { frame.layout.media };
    let mut named = 0;
    for y in pane.y..pane.bottom() {
        let text = frame.text(pane, y);
        let first = text.trim_start_matches('▸').split_whitespace().next().map(key);
        let named_here = first.filter(|first| console.lines.get(first).is_some());
        named += usize::from(named_here.is_some());
        for x in [pane.x + 1, pane.x + 6, pane.right() - 2] {
            let after = frame.click(console, x, y);
            assert_eq!(selected(&after), named_here.clone().or(selected(console)), "row {y} shows {text:?}");
            assert_eq!(after.panes.focus, Pane::Lines);
        }
    }
    named
}

#[rstest]
fn of_the_lines(
    #[values(USUAL, LARGE)] size: (u16, u16),
    #[values("", "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj", "/4\n", "/4\njjjjjjjjjjjj", "/!4\nkjjj")] keys: &str,
    #[values(false, true)] late: bool,
) {
    let mut console = many();
    typed(&mut console, keys);
    if late {
        lost(&mut console);
    }
    assert!(every_row_selects_its_line(&mut console, size) >= 5, "lines are shown");
}

#[rstest]
fn of_install_media(#[values(USUAL, LARGE)] size: (u16, u16), #[values("", "jjjjjj", "/ubuntu\nj")] keys: &str) {
    let mut console = fixture::media();
    typed(&mut console, keys);
    assert!(every_row_selects_its_line(&mut console, size) >= 2, "lines are shown");
    let mut console = many();
    typed(&mut console, "M");
    typed(&mut console, &"j".repeat(60));
    assert!(every_row_selects_its_line(&mut console, size) >= 4, "lines are shown");
}

#[rstest]
fn of_the_runs_on_github(#[values(USUAL, LARGE)] size: (u16, u16), #[values(0, 3, 50)] down: usize) {
    let mut console = fixture::with_github(fixture::night());
    fixture::hear(&mut console, |pipeline| {
        let all = pipeline.board.runs.clone();
        for age in 1..20 {
            pipeline.board.runs.extend(all.iter().cloned().map(|mut seen| {
                seen.run.id -= 10 * age;
                seen.run.number -= 4 * age;
                seen.legs.iter_mut().for_each(|leg| leg.id += 1_000_000 * age);
                seen
            }));
        }
    });
    let mut console = runs::open(console);
    typed(&mut console, &"j".repeat(down));
    let frame = Frame::of(&mut console, size);
    let body = frame.layout.body;
    let mut clicked: Vec<RowId> = Vec::new();
    for y in body.y..body.bottom() {
        let after = frame.click(&console, body.x + 4, y);
        let text = frame.text(body, y);
        let row = after.github.row().unwrap();
        let name = match row {
            Row::Run(seen) => format!("#{} ", seen.run.number),
            Row::Leg(_, leg) => format!("   {} ", leg.key.as_ref().unwrap()),
        };
        if text.contains(&name) && text.contains(row.state().word()) {
            clicked.push(row.id());
        } else {
            assert_eq!(row.id(), console.github.row().unwrap().id(), "row {y} shows {text:?}");
        }
    }
    let rows: Vec<RowId> = console.github.rows().iter().map(Row::id).collect();
    let first = rows.iter().position(|id| *id == clicked[0]).unwrap();
    assert!(clicked.len() >= 8, "{clicked:?}");
    assert_eq!(clicked, rows[first..first + clicked.len()], "each row as it is drawn");
}

#[rstest]
fn of_the_evidence(#[values(USUAL, LARGE)] size: (u16, u16), #[values(false, true)] zoomed: bool) {
    let mut console = triage::stuck();
    console.panes.focus(Pane::Verdict);
    console.panes.zoomed = zoomed;
    let frame = Frame::of(&mut console, size);
    let pane = frame.layout.verdict;
    let mut numbered = 0;
    for y in pane.y..pane.bottom() {
        let number = frame.text(pane, y).trim_start().split_once(' ').and_then(|(word, _)| word.parse::<usize>().ok());
        let after = frame.click(&console, pane.x + 3, y);
        let expected = number.map_or(console.case().unwrap().chosen(), |number| number - 1);
        assert_eq!(after.case().unwrap().chosen(), expected, "{}", frame.text(pane, y));
        numbered += usize::from(number.is_some());
    }
    assert!(numbered >= 2, "evidence is shown");
}

#[rstest]
fn of_what_happened(#[values(USUAL, LARGE)] size: (u16, u16), #[values("f", "fhhhh")] keys: &str) {
    let mut console = triage::stuck();
    console.panes.focus(Pane::Timeline);
    typed(&mut console, keys);
    let frame = Frame::of(&mut console, size);
    let pane = frame.layout.timeline;
    let mut listed = 0;
    for y in pane.y..pane.bottom() {
        let text = frame.text(pane, y);
        let clock = text.get(1..9).filter(|_| text.get(9..11) == Some("  ")).filter(|clock| clock.contains(':'));
        let moment = frame.click(&console, pane.x + 3, y).timeline.moment();
        match clock {
            Some(clock) => assert_eq!(moment.map(|at| age::clock(at, &console.zone)).as_deref(), Some(clock)),
            None => assert_eq!(moment, console.timeline.moment(), "row {y} shows {text:?}"),
        }
        listed += usize::from(clock.is_some());
    }
    assert!(listed >= 3, "what happened is shown");
}

#[test]
fn a_notice_lies_over_nothing_and_an_open_question_is_not_seen_through() {
    let mut console = many();
    let plain = Frame::of(&mut console, USUAL);
    console.toasts.push(fixture::now(), Tone::Failed, "a text that has a row of its own");
    let frame = Frame::of(&mut console, USUAL);
    assert_eq!(frame.layout, plain.layout, "nothing moves for it");
    let row = (0..24).find(|y| frame.text(Rect::new(0, 0, 80, 24), *y).contains("a row of its own")).unwrap();
    assert_eq!(frame.click(&console, 60, row).panes.focus, Pane::Lines);
    assert!((0..row).all(|y| frame.text(Rect::new(0, 0, 80, 24), y) == plain.text(Rect::new(0, 0, 80, 24), y)));
    typed(&mut console, "?");
    let frame = Frame::of(&mut console, USUAL);
    for y in 0..24 {
        assert_eq!(frame.click(&console, 40, y).lines.selected_index(), Some(0));
    }
}

#[test]
fn a_row_that_went_after_it_was_drawn_is_not_selected() {
    let mut console = many();
    let frame = Frame::of(&mut console, USUAL);
    let y = (0..24).find(|y| frame.text(frame.layout.lines, *y).contains("line-03")).unwrap();
    typed(&mut console, "/line-0\n");
    assert_eq!(selected(&frame.click(&console, 6, y)), Some(key("line-03")), "it moved");
    typed(&mut console, "/5\n");
    assert_eq!(selected(&frame.click(&console, 6, y)), selected(&console), "it is filtered out");
}
