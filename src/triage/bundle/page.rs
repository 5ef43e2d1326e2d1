//! The page of a bundle: one file that needs nothing else and runs nothing. Everything foreign in it is escaped.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use quick_xml::escape::escape;
use serde_json::Value;

use super::log::LogExcerpt;
use super::picture::Withheld;
use super::{BundlePicture, LOG, motion_word};
use crate::duration::spoken;
use crate::guest::recording::{Activity, GuestState, RecordedFrame, Recording};
use crate::text::Scrubber;
use crate::triage::verdict::{Evidence, EvidenceSource, Verdict};
use crate::vcenter::{PowerState, ToolsStatus};

const STYLE: &str = include_str!("page.css");
/// Pictures shown as large as they were, besides those the verdict cites: the last one and those that stood longest.
const FULL_SIZE_PICTURES: usize = 3;
/// A picture that stood so long was more than passing by.
const LONG_SHOWN: Duration = Duration::from_secs(30);

/// What the page is made of.
pub struct Page<'a> {
    pub title: &'a str,
    /// what to know before it is handed on
    pub warning: Option<&'a str>,
    pub verdict: &'a Verdict,
    pub run: Option<&'a Value>,
    pub recording: &'a Recording,
    pub bundle_pictures: &'a [BundlePicture],
    pub log: Option<&'a LogExcerpt>,
}

/// Names of the pictures that are shown as large as they were.
pub fn full_size_pictures(recording: &Recording, loose: &[std::path::PathBuf], verdict: &Verdict) -> BTreeSet<String> {
    let base = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut names: BTreeSet<String> = verdict.evidence.iter().filter_map(|e| e.frame.as_deref()).map(base).collect();
    let mut frames: Vec<_> = recording.frames.iter().collect();
    names.extend(frames.last().map(|frame| base(&frame.file)));
    frames.retain(|frame| !frame.kind.is_blank() && shown_for(frame) >= LONG_SHOWN);
    frames.sort_by_key(|frame| frame.at.duration_since(frame.until));
    names.extend(frames.iter().take(FULL_SIZE_PICTURES - 1).map(|frame| base(&frame.file)));
    names.extend(loose.last().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned()));
    names
}

impl Page<'_> {
    /// The page. Every text is made safe as it is put in, wherever it came from.
    pub fn html(&self, scrubber: &Scrubber) -> String {
        let safe = |text: &str| escape(scrubber.safe(text).as_str()).into_owned();
        let mut out = String::new();
        // Writing into a text cannot fail.
        let _ = self.write(&mut out, &safe);
        out
    }

    fn write(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
             base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}: {class}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}: {class}</h1>\n",
            title = safe(self.title),
            class = safe(&self.verdict.class),
        )?;
        if let Some(warning) = self.warning {
            writeln!(out, "<p><strong>{warning}.</strong></p>")?;
        }
        self.facts(out, safe)?;
        self.verdict(out, safe)?;
        self.filmstrip(out, safe)?;
        self.timeline(out, safe)?;
        self.log(out, safe)?;
        out.push_str("</body>\n</html>\n");
        Ok(())
    }

    fn facts(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        let raw = |name: &str| self.run.and_then(|run| run.get(name)).and_then(Value::as_str);
        let of = |name: &str| raw(name).map(safe);
        let when = |name: &str| Some(raw(name)?.parse::<Timestamp>().ok()?.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let facts = [
            of("base_name").map(|name| format!("{name}-build")),
            when("started").map(|at| format!("began {at}")),
            when("ended").map(|at| format!("ended {at}")),
            of("packer_version").map(|version| format!("packer {version}")),
            of("reason"),
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            writeln!(out, "<p class=\"facts\">{}</p>", facts.join(" · "))?;
        }
        writeln!(out, "<p class=\"facts\">times are UTC · secrets are replaced by [REDACTED:name]</p>")
    }

    fn verdict(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        writeln!(out, "<section class=\"verdict\">\n<p class=\"cause\">{}</p>", safe(&self.verdict.cause))?;
        if let Some(remedy) = &self.verdict.remedy {
            writeln!(out, "<p><b>Do:</b> {}</p>", safe(remedy))?;
        }
        if let Some(screen) = &self.verdict.screen {
            let state =
                self.verdict.screen_state.as_deref().map_or_else(String::new, |state| format!(" ({})", safe(state)));
            writeln!(out, "<p><b>Screen:</b> {}{state}</p>", safe(screen))?;
        }
        if let Some(still) = self.still(safe) {
            writeln!(out, "<p>{still}</p>")?;
        }
        let confidence = serde_json::to_value(self.verdict.confidence).ok();
        let confidence = confidence.as_ref().and_then(Value::as_str).unwrap_or_default();
        let rule = self.verdict.rule.as_deref().map_or_else(String::new, |rule| format!(" · rule {}", safe(rule)));
        writeln!(out, "<p class=\"note\">{confidence} confidence{rule}</p>\n<ul class=\"evidence\">")?;
        for evidence in &self.verdict.evidence {
            writeln!(out, "<li>{} <code>{}</code></li>", self.location(evidence, safe), safe(&evidence.text))?;
        }
        writeln!(out, "</ul>\n</section>")
    }

    /// How long the console had been still, in a sentence.
    fn still(&self, safe: &dyn Fn(&str) -> String) -> Option<String> {
        let still = self.recording.last_stillness()?;
        let tools = if still.tools_ran { "" } else { "; tools never ran" };
        let what = match still.activity {
            Activity::Moving => return None,
            Activity::OnlySpinner => "only a spinner or a clock moved",
            Activity::Still => "unchanged",
            Activity::Blank => "blank",
            Activity::Off => "powered off or gone; the picture before had been there",
        };
        let alarm = if still.alarm { "<b>The console stood still:</b> " } else { "" };
        Some(format!("{alarm}{what} since {} ({}){tools}", clock(still.since), safe(&spoken(still.quiet))))
    }

    /// Where evidence is, as a link when it is on this page.
    fn location(&self, evidence: &Evidence, safe: &dyn Fn(&str) -> String) -> String {
        match (evidence.source, evidence.line, &evidence.frame) {
            (EvidenceSource::Log, Some(line), _) if self.log.is_some_and(|log| log.lines.contains_key(&line)) => {
                format!("<a href=\"#L{line}\">log {line}</a>")
            }
            (EvidenceSource::Log, Some(line), _) => format!("log {line}"),
            (EvidenceSource::Log, None, _) => "log".into(),
            (EvidenceSource::Screen, _, Some(frame)) => {
                match self.bundle_pictures.iter().position(|bundle_picture| bundle_picture.is(frame)) {
                    Some(at) => format!("<a href=\"#f{at}\">picture</a>"),
                    None => format!("picture {}", safe(frame)),
                }
            }
            (EvidenceSource::Screen, ..) => "picture".into(),
            (EvidenceSource::Guest, ..) => "guest".into(),
        }
    }

    fn filmstrip(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        if self.bundle_pictures.is_empty() {
            return Ok(());
        }
        writeln!(out, "<h2>Console</h2>")?;
        // The newest first: that is where it ended.
        for bundle_picture in self.bundle_pictures.iter().rev() {
            if let Some(png) = &bundle_picture.full {
                writeln!(
                    out,
                    "<figure class=\"large\"><img alt=\"{caption}\" src=\"data:image/png;base64,{}\"><figcaption>{caption}</figcaption></figure>",
                    BASE64_STANDARD.encode(png),
                    caption = caption(bundle_picture, safe)
                )?;
            }
        }
        writeln!(out, "<h2>All pictures ({})</h2>\n<div class=\"strip\">", self.bundle_pictures.len())?;
        for (at, bundle_picture) in self.bundle_pictures.iter().enumerate() {
            let cited =
                self.verdict.evidence.iter().filter_map(|e| e.frame.as_deref()).any(|frame| bundle_picture.is(frame));
            let class = if cited { " class=\"cited\"" } else { "" };
            write!(out, "<figure id=\"f{at}\"{class}>")?;
            match &bundle_picture.thumbnail {
                Ok(png) => write!(
                    out,
                    "<a href=\"{}\"><img alt=\"\" src=\"data:image/png;base64,{}\"></a>",
                    safe(&bundle_picture.name),
                    BASE64_STANDARD.encode(png)
                )?,
                Err(why) => {
                    let why = match why {
                        Withheld::Secret => "a secret stands on it, or it cannot be read",
                        Withheld::Typed => super::TYPED,
                    };
                    write!(out, "<div class=\"withheld\">left out: {why}</div>")?
                }
            }
            writeln!(out, "<figcaption>{}</figcaption></figure>", caption(bundle_picture, safe))?;
        }
        writeln!(out, "</div>")
    }

    fn timeline(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        let mut rows: Vec<(Timestamp, String)> = Vec::new();
        rows.extend(
            self.recording.guests.iter().map(|guest| (guest.at, format!("guest: {}", guest_words(guest, safe)))),
        );
        rows.extend(self.recording.tasks.iter().map(|task| (task.at, safe(&task.words()))));
        rows.extend(self.recording.notes.iter().map(|(at, text)| (*at, format!("recorder: {}", safe(text)))));
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by_key(|(at, _)| *at);
        writeln!(out, "<h2>vCenter</h2>\n<table>")?;
        for (at, text) in rows {
            writeln!(out, "<tr><td>{}</td><td>{text}</td></tr>", clock(at))?;
        }
        writeln!(out, "</table>")
    }

    fn log(&self, out: &mut String, safe: &dyn Fn(&str) -> String) -> std::fmt::Result {
        let Some(log) = self.log else { return Ok(()) };
        let cut = if log.cut { "; its middle is left out" } else { "" };
        writeln!(
            out,
            "<h2>Log</h2>\n<p class=\"note\">what stands around the evidence, and the end; all {} lines are in <a href=\"{LOG}\">{LOG}</a>{cut}</p>\n<pre>",
            log.count
        )?;
        let mut before = 0;
        for (number, line) in &log.lines {
            if *number > before + 1 {
                write!(out, "<span class=\"gap\">…</span>")?;
            }
            before = *number;
            let cited = self.verdict.evidence.iter().any(|evidence| evidence.line == Some(*number));
            let class = if cited { " class=\"cited\"" } else { "" };
            write!(out, "<span id=\"L{number}\"{class}><i>{number:>6}  </i>{}</span>", safe(line))?;
        }
        writeln!(out, "</pre>")
    }
}

impl BundlePicture {
    /// Whether evidence that cites a picture of this name means this one.
    fn is(&self, cited: &str) -> bool {
        cited.rsplit('/').next() == Some(self.source.as_str())
    }
}

fn caption(bundle_picture: &BundlePicture, safe: &dyn Fn(&str) -> String) -> String {
    let Some(frame) = &bundle_picture.frame else { return safe(&bundle_picture.source) };
    let shown = shown_for(frame);
    let doing = if shown >= LONG_SHOWN { "still" } else { motion_word(frame.kind) };
    let label = bundle_picture.reading.as_ref().and_then(|reading| reading.label.as_deref());
    let label = label.map_or_else(String::new, |label| format!(" · {}", safe(label)));
    format!("{} for {} · {}{label}", clock(frame.at), spoken(shown), doing)
}

fn shown_for(frame: &RecordedFrame) -> Duration {
    Duration::try_from(frame.until.duration_since(frame.at)).unwrap_or_default()
}

fn clock(at: Timestamp) -> String {
    at.strftime("%m-%d %H:%M:%S").to_string()
}

fn guest_words(guest: &GuestState, safe: &dyn Fn(&str) -> String) -> String {
    let power = match guest.power {
        None => return "there is none".into(),
        Some(PowerState::PoweredOn) => "powered on",
        Some(PowerState::PoweredOff) => "powered off",
        Some(PowerState::Suspended) => "suspended",
        Some(PowerState::Unknown) => "power state unknown",
    };
    let tools = match guest.tools {
        Some(ToolsStatus::GuestToolsRunning | ToolsStatus::GuestToolsExecutingScripts) => "tools run",
        Some(ToolsStatus::GuestToolsNotRunning) | None => "no tools",
    };
    let ip = guest.ip.as_deref().map_or_else(|| "no address".to_owned(), safe);
    format!("{power}, {tools}, {ip}")
}
