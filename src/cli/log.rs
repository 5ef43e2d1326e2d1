//! `log`: the scrubbed log of a line's newest run, or of a file.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tmpl::ops::history;
use tmpl::packer_log::{Direction, LogFile, Problem, unpack};
use tmpl::packer_run::{self, Run};
use tmpl::text::{Safe, SafeLines, Scrubber};

use super::{Context, Exit, Stop, output};

/// How often a followed log is looked at.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// Bytes read at a time.
const READ_CHUNK: usize = 256 << 10;

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A line (its newest run), or a log file
    #[arg(value_name = "KEY|FILE")]
    what: String,
    /// A run other than the newest: its name as `history` shows it, or how it begins
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Keep printing until the run is over; a file, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Only lines that are errors, with their numbers
    #[arg(short, long, conflicts_with = "follow")]
    errors: bool,
}

/// Prints it.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let (path, run) = find(context, &args.what, args.run.as_deref())?;
    let scrubber = Scrubber::for_evidence();
    if args.errors {
        return errors(&path, scrubber.clone()).await;
    }
    let file = unpack::open(&path).map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    let mut printer = Printer::new(file, scrubber);
    printer.pass()?;
    if args.follow {
        follow(&mut printer, run.as_ref()).await?;
    }
    printer.finish()?;
    Ok(Exit::Done)
}

/// Prints a whole log, scrubbed.
pub fn whole(path: &Path) -> anyhow::Result<()> {
    let scrubber = Scrubber::for_evidence();
    let file = unpack::open(path).map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    let mut printer = Printer::new(file, scrubber);
    printer.pass()?;
    printer.finish()
}

/// Prints what is added until the run is over; a file has no end.
async fn follow(printer: &mut Printer<'_>, run: Option<&Run>) -> anyhow::Result<()> {
    loop {
        // First the state, then the rest: what was written before the end is printed.
        let over = run.map(Run::refresh).transpose()?.is_some_and(|run| !run.state.live());
        printer.pass()?;
        if over {
            return Ok(());
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// A key of the matrix wins over a file of that name; a file needs no repository around it.
fn find(context: &Context, what: &str, run: Option<&str>) -> anyhow::Result<(PathBuf, Option<Run>)> {
    let line = match context.line(what) {
        Ok(line) => line,
        Err(_) if Path::new(what).exists() => return Ok((what.into(), None)),
        Err(error) => return Err(Stop::usage(format!("{what} is not a file, and {error}"))),
    };
    let state = context.records(&line.key)?;
    let run = match run {
        Some(id) => Some(history::find(&state, &line.key, id)?),
        None => packer_run::latest(&state, &line.key)?,
    };
    let run = run.ok_or_else(|| Stop::usage(format!("{}: no run is recorded here", line.key)))?;
    Ok((run.shown().to_owned(), Some(run)))
}

/// A file on its way out.
struct Printer<'s> {
    file: File,
    lines: Lines<'s>,
}

impl<'s> Printer<'s> {
    fn new(file: File, scrubber: &'s Scrubber) -> Self {
        Self { file, lines: Lines::new(scrubber) }
    }

    /// Everything up to the present end of the file.
    #[expect(clippy::disallowed_methods, reason = "what was pushed went out line by line")]
    fn pass(&mut self) -> anyhow::Result<()> {
        let mut buffer = vec![0; READ_CHUNK];
        loop {
            let got = self.file.read(&mut buffer)?;
            if got == 0 {
                std::io::stdout().flush()?;
                return Ok(());
            }
            self.lines.push(&buffer[..got])?;
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        self.lines.finish()
    }
}

/// Pieces of a log on their way out.
pub struct Lines<'s>(SafeLines<'s>);

impl<'s> Lines<'s> {
    /// Nothing yet.
    pub fn new(scrubber: &'s Scrubber) -> Self {
        Self(SafeLines::new(scrubber))
    }

    /// Prints the lines that are whole now, and what is too long to be kept of one that is not.
    pub fn push(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut out = String::new();
        self.0.push(bytes, &mut |text, ends| add(&mut out, &text, ends));
        print(&out)
    }

    /// Prints what is left.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let mut out = String::new();
        self.0.finish(&mut |text, ends| add(&mut out, &text, ends));
        print(&out)
    }
}

fn add(out: &mut String, text: &Safe, ends: bool) {
    out.push_str(text);
    out.extend(ends.then_some('\n'));
}

#[expect(clippy::disallowed_methods, reason = "lines that are safe, many at a time")]
fn print(lines: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(lines.as_bytes())?)
}

/// The lines that deserve a look, as the console stops at them.
async fn errors(path: &Path, scrubber: Arc<Scrubber>) -> anyhow::Result<Exit> {
    let log = LogFile::open(path, scrubber)?;
    loop {
        let status = log.status();
        if status.missing {
            return Err(Stop::usage(format!("{} does not exist", path.display())));
        }
        if let Some(trouble) = status.error {
            anyhow::bail!(trouble);
        }
        if status.caught_up {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut next = 1;
    while let Some(number) = log.next_problem(Problem::Error, next, Direction::Forward)? {
        for line in log.lines(number..number + 1)? {
            output::result(&format!("{number}: {}", line.text))?;
        }
        next = number + 1;
    }
    Ok(Exit::Done)
}
