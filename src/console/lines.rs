//! The lines of the matrix: what is known of each, which one is selected, which ones the filter leaves.

use super::cursor::{Cursor, Step};
use super::run::RunSeen;
use crate::generation::Generations;
use crate::pipeline::{Key, Line};
use crate::vcenter::Vm;

/// One line.
#[derive(Debug, Clone)]
pub struct LineRow {
    /// as the matrix has it
    pub line: Line,
    /// its templates and build VM, as vCenter has them
    pub generations: Generations,
    /// its newest run
    pub run: Option<RunSeen>,
    /// the ISO its template mounts is not on the datastore
    pub iso_missing: bool,
}

impl LineRow {
    /// The run, while its processes are at work.
    pub fn live_run(&self) -> Option<&RunSeen> {
        self.run.as_ref().filter(|run| run.state.live())
    }

    /// The VM being built, or left over; not a finished template.
    pub fn guest(&self) -> Option<&Vm> {
        self.generations.build.as_ref().filter(|vm| !vm.template)
    }

    /// What a person should look at, in a few words.
    pub fn alarm(&self) -> Option<String> {
        if let Some(name) = self.generations.duplicates.first() {
            return Some(format!("{name} exists twice"));
        }
        if let Some(pending) = self.generations.pending() {
            return Some(format!("half done: {} finishes it", pending.verb()));
        }
        if self.live_run().is_some_and(|run| run.still.is_some()) {
            return Some("its console stands still".into());
        }
        if let Some(reason) = self.live_run().and_then(|run| run.reason.clone()) {
            return Some(reason);
        }
        if self.iso_missing && self.line.enabled {
            return Some("its ISO is not staged".into());
        }
        self.run.as_ref().filter(|run| run.alarming()).map(|run| run.state.word().into())
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Lines {
    rows: Vec<LineRow>,
    selected: Option<Key>,
    filter: String,
}

impl Lines {
    /// In the order of the matrix, the first one selected, or the one asked for.
    pub fn new(lines: Vec<Line>, key: Option<&str>) -> Self {
        let rows: Vec<LineRow> = lines
            .into_iter()
            .map(|line| LineRow { generations: Generations::of(&line, &[]), line, run: None, iso_missing: false })
            .collect();
        let wanted = rows.iter().find(|row| Some(row.line.key.0.as_str()) == key).or(rows.first());
        Self { selected: wanted.map(|row| row.line.key.clone()), rows, filter: String::new() }
    }

    /// All, in the order of the matrix.
    pub fn all(&self) -> &[LineRow] {
        &self.rows
    }

    /// One by key.
    pub fn get(&self, key: &Key) -> Option<&LineRow> {
        self.rows.iter().find(|row| row.line.key == *key)
    }

    /// Those the filter leaves.
    pub fn visible(&self) -> Vec<&LineRow> {
        self.rows.iter().filter(|row| self.passes(row)).collect()
    }

    /// The selected one, if the filter leaves it.
    pub fn selected(&self) -> Option<&LineRow> {
        self.selected.as_ref().and_then(|key| self.get(key)).filter(|row| self.passes(row))
    }

    /// Its place among the visible ones.
    pub fn selected_index(&self) -> Option<usize> {
        self.visible().iter().position(|row| Some(&row.line.key) == self.selected.as_ref())
    }

    /// Selects by key.
    pub fn select(&mut self, key: &Key) {
        if self.get(key).is_some() {
            self.selected = Some(key.clone());
        }
    }

    /// Selects by key, if the filter leaves it.
    pub fn select_visible(&mut self, key: &Key) {
        if self.get(key).is_some_and(|row| self.passes(row)) {
            self.selected = Some(key.clone());
        }
    }

    /// Selects by place among the visible ones.
    fn select_index(&mut self, index: usize) {
        let key = self.visible().get(index).map(|row| row.line.key.clone());
        if key.is_some() {
            self.selected = key;
        }
    }

    /// Moves the selection by rows.
    pub fn moved(&mut self, by: i64) {
        self.move_cursor(|cursor, len| cursor.by(by, len));
    }

    /// Moves the selection; a page has so many rows.
    pub fn step(&mut self, step: Step, page: usize) {
        self.move_cursor(|cursor, len| cursor.step(step, page, len));
    }

    fn move_cursor(&mut self, to: impl FnOnce(&mut Cursor, usize)) {
        let len = self.visible().len();
        let mut cursor = Cursor::at(self.selected_index().unwrap_or(0));
        to(&mut cursor, len);
        self.select_index(cursor.index(len));
    }

    /// What is filtered by; empty = nothing.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Filters by a part of key, base name or distribution; `!part` leaves those without it.
    pub fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.filter);
        if self.selected_index().is_none() {
            self.select_index(0);
        }
    }

    /// The folder changed.
    pub fn read_templates(&mut self, vms: &[Vm]) {
        for row in &mut self.rows {
            row.generations = Generations::of(&row.line, vms);
        }
    }

    /// The newest run of a line.
    pub fn set_run(&mut self, key: &Key, run: Option<RunSeen>) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.key == *key) {
            row.run = run;
        }
    }

    /// Whether the datastore lacks a line's ISO.
    pub fn set_iso_missing(&mut self, key: &Key, missing: bool) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.key == *key) {
            row.iso_missing = missing;
        }
    }

    /// The matrix has a line anew.
    pub fn set_line(&mut self, line: Line) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.key == line.key) {
            row.line = line;
        }
    }

    fn passes(&self, row: &LineRow) -> bool {
        let (wanted, negated) = match self.filter.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (self.filter.as_str(), false),
        };
        if wanted.is_empty() {
            return true;
        }
        let wanted = wanted.to_lowercase();
        let texts = [&row.line.key.0, &row.line.base_name, &row.line.dist];
        texts.iter().any(|text| text.to_lowercase().contains(&wanted)) != negated
    }
}
