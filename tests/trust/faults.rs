//! Every kind of trouble at every call of every verb: what is left, what was said, what was recorded, and what the next
//! run of the same verb makes of it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tmpl::lab::Options;

use super::mirror::Server;
use super::proxy::Trouble;
use super::world::Ended;
use super::{BASE, KEY, Kind, Names, World, all, at_once, figure, full};

const TROUBLES: [Trouble; 7] = [
    Trouble::CutBefore,
    Trouble::CutAfter,
    Trouble::Half,
    Trouble::Expire,
    Trouble::Garble,
    Trouble::Portal,
    Trouble::Late,
];

/// What a verb starts from and comes to.
pub struct Course {
    pub verb: &'static [&'static str],
    pub start: &'static [&'static str],
    /// the name in the beginning of the image that may never be gone
    pub good: &'static str,
    pub end: fn(&Names) -> Names,
    /// whether the line is held in the beginning
    pub held_before: bool,
    /// whether it is in the end
    pub held: bool,
    /// whether the verb may be asked for twice
    pub repeats: bool,
    /// its exit code when there is nothing left to do
    pub idle: i32,
}

const STEADY: &[&str] = &["-prev", "", "-build"];

fn same(before: &Names) -> Names {
    before.clone()
}

/// A verb that changes nothing of a line that nobody holds.
const LOOK: Course = Course {
    verb: &["status", "--json"],
    start: STEADY,
    good: "",
    end: same,
    held_before: false,
    held: false,
    repeats: true,
    idle: 0,
};

pub const COURSES: [Course; 6] = [
    Course { verb: &["promote", KEY], end: promoted, repeats: false, idle: 3, ..LOOK },
    Course {
        verb: &["rollback", KEY, "--reason", "does not boot", "--yes"],
        good: "-prev",
        end: rolled_back,
        held: true,
        repeats: false,
        idle: 3,
        ..LOOK
    },
    Course { verb: &["hold", KEY, "--reason", "wait"], held: true, repeats: false, idle: 3, ..LOOK },
    Course { verb: &["release", KEY], held_before: true, repeats: false, idle: 3, ..LOOK },
    Course { verb: &["sweep", KEY, "--yes"], end: swept, repeats: false, ..LOOK },
    LOOK,
];

fn promoted(before: &Names) -> Names {
    Names::from([(String::new(), before["-build"].clone()), ("-prev".into(), before[""].clone())])
}

fn rolled_back(before: &Names) -> Names {
    let mut names = before.clone();
    names.insert(String::new(), before["-prev"].clone());
    names.insert("-prev".into(), before[""].clone());
    names
}

fn swept(before: &Names) -> Names {
    let mut names = before.clone();
    names.remove("-build");
    names
}

/// One change of the audit log: the call, its object, the name given, how it ended.
pub struct Record {
    verb: String,
    call: String,
    object: String,
    to: String,
    outcome: String,
}

pub fn records(home: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(home.join(".local/state/tmpl-tui/audit.jsonl")).unwrap_or_default();
    // In the order of their ends: a change that must follow another one at once is begun before that one ends.
    let (mut begun, mut ended): (Vec<Record>, Vec<Record>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).expect("a whole record");
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let record = Record {
            verb: field("verb"),
            call: field("call"),
            object: field("object"),
            to: field("detail"),
            outcome: field("outcome"),
        };
        if record.outcome == "started" {
            begun.push(record);
            continue;
        }
        let of = begun.iter().position(|begun| begun.object == record.object && begun.call == record.call);
        begun.remove(of.expect("no end without a beginning"));
        ended.push(record);
    }
    ended.append(&mut begun);
    ended
}

/// Names and holder of a hold.
pub type State = (Names, bool);

/// Every state that vCenter can be in if the audit log tells the truth: what is `done` happened, what `failed` did not,
/// anything else may have.
pub fn possible(before: &State, records: &[Record]) -> Vec<State> {
    let mut states = vec![before.clone()];
    for record in records {
        let applied: Vec<State> = states.iter().map(|state| after(state, record)).collect();
        states = match record.outcome.as_str() {
            "done" => applied,
            outcome if outcome.starts_with("failed") || outcome.starts_with("not done") => states,
            _ => [states, applied].concat(),
        };
        states.sort();
        states.dedup();
    }
    states
}

fn after((names, held): &State, record: &Record) -> State {
    let mut names = names.clone();
    let mut held = *held;
    let name = names.iter().find(|(_, id)| **id == record.object).map(|(name, _)| name.clone());
    match (record.call.as_str(), name) {
        ("Rename_Task", Some(name)) => {
            names.remove(&name);
            names.insert(record.to.strip_prefix(BASE).unwrap().to_owned(), record.object.clone());
        }
        ("Destroy_Task", Some(name)) => drop(names.remove(&name)),
        // A promotion marks what it sets aside; whoever else writes notes means the hold.
        ("ReconfigVM_Task", _) if record.verb != "promote" => held = !held,
        _ => {}
    }
    (names, held)
}

impl Course {
    pub async fn world(&self, kind: Kind) -> World {
        let options = Options { task_scale: 0.0, ..Options::default() };
        let world = World::with(kind, self.start, options).await;
        if self.held_before {
            // Beside other notes: vcsim takes no notes at all for "as they were".
            let notes = r#"tmpl-tui hold: {"reason":"wait","by":"op","since":"2026-01-01T00:00:00Z"}"#;
            world.govc(&["vm.change", "-vm", BASE, "-annotation", &format!("Built by packer.\n{notes}")]).await;
        }
        world
    }

    /// Names and hold before anything is done.
    pub async fn before(&self, world: &World) -> State {
        (world.names().await, self.held_before)
    }

    /// What must hold after a run, however it ended.
    async fn holds(&self, world: &World, before: &State, ended: &Ended, context: &str) {
        let now = (world.names().await, world.hold().await.is_some());
        let context = || format!("{context}\nexit {} {}\nnow {now:?}, before {before:?}", ended.exit, ended.err);
        assert!(now.0.values().any(|id| *id == before.0[self.good]), "the last good image is gone: {}", context());
        let legal = BTreeSet::from(["", "-build", "-prev", "-retired", "-swapping"]);
        assert!(now.0.keys().all(|name| legal.contains(name.as_str())), "a foreign name: {}", context());
        let end = ((self.end)(&before.0), self.held);
        match ended.exit {
            0 => assert_eq!(now, end, "exit 0 is a lie: {}", context()),
            1 => assert!(now != end || self.repeats, "exit 1, yet it is done: {}", context()),
            3 => assert_eq!(&now, before, "exit 3 is a lie: {}", context()),
            _ => panic!("an exit of its own: {}", context()),
        }
        let possible = possible(before, &records(world.home.path()));
        assert!(possible.contains(&now), "the audit log says {possible:?}: {}", context());
        assert!(!ended.err.trim().is_empty() || ended.exit == 0, "failed without a word: {}", context());
    }

    /// The calls of a run without trouble.
    pub async fn calls(&self, kind: Kind) -> Vec<String> {
        let world = self.world(kind).await;
        let before = self.before(&world).await;
        let ended = world.run(self.verb).await;
        self.holds(&world, &before, &ended, "without trouble").await;
        assert_eq!(ended.exit, 0, "{:?}: {}", self.verb, ended.err);
        world.door.calls()
    }

    async fn one(&self, kind: Kind, nth: usize, trouble: Trouble) {
        let world = self.world(kind).await;
        let before = self.before(&world).await;
        world.door.at(nth, trouble);
        let ended = world.run(self.verb).await;
        let context = format!("{kind:?} {:?}, {trouble:?} at call {nth} of {:?}", self.verb, world.door.calls());
        self.holds(&world, &before, &ended, &context).await;
        assert!(trouble != Trouble::Late || ended.exit == 0, "it had no patience: {context}: {}", ended.err);

        world.door.reset();
        let again = world.run(self.verb).await;
        let now = (world.names().await, world.hold().await.is_some());
        let end = ((self.end)(&before.0), self.held);
        assert_eq!(now, end, "the next run: {context}: {} {}", again.exit, again.err);
        assert_eq!(again.exit, if ended.exit == 0 { self.idle } else { 0 }, "the next run: {context}: {}", again.err);
        let possible = possible(&before, &records(world.home.path()));
        assert!(possible.contains(&now), "the audit log says {possible:?}: {context}");
    }
}

/// Which call gets which trouble: all of both, or each call one of them.
pub fn troubles(calls: usize) -> Vec<(usize, Trouble)> {
    let every =
        (1..=calls).flat_map(|nth| TROUBLES.into_iter().enumerate().map(move |(index, kind)| (nth, index, kind)));
    every
        .filter(|(nth, index, _)| full() || (nth + index) % TROUBLES.len() == 0)
        .map(|(nth, _, kind)| (nth, kind))
        .collect()
}

async fn everything(kind: Kind) {
    let mut tries = Vec::new();
    let mut figures = Vec::new();
    for course in &COURSES {
        let troubles = troubles(course.calls(kind).await.len());
        figures.push(format!("faults in {} ({kind:?}): {} tried, all survived", course.verb[0], troubles.len()));
        tries.extend(troubles.into_iter().map(|(nth, trouble)| course.one(kind, nth, trouble)));
    }
    all(tries).await;
    figures.iter().for_each(|text| figure(text));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_lab() {
    everything(Kind::Lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_vcsim() {
    if full() {
        everything(Kind::Vcsim).await;
    }
}

/// A server that takes a call and never answers it: given up after the call's own patience, looked at, told.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes() {
    let mut tries = Vec::new();
    for course in &COURSES {
        let calls = course.calls(Kind::Lab).await;
        let second = calls.iter().enumerate().filter(|(_, call)| *call == "Rename_Task").nth(1).map(|(at, _)| at + 1);
        let these = if full() { (1..=calls.len()).collect() } else { Vec::from_iter(second) };
        tries.extend(these.into_iter().map(|nth| course.one(Kind::Lab, nth, Trouble::Never)));
    }
    let tried = tries.len();
    // Half a minute each, in which nobody does anything.
    at_once(40, tries).await;
    figure(&format!("answers that never come, in every verb (Lab): {tried} tried, all survived"));
}

const FOLDER: &str = "iso/linux/debian/12/amd64";
const FILE: &str = "debian-12.15.0-amd64-netinst.iso";
const AT: &str = "/cdimage/archive/12.15.0/amd64/iso-cd";

/// A lab, and a repository whose mirrors are on this machine.
pub async fn desk(iso: &[u8]) -> (World, Server) {
    desk_in(World::new(Kind::Lab, &[]).await, iso).await
}

/// The same in a lab that is there.
pub async fn desk_in(mut world: World, iso: &[u8]) -> (World, Server) {
    let mirror = Server::start();
    mirror.put(&format!("{AT}/{FILE}"), iso);
    let hex: String = Sha256::digest(iso).iter().map(|byte| format!("{byte:02x}")).collect();
    mirror.put(&format!("{AT}/SHA256SUMS"), format!("{hex}  {FILE}\n"));
    let from = world.repo.join("ci");
    let repo = world.home.path().join("repo");
    std::fs::create_dir_all(repo.join("ci/config")).unwrap();
    for entry in std::fs::read_dir(from.join("config")).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), repo.join("ci/config").join(entry.file_name())).unwrap();
    }
    let matrix = std::fs::read_to_string(from.join("matrix.json")).unwrap();
    std::fs::write(repo.join("ci/matrix.json"), matrix.replace("https://cdimage.debian.org", &mirror.url)).unwrap();
    world.repo = repo;
    // The lab has everything staged; this file is as if it were not.
    world.govc(&["datastore.rm", "-ds", tmpl::lab::DATASTORE, &format!("{FOLDER}/{FILE}")]).await;
    (world, mirror)
}

pub const STAGE: [&str; 3] = ["iso", "upload", KEY];

/// What must hold after a staging, however it ended (no exit code: it was killed), and after the next one.
pub async fn staged_or_not(world: &World, iso: &[u8], exit: Option<i32>, context: &str) {
    let staged = || world.lab().file_size(&format!("[vsanDatastore] {FOLDER}/{FILE}"));
    let whole = Some(iso.len() as u64);
    assert!(staged().is_none() || staged() == whole, "half a file under the final name: {context}");
    match exit {
        Some(0) => assert_eq!(staged(), whole, "exit 0 is a lie: {context}"),
        Some(1 | 130) => assert_eq!(staged(), None, "not done, it says, yet it is staged: {context}"),
        Some(_) => panic!("an exit of its own: {context}"),
        None => {}
    }
    let moved = records(world.home.path()).iter().any(|r| r.call == "MoveDatastoreFile_Task" && r.outcome == "done");
    assert!(!moved || staged() == whole, "the audit log says it was moved: {context}");
    world.door.reset();
    let again = world.run(&STAGE).await;
    assert!(again.exit == 0 && staged() == whole, "the next run: {context}: {} {}", again.out, again.err);
    let left = world.lab().file_size(&format!("[vsanDatastore] {FOLDER}/.{FILE}.partial"));
    assert_eq!(left, None, "a partial file is left: {context}");
}

async fn stage_once(nth: usize, trouble: Trouble) -> usize {
    let iso = vec![7_u8; 200_000];
    let (world, _mirror) = desk(&iso).await;
    world.door.at(nth, trouble);
    let ended = world.run(&STAGE).await;
    let calls = world.door.calls();
    let context = format!("{trouble:?} at call {nth} of {calls:?}: exit {} {} {}", ended.exit, ended.out, ended.err);
    assert!(trouble != Trouble::Late || ended.exit == 0, "it had no patience: {context}");
    staged_or_not(&world, &iso, Some(ended.exit), &context).await;
    calls.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_staging() {
    let calls = stage_once(10_000, Trouble::Garble).await;
    let mut troubles = troubles(calls);
    if full() {
        troubles.extend((1..=calls).map(|nth| (nth, Trouble::Never)));
    }
    let tried = troubles.len();
    at_once(
        12,
        troubles.into_iter().map(|(nth, trouble)| async move {
            stage_once(nth, trouble).await;
        }),
    )
    .await;
    figure(&format!("faults in iso upload (Lab): {tried} tried, all survived"));
}
