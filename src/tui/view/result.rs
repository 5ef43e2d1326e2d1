//! A line's newest result in one cell, wherever the line was built: as much of it as the column has room for.

use ratatui::style::Style;

use super::columns::Cell;
use super::{cut, width};
use crate::console::lines::LineRow;
use crate::console::remote::{Newest, RemoteResult};
use crate::console::run::{RunSeen, RunState, Still};
use crate::console::{Console, age};
use crate::github::{Conclusion, State};
use crate::tui::theme::Theme;

/// Columns in which a part of a cause still says something: `✗ ip_t…`.
const PART_OF_CAUSE: u16 = 7;

/// What happened, from few words to many; the style of all of them.
struct Told {
    mark: &'static str,
    /// e.g. `failed`; left out where it is narrow
    word: String,
    /// how long ago, or since when
    when: String,
    /// what else there is to say, where there is room
    more: String,
    /// what of it is said rather than anything else
    kept: Kept,
    style: Style,
}

/// What a person looks for first in a result.
enum Kept {
    /// that it happened, and when
    Word,
    /// why it failed; beside it only this is worth room, e.g. the number of the run
    Cause(String),
    /// what comes next, rather than when it happened
    Next,
}

impl Told {
    fn new(mark: &'static str, word: impl Into<String>, when: String, style: Style) -> Self {
        Self { mark, word: word.into(), when, more: String::new(), kept: Kept::Word, style }
    }

    fn and(self, more: impl Into<String>) -> Self {
        Self { more: more.into(), ..self }
    }

    /// Why it failed, if that is known.
    fn because(self, cause: Option<String>, beside: &str) -> Self {
        match cause {
            Some(cause) => Self { kept: Kept::Cause(beside.into()), ..self.and(cause) },
            None => self,
        }
    }

    /// As much as fits.
    fn fitted(self, columns: u16) -> Cell {
        let (mark, word, when, more) = (self.mark, self.word.as_str(), self.when.as_str(), self.more.as_str());
        let fits = |text: &String| width(text) <= columns;
        let brief = joined(&[mark, word, when]);
        let whole = if more.is_empty() { brief.clone() } else { format!("{brief}, {more}") };
        // A few letters of what is more say nothing; a part of it may.
        let enough = columns >= width(&brief).saturating_add(16);
        if fits(&whole) {
            return (whole, self.style);
        }
        let first = match &self.kept {
            Kept::Word => None,
            Kept::Next => Some(format!("{}, {more}", joined(&[mark, word]))).filter(fits),
            Kept::Cause(beside) => [&[mark, beside, more, when][..], &[mark, more, when], &[mark, more]]
                .into_iter()
                .map(joined)
                .find(fits)
                .or_else(|| (columns >= PART_OF_CAUSE).then(|| cut(&joined(&[mark, more]), columns).into_owned())),
        };
        let text = first.unwrap_or_else(|| match () {
            () if enough => whole,
            () if fits(&brief) => brief,
            () if columns >= 12 || fits(&joined(&[mark, word])) => joined(&[mark, word]),
            () if fits(&joined(&[mark, when])) => joined(&[mark, when]),
            () => mark.into(),
        });
        (text, self.style)
    }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The cell.
pub fn cell(console: &Console, row: &LineRow, columns: u16, theme: Theme) -> Cell {
    if let Some(ongoing) = console.ongoing.get(&row.line.key) {
        return Told::new("◌", ongoing.operation.to_string(), String::new(), theme.busy()).fitted(columns);
    }
    if let Some(claim) = row.built_elsewhere() {
        let since = age::short(console.now, claim.since, &console.zone);
        return Told::new("●", "building", since, theme.busy()).and(claim.by).fitted(columns);
    }
    let told = match row.newest() {
        None => return ("–".into(), theme.dim()),
        Some(Newest::GitHub(remote, here)) => of_github(console, row, remote, here, theme),
        // What was promoted has nothing to say any more.
        Some(Newest::Here(run)) if run.state == RunState::Succeeded && !row.ready() && run.reason.is_none() => {
            return ("–".into(), theme.dim());
        }
        Some(Newest::Here(run)) => of_run(console, row, run, theme),
    };
    let told = match &row.acknowledged {
        Some(seen) => Told { style: theme.dim(), more: format!("seen: {}", seen.note), kept: Kept::Word, ..told },
        None => told,
    };
    told.fitted(columns)
}

fn of_github(console: &Console, row: &LineRow, remote: &RemoteResult, here: Option<&RunSeen>, theme: Theme) -> Told {
    let number = format!("#{}", remote.number);
    let ago = age::short(console.now, remote.ended.unwrap_or(remote.began), &console.zone);
    let cause = here.and_then(|_| class(console, row));
    let ended = row.cancelled_since().map(|run| {
        format!("cancelled here {}", age::short(console.now, run.ended.unwrap_or(run.started), &console.zone))
    });
    let by = cause.clone().or(ended).unwrap_or_else(|| remote.by.clone());
    match remote.state {
        State::Running => {
            let step = remote.step.as_deref().unwrap_or("running");
            let since = age::short(console.now, remote.began, &console.zone);
            Told::new("●", format!("{number} {step}"), since, theme.busy()).and("on GitHub")
        }
        State::Queued | State::Pending => {
            Told::new("●", format!("{number} {}", remote.state.word()), ago, theme.busy()).and("on GitHub")
        }
        State::Ended(Conclusion::Success) => Told::new("✓", format!("{number} built"), ago, theme.good()).and(by),
        State::Ended(Conclusion::Cancelled | Conclusion::Skipped) => {
            Told::new("⊘", format!("{number} {}", remote.state.word()), ago, theme.dim()).and(by)
        }
        State::Ended(Conclusion::Failure | Conclusion::TimedOut | Conclusion::Other) => {
            let told = Told::new("✗", format!("{number} {}", remote.state.word()), ago, theme.bad()).and(by);
            told.because(cause, &number)
        }
    }
}

fn of_run(console: &Console, row: &LineRow, run: &RunSeen, theme: Theme) -> Told {
    let since = |at| age::short(console.now, at, &console.zone);
    let ended = since(run.ended.unwrap_or(run.started));
    let phase = run.phase.as_deref().unwrap_or("running");
    let cause = class(console, row);
    if row.question().is_some() {
        return Told::new("▲", "unanswered", String::new(), theme.bad());
    }
    if let Some(at_work) = &row.at_work {
        let (word, more) = at_work.split_once(", ").unwrap_or((at_work, ""));
        return Told::new("▲", word, String::new(), theme.bad()).and(more);
    }
    if let Some(still) = run.still.as_ref().filter(|_| run.state == RunState::Running) {
        return stuck(console, still, theme);
    }
    let none = String::new;
    match run.state {
        RunState::Starting => Told::new("◌", "starting", none(), theme.busy()),
        RunState::Running if run.reason.is_some() => Told::new("▲", "unsupervised", none(), theme.bad()).and(phase),
        RunState::Running => Told::new("●", phase, since(run.started), theme.busy()).and(cause.unwrap_or_default()),
        RunState::Cancelling => Told::new("◌", "cancelling", none(), theme.warn()),
        RunState::Succeeded => {
            let next = if row.generations.hold.is_some() {
                "held".to_owned()
            } else {
                console.advised("‹promote› promotes")
            };
            let told = Told::new("✓", "built", ended, theme.good());
            match &run.reason {
                Some(reason) => told.and(reason),
                None => Told { kept: Kept::Next, ..told.and(next) },
            }
        }
        RunState::Failed { .. } => Told::new("✗", "failed", ended, theme.bad()).because(cause, ""),
        RunState::Cancelled => Told::new("⊘", "cancelled", ended, theme.dim()),
        RunState::Lost => Told::new("?", "lost", ended, theme.bad()).because(cause, ""),
    }
}

/// A console that stands still although it should not.
fn stuck(console: &Console, still: &Still, theme: Theme) -> Told {
    let what = if still.blank { "blank" } else { "stuck" };
    let since = still.since.to_zoned(console.zone.clone()).strftime("since %H:%M").to_string();
    let more = match (&still.screen, still.tools_ran) {
        (Some(screen), _) => screen.clone(),
        (None, false) => "tools never ran".into(),
        (None, true) => String::new(),
    };
    Told::new("▲", what, since, theme.bad()).and(more)
}

/// Why it fails, in the one word that verdicts have for it.
fn class(console: &Console, row: &LineRow) -> Option<String> {
    let case = console.verdicts.of(row)?;
    // Until a build at work is late or stuck, its class is only what packer would say if it gave up now.
    if row.live_run().is_some() && case.foretold(console.now).is_none() {
        return None;
    }
    let (verdict, _) = case.verdict()?;
    let known = !matches!(verdict.class.as_str(), "success" | "running" | "unknown");
    known.then(|| verdict.class.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_as_much_as_fits() {
        let fitted =
            |columns| Told::new("✗", "#87 failed", "6h".into(), Style::new()).and("schedule").fitted(columns).0;
        assert_eq!(fitted(40), "✗ #87 failed 6h, schedule");
        assert_eq!(fitted(18), "✗ #87 failed 6h");
        assert_eq!(fitted(12), "✗ #87 failed");
        assert_eq!(fitted(5), "✗ 6h");
        assert_eq!(fitted(1), "✗");
    }

    #[test]
    fn why_it_failed_is_said_before_that_it_did() {
        let told = |number: &str, cause: &str, columns| {
            let word = joined(&[number, "failed"]);
            Told::new("✗", word, "37s".into(), Style::new()).because(Some(cause.into()), number).fitted(columns).0
        };
        for (columns, said) in [
            (24, "✗ failed 37s, ip_timeout"),
            (23, "✗ ip_timeout 37s"),
            (15, "✗ ip_timeout"),
            (11, "✗ ip_timeo…"),
            (7, "✗ ip_t…"),
            (6, "✗ 37s"),
            (1, "✗"),
        ] {
            assert_eq!(told("", "ip_timeout", columns), said, "{columns}");
        }
        assert_eq!(told("#87", "ip_timeout", 27), "✗ #87 ip_timeout 37s");
        assert_eq!(told("#87", "ip_timeout", 19), "✗ ip_timeout 37s");
        assert_eq!(told("", "packer-plugin-missing", 19), "✗ packer-plugin-mi…");
    }

    #[test]
    fn what_comes_next_is_said_before_when_it_was_built() {
        let told = |columns| {
            let told = Told::new("✓", "built", "37s".into(), Style::new()).and("p promotes");
            Told { kept: Kept::Next, ..told }.fitted(columns).0
        };
        assert_eq!(
            [23, 22, 19, 18].map(told),
            ["✓ built 37s, p promotes", "✓ built, p promotes", "✓ built, p promotes", "✓ built 37s"]
        );
    }
}
