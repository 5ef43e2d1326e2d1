//! The picture of a frame: what is wanted, what is ready, what the terminal shows.

use std::io::{self, Write};
use std::sync::Arc;

use image::RgbImage;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;

use super::cells::{self, Colours};
use super::fit::{self, Pixels};
use super::worker::{Job, JobResult, RenderKey, Worker};
use super::{Images, Protocol, detect, encode, scale};
use crate::guest::picture::Picture;

/// The one area of the screen where a picture is shown. See the module's page for how it is driven.
#[derive(Debug)]
pub struct PictureSurface {
    protocol: Protocol,
    colours: Colours,
    /// `None`: no thread could be started, and pictures are coarse
    worker: Option<Worker>,
    /// pixels of a cell; asked again after [`forget`](Self::forget)
    cell: Option<Pixels>,
    scaled: JobSlot<RgbImage>,
    encoded: JobSlot<[u8]>,
    /// what this frame wants on top of its cells
    wanted: Option<Placement>,
    /// what the terminal has on top of its cells
    shown: Option<Placement>,
}

/// The newest result of one kind, and what was asked for last.
#[derive(Debug)]
struct JobSlot<T: ?Sized> {
    asked: Option<RenderKey>,
    ready: Option<(RenderKey, Arc<T>)>,
}

/// A picture at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placement {
    key: RenderKey,
    x: u16,
    y: u16,
}

impl PictureSurface {
    /// Asks the terminal what it can show. Call it in raw mode and before anything reads events; it takes one round
    /// trip, and at most 1.5 s when the terminal does not answer.
    ///
    /// `wake` is called from another thread when a picture has become ready and the screen should be drawn again.
    pub fn detect(images: Images, wake: impl Fn() + Send + 'static) -> Self {
        Self::new(detect::protocol(images), detect::colours(), wake)
    }

    /// A surface for a terminal that is known already.
    pub fn new(protocol: Protocol, colours: Colours, wake: impl Fn() + Send + 'static) -> Self {
        let worker = Worker::start(wake)
            .inspect_err(|error| tracing::warn!(%error, "no thread for pictures: they stay coarse"))
            .ok();
        Self {
            protocol,
            colours,
            worker,
            cell: None,
            scaled: JobSlot::none(),
            encoded: JobSlot::none(),
            wanted: None,
            shown: None,
        }
    }

    /// How pictures reach this terminal.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The colours that the terminal takes.
    pub const fn colours(&self) -> Colours {
        self.colours
    }

    /// Draws `picture` into `area`, at its top and centred, its aspect kept, and returns the part it takes. `covered`: an overlay lies
    /// on the area, so the picture is made of half blocks, which the overlay can be drawn over.
    ///
    /// A picture that is not ready yet leaves the one before it standing, or a coarse one in an empty place.
    pub fn draw(&mut self, buffer: &mut Buffer, area: Rect, picture: &Picture, covered: bool) -> Option<Rect> {
        self.collect();
        let place = self.place(area.intersection(buffer.area), buffer.area, picture)?;
        let rect = place.rect();
        match self.graphic(place, picture, covered) {
            Some(placement) => {
                self.wanted = Some(placement);
                for position in rect.positions() {
                    if let Some(cell) = buffer.cell_mut(position) {
                        cell.reset();
                        cell.set_diff_option(CellDiffOption::Skip);
                    }
                }
            }
            None => self.paint(place, picture, buffer),
        }
        Some(rect)
    }

    /// Puts the picture on top of the frame just drawn, or takes away the one whose frame is gone. Writes nothing when
    /// nothing changed. The cursor is left where it was.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn after_draw(&mut self, out: &mut impl Write) -> io::Result<()> {
        let wanted = self.wanted.take();
        if wanted == self.shown {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.shown, wanted);
        let Some(placement) = wanted else { return encode::erase(out) };
        let Some((_, bytes)) = self.encoded.ready.as_ref().filter(|(key, _)| *key == placement.key) else {
            // Cannot be: draw() wants only what is shown already or ready.
            self.shown = None;
            return Ok(());
        };
        out.write_all(b"\x1b7")?;
        if before.is_none_or(|before| before.rect() != placement.rect()) {
            blank_cells(out, placement.rect())?;
        }
        write!(out, "\x1b[{};{}H", placement.y + 1, placement.x + 1)?;
        out.write_all(bytes)?;
        out.write_all(b"\x1b8")?;
        out.flush()?;
        if self.protocol == Protocol::Kitty {
            encode::shown_in_kitty();
        }
        Ok(())
    }

    /// The screen was cleared or changed its size: what was shown is gone, and a cell may have another size.
    pub fn forget(&mut self) {
        self.shown = None;
        self.cell = None;
    }

    /// Takes the picture off the terminal.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn clear(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.shown = None;
        self.wanted = None;
        encode::erase(out)
    }

    /// Fills in what the thread has finished.
    fn collect(&mut self) {
        let Some(worker) = &self.worker else { return };
        let alive = worker.alive();
        for done in worker.finished() {
            match done {
                JobResult::Scaled(key, pixels) => self.scaled.ready = Some((key, pixels)),
                JobResult::Encoded(key, bytes) => self.encoded.ready = Some((key, bytes)),
            }
        }
        if !alive {
            tracing::warn!("the thread for pictures ended: coarse half blocks from now on");
            self.protocol = Protocol::Cells;
            self.worker = None;
        }
    }

    /// Where the picture goes. Graphics that touch the last row of the screen scroll it, so they keep off it.
    fn place(&mut self, area: Rect, screen: Rect, picture: &Picture) -> Option<Placement> {
        let cell = *self.cell.get_or_insert_with(detect::cell_size);
        let mut area = area;
        if self.protocol != Protocol::Cells && area.bottom() == screen.bottom() {
            area.height = area.height.saturating_sub(1);
        }
        let (rect, size) = fit::place(picture.size().into(), area, cell, self.protocol)?;
        let key = RenderKey { hash: picture.hash(), columns: rect.width, rows: rect.height, size };
        Some(Placement { key, x: rect.x, y: rect.y })
    }

    /// What goes on top of the cells at `place`, if anything: the picture when it is ready, else the one that stands
    /// there now.
    fn graphic(&mut self, place: Placement, picture: &Picture, covered: bool) -> Option<Placement> {
        if self.protocol == Protocol::Cells || covered {
            return None;
        }
        if self.encoded.is_ready(place.key) {
            return Some(place);
        }
        let protocol = self.protocol;
        self.encoded.submit(self.worker.as_ref(), place.key, |key| Job::Encode(key, picture.clone(), protocol));
        self.shown.filter(|shown| shown.rect() == place.rect())
    }

    fn paint(&mut self, place: Placement, picture: &Picture, buffer: &mut Buffer) {
        let RenderKey { columns, rows, .. } = place.key;
        if !self.scaled.is_ready(place.key) {
            self.scaled.submit(self.worker.as_ref(), place.key, |key| Job::Scale(key, picture.clone()));
        }
        match &self.scaled.ready {
            Some((key, pixels)) if self.worker.is_some() && (key.columns, key.rows) == (columns, rows) => {
                cells::paint(pixels, place.rect(), buffer, self.colours);
            }
            _ => {
                let coarse = scale::coarse(picture.image(), columns, rows);
                cells::paint(&coarse, place.rect(), buffer, self.colours);
            }
        }
    }
}

impl<T: ?Sized> JobSlot<T> {
    fn none() -> Self {
        Self { asked: None, ready: None }
    }

    fn is_ready(&self, key: RenderKey) -> bool {
        self.ready.as_ref().is_some_and(|(ready, _)| *ready == key)
    }

    /// Asks once for each key.
    fn submit(&mut self, worker: Option<&Worker>, key: RenderKey, job: impl FnOnce(RenderKey) -> Job) {
        if self.asked != Some(key) && worker.is_some_and(|worker| worker.submit(job(key))) {
            self.asked = Some(key);
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
