//! `:` and `?`: the table of keys, searched.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::binding::{BINDINGS, Binding, Group};
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::overlay::{Entry, Overlay, Palette};
use super::state::Console;

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
    pub fn texts(&self) -> (String, &'static str) {
        match self {
            Self::Command(command) => {
                command.binding().map_or_else(Default::default, |binding| (binding.name.into(), binding.description))
            }
            Self::Line(key) => (key.0.clone(), "Go to this line"),
        }
    }
}

impl Console {
    /// The palette's entries that match, best first; all in the table's order when nothing is typed.
    pub fn entries(&self, query: &str) -> Vec<Entry> {
        let moves = |binding: &&Binding| binding.group != Group::Move;
        let commands = BINDINGS.iter().filter(moves).map(|binding| Entry::Command(binding.command));
        let lines = self.lines.all().iter().map(|row| Entry::Line(row.line.key.clone()));
        let all = commands.chain(lines);
        if query.trim().is_empty() {
            return all.collect();
        }
        let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, Entry)> = all
            .filter_map(|entry| {
                let (name, _) = entry.texts();
                pattern.score(Utf32Str::new(&name, &mut buffer), &mut matcher).map(|score| (score, entry))
            })
            .collect();
        // Stable: equals stay in the table's order.
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        scored.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The help's rows that match: key or description contains the text.
    pub fn help_rows(&self, filter: &str) -> Vec<HelpRow> {
        let filter = filter.to_lowercase();
        let mut rows = Vec::new();
        for group in Group::ALL {
            let matching: Vec<&Binding> = BINDINGS
                .iter()
                .filter(|binding| binding.group == group)
                .filter(|binding| {
                    filter.is_empty()
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

    /// How many rows of the help can be the first one on the screen.
    pub(super) fn help_tops(&self, filter: &str) -> usize {
        self.help_rows(filter).len().saturating_sub(usize::from(self.panes.measures.help)) + 1
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
            _ => {
                if palette.query.take(press) {
                    palette.chosen.first();
                }
            }
        }
        self.overlay = Some(Overlay::Palette(palette));
    }

    fn chosen(&mut self, entry: Option<Entry>, effects: &mut Vec<Effect>) {
        match entry {
            Some(Entry::Command(command)) => self.command(command, effects),
            Some(Entry::Line(key)) => {
                self.lines.set_filter("");
                self.lines.select(&key);
            }
            None => {}
        }
    }
}
