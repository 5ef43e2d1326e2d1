//! Scaling and encoding on a thread of their own, so that no frame waits for them.

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

/// A picture to scale or encode.
#[derive(Debug)]
pub enum Job {
    /// half blocks
    Scale(RenderKey, Picture),
    /// bytes for the terminal
    Encode(RenderKey, Picture, Protocol),
}

/// The result of a job.
pub enum JobResult {
    /// half blocks
    Scaled(RenderKey, Arc<RgbImage>),
    /// bytes for the terminal
    Encoded(RenderKey, Arc<[u8]>),
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

    /// Hands over a job; of those that wait, only the newest of each kind is done. `false` when the thread is gone.
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
        let (mut scale, mut encode) = (None, None);
        for job in std::iter::once(first).chain(queue.try_iter()) {
            match job {
                Job::Scale(..) => scale = Some(job),
                Job::Encode(..) => encode = Some(job),
            }
        }
        for job in [scale, encode].into_iter().flatten() {
            if results.send(perform(job)).is_err() {
                return;
            }
            wake();
        }
    }
}

fn perform(job: Job) -> JobResult {
    match job {
        Job::Scale(key, picture) => {
            JobResult::Scaled(key, Arc::new(scale::half_blocks(picture.image(), key.columns, key.rows)))
        }
        Job::Encode(key, picture, protocol) => JobResult::Encoded(key, Arc::from(bytes(key, &picture, protocol))),
    }
}

/// The bytes that show `picture` at the cursor; none for half blocks.
pub fn bytes(key: RenderKey, picture: &Picture, protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Kitty => encode::kitty(picture, key.columns, key.rows, key.size),
        Protocol::Iterm => encode::iterm(picture.png(), key.columns, key.rows),
        Protocol::Sixel => encode::sixel(picture.image(), key.size),
        Protocol::Cells => Vec::new(),
    }
}
