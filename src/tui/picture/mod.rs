//! The console picture within a pane.
//!
//! Half blocks are painted into ratatui's buffer and always work. Where the terminal speaks a graphics protocol, the
//! cells are left alone (`Skip`) and the picture goes on top of them after the frame. Scaling and encoding happen on a
//! thread of their own; a frame never waits for them: until the new picture is ready the old one stays.
//!
//! How the application uses it:
//!
//! ```text
//! enable_raw_mode()                                   // and no reader of events yet: detect() reads the answers
//! let through = picture::shown_outside_tmux().await;
//! let mut surface = PictureSurface::detect(images, through, move || wake.notify());   // ≤ 1.5 s on a silent terminal
//! // each frame, between BeginSynchronizedUpdate and EndSynchronizedUpdate:
//! terminal.draw(|frame| {
//!     // one call for each picture of the frame; a frame without takes the pictures away
//!     surface.draw(frame.buffer_mut(), pane, &picture, overlay.is_some_and(|o| o.intersects(pane)));
//! })?;
//! surface.after_draw(&mut stdout)?;                   // writes only if picture, place or size changed
//! // wake() was called: something is ready, draw again
//! // after Event::Resize, or clearing the screen, e.g. when back from an editor. Clear with `terminal.resize(area)`:
//! // `terminal.clear()` asks for the cursor's place, which fails while a thread reads events.
//! surface.forget();
//! // before LeaveAlternateScreen, and in the panic hook:
//! picture::erase(&mut stdout)?;
//! ```
//!
//! The pictures themselves are [`crate::guest::picture::Picture`]s, decoded within limits.

mod cells;
mod detect;
mod encode;
mod fit;
mod palette;
mod placeholder;
mod print;
mod scale;
mod sixel;
mod surface;
mod worker;

use std::fmt;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::guest::picture::Picture;

pub use crate::console::Images;
pub use cells::Colours;
pub use encode::erase;
pub use fit::Pixels;
pub use placeholder::shown_outside as shown_outside_tmux;
pub use print::print;
pub use surface::PictureSurface;

/// How pictures reach this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// half blocks
    Cells,
    /// kitty's graphics protocol
    Kitty,
    /// the same through tmux, by Unicode placeholders
    KittyInTmux,
    /// iTerm2's inline images
    Iterm,
    /// DEC sixel
    Sixel,
}

/// Scales `picture` to half blocks and paints them into `rect`, at once. For the benches, and where nothing else waits.
pub fn half_blocks(picture: &Picture, rect: Rect, buffer: &mut Buffer, colours: Colours) {
    cells::paint(&scale::half_blocks(picture.image(), rect.width, rect.height), rect, buffer, colours);
}

/// The bytes that show `picture` as sixel of `size` pixels, at once. For the benches, and where nothing else waits.
pub fn encode_sixel(picture: &Picture, size: Pixels) -> Vec<u8> {
    encode::sixel(picture.image(), size)
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cells => "half blocks",
            Self::Kitty => "kitty graphics",
            Self::KittyInTmux => "kitty graphics through tmux",
            Self::Iterm => "iTerm2 images",
            Self::Sixel => "sixel",
        })
    }
}
