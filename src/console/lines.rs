//! The lines of the matrix: what is known of each, which one is selected, which ones the filter leaves.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cursor::{Cursor, Step};
use super::filter::Filter;
use super::remote::RemoteResult;
use super::run::RunSeen;
use super::trouble::Trouble;
use crate::config::Order;
use crate::generation::{Claim, Generations, orphans};
use crate::ops::Places;
use crate::ops::acknowledge::Acknowledged;
use crate::ops::resources::Lack;
use crate::pipeline::{Builds, Key, Line};
use crate::vcenter::{Place, Question, Vm};

/// One line.
#[derive(Debug, Clone)]
pub struct LineRow {
    /// as the matrix has it
    pub line: Line,
    /// its templates and build VM, as vCenter has them
    pub generations: Generations,
    /// where it lives
    pub place: Place,
    /// what builds of it on other branches left, by name
    pub orphans: Vec<Vm>,
    /// the line as a sweep sees it where nothing but these is left
    orphaned: Option<Generations>,
    /// its newest run
    pub run: Option<RunSeen>,
    /// when its newest run here began that nobody cancelled and that is over
    pub settled: Option<Timestamp>,
    /// its runs here were read: whether there is such a one is known
    pub runs_read: bool,
    /// its results at GitHub, the newest first
    pub remotes: Vec<RemoteResult>,
    /// what is wrong with its run at work, in a few words
    pub at_work: Option<String>,
    /// its alarm was seen, and is the same still
    pub acknowledged: Option<Acknowledged>,
    /// the ISO its template mounts is not on the datastore
    pub iso_missing: bool,
    /// another machine builds it, and says so in the VM's notes
    pub claimed: bool,
    /// its live template is older than two periods of the schedule
    pub stale: bool,
    /// what the next build lacks to stand on
    pub lacks: Option<Lack>,
}

impl LineRow {
    /// The run, while its processes are at work.
    pub fn live_run(&self) -> Option<&RunSeen> {
        self.run.as_ref().filter(|run| run.state.live())
    }

    /// What vCenter asks about its build VM, and waits for an answer.
    pub fn question(&self) -> Option<(&Vm, &Question)> {
        let vm = self.generations.build.as_ref()?;
        vm.question.as_ref().map(|question| (vm, question))
    }

    /// What a sweep is about: what the line builds, else what another branch left.
    pub fn swept(&self) -> &Generations {
        let own = self.generations.build.is_some();
        self.orphaned.as_ref().filter(|_| !own).unwrap_or(&self.generations)
    }

    /// The VM being built, or left over; not a finished template.
    pub fn guest(&self) -> Option<&Vm> {
        self.generations.build.as_ref().filter(|vm| !vm.template)
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Lines {
    pub(super) rows: Vec<LineRow>,
    selected: Option<Key>,
    /// nobody chose a line yet: the worst one is the selected one
    unchosen: bool,
    pub(super) filter: Filter,
    pub(super) order: Order,
}

impl Lines {
    /// In the order of the matrix, the first one selected, or the one asked for.
    pub fn new(lines: Vec<Line>, key: Option<&str>) -> Self {
        let rows: Vec<LineRow> = lines
            .into_iter()
            .map(|line| LineRow {
                generations: Generations::of(&line, &[]),
                line,
                place: Place::MAIN,
                orphans: Vec::new(),
                orphaned: None,
                run: None,
                settled: None,
                runs_read: false,
                remotes: Vec::new(),
                at_work: None,
                acknowledged: None,
                iso_missing: false,
                claimed: false,
                stale: false,
                lacks: None,
            })
            .collect();
        let wanted = rows.iter().find(|row| Some(row.line.key.0.as_str()) == key).or(rows.first());
        Self {
            selected: wanted.map(|row| row.line.key.clone()),
            rows,
            unchosen: key.is_none(),
            filter: Filter::default(),
            order: Order::default(),
        }
    }

    /// All, in the order of the matrix.
    pub fn all(&self) -> &[LineRow] {
        &self.rows
    }

    /// One by key.
    pub fn get(&self, key: &Key) -> Option<&LineRow> {
        self.rows.iter().find(|row| row.line.key == *key)
    }

    /// The selected one, if the filter leaves it.
    pub fn selected(&self) -> Option<&LineRow> {
        self.selected.as_ref().and_then(|key| self.get(key)).filter(|row| self.filter.passes(row))
    }

    /// Its place among the visible ones.
    pub fn selected_index(&self) -> Option<usize> {
        self.visible().iter().position(|row| Some(&row.line.key) == self.selected.as_ref())
    }

    /// A person has begun: the selection is theirs from now on.
    pub fn choose(&mut self) {
        self.unchosen = false;
    }

    /// Selects the worst line, as long as nobody chose one; says whether that is another one.
    pub fn select_worst(&mut self) -> bool {
        if !self.unchosen {
            return false;
        }
        let trouble = |row: &LineRow| row.trouble();
        let here = self.selected().map_or(Trouble::None, trouble);
        // The first one of the worst: `max_by_key` would take the last.
        let worst = self.rows.iter().rev().max_by_key(|row| trouble(row)).filter(|row| trouble(row) > here);
        let Some(key) = worst.map(|row| row.line.key.clone()) else { return false };
        self.selected = Some(key);
        true
    }

    /// Goes to the next visible line in trouble, or the one before, round the end; says whether there is another one.
    pub fn select_trouble(&mut self, forwards: bool) -> bool {
        let visible = self.visible();
        let count = visible.len();
        let here = self.selected_index().unwrap_or(0);
        let step = |by: usize| if forwards { (here + by) % count } else { (here + count - by) % count };
        let found = (1..count).map(step).find(|index| visible[*index].alarm().is_some());
        let Some(index) = found else { return false };
        self.select_index(index);
        true
    }

    /// Selects by key.
    pub fn select(&mut self, key: &Key) {
        self.unchosen = false;
        if self.get(key).is_some() {
            self.selected = Some(key.clone());
        }
    }

    /// Selects by key, if the filter leaves it.
    pub fn select_visible(&mut self, key: &Key) {
        self.unchosen = false;
        if self.get(key).is_some_and(|row| self.filter.passes(row)) {
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
        self.unchosen = false;
        let len = self.visible().len();
        let mut cursor = Cursor::at(self.selected_index().unwrap_or(0));
        to(&mut cursor, len);
        self.select_index(cursor.index(len));
    }

    /// What is filtered by; empty = nothing.
    pub fn filter(&self) -> &str {
        self.filter.text()
    }

    /// Filters by names and states, as `/` takes them.
    pub fn set_filter(&mut self, filter: &str) {
        self.filter = Filter::new(filter, &self.rows);
        if self.selected_index().is_none() {
            self.select_index(0);
        }
    }

    /// A folder changed.
    pub fn read_templates(&mut self, folders: &BTreeMap<Place, Vec<Vm>>) {
        let of = |place: &Place| folders.get(place).map(Vec::as_slice).unwrap_or_default();
        let mut left: Vec<Vec<Vm>> = Vec::new();
        for row in &self.rows {
            let lines = self.rows.iter().map(|row| &row.line);
            let mut orphans: Vec<Vm> = orphans(lines, &row.line, of(&row.place)).into_iter().cloned().collect();
            orphans.sort_by(|one, other| (&one.name, &one.moid).cmp(&(&other.name, &other.moid)));
            left.push(orphans);
        }
        for (row, orphans) in self.rows.iter_mut().zip(left) {
            let vms = of(&row.place);
            row.generations = Generations::of(&row.line, vms);
            row.orphaned = orphans.first().filter(|_| !row.generations.in_place).map(|vm| {
                let builds = Builds { name: Some(vm.name.clone()), ..row.line.builds.clone() };
                Generations::of(&Line { builds, ..row.line.clone() }, vms)
            });
            row.orphans = orphans;
        }
    }

    /// Where lines live that do not live where the others do.
    pub fn set_places(&mut self, places: &Places) {
        for row in &mut self.rows {
            row.place = places.of(&row.line.key);
        }
    }

    /// The newest run of a line.
    pub fn set_run(&mut self, key: &Key, run: Option<RunSeen>) {
        // Later ones hide it; it is still what this line came to.
        self.settle(key, run.as_slice(), false);
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.key == *key) {
            row.run = run;
        }
    }

    /// Marks the lines whose live template was made before a moment, and those that another machine builds; says whether any mark changed.
    pub fn mark_stale(&mut self, before: Option<Timestamp>, now: Timestamp) -> bool {
        let stale = |row: &LineRow| {
            let created = row.generations.live.as_ref().and_then(|vm| vm.created);
            row.line.enabled && before.zip(created).is_some_and(|(before, created)| created < before)
        };
        let claimed = |row: &LineRow| row.guest().and_then(Claim::of).is_some_and(|claim| claim.fresh(now));
        // Both, whatever the first one says.
        self.mark(|row| &mut row.stale, stale) | self.mark(|row| &mut row.claimed, claimed)
    }

    /// Gives every line what `of` says of it, in a field of its own; says whether any of it changed.
    pub(super) fn mark<T: PartialEq>(&mut self, field: fn(&mut LineRow) -> &mut T, of: impl Fn(&LineRow) -> T) -> bool {
        let mut changed = false;
        for row in &mut self.rows {
            let value = of(row);
            changed |= std::mem::replace(field(row), value) != *field(row);
        }
        changed
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
}
