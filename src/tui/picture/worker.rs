//! Scaling and encoding on a thread of their own, so that no frame waits for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use image::RgbImage;

use super::fit::Pixels;
use super::{Protocol, encode, scale};
use crate::guest::picture::Picture;

/// Identifies the result of a job: the picture and its size on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderKey {
    /// [`Picture::hash`]
    pub hash: u64,
    /// cells
    pub columns: u16,
    /// cells
    pub rows: u16,
    /// pixels the picture has there
    pub size: Pixels,
}

/// What is to be made of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// half blocks
    Scaled,
    /// bytes for the terminal; the picture's number there
    Encoded(Protocol, u32),
}

/// A picture to scale or encode.
#[derive(Debug)]
pub struct Job {
    /// which of the frame's pictures
    pub slot: usize,
    /// picture and size
    pub key: RenderKey,
    /// the picture
    pub picture: Picture,
    /// what is to be made of it
    pub form: Form,
}

/// The result of a job.
pub struct JobResult {
    /// which of the frame's pictures
    pub slot: usize,
    /// picture and size
    pub key: RenderKey,
    /// what was made
    pub made: Made,
}

/// What was made of a picture.
pub enum Made {
    /// half blocks
    Scaled(Arc<RgbImage>),
    /// bytes for the terminal, and the picture's number there
    Encoded(Arc<[u8]>, u32),
}

/// The thread. It ends when this is dropped.
#[derive(Debug)]
pub struct Worker {
    jobs: Sender<Job>,
    done: Receiver<JobResult>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts it; `wake` is called after each finished job.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let (results, done) = mpsc::channel();
        let thread = std::thread::Builder::new().name("picture".into()).spawn(move || work(&queue, &results, &wake))?;
        Ok(Self { jobs, done, thread })
    }

    /// Hands over a job; of those that wait, only the newest of each kind and picture is done. `false` when the thread is gone.
    pub fn submit(&self, job: Job) -> bool {
        !self.thread.is_finished() && self.jobs.send(job).is_ok()
    }

    /// Whether the thread still works.
    pub fn alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// What was finished since the last call.
    pub fn finished(&self) -> impl Iterator<Item = JobResult> + '_ {
        self.done.try_iter()
    }
}

fn work(queue: &Receiver<Job>, results: &Sender<JobResult>, wake: &impl Fn()) {
    while let Ok(first) = queue.recv() {
        let mut waiting = BTreeMap::new();
        for job in std::iter::once(first).chain(queue.try_iter()) {
            waiting.insert((job.slot, matches!(job.form, Form::Scaled)), job);
        }
        for job in waiting.into_values() {
            if results.send(perform(job)).is_err() {
                return;
            }
            wake();
        }
    }
}

fn perform(Job { slot, key, picture, form }: Job) -> JobResult {
    let made = match form {
        Form::Scaled => Made::Scaled(Arc::new(scale::half_blocks(picture.image(), key.columns, key.rows))),
        Form::Encoded(protocol, number) => Made::Encoded(Arc::from(bytes(key, number, &picture, protocol)), number),
    };
    JobResult { slot, key, made }
}

/// The bytes that show `picture` at the cursor, or give it its number; none for half blocks.
pub fn bytes(key: RenderKey, number: u32, picture: &Picture, protocol: Protocol) -> Vec<u8> {
    let cells = (key.columns, key.rows);
    match protocol {
        Protocol::Kitty | Protocol::KittyInTmux => encode::kitty(picture, number, cells, key.size, protocol),
        Protocol::Iterm => encode::iterm(picture.png(), key.columns, key.rows),
        Protocol::Sixel => encode::sixel(picture.image(), key.size),
        Protocol::Cells => Vec::new(),
    }
}
