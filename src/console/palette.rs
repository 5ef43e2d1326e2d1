//! `:` and `?`: the table of keys, searched.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::binding::{Binding, Group};
use super::command::{Change, Command, GitHubChange, LineCommand, ProgramCommand};
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::overlay::{Entry, Help, Overlay, Palette};
use super::panes::Pane;
use super::scope::Scope;
use super::state::Console;
use crate::pipeline::Key;

/// Entries that are kept for another time.
const MOST_RECENT: usize = 5;

/// Whether a command acts on the selected line, and so can be told which one.
const fn acts_on_line(command: Command) -> bool {
    match command {
        Command::Change(change) => match change {
            Change::Build | Change::CancelRun | Change::Generation(_) | Change::Media(_) | Change::Answer => true,
            Change::GitHub(change) => matches!(change, GitHubChange::Dispatch),
            Change::Type | Change::Wake | Change::Teach => false,
        },
        Command::Line(command) => matches!(command, LineCommand::Judge | LineCommand::SaveBundle),
        Command::Plugin(_) => true,
        Command::Log(_) | Command::Move(_) | Command::View(_) | Command::Program(_) => false,
    }
}

/// One row of the help.
#[derive(Debug)]
pub enum HelpRow {
    /// of a group of keys
    Heading(&'static str),
    /// a key
    Binding(&'static Binding),
    /// nothing
    Gap,
}

impl Entry {
    /// Its name, and what it does.
    pub fn texts<'a>(&self, console: &'a Console) -> (String, &'a str) {
        let keymap = console.keymap;
        match self {
            Self::Command(command) => keymap
                .binding(*command)
                .map_or_else(Default::default, |binding| (binding.name.into(), binding.description)),
            Self::On(command, key) => {
                let binding = keymap.binding(*command);
                let name = binding.map_or("", |binding| binding.name);
                (format!("{name} {key}"), binding.map_or("", |binding| binding.description))
            }
            Self::Line(key) => (key.0.clone(), "Go to this line"),
            Self::Pane(pane) => (Scope::from(*pane).name().into(), "Go to this pane"),
            Self::Context(name) => {
                let about = console.contexts.iter().find(|(context, _)| context == name);
                (format!("context {name}"), about.map_or("", |(_, about)| about))
            }
        }
    }

    /// What else it goes by: the words of the bar.
    fn words(&self, console: &Console) -> Vec<String> {
        let of = |command: Command| {
            let binding = console.keymap.binding(command);
            binding.into_iter().flat_map(|binding| binding.hint.into_iter().chain(console.word(binding)))
        };
        match self {
            Self::Command(command) => of(*command).map(str::to_owned).collect(),
            Self::On(command, key) => of(*command).map(|word| format!("{word} {key}")).collect(),
            Self::Line(_) | Self::Pane(_) | Self::Context(_) => Vec::new(),
        }
    }
}

/// How well an entry fits what was typed. What it goes by besides its name counts less than the name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Word(u32),
    Name(u32),
    WholeWord,
    WholeName(u32),
}

impl Console {
    /// The palette's entries that match, best first; all in the table's order when nothing is typed.
    pub fn entries(&self, query: &str) -> Vec<Entry> {
        let listed = |binding: &&Binding| binding.group != Group::Move && self.offers(binding.command);
        let commands = self.keymap.rows().iter().filter(listed).map(|binding| Entry::Command(binding.command));
        let lines = self.lines.all().iter().map(|row| Entry::Line(row.line.key.clone()));
        let lines = lines.chain(self.contexts.iter().map(|(name, _)| Entry::Context(name.clone())));
        if query.trim().is_empty() {
            let recent = self.recent.iter().rev().cloned();
            let rest = commands.chain(lines).filter(|entry| !self.recent.contains(entry));
            return recent.chain(rest).collect();
        }
        let chosen = query.starts_with("context ") && !self.contexts.is_empty();
        let itself = Entry::Command(Command::Program(ProgramCommand::Context));
        let commands = commands.filter(move |entry| !chosen || *entry != itself);
        let panes = Pane::ALL.into_iter().map(Entry::Pane);
        let all = self.on_lines(query).into_iter().chain(commands).chain(panes).chain(lines);
        let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        // A whole name is meant, whatever else begins with it: `log` is the pane.
        let whole = |text: &str| text.eq_ignore_ascii_case(query.trim());
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut scored: Vec<(Fit, Entry)> = all
            .filter_map(|entry| {
                let (name, _) = entry.texts(self);
                let named =
                    score(&name).map(|score| if whole(&name) { Fit::WholeName(score) } else { Fit::Name(score) });
                let words = entry.words(self);
                let worded = words.iter().filter_map(|word| {
                    score(word).map(|score| if whole(word) { Fit::WholeWord } else { Fit::Word(score) })
                });
                worded.chain(named).max().map(|fit| (fit, entry))
            })
            .collect();
        // Stable: equals stay in the table's order.
        scored.sort_by(|(one, _), (other, _)| other.cmp(one));
        scored.into_iter().map(|(_, entry)| entry).collect()
    }

    /// What `promote debian-12` means: the commands that act on a line, on the lines that the last word names.
    fn on_lines(&self, query: &str) -> Vec<Entry> {
        let Some((_, word)) = query.trim().rsplit_once(' ') else { return Vec::new() };
        let word = word.to_lowercase();
        let named = |key: &&Key| key.0.to_lowercase().contains(&word);
        let keys: Vec<&Key> = self.lines.all().iter().map(|row| &row.line.key).filter(named).collect();
        let commands = self.keymap.rows().iter().map(|binding| binding.command);
        let commands = commands.filter(|command| acts_on_line(*command) && self.offers(*command));
        commands.flat_map(|command| keys.iter().map(move |key| Entry::On(command, (*key).clone()))).collect()
    }

    /// The help's rows that match: key, name or description contains the text.
    pub fn help_rows(&self, filter: &str) -> Vec<HelpRow> {
        let filter = filter.to_lowercase();
        let mut rows = Vec::new();
        for group in Group::ALL {
            let matching: Vec<&Binding> = self
                .keymap
                .rows()
                .iter()
                .filter(|binding| binding.group == group)
                // Why one's own does nothing is told by its key.
                .filter(|binding| group != Group::Own || self.offers(binding.command))
                .filter(|binding| {
                    filter.is_empty()
                        || binding.name.contains(&filter)
                        || binding.hint.is_some_and(|hint| hint.contains(&filter))
                        || binding.description.to_lowercase().contains(&filter)
                        || binding.keys.iter().any(|key| key.to_string().to_lowercase() == filter)
                })
                .collect();
            if matching.is_empty() {
                continue;
            }
            if !rows.is_empty() {
                rows.push(HelpRow::Gap);
            }
            rows.push(HelpRow::Heading(group.title()));
            rows.extend(matching.into_iter().map(HelpRow::Binding));
        }
        rows
    }

    pub(super) fn help_key(&mut self, mut help: Help, press: KeyPress) {
        let (page, tops) = (i64::from(self.panes.measures.page), usize::from(self.panes.measures.tops));
        match press.code {
            Code::Esc if help.filter.text().is_empty() => return,
            Code::Char('?') if help.filter.text().is_empty() => return,
            Code::Esc => help = Help::default(),
            Code::Up => help.top.by(-1, tops),
            Code::Down => help.top.by(1, tops),
            Code::PageUp => help.top.by(-page, tops),
            Code::PageDown => help.top.by(page, tops),
            Code::Char(_)
            | Code::F(_)
            | Code::Enter
            | Code::Tab
            | Code::BackTab
            | Code::Left
            | Code::Right
            | Code::Home
            | Code::End
            | Code::Backspace
            | Code::Delete => {
                if help.filter.take(press) {
                    help.top.first();
                }
            }
        }
        self.overlay = Some(Overlay::Help(help));
    }

    pub(super) fn palette_key(&mut self, mut palette: Palette, press: KeyPress, effects: &mut Vec<Effect>) {
        let entries = self.entries(palette.query.text());
        let len = entries.len();
        match press.code {
            Code::Esc => return,
            Code::Enter => {
                self.chosen(entries.into_iter().nth(palette.chosen.index(len)), effects);
                return;
            }
            Code::Up | Code::BackTab => palette.chosen.by(-1, len),
            Code::Down | Code::Tab => palette.chosen.by(1, len),
            Code::Char('p') if press.ctrl => palette.chosen.by(-1, len),
            Code::Char('n') if press.ctrl => palette.chosen.by(1, len),
            Code::Char(_)
            | Code::F(_)
            | Code::Left
            | Code::Right
            | Code::Home
            | Code::End
            | Code::PageUp
            | Code::PageDown
            | Code::Backspace
            | Code::Delete => {
                if palette.query.take(press) {
                    palette.chosen.first();
                }
            }
        }
        self.overlay = Some(Overlay::Palette(palette));
    }

    fn chosen(&mut self, entry: Option<Entry>, effects: &mut Vec<Effect>) {
        if let Some(entry) = &entry {
            self.recent.retain(|recent| recent != entry);
            self.recent.push(entry.clone());
            let excess = self.recent.len().saturating_sub(MOST_RECENT);
            self.recent.drain(..excess);
        }
        match entry {
            Some(Entry::On(command, key)) => {
                self.lines.set_filter("");
                self.lines.select(&key);
                self.command(command, None, effects);
            }
            Some(Entry::Command(command)) => self.command(command, None, effects),
            Some(Entry::Line(key)) => {
                self.lines.set_filter("");
                self.lines.select(&key);
            }
            Some(Entry::Pane(pane)) => self.panes.focus(pane),
            Some(Entry::Context(name)) => self.turn_to_context(&name, effects),
            None => {}
        }
    }
}
