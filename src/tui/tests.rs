//! Panels by snapshot, per panel and state; and colours where text does not show them.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;

use super::layout::Layout;
use super::picture::{Colours, PictureSurface, Protocol};
use super::screen;
use super::theme::Theme;
use crate::console::fixture;
use crate::console::{Console, Msg};

pub fn drawn(console: &mut Console, columns: u16, rows: u16) -> TestBackend {
    let screen = Rect::new(0, 0, columns, rows);
    let layout = Layout::of(console, screen);
    let effects = console.update(Msg::Measured(layout.measures()));
    fixture::log(console, &fixture::LOG, effects);
    let layout = Layout::of(console, screen);
    let mut surface = PictureSurface::new(Protocol::Cells, Colours::True, || {});
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| screen::draw(console, &layout, Theme::new(true), &mut surface, frame)).unwrap();
    terminal.backend().clone()
}

fn with_log(mut console: Console) -> Console {
    let effects = fixture::typed(&mut console, "gjjjjjj");
    fixture::log(&mut console, &fixture::LOG, effects);
    console
}

#[test]
fn the_night_of_a_stuck_build_on_three_screens() {
    for (columns, rows) in [(160, 45), (80, 24), (60, 15)] {
        let mut console = with_log(fixture::night());
        insta::assert_snapshot!(format!("night_{columns}x{rows}"), drawn(&mut console, columns, rows));
    }
}
