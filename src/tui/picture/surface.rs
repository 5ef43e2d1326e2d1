//! The pictures of a frame: what is wanted, what is ready, what the terminal shows.

use std::io::{self, Write};
use std::sync::Arc;

use image::RgbImage;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;

use super::cells::{self, Colours};
use super::fit::{self, Pixels};
use super::worker::{Form, Job, JobResult, Made, RenderKey, Worker};
use super::{Images, Protocol, detect, encode, placeholder, scale};
use crate::guest::picture::Picture;

/// The places of the screen where pictures are shown. See the module's page for how it is driven.
#[derive(Debug)]
pub struct PictureSurface {
    protocol: Protocol,
    colours: Colours,
    /// `None`: no thread could be started, and pictures are coarse
    worker: Option<Worker>,
    /// pixels of a cell; asked again after [`forget`](Self::forget)
    cell: Option<Pixels>,
    slots: Vec<Slot>,
    /// pictures of the frame being drawn
    drawn: usize,
}

/// One of the frame's pictures, in the order they are drawn in.
#[derive(Debug, Default)]
struct Slot {
    scaled_for: Option<RenderKey>,
    scaled: Option<(RenderKey, Arc<RgbImage>)>,
    encoded_for: Option<RenderKey>,
    /// with its number in the terminal
    encoded: Option<(RenderKey, Arc<[u8]>, u32)>,
    /// which content of the slot was encoded last
    turn: u8,
    /// what this frame wants
    wanted: Option<Placement>,
    /// what the terminal has
    shown: Option<Placement>,
}

/// A picture at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placement {
    key: RenderKey,
    /// its number in the terminal
    number: u32,
    x: u16,
    y: u16,
}

impl PictureSurface {
    /// Asks the terminal what it can show. Call it in raw mode and before anything reads events; it takes one round
    /// trip, and at most 1.5 s when the terminal does not answer. `through_tmux`: tmux passes pictures on.
    ///
    /// `wake` is called from another thread when a picture has become ready and the screen should be drawn again.
    pub fn detect(images: Images, through_tmux: bool, wake: impl Fn() + Send + 'static) -> Self {
        Self::new(detect::protocol(images, through_tmux), detect::colours(), wake)
    }

    /// A surface for a terminal that is known already.
    pub fn new(protocol: Protocol, colours: Colours, wake: impl Fn() + Send + 'static) -> Self {
        let worker = Worker::start(wake)
            .inspect_err(|error| tracing::warn!(%error, "no thread for pictures: they stay coarse"))
            .ok();
        Self { protocol, colours, worker, cell: None, slots: Vec::new(), drawn: 0 }
    }

    /// How pictures reach this terminal.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Draws `picture` into `area`, at its top and centred, its aspect kept, and returns the part it takes. `covered`: an
    /// overlay lies on the area, so the picture is made of half blocks, which the overlay can be drawn over.
    ///
    /// A picture that is not ready yet leaves the one before it standing, or a coarse one in an empty place.
    pub fn draw(&mut self, buffer: &mut Buffer, area: Rect, picture: &Picture, covered: bool) -> Option<Rect> {
        self.collect();
        let place = self.place(area.intersection(buffer.area), buffer.area, picture)?;
        let slot = self.drawn;
        self.drawn += 1;
        if self.slots.len() == slot {
            self.slots.push(Slot::default());
        }
        let rect = place.rect();
        match self.graphic(slot, place, picture, covered) {
            Some(placement) => {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.wanted = Some(placement);
                }
                self.leave_room(rect, placement.number, buffer);
            }
            None => self.paint(slot, place, picture, buffer),
        }
        Some(rect)
    }

    /// Puts the pictures on top of the frame just drawn, and takes away those whose frame is gone. Writes nothing when
    /// nothing changed. The cursor is left where it was.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn after_draw(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.drawn = 0;
        let protocol = self.protocol;
        self.slots.iter_mut().try_for_each(|slot| slot.after_draw(protocol, out))
    }

    /// The screen was cleared or changed its size: what was shown is gone, and a cell may have another size.
    pub fn forget(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.shown = None);
        self.cell = None;
    }

    /// Takes the pictures off the terminal.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn clear(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.slots.iter_mut().for_each(|slot| (slot.shown, slot.wanted) = (None, None));
        encode::erase(out)
    }

    /// Fills in what the thread has finished.
    fn collect(&mut self) {
        let Some(worker) = &self.worker else { return };
        let alive = worker.alive();
        for JobResult { slot, key, made } in worker.finished() {
            let Some(slot) = self.slots.get_mut(slot) else { continue };
            match made {
                Made::Scaled(pixels) => slot.scaled = Some((key, pixels)),
                Made::Encoded(bytes, number) => slot.encoded = Some((key, bytes, number)),
            }
        }
        if !alive {
            tracing::warn!("the thread for pictures ended: coarse half blocks from now on");
            self.protocol = Protocol::Cells;
            self.worker = None;
        }
    }

    /// Where the picture goes. Graphics that touch the last row of the screen scroll it, so they keep off it; marks of
    /// placeholders name so many rows and columns only.
    fn place(&mut self, area: Rect, screen: Rect, picture: &Picture) -> Option<Placement> {
        let cell = *self.cell.get_or_insert_with(detect::cell_size);
        let mut area = area;
        match self.protocol {
            Protocol::Cells => {}
            Protocol::KittyInTmux => {
                (area.width, area.height) = (area.width.min(placeholder::MOST), area.height.min(placeholder::MOST));
            }
            Protocol::Kitty | Protocol::Iterm | Protocol::Sixel if area.bottom() == screen.bottom() => {
                area.height = area.height.saturating_sub(1);
            }
            Protocol::Kitty | Protocol::Iterm | Protocol::Sixel => {}
        }
        let (rect, size) = fit::place(picture.size().into(), area, cell, self.protocol)?;
        let key = RenderKey { hash: picture.hash(), columns: rect.width, rows: rect.height, size };
        Some(Placement { key, number: 0, x: rect.x, y: rect.y })
    }

    /// What goes on top of the cells at `place`, if anything: the picture when it is ready, else the one that stands
    /// there now.
    fn graphic(&mut self, index: usize, place: Placement, picture: &Picture, covered: bool) -> Option<Placement> {
        let protocol = self.protocol;
        // Placeholders are cells, which an overlay is drawn over like others.
        let covered = covered && protocol != Protocol::KittyInTmux;
        let slot = self.slots.get_mut(index).filter(|_| protocol != Protocol::Cells && !covered)?;
        if let Some((_, _, number)) = slot.encoded.as_ref().filter(|(key, ..)| *key == place.key) {
            return Some(Placement { number: *number, ..place });
        }
        if slot.encoded_for != Some(place.key) {
            let turn = slot.turn.wrapping_add(1);
            let form = Form::Encoded(protocol, encode::number(protocol, index, turn));
            let job = Job { slot: index, key: place.key, picture: picture.clone(), form };
            if self.worker.as_ref().is_some_and(|worker| worker.submit(job)) {
                (slot.encoded_for, slot.turn) = (Some(place.key), turn);
            }
        }
        slot.shown.filter(|shown| shown.rect() == place.rect())
    }

    /// The cells of a picture that goes on top of them: left alone, or the placeholders that show it.
    fn leave_room(&self, rect: Rect, number: u32, buffer: &mut Buffer) {
        if self.protocol == Protocol::KittyInTmux {
            return placeholder::paint(rect, number, buffer);
        }
        for position in rect.positions() {
            if let Some(cell) = buffer.cell_mut(position) {
                cell.reset();
                cell.set_diff_option(CellDiffOption::Skip);
            }
        }
    }

    fn paint(&mut self, index: usize, place: Placement, picture: &Picture, buffer: &mut Buffer) {
        let RenderKey { columns, rows, .. } = place.key;
        let (worker, colours) = (self.worker.as_ref(), self.colours);
        let Some(slot) = self.slots.get_mut(index) else { return };
        if slot.scaled_for != Some(place.key) {
            let job = Job { slot: index, key: place.key, picture: picture.clone(), form: Form::Scaled };
            if worker.is_some_and(|worker| worker.submit(job)) {
                slot.scaled_for = Some(place.key);
            }
        }
        match &slot.scaled {
            Some((key, pixels)) if worker.is_some() && (key.columns, key.rows) == (columns, rows) => {
                cells::paint(pixels, place.rect(), buffer, colours);
            }
            _ => {
                let coarse = scale::coarse(picture.image(), columns, rows);
                cells::paint(&coarse, place.rect(), buffer, colours);
            }
        }
    }
}

impl Slot {
    fn after_draw(&mut self, protocol: Protocol, out: &mut impl Write) -> io::Result<()> {
        let wanted = self.wanted.take();
        if wanted == self.shown {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.shown, wanted);
        let Some(placement) = wanted else {
            return before.map_or(Ok(()), |before| encode::erase_one(before.number, out));
        };
        let known = before.is_some_and(|before| before.number == placement.number && before.key == placement.key);
        if protocol == Protocol::KittyInTmux && known {
            // The cells moved, and with them the picture.
            return Ok(());
        }
        let Some((_, bytes, _)) = self.encoded.as_ref().filter(|(key, ..)| *key == placement.key) else {
            // Cannot be: draw() wants only what is shown already or ready.
            self.shown = None;
            return Ok(());
        };
        out.write_all(b"\x1b7")?;
        if protocol != Protocol::KittyInTmux {
            if before.is_none_or(|before| before.rect() != placement.rect()) {
                blank_cells(out, placement.rect())?;
            }
            write!(out, "\x1b[{};{}H", placement.y + 1, placement.x + 1)?;
        }
        out.write_all(bytes)?;
        out.write_all(b"\x1b8")?;
        out.flush()?;
        if matches!(protocol, Protocol::Kitty | Protocol::KittyInTmux) {
            encode::shown_in_kitty(placement.number, protocol);
        }
        match before.filter(|before| before.number != placement.number) {
            Some(before) => encode::erase_one(before.number, out),
            None => Ok(()),
        }
    }
}

impl Placement {
    fn rect(&self) -> Rect {
        Rect::new(self.x, self.y, self.key.columns, self.key.rows)
    }
}

/// Blanks the cells below a picture: the frame left them alone, and their old text would show beside it.
fn blank_cells(out: &mut impl Write, rect: Rect) -> io::Result<()> {
    out.write_all(b"\x1b[0m")?;
    for row in rect.rows() {
        write!(out, "\x1b[{};{}H\x1b[{}X", row.y + 1, row.x + 1, row.width)?;
    }
    Ok(())
}
