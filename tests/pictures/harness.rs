//! The smallest application around a [`PictureSurface`], for tests in a pseudo-terminal: `picture-harness IMAGES FILE…`.
//!
//! Keys: `n` next picture, `a` the same file read again, `m` move, `z` another size, `o` overlay, `h` hide,
//! `c` clear the screen, `p` panic, `q` quit. The last line says what was done.
#![expect(clippy::disallowed_methods, reason = "every word is our own")]

use std::io::{Write, stdout};
use std::sync::mpsc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use crossterm::event::{self, Event, KeyCode};
use crossterm::{cursor, execute, terminal};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph};
use ratatui::{Frame, Terminal};
use tmpl::guest::picture::Picture;
use tmpl::tui::picture::{self, Images, PictureSurface};

#[derive(Parser)]
struct Args {
    images: String,
    files: Vec<std::path::PathBuf>,
}

enum Message {
    Event(Event),
    Wake,
}

#[derive(Default)]
struct App {
    pictures: Vec<Picture>,
    current: usize,
    moved: bool,
    small: bool,
    overlay: bool,
    hidden: bool,
    keys: usize,
    drawn: usize,
}

#[expect(clippy::panic, reason = "what a panic leaves on the screen is tested")]
fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let images = Images::from_str(&args.images, true).map_err(anyhow::Error::msg)?;
    let load = || -> anyhow::Result<Vec<Picture>> {
        args.files.iter().map(|file| Ok(Picture::decode(std::fs::read(file)?)?)).collect()
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave();
        hook(info);
    }));
    terminal::enable_raw_mode()?;
    let (messages, inbox) = mpsc::channel();
    let wake = messages.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let through_tmux = runtime.block_on(picture::shown_outside_tmux());
    let mut surface = PictureSurface::detect(images, through_tmux, move || drop(wake.send(Message::Wake)));
    execute!(stdout(), terminal::EnterAlternateScreen)?;
    let mut terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    std::thread::spawn(move || while event::read().is_ok_and(|event| messages.send(Message::Event(event)).is_ok()) {});

    let mut app = App { pictures: load()?, ..App::default() };
    loop {
        app.drawn += 1;
        execute!(stdout(), terminal::BeginSynchronizedUpdate)?;
        terminal.draw(|frame| app.view(frame, &mut surface))?;
        surface.after_draw(&mut stdout())?;
        execute!(stdout(), terminal::EndSynchronizedUpdate)?;
        // Draws now and then without a cause, as the real one does for its clock.
        let Ok(message) = inbox.recv_timeout(Duration::from_millis(100)) else { continue };
        match message {
            Message::Wake => {}
            Message::Event(Event::Resize(..)) => surface.forget(),
            Message::Event(Event::Key(key)) => {
                app.keys += 1;
                match key.code {
                    KeyCode::Char('n') => app.current = (app.current + 1) % app.pictures.len(),
                    KeyCode::Char('a') => app.pictures = load()?,
                    KeyCode::Char('m') => app.moved = !app.moved,
                    KeyCode::Char('z') => app.small = !app.small,
                    KeyCode::Char('o') => app.overlay = !app.overlay,
                    KeyCode::Char('h') => app.hidden = !app.hidden,
                    KeyCode::Char('c') => {
                        let area = terminal.size()?;
                        terminal.resize(Rect::new(0, 0, area.width, area.height))?;
                        surface.forget();
                    }
                    KeyCode::Char('p') => panic!("as asked"),
                    KeyCode::Char('q') => break,
                    _ => {}
                }
            }
            Message::Event(_) => {}
        }
    }
    leave();
    Ok(())
}

fn leave() {
    let mut out = stdout();
    let _ = picture::erase(&mut out);
    let _ = execute!(out, terminal::LeaveAlternateScreen, cursor::Show);
    let _ = terminal::disable_raw_mode();
    let _ = out.flush();
}

impl App {
    fn view(&self, frame: &mut Frame<'_>, surface: &mut PictureSurface) {
        let screen = frame.area();
        frame.render_widget(Paragraph::new(vec!["text behind ".repeat(30).into(); screen.height.into()]), screen);
        let width = if self.small { 30 } else { 60 };
        let x = if self.moved { 20 } else { 0 };
        let pane = Rect::new(x, 2, width, screen.height.saturating_sub(3)).intersection(screen);
        frame.render_widget(Clear, pane);
        frame.render_widget(Block::bordered().title("pane"), pane);
        let mut used = None;
        let overlay = Rect::new(10, 6, 24, 6).intersection(screen);
        if !self.hidden {
            let covered = self.overlay && overlay.intersects(pane);
            let inside = pane.inner(ratatui::layout::Margin::new(1, 1));
            used = surface.draw(frame.buffer_mut(), inside, &self.pictures[self.current], covered);
        }
        if self.overlay {
            frame.render_widget(Clear, overlay);
            frame.render_widget(Block::bordered().title("overlay"), overlay);
        }
        let used = used.map(|r| format!("{},{} {}x{}", r.x, r.y, r.width, r.height)).unwrap_or_default();
        let status = format!("{} | at {used} | keys {} | draws {} |", surface.protocol(), self.keys, self.drawn);
        let line = Rect::new(0, screen.height.saturating_sub(1), screen.width, 1);
        frame.render_widget(Clear, line);
        frame.render_widget(Paragraph::new(status), line);
    }
}
