//! A model of the folder in which every verb is killed after every step, again and again, from every state that this
//! can reach. What must hold is said in `Folder::take` and `Folder::done`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::draft::OtherNames;
use super::*;
use crate::vcenter::{Moid, PowerState, Vm};

const BASE: &str = "linux-debian-12-main";

/// Names in the folder, by suffix; the number is the object, and its age: higher is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    names: BTreeMap<&'static str, u32>,
    holds: BTreeMap<u32, Held>,
    /// which objects say that they were retired, and what was live then
    marks: BTreeMap<u32, u32>,
    /// the image that was live last
    good: u32,
}

/// A hold in the notes of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    /// higher is later
    since: u32,
    reason: String,
    to: Option<u32>,
}

const SUFFIXES: [&str; 5] = ["", "-build", "-prev", "-retired", "-swapping"];

fn suffix(name: &str) -> &'static str {
    let rest = name.strip_prefix(BASE).unwrap();
    SUFFIXES.into_iter().find(|suffix| *suffix == rest).unwrap()
}

fn time(number: u32) -> Timestamp {
    Timestamp::from_second(i64::from(number)).unwrap()
}

fn number(moid: &Moid) -> u32 {
    moid.0.parse().unwrap()
}

impl Held {
    fn write(&self) -> String {
        let to = self.to.map(|to| Moid(to.to_string()));
        Hold { reason: self.reason.clone(), by: "op@host".into(), since: time(self.since), to }.write("notes")
    }

    fn read(notes: &str) -> Option<Self> {
        let Hold { reason, since, to, .. } = Hold::read(notes)?;
        Some(Self { since: u32::try_from(since.as_second()).unwrap(), reason, to: to.as_ref().map(number) })
    }
}

fn notes(held: Option<&Held>, mark: Option<(u32, u32)>) -> String {
    let notes = held.map_or_else(|| "notes".into(), Held::write);
    mark.map_or_else(|| notes.clone(), |(object, live)| retired(object, live).write(&notes))
}

fn retired(object: u32, live: u32) -> Retired {
    let moid = |number: u32| Moid(number.to_string());
    Retired { by: "op@host".into(), at: time(0), vm: moid(object), live: moid(live) }
}

fn vm(name: &str, object: u32, annotation: String) -> Vm {
    Vm {
        place: Default::default(),
        moid: Moid(object.to_string()),
        name: name.into(),
        template: true,
        power_state: PowerState::PoweredOff,
        ip_address: None,
        tools_running_status: None,
        annotation,
        created: Some(time(object)),
        instance_uuid: String::new(),
        change_version: String::new(),
        question: None,
    }
}

impl Folder {
    fn new(names: &[(&'static str, u32)], good: u32) -> Self {
        let names: BTreeMap<_, _> = names.iter().copied().collect();
        let live = ["-prev", "", "-swapping"].iter().find_map(|suffix| names.get(suffix)).copied().unwrap_or(0);
        let marks = names.get("-retired").map(|object| (*object, live)).into_iter().collect();
        Self { names, holds: BTreeMap::new(), marks, good }
    }

    fn notes(&self, object: u32) -> String {
        notes(self.holds.get(&object), self.marks.get(&object).map(|live| (object, *live)))
    }

    fn vms(&self) -> Vec<Vm> {
        let vm = |(suffix, object): (&&str, &u32)| vm(&format!("{BASE}{suffix}"), *object, self.notes(*object));
        self.names.iter().map(vm).collect()
    }

    fn generations(&self) -> Generations {
        Generations::read(BASE, &self.vms())
    }

    fn plan(&self, request: &Request) -> Result<Plan, Refusal> {
        let latest = self.holds.values().map(|held| held.since).max().unwrap_or(0);
        // The clock has not moved since the last hold: two within a second, or two hosts that disagree.
        plan(request, &self.generations(), &Actor("op@host".into()), time(latest))
    }

    fn has(&self, suffix: &str) -> bool {
        self.names.contains_key(suffix)
    }

    /// Carries out one step as vCenter would, and checks what may never be.
    fn take(&mut self, step: &Step) {
        let StepTarget { moid, name, .. } = step.subject();
        let object = number(moid);
        assert_eq!(self.names.remove(suffix(name)), Some(object), "{step} in {self:?}");
        match step {
            Step::Rename { to, .. } => {
                assert_eq!(self.names.insert(suffix(to), object), None, "{step}: the name is taken");
            }
            Step::Destroy { keep, .. } => {
                assert_eq!(suffix(name), "-retired", "{step} is no step of a swap");
                assert_ne!(object, self.good, "{step} destroys the last good image");
                let kept: Vec<_> = keep.iter().map(|kept| (suffix(&kept.name), number(&kept.moid))).collect();
                let there: Vec<_> = ["", "-prev"].map(|suffix| (suffix, self.names[suffix])).into();
                assert_eq!(kept, there, "{step} needs a live template and a way back");
                assert!(self.marks.remove(&object).is_some(), "{step}: nobody said that it was retired");
            }
            Step::Annotate { note, .. } => {
                self.names.insert(suffix(name), object);
                let notes = note.apply(&self.notes(object));
                match Held::read(&notes) {
                    Some(held) => self.holds.insert(object, held),
                    None => self.holds.remove(&object),
                };
                let mark = Retired::of(&vm("", object, notes));
                match mark {
                    Some(mark) => self.marks.insert(object, number(&mark.live)),
                    None => self.marks.remove(&object),
                };
            }
        }
        if let Some(live) = self.names.get("") {
            self.good = *live;
        }
        assert!(self.names.values().any(|object| *object == self.good), "the last good image is gone: {self:?}");
    }

    /// The state after each step of a verb, in order; none where it is refused.
    fn course(&self, request: &Request) -> Vec<Self> {
        let Ok(plan) = self.plan(request) else { return Vec::new() };
        let mut folder = self.clone();
        let mut course = Vec::new();
        for step in &plan.steps {
            folder.take(step);
            course.push(folder.clone());
        }
        if self.has("") {
            let gap = course.iter().filter(|folder| !folder.has("")).count();
            assert!(gap <= 1, "live is gone for {gap} steps: {:#?}", plan.steps);
        }
        folder.done(request, self, &plan);
        course
    }

    /// A verb killed anywhere and asked for again ends where it would have ended.
    fn resumes(&self, request: &Request) {
        let course = self.course(request);
        let Some(end) = course.last() else { return };
        for killed in &course {
            // Names that no crash of ours leaves, with the retired one about to return: a person is asked.
            if self.tangled() && matches!(killed.plan(request), Err(Refusal::NotRetiredByUs { .. })) {
                continue;
            }
            let again = killed.course(request);
            let ended = again.last().unwrap_or(killed);
            assert_eq!(ended.names, end.names, "{request:?} from {self:?}, killed at {killed:?}");
            assert_eq!(ended.generations().hold.is_some(), end.generations().hold.is_some(), "{killed:?}");
        }
    }

    /// A rollback and a promotion are both half done, and the template that both began with is gone.
    fn tangled(&self) -> bool {
        self.has("-swapping") && self.has("-retired") && !self.has("-prev")
    }

    /// What can happen to the line in one go: a verb killed after any number of steps, or packer.
    fn next(&self) -> Vec<Self> {
        let requests = [Request::Promote, rollback("bad"), rollback("worse"), Request::Release];
        requests.iter().for_each(|request| self.resumes(request));
        let mut after: Vec<_> = requests.iter().flat_map(|request| self.course(request)).collect();
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
        let context = || format!("{request:?}\nfrom {before:?}\nto {self:?}\nby {:#?}", plan.steps);
        match request {
            Request::Promote => {
                assert!(self.has("") && !self.has("-retired") && !self.has("-swapping"), "{}", context());
                if let (Some(build), None) = (before.names.get("-build"), plan.caveat) {
                    assert_eq!(self.names.get(""), Some(build), "{}", context());
                    assert!(!self.has("-build"), "{}", context());
                    // The way back is what was live before; where a rollback was finished on the way, what that made live.
                    let former = if before.has("-swapping") {
                        ["", "-prev", "-swapping"].iter().find_map(|suffix| before.names.get(suffix))
                    } else {
                        ["", "-prev", "-retired"].iter().find_map(|suffix| before.names.get(suffix))
                    };
                    assert_eq!(self.names.get("-prev"), former, "{}", context());
                }
            }
            Request::Rollback { .. } => {
                assert!(self.has("") && !self.has("-swapping"), "{}", context());
                assert_eq!(self.names.get("-build"), before.names.get("-build"), "{}", context());
                assert!(self.holds.contains_key(&self.names[""]), "live carries the hold: {}", context());
                let objects = |folder: &Self| folder.names.values().copied().collect::<BTreeSet<_>>();
                assert_eq!(objects(self), objects(before), "a rollback destroys nothing: {}", context());
            }
            _ => assert!(self.generations().hold.is_none(), "{}", context()),
        }
    }

    /// The same folder with the smallest numbers in the same order, so that there are finitely many.
    fn renumbered(self) -> Self {
        let objects: BTreeSet<u32> = self.names.values().copied().collect();
        let times: BTreeSet<u32> = self.holds.values().map(|held| held.since).collect();
        let place = |set: &BTreeSet<u32>, one: u32| {
            set.iter().position(|other| *other == one).map(|at| u32::try_from(at).unwrap() + 1)
        };
        let held = |(object, held): (&u32, &Held)| {
            let to = held.to.map(|to| place(&objects, to).unwrap_or(0));
            Some((place(&objects, *object)?, Held { since: place(&times, held.since)?, to, ..held.clone() }))
        };
        let mark =
            |(object, live): (&u32, &u32)| Some((place(&objects, *object)?, place(&objects, *live).unwrap_or(0)));
        Self {
            marks: self.marks.iter().filter_map(mark).collect(),
            names: self.names.iter().map(|(suffix, object)| (*suffix, place(&objects, *object).unwrap())).collect(),
            holds: self.holds.iter().filter_map(held).collect(),
            good: place(&objects, self.good).unwrap_or(0),
        }
    }
}

fn rollback(reason: &str) -> Request {
    Request::Rollback { reason: reason.into() }
}

#[test]
fn killed_anywhere_again_and_again_the_last_good_image_stays_and_the_same_verb_finishes() {
    let start = Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2);
    let first = Folder::new(&[("-build", 1)], 1);
    let mut queue = VecDeque::from([start, Folder::new(&[("", 1)], 1)]);
    // The first promotion of a new line has no good image before it.
    queue.extend(first.course(&Request::Promote));
    let mut seen = BTreeSet::new();
    while let Some(folder) = queue.pop_front() {
        if seen.insert(folder.clone()) {
            queue.extend(folder.next());
        }
    }
    // Not a bound to be met: it shows that the walk went somewhere.
    assert!(seen.len() > 300, "only {} states", seen.len());
    assert!(seen.iter().any(|folder| folder.has("-retired") && !folder.has("")));
    assert!(seen.iter().any(|folder| folder.has("-swapping") && !folder.has("")));
}

/// All sets of names, crash or not: other tools and people rename too.
fn every_set_of_names() -> impl Iterator<Item = Folder> {
    (0..32_u32).map(|bits| {
        let order = [("-build", 5), ("", 4), ("-swapping", 3), ("-prev", 2), ("-retired", 1)];
        let names: Vec<_> =
            order.into_iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, name)| name).collect();
        let good = names.iter().filter(|(suffix, _)| *suffix != "-build").map(|(_, n)| *n).max().unwrap_or(5);
        Folder::new(&names, good)
    })
}

#[test]
fn every_set_of_names_is_planned_or_refused_and_never_loses_all() {
    for folder in every_set_of_names() {
        for request in [Request::Promote, rollback("bad")] {
            folder.resumes(&request);
            if !folder.course(&request).is_empty() {
                continue;
            }
            let generations = ["", "-prev", "-retired", "-swapping"].iter().filter(|suffix| folder.has(suffix)).count();
            let unclear = folder.has("") && folder.has("-prev") && folder.has("-swapping");
            let nothing_to_do = match request {
                Request::Promote => !folder.has("-build") && folder.has("") || generations == 0,
                _ => generations == 0 || generations == 1 && folder.has(""),
            };
            assert!(unclear || nothing_to_do, "{request:?} refused in {folder:?}");
        }
    }
}

#[test]
fn what_is_no_template_is_not_swapped() {
    for folder in every_set_of_names() {
        for flags in 0..32_u32 {
            let mut vms = folder.vms();
            for vm in &mut vms {
                let slot = SUFFIXES.iter().position(|suffix| *suffix == self::suffix(&vm.name)).unwrap();
                vm.template = flags >> slot & 1 == 1;
            }
            let now = Generations::read(BASE, &vms);
            let plan = |request| plan(&request, &now, &Actor("op@host".into()), Timestamp::UNIX_EPOCH);
            for request in [Request::Promote, rollback("bad")] {
                let Ok(plan) = plan(request) else { continue };
                let touched: BTreeSet<_> = plan.steps.iter().map(|step| &step.subject().moid).collect();
                let plain = vms.iter().find(|vm| !vm.template && touched.contains(&vm.moid));
                assert_eq!(plain, None, "{:#?}", plan.steps);
            }
            let Ok(sweep) = plan(Request::Sweep) else { continue };
            let others = vms.iter().any(|vm| vm.name != format!("{BASE}-build"));
            assert!(!now.build.as_ref().unwrap().template || others, "{:#?} sweeps the only image", sweep.steps);
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
        [
            "mark B-prev (1) as retired",
            "rename B-prev → B-retired (1)",
            "rename B → B-prev (2)",
            "rename B-build → B (3)",
            "destroy B-retired (1)"
        ]
    );
    let killed = Folder::new(&[("-build", 3), ("-prev", 2), ("-retired", 1)], 2);
    assert_eq!(killed.generations().pending(), Some(Pending::Promote));
    assert_eq!(words(&killed, &Request::Promote), ["rename B-build → B (3)", "destroy B-retired (1)"]);
    // The next build failed: back to where it was, nothing destroyed.
    let failed = Folder::new(&[("-prev", 2), ("-retired", 1)], 2);
    assert_eq!(
        words(&failed, &Request::Promote),
        ["rename B-prev → B (2)", "remove the mark of retirement from B-retired (1)", "rename B-retired → B-prev (1)"]
    );
    assert!(failed.plan(&Request::Promote).unwrap().caveat.is_some());
}

#[test]
fn rollback_holds_first_and_undoes_itself() {
    let folder = Folder::new(&[("", 2), ("-prev", 1)], 2);
    assert_eq!(
        words(&folder, &rollback("bad")),
        [
            "write the hold into the notes of B-prev (1)",
            "rename B → B-swapping (2)",
            "rename B-prev → B (1)",
            "rename B-swapping → B-prev (2)"
        ]
    );
    let once = folder.course(&rollback("bad")).pop().unwrap();
    let refusal = once.plan(&rollback("bad")).unwrap_err().to_string();
    assert!(refusal.contains("rolled back for this reason already"), "{refusal}");
    let twice = once.course(&rollback("it was the network")).pop().unwrap();
    assert_eq!(twice.names, folder.names);
    let refusal = twice.plan(&Request::Promote).unwrap_err().to_string();
    assert!(refusal.contains("held since") && refusal.contains("it was the network"), "{refusal}");
    let released = twice.course(&Request::Release).pop().unwrap();
    assert!(released.holds.is_empty(), "both templates carried one");
}

#[test]
fn refusals_say_what_to_do() {
    let refusal = |folder: &Folder, request: &Request| folder.plan(request).unwrap_err().to_string();
    let empty = Folder::new(&[], 0);
    assert!(refusal(&empty, &Request::Promote).contains("build the line first"));
    assert!(refusal(&empty, &rollback("bad")).contains("build and promote"));
    assert!(refusal(&empty, &Request::Sweep).contains("nothing to sweep"));
    assert!(refusal(&empty, &Request::Release).contains("is not held"));
    let only_live = Folder::new(&[("", 1)], 1);
    assert!(refusal(&only_live, &rollback("bad")).contains("no generation to go back to"));
    let only_build = Folder::new(&[("-build", 1)], 1);
    assert!(refusal(&only_build, &Request::Sweep).contains("only template"));
    let stale_build = Folder::new(&[("-build", 1), ("", 2)], 2);
    assert!(refusal(&stale_build, &Request::Promote).contains("sweep it and build anew"));
    assert!(refusal(&only_live, &rollback(" ")).contains("say why"));
    let interrupted = Folder::new(&[("-build", 2), ("-prev", 1)], 1);
    assert!(refusal(&interrupted, &Request::Sweep).contains("was interrupted"));

    let mut vms = Folder::new(&[("-build", 2), ("", 1)], 1).vms();
    vms[1].template = false;
    let now = Generations::read(BASE, &vms);
    let time = jiff::Timestamp::UNIX_EPOCH;
    let actor = Actor("op".into());
    assert!(plan(&Request::Promote, &now, &actor, time).unwrap_err().to_string().contains("no template yet"));
    vms.push(vms[0].clone());
    let now = Generations::read(BASE, &vms);
    assert!(plan(&Request::Promote, &now, &actor, time).unwrap_err().to_string().contains("more than one object"));
}

#[test]
fn what_no_promotion_retired_is_not_destroyed() {
    let mut parked = Folder::new(&[("-build", 4), ("", 3), ("-prev", 2), ("-retired", 1)], 3);
    assert_eq!(words(&parked, &Request::Promote)[0], "destroy B-retired (1)");
    // Retired when something was live that is neither live nor prev now.
    parked.marks = BTreeMap::from([(1, 4)]);
    assert!(matches!(parked.plan(&Request::Promote), Err(Refusal::NotRetiredByUs { .. })));
    // Somebody parks live under that name, and cloned it from what carries a mark.
    for marks in [BTreeMap::new(), BTreeMap::from([(2, 3)])] {
        let parked = Folder { marks, ..Folder::new(&[("-build", 4), ("", 2), ("-prev", 1), ("-retired", 3)], 3) };
        let refusal = parked.plan(&Request::Promote).unwrap_err();
        assert!(matches!(refusal, Refusal::NotRetiredByUs { .. }), "{refusal}");
    }
    // A mark alone does not permit it: it is the newest there is.
    let newest = Folder::new(&[("-build", 4), ("", 2), ("-prev", 1), ("-retired", 3)], 2);
    assert!(matches!(newest.plan(&Request::Promote), Err(Refusal::NewestRetired { .. })));
}

#[test]
fn a_wrong_clock_can_be_set_aside_and_nothing_else() {
    let agreed = |folder: &Folder, consent: &Consent| {
        plan_agreed(&Request::Promote, consent, &folder.generations(), &Actor("op".into()), time(9))
    };
    let consent = Consent { ignore_age: true, ..Consent::default() };
    let future = Folder::new(&[("-build", 1), ("", 2)], 2);
    assert!(matches!(agreed(&future, &Consent::default()), Err(Refusal::OlderThanLive { .. })));
    assert_eq!(agreed(&future, &consent).unwrap().steps.len(), 2);
    let mut parked = Folder::new(&[("-build", 4), ("", 2), ("-prev", 1), ("-retired", 3)], 2);
    assert!(agreed(&parked, &consent).is_ok());
    parked.marks.clear();
    assert!(matches!(agreed(&parked, &consent), Err(Refusal::NotRetiredByUs { .. })));
}

#[test]
fn a_hold_in_the_notes_of_the_build_holds_the_line() {
    let held = Folder {
        holds: BTreeMap::from([(3, Held { since: 1, reason: "look at it first".into(), to: None })]),
        ..Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2)
    };
    for request in [Request::Promote, Request::Sweep] {
        assert!(matches!(held.plan(&request), Err(Refusal::Held { .. })), "{request:?}");
    }
    assert_eq!(words(&held, &Request::Release), ["remove the hold from the notes of B-build (3)"]);
}

#[test]
fn a_branch_build_is_shown_and_not_promoted() {
    let vms = Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2).vms();
    let mut all = vms.clone();
    all.push(vm("linux-debian-12-fix2-build", 9, String::new()));
    let now = Generations::named(
        BASE,
        OtherNames { builds: "linux-debian-12-fix2-build".into(), ..OtherNames::documented(BASE) },
        &all,
    );
    assert_eq!(now.build.as_ref().map(|vm| vm.moid.0.as_str()), Some("9"));
    let asked = |request: &Request| plan(request, &now, &Actor("op".into()), time(9));
    assert!(matches!(asked(&Request::Promote), Err(Refusal::BranchBuild { .. })));
    let sweep = asked(&Request::Sweep).unwrap();
    assert_eq!(sweep.steps[0].to_string(), "destroy linux-debian-12-fix2-build (9)");
    assert!(asked(&rollback("bad")).is_ok());
}

#[test]
fn a_plan_has_a_name_of_its_own_for_every_state_and_reason() {
    let vms = Folder::new(&[("-build", 3), ("", 2), ("-prev", 1)], 2).vms();
    let named = |request: Request, consent: &Consent, change: &dyn Fn(&mut Vm)| {
        let mut vms = vms.clone();
        vms.iter_mut().filter(|vm| vm.name.ends_with("-build")).for_each(change);
        let now = Generations::read(BASE, &vms);
        plan_agreed(&request, consent, &now, &Actor("op".into()), time(9)).unwrap().fingerprint()
    };
    let none = Consent::default();
    let sweep = |change: &dyn Fn(&mut Vm)| named(Request::Sweep, &none, change);
    let hold = |reason: &str| named(Request::Hold { reason: reason.into() }, &none, &|_| {});
    let all = [
        sweep(&|_| {}),
        sweep(&|vm| vm.template = false),
        sweep(&|vm| (vm.template, vm.power_state) = (false, PowerState::PoweredOn)),
        sweep(&|vm| vm.change_version = "7".into()),
        sweep(&|vm| vm.instance_uuid = "5000".into()),
        sweep(&|vm| vm.moid = Moid("33".into())),
        named(Request::Sweep, &Consent { take_over: Some("dead".into()), ..Consent::default() }, &|_| {}),
        hold("clock drifts"),
        hold("no network"),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    assert_eq!(sweep(&|_| {}), all[0]);
    // What its guest changes of itself is not what a plan is about.
    let running = |version: &str| {
        sweep(&|vm| {
            (vm.template, vm.power_state, vm.change_version) = (false, PowerState::PoweredOn, version.into());
        })
    };
    assert_eq!(running("1"), running("2"));
}
