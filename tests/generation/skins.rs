//! The law of the two skins: keys and verbs allow the same things, and refuse them for the same reasons.

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tmpl::console::alarm::Call;
use tmpl::console::command::{Change, Command, GenerationChange};
use tmpl::console::run::RunSeen;
use tmpl::console::{self, Console, Msg, Opening};
use tmpl::generation::{self, Actor, Claim, Consent, Generations, GuardError, Hold, STEP_PRIVILEGES};
use tmpl::lab::{self, Options, Seed};
use tmpl::ops::Refusal;
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::{Key, Matrix};
use tmpl::vcenter::gate::Mode;
use tmpl::vcenter::{Account, FolderEvent, LinkState, Moid, Vm};

use super::verbs::being_built;
use super::world::Ended;
use super::{BASE, KEY, World};

const SUFFIXES: [&str; 5] = ["", "-build", "-prev", "-retired", "-swapping"];
const BUILD: usize = 1;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Template,
    Vm,
    RunningVm,
}

/// A world in which both skins are asked.
#[derive(Debug, Clone)]
struct State {
    /// by suffix
    objects: [Option<Object>; 5],
    /// by suffix: hours since it was made
    ages: Vec<i64>,
    /// which of them carries a hold
    hold: Option<usize>,
    /// another machine's claim on the build: how many minutes ago it was last heard of
    claim: Option<i64>,
    /// a run of the line on this machine: whether it is at work
    run: Option<bool>,
    /// what the account may not do
    lacks: Option<&'static str>,
    read_only: bool,
}

impl State {
    /// Live, prev and a fresh build.
    fn steady() -> Self {
        Self {
            objects: [Some(Object::Template), Some(Object::Template), Some(Object::Template), None, None],
            ages: vec![2, 1, 3, 4, 5],
            hold: None,
            claim: None,
            run: None,
            lacks: None,
            read_only: false,
        }
    }

    fn at_work(&self) -> bool {
        self.run == Some(true)
    }

    async fn world(&self) -> World {
        let account = lab::Account::new("svc-packer@lab.internal", "lab-password").without(self.lacks.as_slice());
        let hold = Hold { reason: "drifts".into(), by: "op@desk".into(), since: Timestamp::UNIX_EPOCH, to: None };
        let seed = |(index, object): (usize, &Option<Object>)| {
            let name = format!("{BASE}{}", SUFFIXES[index]);
            let seed = match object.as_ref()? {
                Object::Template => Seed::template(name, self.ages[index]),
                Object::Vm | Object::RunningVm => Seed::vm(name, self.ages[index]),
            };
            let held = self.hold == Some(index);
            Some(if held { seed.with_notes(hold.write("")) } else { seed })
        };
        let seeds = self.objects.iter().enumerate().filter_map(seed).collect();
        // Who may do everything: claims the VM.
        let (other, password) = ("jo@elsewhere", "lab-password");
        let accounts = vec![account, lab::Account::new(other, password)];
        let options = Options { seeds, accounts, task_scale: 0.0, ..Options::default() };
        let mut world = World::in_lab(options).await;
        let names = world.names().await;
        for (index, _) in self.objects.iter().enumerate().filter(|(_, object)| **object == Some(Object::RunningVm)) {
            world.lab().power(&names[SUFFIXES[index]], true).unwrap();
        }
        if let (Some(minutes), Some(vm)) = (self.claim, names.get(SUFFIXES[BUILD])) {
            let seen = Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
            let by = Actor(other.into());
            let claim = Claim::new(Key(KEY.into()), &by, "20260301T020304.000Z".into(), Moid(vm.clone()), seen);
            let build = format!("{BASE}{}", SUFFIXES[BUILD]);
            let account = std::mem::replace(&mut world.account, (other.to_owned(), password.to_owned()));
            world.govc(&["vm.change", "-vm", &build, "-annotation", &claim.write("by hand")]).await;
            world.account = account;
        }
        if let Some(at_work) = self.run {
            being_built(&world, (!at_work).then(Timestamp::now));
        }
        world
    }
}

fn state() -> impl Strategy<Value = State> {
    let there = |percent: u32| prop::bool::weighted(f64::from(percent) / 100.0);
    let there = (there(80), there(70), there(60), there(25), there(20));
    let build = prop_oneof![4 => Just(Object::Template), 1 => Just(Object::Vm), 1 => Just(Object::RunningVm)];
    // Somebody made a VM of a generation.
    let vm = prop::option::weighted(0.15, prop::sample::select(vec![0_usize, 2, 3, 4]));
    let hold = prop::option::weighted(0.3, prop::sample::select(vec![0_usize, 2, 3, 4]));
    let ages = Just(vec![1_i64, 2, 3, 4, 5]).prop_shuffle();
    let run = prop::option::weighted(0.4, prop::bool::weighted(0.7));
    let lacks = prop::option::weighted(0.25, prop::sample::select(STEP_PRIVILEGES.to_vec()));
    let claim = prop::option::weighted(0.3, prop::sample::select(vec![0_i64, 5, 30]));
    (there, build, vm, (hold, claim), ages, run, lacks, prop::bool::weighted(0.15)).prop_map(
        |((live, built, prev, retired, swapping), build, vm, (hold, claim), ages, run, lacks, read_only)| {
            let mut objects = [live, built, prev, retired, swapping].map(|there| there.then_some(Object::Template));
            objects[BUILD] = built.then_some(build);
            if let Some(object) = vm.and_then(|index: usize| objects[index].as_mut()) {
                *object = Object::Vm;
            }
            State { objects, ages, hold, claim, run, lacks, read_only }
        },
    )
}

/// The console as its driver feeds it.
async fn console(world: &World, state: &State, vms: &[Vm]) -> Console {
    let mut console = Console::new(Opening {
        lines: Matrix::load(&world.repo).unwrap().lines,
        repo: world.repo.clone(),
        packer: "packer".into(),
        key: Some(KEY.into()),
        vcenter: "lab".into(),
        account: world.account.0.clone(),
        picture_account: None,
        actor: Actor("operator@desk".into()),
        mode: Mode::asked(state.read_only),
        simulated: true,
        schedule: None,
        call: Call::Off,
        preferences: Default::default(),
        warnings: Vec::new(),
        now: Timestamp::now(),
        zone: TimeZone::UTC,
    });
    console.update(Msg::FolderChanged(FolderEvent::Link(LinkState::Live)));
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms.to_vec())));
    if !vms.is_empty() {
        let moids: Vec<_> = vms.iter().map(|vm| vm.moid.clone()).collect();
        let found = world.client.privileges(Account::Builder, &moids, &STEP_PRIVILEGES).await.unwrap();
        let granted = |id: &str| found.iter().any(|privilege| privilege.id == id && privilege.granted);
        console.update(Msg::PrivilegesRead(STEP_PRIVILEGES.into_iter().filter(|id| !granted(id)).collect()));
    }
    let key = Key(KEY.into());
    let run = packer_run::latest(&StateDir::at(world.home.path().join(".local/state/tmpl-tui")), &key).unwrap();
    assert_eq!(run.as_ref().map(|run| run.state.live()), state.run, "the record is read as it was meant");
    let seen = run.map(|run| RunSeen {
        stage: None,
        started: run.started,
        ended: run.ended,
        state: run.state,
        reason: run.reason.clone(),
        built: run.built.clone(),
        forgave: None,
        origin: run.origin.clone(),
        pid: run.supervisor.pid,
        phase: None,
        dir: run.dir.clone(),
        still: None,
        log: run.log,
    });
    console.update(Msg::RunsRead(vec![(key, Ok(seen))]));
    console
}

/// The verb of a key, for a line that is held or not.
fn verb(change: GenerationChange, held: bool) -> &'static [&'static str] {
    match change {
        GenerationChange::Promote => &["promote", KEY],
        GenerationChange::Rollback => &["rollback", KEY, "--reason", "x"],
        GenerationChange::HoldOrRelease if held => &["release", KEY],
        GenerationChange::HoldOrRelease => &["hold", KEY, "--reason", "x"],
        GenerationChange::Sweep => &["sweep", KEY],
    }
}

const CHANGES: [GenerationChange; 4] =
    [GenerationChange::Promote, GenerationChange::Rollback, GenerationChange::HoldOrRelease, GenerationChange::Sweep];

/// What each skin says to a change: how the verb ended, and the console's refusal.
struct Answers {
    change: GenerationChange,
    verb: Ended,
    key: Option<Refusal>,
}

/// Asks both, of every change. A dry run is allowed where nothing may be changed, so that there the verb is meant.
async fn ask(state: &State) -> Vec<Answers> {
    let world = state.world().await;
    let vms = world.vms().await;
    let held = Generations::read(BASE, &vms).hold.is_some();
    let console = console(&world, state, &vms).await;
    world.door.reset();
    let how = if state.read_only { "--read-only" } else { "--dry-run" };
    let verbs = join_all(CHANGES.map(|change| {
        let arguments: Vec<&str> = verb(change, held).iter().copied().chain([how]).collect();
        let world = &world;
        async move { world.run(&arguments).await }
    }));
    let mut answers = Vec::new();
    for (change, verb) in CHANGES.into_iter().zip(verbs.await) {
        let refusal = console.allows(&console.on_selection(Command::Change(Change::Generation(change)))).err();
        let key = refusal.map(|refusal| match refusal {
            console::Refusal::Operation(refusal) => *refusal,
            console::Refusal::Screen(text) => panic!("{change:?} depends on the screen: {text}"),
        });
        // A key that may be pressed opens a dialog, which asks vCenter before it does anything.
        let key = match key {
            Some(refusal) => Some(refusal),
            None => guarded(&world, change, held, &vms).await,
        };
        answers.push(Answers { change, verb, key });
    }
    assert!(world.changes().is_empty(), "{:?}", world.changes());
    answers
}

/// What vCenter, and other machines by what they wrote there, object to in a dialog.
async fn guarded(world: &World, change: GenerationChange, held: bool, vms: &[Vm]) -> Option<Refusal> {
    let plan = generation::plan_agreed(
        &change.request(held, "x"),
        &Consent::default(),
        &Generations::read(BASE, vms),
        &Actor("operator@desk".into()),
        Timestamp::now(),
    );
    match generation::guard(&world.client, &plan.unwrap(), &|_| false).await {
        Ok(_) => None,
        Err(GuardError::Refused(refusal)) => Some(Refusal::Generation(refusal)),
        Err(error) => panic!("{error}"),
    }
}

impl Answers {
    /// The same answer, for the same reason.
    fn agree(&self) -> bool {
        let (exit, err) = (self.verb.exit, self.verb.err.as_str());
        // What it says before may be about the change itself.
        let last = err.lines().last().and_then(|line| line.strip_prefix("tmpl-tui: "));
        match &self.key {
            None => exit == 0,
            // CI sweeps after every cancel and has nothing to be told; a person who presses a key has.
            Some(Refusal::Generation(generation::Refusal::NothingToSweep { .. })) => {
                self.change == GenerationChange::Sweep && exit == 0 && err.contains("nothing to sweep")
            }
            // The verb names the object too. The console asks about that when it asks whether to do it.
            Some(Refusal::LacksPrivilege { account, privilege, .. }) => {
                exit == 3 && last.is_some_and(|last| last.starts_with(&format!("{account} lacks {privilege} on ")))
            }
            Some(refusal) => exit == 3 && last == Some(refusal.to_string().as_str()),
        }
    }

    fn being_built(&self) -> bool {
        matches!(self.key, Some(Refusal::BeingBuilt { .. }))
    }
}

fn both(state: &State) -> Vec<Answers> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(ask(state))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn keys_and_verbs_agree(state in state()) {
        for answers in both(&state) {
            let Answers { change, verb, key } = &answers;
            prop_assert!(answers.agree(), "{change:?}: exit {}: {}\nthe console: {key:?}", verb.exit, verb.err);
            prop_assert_eq!(state.read_only, matches!(key, Some(Refusal::ReadOnly(_))));
            // What packer may be about to destroy, and nothing else.
            let touched = matches!(change, GenerationChange::Promote | GenerationChange::Sweep);
            prop_assert_eq!(answers.being_built(), !state.read_only && state.at_work() && touched);
        }
    }
}

/// Of another machine, while it is fresh; nobody is in the way of a hold.
#[test]
fn what_another_machine_claims_is_neither_promoted_nor_swept_by_key_or_verb() {
    for (claim, exit) in [(Some(0), 3), (Some(5), 3), (Some(30), 0)] {
        for answers in both(&State { claim, ..State::steady() }) {
            assert!(answers.agree(), "{:?}: {} / {:?}", answers.change, answers.verb.err, answers.key);
            let touched = matches!(answers.change, GenerationChange::Promote | GenerationChange::Sweep);
            assert_eq!(answers.verb.exit, if touched { exit } else { 0 }, "{:?} {claim:?}", answers.change);
        }
    }
}

#[test]
fn a_line_that_is_being_built_can_be_rolled_back_but_not_promoted_or_swept() {
    let said = |answers: &Answers| (answers.verb.exit, answers.being_built(), answers.key.is_some());
    let building = both(&State { run: Some(true), ..State::steady() });
    let [promote, rollback, hold, sweep] = building.as_slice() else { panic!("four changes") };
    assert_eq!(
        [promote, rollback, hold, sweep].map(said),
        [(3, true, true), (0, false, false), (0, false, false), (3, true, true)]
    );
    rollback.verb.is(0, "is being built: the hold that a rollback leaves keeps that build from being promoted");
    // And when it is over, or was never begun, nothing is in the way.
    for run in [None, Some(false)] {
        for answers in both(&State { run, ..State::steady() }) {
            assert_eq!(said(&answers), (0, false, false), "{:?}: {}", answers.change, answers.verb.err);
        }
    }
}
