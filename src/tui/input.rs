//! The terminal's events, on a thread of their own, as messages.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::hits::Hits;
use super::layout::Layout;
use crate::console::Msg;
use crate::console::key::{Code, KeyPress};

/// Rows one turn of the wheel moves.
const WHEEL: i16 = 3;

/// Reads events until the terminal is gone or nobody listens.
pub fn listen(send: impl Fn(Event) -> bool + Send + 'static) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("input".into());
    thread.spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if !send(event) {
                break;
            }
        }
    })?;
    Ok(())
}

/// What an event means. A resize means nothing by itself: the next frame measures.
pub fn message(event: Event, layout: &Layout, hits: &Hits) -> Option<Msg> {
    match event {
        Event::Key(key) => press(key).map(Msg::KeyPressed),
        Event::Paste(text) => Some(Msg::Pasted(text)),
        Event::Mouse(mouse) => mouse_message(mouse, layout, hits),
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn press(key: KeyEvent) -> Option<KeyPress> {
    if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let code = match key.code {
        KeyCode::Char(char) => Code::Char(char),
        KeyCode::F(number) => Code::F(number),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        _ => return None,
    };
    Some(KeyPress { code, ctrl: key.modifiers.contains(KeyModifiers::CONTROL) })
}

fn mouse_message(mouse: MouseEvent, layout: &Layout, hits: &Hits) -> Option<Msg> {
    let pane = || layout.pane_at(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            let cell = Position { x: mouse.column, y: mouse.row };
            hits.at(cell).cloned().map(Msg::Clicked)
        }
        MouseEventKind::ScrollUp => pane().map(|pane| Msg::Wheeled { pane, rows: -WHEEL }),
        MouseEventKind::ScrollDown => pane().map(|pane| Msg::Wheeled { pane, rows: WHEEL }),
        _ => None,
    }
}
