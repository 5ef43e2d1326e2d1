//! A terminal in a pseudo-terminal: answers queries as its kind would, keeps the text (vt100) and the pictures.
//!
//! Where a picture lies, the text screen holds [`MARK`]; text written over it wipes the mark as it wipes sixel, so
//! marks that are left are pixels that are left.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine;
use image::RgbImage;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize};
use ratatui::layout::Rect;

use super::sixel;

/// Stands in the cells that a picture covers.
const MARK: char = '\u{E000}';
/// A generous limit for anything awaited.
const LIMIT: Duration = Duration::from_secs(180);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Silent,
    Kitty,
    Sixel,
}

/// One picture that arrived.
#[derive(Debug, Clone)]
pub struct Shown {
    pub protocol: &'static str,
    pub rect: Rect,
    pub pixels: RgbImage,
    /// the file as it was sent (kitty, iTerm2)
    pub png: Vec<u8>,
}

pub struct State {
    pub text: vt100::Parser,
    /// every picture, in order
    pub sent: Vec<Shown>,
    /// kitty: what is placed now
    pub placed: Option<Rect>,
    /// kitty: deletes seen
    pub deletes: usize,
    /// kitty: pictures that placeholders may show, by number, with their columns and rows
    pub held: BTreeMap<u32, (u16, u16, RgbImage)>,
    /// everything the program wrote
    pub raw: Vec<u8>,
    pub ended: bool,
    /// within a synchronized update: half a frame proves nothing
    drawing: bool,
    kind: Kind,
    cell: (u16, u16),
    pending: Vec<u8>,
    chunks: String,
}

pub struct Terminal {
    shared: Arc<(Mutex<State>, Condvar)>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    cell: (u16, u16),
}

impl Terminal {
    pub fn start(kind: Kind, (columns, rows): (u16, u16), cell: (u16, u16), command: CommandBuilder) -> Self {
        let pair = portable_pty::native_pty_system().openpty(size(columns, rows, cell)).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let state = State {
            text: vt100::Parser::new(cells(rows), cells(columns), 0),
            sent: Vec::new(),
            placed: None,
            deletes: 0,
            held: BTreeMap::new(),
            raw: Vec::new(),
            ended: false,
            drawing: false,
            kind,
            cell,
            pending: Vec::new(),
            chunks: String::new(),
        };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let keys = Arc::new(Mutex::new(pair.master.take_writer().expect("a writer")));
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let (theirs, answers) = (shared.clone(), keys.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                let answer = theirs.0.lock().expect("state").feed(&buffer[..length]);
                // The program may be gone already.
                let _ = answers.lock().expect("writer").write_all(&answer);
                theirs.1.notify_all();
            }
            theirs.0.lock().expect("state").ended = true;
            theirs.1.notify_all();
        });
        Self { shared, keys, master: pair.master, child, cell }
    }

    pub fn keys(&self, keys: &str) {
        self.keys.lock().expect("writer").write_all(keys.as_bytes()).expect("the program reads");
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.shared.0.lock().expect("state").text.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows, self.cell)).expect("a pty can be resized");
    }

    /// Waits until `condition` holds and returns the state then.
    pub fn wait(&self, what: &str, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.shared.0.lock().expect("state");
        let until = Instant::now() + LIMIT;
        while state.drawing || !condition(&state) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.ended, "never came: {what}\n{}", state.text.screen().contents());
            state = self.shared.1.wait_timeout(state, left.min(Duration::from_millis(200))).expect("state").0;
        }
        state
    }

    /// Waits until `condition` holds.
    pub fn until(&self, what: &str, condition: impl Fn(&State) -> bool) {
        drop(self.wait(what, condition));
    }

    /// Waits until the program has ended.
    pub fn end(&mut self) -> MutexGuard<'_, State> {
        let mut state = self.shared.0.lock().expect("state");
        let until = Instant::now() + LIMIT;
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end:\n{}", state.text.screen().contents());
            state = self.shared.1.wait_timeout(state, left).expect("state").0;
        }
        self.child.wait().expect("it has ended");
        state
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn size(columns: u16, rows: u16, cell: (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: columns * cell.0, pixel_height: rows * cell.1 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has cells")
}

impl State {
    /// Cells under a picture, as the rectangle they make; `None` when there are none.
    pub fn marked(&self) -> Option<Rect> {
        let screen = self.text.screen();
        let (rows, columns) = screen.size();
        let (rows, columns) = (rows.get(), columns.get());
        let is_marked = |x: u16, y: u16| screen.cell(y, x).is_some_and(|cell| cell.contents().starts_with(MARK));
        let cells: Vec<_> =
            (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))).filter(|(x, y)| is_marked(*x, *y)).collect();
        let (x, y) = (cells.iter().map(|c| c.0).min()?, cells.iter().map(|c| c.1).min()?);
        let (right, bottom) = (cells.iter().map(|c| c.0).max()? + 1, cells.iter().map(|c| c.1).max()? + 1);
        let rect = Rect::new(x, y, right - x, bottom - y);
        assert_eq!(cells.len(), rect.area() as usize, "only parts of a picture are left in {rect}");
        Some(rect)
    }

    /// What the status line says between `before` and ` |`.
    pub fn status(&self, before: &str) -> String {
        let screen = self.text.screen().contents();
        let line = screen.lines().last().unwrap_or_default();
        let after = line.split_once(before).map_or("", |(_, after)| after);
        after.split(" |").next().unwrap_or_default().trim().to_owned()
    }

    /// The background of a cell.
    pub fn background(&self, x: u16, y: u16) -> vt100::Color {
        self.text.screen().cell(y, x).expect("on the screen").bgcolor()
    }

    /// Takes what the program wrote, returns what the terminal answers.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.raw.extend_from_slice(bytes);
        self.pending.extend_from_slice(bytes);
        let mut answer = Vec::new();
        let pending = std::mem::take(&mut self.pending);
        let mut rest = &pending[..];
        while let Some(start) = rest.iter().position(|b| *b == 0x1b) {
            self.text.process(&rest[..start]);
            rest = &rest[start..];
            let Some(length) = sequence(rest) else { break };
            let (sequence, after) = rest.split_at(length);
            self.act(sequence, &mut answer);
            rest = after;
        }
        if rest.first() != Some(&0x1b) {
            // A letter may come in two reads; half of one is none yet.
            let whole = match std::str::from_utf8(rest) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Ok(_) | Err(_) => rest.len(),
            };
            self.text.process(&rest[..whole]);
            rest = &rest[whole..];
        }
        self.pending = rest.to_vec();
        answer
    }

    fn act(&mut self, sequence: &[u8], answer: &mut Vec<u8>) {
        let text = std::str::from_utf8(sequence).expect("escape sequences are ASCII");
        let body = || text[2..].trim_end_matches("\x1b\\").trim_end_matches('\x07');
        match &sequence[..2] {
            b"\x1bP" => self.sixel(body()),
            b"\x1b_" => self.kitty(body(), answer),
            b"\x1b]" if body().starts_with("1337;") => self.iterm(body()),
            _ => {
                answer.extend_from_slice(self.answer(text).as_bytes());
                self.text.process(sequence);
                match text {
                    "\x1b[?2026h" => self.drawing = true,
                    "\x1b[?2026l" => self.drawing = false,
                    _ => {}
                }
                // Kitty drops its pictures with the screen.
                if text == "\x1b[2J" {
                    self.placed = None;
                }
            }
        }
    }

    fn answer(&self, query: &str) -> &'static str {
        match (self.kind, query) {
            (Kind::Silent, _) => "",
            (Kind::Sixel, "\x1b[?1;3;256S") => "\x1b[?1;0;256S",
            (Kind::Sixel, "\x1b[c") => "\x1b[?63;1;2;4;6;9;15;22c",
            (Kind::Kitty, "\x1b[>q") => "\x1bP>|kitty(0.35.2)\x1b\\",
            (_, "\x1b[c") => "\x1b[?62;22c",
            _ => "",
        }
    }

    fn sixel(&mut self, body: &str) {
        let pixels = sixel::decode(body);
        let (columns, rows) = self.touched(&pixels);
        let rect = self.mark(columns, rows);
        self.sent.push(Shown { protocol: "sixel", rect, pixels, png: Vec::new() });
    }

    fn iterm(&mut self, body: &str) {
        let (keys, payload) = body.split_once(':').expect("keys and a payload");
        let png = unbase64(payload);
        let rect = self.mark(key(keys, "width"), key(keys, "height"));
        self.sent.push(Shown { protocol: "iterm", rect, pixels: unpng(&png), png });
    }

    fn kitty(&mut self, body: &str, answer: &mut Vec<u8>) {
        let (keys, payload) = body.split_once(';').unwrap_or((body, ""));
        match keys {
            _ if keys.contains("a=q") => {
                if self.kind == Kind::Kitty {
                    answer.extend_from_slice(b"\x1b_Gi=31;OK\x1b\\");
                }
            }
            _ if keys.contains("a=d") => {
                self.deletes += 1;
                self.held.remove(&key(keys, "i"));
                self.unplace();
            }
            _ => {
                if keys.contains("a=T") {
                    assert!(keys.contains("f=100") && keys.contains("q=2") && keys.contains("C=1"), "{keys}");
                    self.chunks = keys.to_owned() + ";";
                }
                assert!(payload.len() <= 4096, "kitty takes 4096 bytes at a time");
                self.chunks.push_str(payload);
                if !keys.contains("m=1") {
                    self.place();
                }
            }
        }
    }

    fn place(&mut self) {
        let chunks = std::mem::take(&mut self.chunks);
        let (keys, payload) = chunks.split_once(';').expect("a first chunk");
        let png = unbase64(payload);
        if keys.contains("U=1") {
            self.held.insert(key(keys, "i"), (key(keys, "c"), key(keys, "r"), unpng(&png)));
            return;
        }
        self.unplace();
        let rect = self.mark(key(keys, "c"), key(keys, "r"));
        self.placed = Some(rect);
        self.sent.push(Shown { protocol: "kitty", rect, pixels: unpng(&png), png });
    }

    /// In kitty text does not hide a picture; only deleting does.
    fn unplace(&mut self) {
        self.placed = None;
    }

    fn touched(&self, pixels: &RgbImage) -> (u16, u16) {
        let cells = |length: u32, cell: u16| length.div_ceil(u32::from(cell)) as u16;
        (cells(pixels.width(), self.cell.0), cells(pixels.height(), self.cell.1))
    }

    /// Marks the cells from the cursor on, and insists that the last row stays free: touching it scrolls.
    fn mark(&mut self, columns: u16, rows: u16) -> Rect {
        let (y, x) = self.text.screen().cursor_position();
        let (height, width) = self.text.screen().size();
        let (height, width) = (height.get(), width.get());
        assert!(y + rows < height && x + columns <= width, "{columns}x{rows} at {x},{y} touches the last row or side");
        let line = MARK.to_string().repeat(columns.into());
        let lines: String = (y..y + rows).map(|row| format!("\x1b[{};{}H{line}", row + 1, x + 1)).collect();
        self.text.process(format!("{lines}\x1b[{};{}H", y + 1, x + 1).as_bytes());
        Rect::new(x, y, columns, rows)
    }
}

/// Length of the escape sequence that `bytes` begin with, once it is whole.
fn sequence(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'[' => Some(bytes.iter().skip(2).position(|b| (0x40..=0x7e).contains(b))? + 3),
        b'P' | b'_' => Some(bytes.windows(2).skip(1).position(|pair| pair == b"\x1b\\")? + 3),
        b']' => {
            let bell = bytes.iter().position(|b| *b == 0x07).map(|at| at + 1);
            let st = bytes.windows(2).skip(1).position(|pair| pair == b"\x1b\\").map(|at| at + 3);
            bell.into_iter().chain(st).min()
        }
        _ => Some(2),
    }
}

fn key<N: std::str::FromStr>(keys: &str, name: &str) -> N {
    let value = keys.split([',', ';']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no number {name} in {keys}"))
}

fn unbase64(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

fn unpng(png: &[u8]) -> RgbImage {
    image::load_from_memory(png).expect("a PNG").into_rgb8()
}
