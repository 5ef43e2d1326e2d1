//! The program's own log: one file a day in the state folder, kept for two weeks, for its owner alone. Nothing of it goes
//! to the terminal.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::output;
use jiff::Timestamp;
use tmpl::fs::{append_private, create_private_dir, named};
use tmpl::paths::StateDir;
use tmpl::text::Scrubber;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

const PREFIX: &str = "tmpl-tui";
const SUFFIX: &str = "log";
const FILES: usize = 14;

/// Starts logging below `state`. What is logged is said by `TMPL_LOG`, else `RUST_LOG`, in the syntax of the latter.
///
/// # Errors
/// Those of the file system; the program works without a log too.
fn start(state: &StateDir) -> anyhow::Result<()> {
    let layer = fmt::layer().with_ansi(false).with_writer(Log::open(&state.logs())?);
    // Other crates' debugging output may hold headers and bodies: cookies, passwords. It is not ours to check.
    let harmless =
        filter_fn(|event: &Metadata<'_>| event.target().starts_with("tmpl") || *event.level() <= Level::INFO);
    tracing_subscriber::registry().with(layer.with_filter(wanted().and(harmless))).try_init()?;
    Ok(())
}

fn wanted() -> EnvFilter {
    let set =
        ["TMPL_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|set| !set.is_empty()));
    EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(set.unwrap_or_default())
}

/// The file of the day. The appender turns the page and throws old ones away; it makes files everybody may read, so they
/// are made before it does.
#[derive(Clone)]
struct Log(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    day: Mutex<String>,
    files: RollingFileAppender,
}

impl Log {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        create_private_dir(folder).map_err(named(folder))?;
        let today = today();
        make(folder, &today)?;
        let files = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(PREFIX)
            .filename_suffix(SUFFIX)
            .max_log_files(FILES)
            .build(folder)?;
        // It goes by the age of files: of those made in one instant it may have thrown away today's, and made it anew.
        make(folder, &today)?;
        Ok(Self(Arc::new(Inner { folder: folder.to_owned(), day: Mutex::new(today), files })))
    }
}

fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn make(folder: &Path, day: &str) -> io::Result<()> {
    let path = folder.join(format!("{PREFIX}.{day}.{SUFFIX}"));
    let file = append_private(&path).map_err(named(&path))?;
    file.set_permissions(Permissions::from_mode(0o600))
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Log {
    /// Takes one whole event, as the formatting layer hands it over.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let Inner { folder, day, files } = &*self.0;
        let now = today();
        let mut day = day.lock().unwrap_or_else(PoisonError::into_inner);
        if *day != now {
            make(folder, &now)?;
            *day = now;
        }
        let text = String::from_utf8_lossy(event);
        let lines = Scrubber::shared().safe_lines(&text);
        files.make_writer().write_all((lines.join("\n") + "\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The verb alone is logged: its arguments may hold what was to be typed into a guest. The first line has the scrubber's
/// forms made; who is `quick` does not wait for them.
pub fn begin(verb: &str, quick: bool) {
    let begun = StateDir::from_environment().map_err(Into::into).and_then(|state| start(&state));
    let verb = verb.to_owned();
    let line = move || tracing::info!(verb, version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "begun");
    match begun {
        Ok(()) if quick => drop(std::thread::Builder::new().name("begun".into()).spawn(line)),
        Ok(()) => line(),
        // Nothing is left to do when stderr is closed.
        Err(error) => drop(output::note(&format!("no log is written: {error:#}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_two_weeks_of_them_stay() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("log");
        create_private_dir(&logs).unwrap();
        for day in 1..=20 {
            make(&logs, &format!("2026-01-{day:02}")).unwrap();
        }
        let mut log = Log::open(&logs).unwrap();
        log.write_all(b"one event\n").unwrap();
        let files: Vec<_> = std::fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap()).collect();
        assert!(files.len() <= FILES, "{} files", files.len());
        for file in &files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
        let path = logs.join(format!("{PREFIX}.{}.{SUFFIX}", today()));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one event\n");
    }
}
