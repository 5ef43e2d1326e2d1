//! A model of the folder in which every verb is killed after every step, again and again, from every state that this
//! can reach. What must hold is said in `Folder::check`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;
use crate::vcenter::{Moid, PowerState, Vm};

const BASE: &str = "linux-debian-12-main";

/// Names in the folder, by suffix; the number is the object, and its age: higher is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    names: BTreeMap<&'static str, u32>,
    held: BTreeSet<u32>,
    /// the image that was live last
    good: u32,
}

const SUFFIXES: [&str; 5] = ["", "-build", "-prev", "-retired", "-swapping"];

fn suffix(name: &str) -> &'static str {
    let rest = name.strip_prefix(BASE).unwrap();
    SUFFIXES.into_iter().find(|suffix| *suffix == rest).unwrap()
}

fn vm(name: &str, object: u32, held: bool) -> Vm {
    let hold = Hold { reason: "bad".into(), by: "op@host".into(), since: "2026-01-01T00:00:00Z".parse().unwrap() };
    Vm {
        moid: Moid(object.to_string()),
        name: name.into(),
        template: true,
        power_state: PowerState::PoweredOff,
        ip_address: None,
        tools_running_status: None,
        annotation: if held { hold.write("notes") } else { "notes".into() },
        created: Some(jiff::Timestamp::from_second(i64::from(object)).unwrap()),
        instance_uuid: String::new(),
    }
}

impl Folder {
    fn new(names: &[(&'static str, u32)], good: u32) -> Self {
        Self { names: names.iter().copied().collect(), held: BTreeSet::new(), good }
    }

    fn vms(&self) -> Vec<Vm> {
        let vm = |(suffix, object): (&&str, &u32)| vm(&format!("{BASE}{suffix}"), *object, self.held.contains(object));
        self.names.iter().map(vm).collect()
    }

    fn generations(&self) -> Generations {
        Generations::read(BASE, &self.vms())
    }

    fn plan(&self, request: &Request) -> Result<Plan, Refusal> {
        let time = "2026-02-02T02:02:02Z".parse().unwrap();
        plan(request, &self.generations(), &Actor("op@host".into()), time)
    }

    /// Carries out one step as vCenter would, and checks what may never be.
    fn take(&mut self, step: &Step) {
        let mut named = |name: &str, moid: &Moid| {
            let object = self.names.remove(suffix(name));
            assert_eq!(object.map(|object| object.to_string()), Some(moid.0.clone()), "{step} in {self:?}");
            object.unwrap()
        };
        match step {
            Step::Rename { moid, from, to } => {
                let object = named(from, moid);
                assert_eq!(self.names.insert(suffix(to), object), None, "{step}: the name is taken");
            }
            Step::Destroy { moid, name, .. } => {
                let object = named(name, moid);
                assert_ne!(object, self.good, "{step} destroys the last good image");
                assert!(self.names.contains_key(""), "{step} while there is no live template");
                assert!(self.names.contains_key("-prev"), "{step} while there is no way back");
            }
            Step::Annotate { moid, name, notes, .. } => {
                let object = named(name, moid);
                self.names.insert(suffix(name), object);
                if Hold::read(notes).is_some() {
                    self.held.insert(object)
                } else {
                    self.held.remove(&object)
                };
            }
        }
        if let Some(live) = self.names.get("") {
            self.good = *live;
        }
        assert!(self.names.values().any(|object| *object == self.good), "the last good image is gone: {self:?}");
    }

    /// What can happen to the line in one go: a verb killed after any number of steps, or a new build.
    fn next(&self) -> Vec<Self> {
        let mut after = Vec::new();
        for request in [Request::Promote, rollback(), Request::Release] {
            let Ok(plan) = self.plan(&request) else { continue };
            let mut folder = self.clone();
            for step in &plan.steps {
                folder.take(step);
                after.push(folder.clone());
            }
            folder.done(&request, self, &plan);
        }
        // `packer -force` destroys the build and makes another; or fails and leaves none.
        let newest = self.names.values().max().copied().unwrap_or(0);
        let mut built = self.clone();
        built.names.insert("-build", newest + 1);
        after.push(built);
        let mut failed = self.clone();
        failed.names.remove("-build");
        after.push(failed);
        after.into_iter().map(Self::renumbered).collect()
    }

    /// Where a verb that was not killed must end.
    fn done(&self, request: &Request, before: &Self, plan: &Plan) {
        let has = |suffix| self.names.contains_key(suffix);
        let context = || format!("{request:?}\nfrom {before:?}\nto {self:?}\nby {:#?}", plan.steps);
        match request {
            Request::Promote => {
                assert!(has("") && !has("-retired") && !has("-swapping"), "{}", context());
                if let (Some(build), None) = (before.names.get("-build"), plan.caveat) {
                    assert_eq!(self.names.get(""), Some(build), "{}", context());
                    assert!(!has("-build"), "{}", context());
                    let there_was_one =
                        ["", "-prev", "-retired", "-swapping"].iter().any(|s| before.names.contains_key(s));
                    assert_eq!(has("-prev"), there_was_one, "{}", context());
                }
            }
            Request::Rollback { .. } => {
                assert!(has("") && !has("-swapping"), "{}", context());
                assert_eq!(self.names.get("-build"), before.names.get("-build"), "{}", context());
                assert!(!self.held.is_empty(), "{}", context());
                let count = |folder: &Self| folder.names.len();
                assert_eq!(count(self), count(before), "a rollback destroys nothing: {}", context());
            }
            _ => assert!(self.generations().hold.is_none(), "{}", context()),
        }
    }

    /// The same folder with the smallest numbers in the same order, so that there are finitely many.
    fn renumbered(self) -> Self {
        let objects: BTreeSet<u32> = self.names.values().copied().collect();
        let number = |object: &u32| u32::try_from(objects.iter().position(|o| o == object).unwrap()).unwrap() + 1;
        Self {
            names: self.names.iter().map(|(suffix, object)| (*suffix, number(object))).collect(),
            held: self.held.iter().filter(|object| objects.contains(object)).map(number).collect(),
            good: if objects.contains(&self.good) { number(&self.good) } else { 0 },
        }
    }
}

fn rollback() -> Request {
    Request::Rollback { reason: "bad".into() }
}

#[test]
fn killed_anywhere_again_and_again_the_last_good_image_stays() {
    let start = Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2);
    let first = Folder::new(&[("-build", 1)], 1);
    let mut queue = VecDeque::from([start, Folder::new(&[("", 1)], 1)]);
    // The first promotion of a new line has no good image before it.
    let mut folder = first.clone();
    for step in &first.plan(&Request::Promote).unwrap().steps {
        folder.take(step);
    }
    queue.push_back(folder);
    let mut seen = BTreeSet::new();
    while let Some(folder) = queue.pop_front() {
        if seen.insert(folder.clone()) {
            queue.extend(folder.next());
        }
    }
    // Not a bound to be met: it shows that the walk went somewhere.
    assert!(seen.len() > 100, "only {} states", seen.len());
    assert!(seen.iter().any(|folder| folder.names.contains_key("-retired") && !folder.names.contains_key("")));
    assert!(seen.iter().any(|folder| folder.names.contains_key("-swapping") && !folder.names.contains_key("")));
}

#[test]
fn every_set_of_names_is_planned_or_refused_and_never_loses_all() {
    for bits in 0..32_u32 {
        let names: Vec<_> = SUFFIXES.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).collect();
        let order = [("-build", 5), ("", 4), ("-swapping", 3), ("-prev", 2), ("-retired", 1)];
        let names: Vec<_> = order.into_iter().filter(|(s, _)| names.iter().any(|(_, n)| *n == s)).collect();
        let good = names.iter().filter(|(s, _)| *s != "-build").map(|(_, n)| *n).max().unwrap_or(5);
        let before = Folder::new(&names, good);
        for request in [Request::Promote, rollback()] {
            let Ok(plan) = before.plan(&request) else { continue };
            let mut after = before.clone();
            plan.steps.iter().for_each(|step| after.take(step));
            after.done(&request, &before, &plan);
        }
    }
}

fn words(folder: &Folder, request: &Request) -> Vec<String> {
    folder.plan(request).unwrap().steps.iter().map(|step| step.to_string().replace(BASE, "B")).collect()
}

#[test]
fn promotion_destroys_last_and_leaves_the_shortest_gap() {
    let folder = Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2);
    assert_eq!(
        words(&folder, &Request::Promote),
        ["rename B-prev → B-retired (1)", "rename B → B-prev (2)", "rename B-build → B (3)", "destroy B-retired (1)"]
    );
    let killed = Folder::new(&[("-build", 3), ("-prev", 2), ("-retired", 1)], 2);
    assert_eq!(killed.generations().pending(), Some(Pending::Promote));
    assert_eq!(words(&killed, &Request::Promote), ["rename B-build → B (3)", "destroy B-retired (1)"]);
    // The next build failed: back to where it was, nothing destroyed.
    let failed = Folder::new(&[("-prev", 2), ("-retired", 1)], 2);
    assert_eq!(words(&failed, &Request::Promote), ["rename B-prev → B (2)", "rename B-retired → B-prev (1)"]);
    assert!(failed.plan(&Request::Promote).unwrap().caveat.is_some());
}

#[test]
fn rollback_holds_first_and_undoes_itself() {
    let folder = Folder::new(&[("", 2), ("-prev", 1)], 2);
    assert_eq!(
        words(&folder, &rollback()),
        [
            "write the hold in the notes of B-prev (1)",
            "rename B → B-swapping (2)",
            "rename B-prev → B (1)",
            "rename B-swapping → B-prev (2)"
        ]
    );
    let mut twice = folder.clone();
    for _ in 0..2 {
        let plan = twice.plan(&rollback()).unwrap();
        plan.steps.iter().for_each(|step| twice.take(step));
    }
    assert_eq!(twice.names, folder.names);
    assert!(twice.plan(&Request::Promote).unwrap_err().0.contains("held since"), "the hold outlives the undo");
}

#[test]
fn refusals_say_what_to_do() {
    let refusal = |folder: &Folder, request: &Request| folder.plan(request).unwrap_err().0;
    let empty = Folder::new(&[], 0);
    assert!(refusal(&empty, &Request::Promote).contains("build the line first"));
    assert!(refusal(&empty, &rollback()).contains("build and promote"));
    assert!(refusal(&empty, &Request::Sweep).contains("nothing to sweep"));
    assert!(refusal(&empty, &Request::Release).contains("is not held"));
    let only_live = Folder::new(&[("", 1)], 1);
    assert!(refusal(&only_live, &rollback()).contains("no generation to go back to"));
    let only_build = Folder::new(&[("-build", 1)], 1);
    assert!(refusal(&only_build, &Request::Sweep).contains("only template"));
    let stale_build = Folder::new(&[("-build", 1), ("", 2)], 2);
    assert!(refusal(&stale_build, &Request::Promote).contains("sweep it and build anew"));

    let mut vms = Folder::new(&[("-build", 2), ("", 1)], 1).vms();
    vms[1].template = false;
    let now = Generations::read(BASE, &vms);
    let time = jiff::Timestamp::UNIX_EPOCH;
    let actor = Actor("op".into());
    assert!(plan(&Request::Promote, &now, &actor, time).unwrap_err().0.contains("no template yet"));
    vms.push(vms[0].clone());
    let now = Generations::read(BASE, &vms);
    assert!(plan(&Request::Promote, &now, &actor, time).unwrap_err().0.contains("more than one object"));
}
