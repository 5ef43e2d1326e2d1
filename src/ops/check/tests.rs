use std::collections::BTreeSet;
use std::iter::successors;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::generation::{Generations, Hold, STEP_PRIVILEGES};
use crate::ops::facts::{ChosenRun, GitHubFacts, MediaFacts, PictureFacts};
use crate::vcenter::gate::{Mode, ReadOnly};
use crate::vcenter::{Moid, Question, Vm};

const BASE: &str = "tpl";

/// What [`Facts`] borrow from.
#[derive(Debug)]
struct Known {
    key: Key,
    line: bool,
    read_only: bool,
    leaving: bool,
    under_way: Option<Operation>,
    run: Option<RunFacts>,
    generations: Generations,
    /// no link, silent, unnamed, known
    vcenter: u8,
    missing: BTreeSet<&'static str>,
    github: GitHubFacts,
    media: MediaFacts,
    picture: PictureFacts,
}

impl Known {
    fn facts(&self) -> Facts<'_> {
        let Self { key, under_way, run, generations, missing, .. } = self;
        Facts {
            mode: Mode::asked(self.read_only),
            leaving: self.leaving,
            line: self.line.then_some(LineFacts {
                under_way: *under_way,
                run: *run,
                ..LineFacts::at_rest(key, generations)
            }),
            vcenter: match self.vcenter {
                0 => VCenterFacts::NoLink,
                1 => VCenterFacts::Silent,
                2 => VCenterFacts::Unnamed,
                _ => VCenterFacts::Known { account: "svc", missing },
            },
            github: self.github.clone(),
            media: self.media.clone(),
            picture: self.picture,
            consent: crate::generation::Consent::default(),
        }
    }
}

fn run() -> impl Strategy<Value = RunFacts> {
    let states = [
        RunState::Starting,
        RunState::Running,
        RunState::Cancelling,
        RunState::Succeeded,
        RunState::Failed { exit: Some(1) },
        RunState::Cancelled,
        RunState::Lost,
    ];
    select(states.to_vec()).prop_map(|state| RunFacts { state, since: Timestamp::UNIX_EPOCH, pid: 4711 })
}

/// Names twice are among them.
fn generations() -> impl Strategy<Value = Generations> {
    let power = [PowerState::PoweredOff, PowerState::PoweredOn, PowerState::Suspended, PowerState::Unknown];
    let suffix = select(vec!["", "", "-build", "-build", "-prev", "-retired", "-swapping"]);
    let one = (suffix, any::<bool>(), select(power.to_vec()), 0_u8..8, prop::option::of(0_i64..9));
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let vms = all.into_iter().enumerate().map(|(number, (suffix, template, power_state, hold, created))| {
            let moid = Moid(format!("vm-{number}"));
            let to = (hold == 0).then(|| moid.clone());
            let hold =
                (hold < 2)
                    .then(|| Hold { reason: "…".into(), by: "op@desk".into(), since: Timestamp::UNIX_EPOCH, to });
            Vm {
                place: Default::default(),
                moid,
                name: format!("{BASE}{suffix}"),
                template,
                power_state,
                ip_address: None,
                tools_running_status: None,
                annotation: hold.map(|hold| hold.write("notes")).unwrap_or_default(),
                created: created.and_then(|seconds| Timestamp::from_second(seconds).ok()),
                instance_uuid: String::new(),
                change_version: String::new(),
                question: (number == 1).then(Question::no_space),
            }
        });
        Generations::read(BASE, &vms.collect::<Vec<_>>())
    })
}

fn remote() -> impl Strategy<Value = Option<RemoteRunFacts>> {
    let run = || RemoteRunFacts { number: 7, title: "weekly".into(), url: "https://github.com/x".into() };
    prop::option::weighted(0.3, Just(()).prop_map(move |()| run()))
}

fn github() -> impl Strategy<Value = GitHubFacts> {
    let known = select(vec![Ok(()), Ok(()), Err(GitHubRefusal::NotAnswered)]);
    let over = || Err(github::Refusal::Over { number: 7, state: "failed" });
    let chosen = select(vec![
        ChosenRun { cancel: Ok(()), rerun: Err(github::Refusal::NotOver { number: 7 }) },
        ChosenRun { cancel: over(), rerun: Ok(()) },
        ChosenRun { cancel: over(), rerun: Err(github::Refusal::NoLegFailed { number: 7 }) },
    ])
    .prop_map(Ok);
    let chosen = prop_oneof![3 => chosen, 1 => select(vec![Err(GitHubRefusal::NoRun), Err(GitHubRefusal::NotChosen)])];
    let evidence = select(vec![Ok(()), Err(GitHubRefusal::NoRun)]);
    (known, any::<bool>(), remote(), remote(), chosen, any::<bool>(), evidence).prop_map(
        |(known, busy, builds, waiting, run, schedule_off, evidence)| GitHubFacts {
            known,
            busy,
            builds,
            waiting,
            run,
            schedule_off,
            evidence,
        },
    )
}

fn media() -> impl Strategy<Value = MediaFacts> {
    let work = select(vec![
        None,
        None,
        Some(MediaWork::Bumping),
        Some(MediaWork::Staging { stopping: false }),
        Some(MediaWork::Staging { stopping: true }),
    ]);
    let newer = select(vec![Ok(()), Err(MediaRefusal::Newest)]);
    let missing = select(vec![Ok(()), Err(MediaRefusal::Staged)]);
    (work, newer, missing).prop_map(|(work, newer, missing)| MediaFacts { work, newer, missing })
}

fn known() -> impl Strategy<Value = Known> {
    let often = || prop::bool::weighted(0.9);
    let seldom = || prop::bool::weighted(0.2);
    let program = (often(), seldom(), seldom());
    let under_way = prop::option::weighted(0.2, select(Operation::ALL.to_vec()));
    let missing = prop::collection::btree_set(select([&STEP_PRIVILEGES[..], &[TYPE]].concat()), 0..3);
    let vcenter = (prop_oneof![Just(0_u8), Just(1), Just(2), Just(3), Just(3), Just(3), Just(3)], missing);
    let picture = (any::<bool>(), any::<bool>(), any::<bool>());
    let picture = picture.prop_map(|(there, visible, recorded)| PictureFacts { there, visible, recorded });
    (program, under_way, prop::option::of(run()), generations(), vcenter, github(), media(), picture).prop_map(
        |((line, read_only, leaving), under_way, run, generations, (vcenter, missing), github, media, picture)| Known {
            key: Key("debian-12".into()),
            line,
            read_only,
            leaving,
            under_way,
            run,
            generations,
            vcenter,
            missing,
            github,
            media,
            picture,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_known(known in known()) {
        let facts = known.facts();
        for operation in Operation::ALL {
            let (here, judged) = (check_here(operation, &facts), check(operation, &facts));
            prop_assert_eq!(judged == Err(Refusal::ReadOnly(ReadOnly::Asked)), known.read_only && operation.mutates(), "{}", operation);
            if here.is_err() {
                prop_assert_eq!(&judged, &here, "{} is refused before anybody is asked", operation);
            }
            if known.leaving && operation.mutates() && operation != Operation::StopStaging {
                prop_assert!(here.is_err(), "{operation} begins something new while leaving");
            }
            let of_generations =
                [Operation::Promote, Operation::Rollback, Operation::Hold, Operation::Release, Operation::Sweep];
            if of_generations.contains(&operation) && known.vcenter < 3 {
                prop_assert!(judged.is_err(), "{operation} on what may be out of date");
            }
            if operation == Operation::Build && known.vcenter == 0 {
                prop_assert!(judged.is_err(), "a build that cannot reach vCenter");
            }
            let touches_build = [Operation::Build, Operation::Dispatch, Operation::Promote, Operation::Sweep];
            if touches_build.contains(&operation) && known.run.is_some_and(|run| run.state.live()) {
                prop_assert!(here.is_err(), "{operation} while packer is at work");
            }
            if let Err(refusal) = judged {
                prop_assert!(!refusal.to_string().is_empty());
            }
        }
    }
}

#[test]
fn what_packer_forgave_is_promoted_only_by_whoever_knows() {
    let (key, missing) = (Key("debian-12".into()), BTreeSet::new());
    let template = |number: u32, name: &str| Vm {
        template: true,
        created: Timestamp::from_second(number.into()).ok(),
        ..Vm::named(Moid(format!("vm-{number}")), name)
    };
    let generations = Generations::read(BASE, &[template(1, BASE), template(2, "tpl-build")]);
    let judged = |forgave, allow_warnings| {
        let consent = generation::Consent { allow_warnings, ..Default::default() };
        let line = LineFacts { forgave, ..LineFacts::at_rest(&key, &generations) };
        let vcenter = VCenterFacts::Known { account: "svc", missing: &missing };
        check(Operation::Promote, &Facts { line: Some(line), vcenter, consent, ..Facts::unasked(Mode::ReadWrite) })
    };
    let refused = judged(Some("exit status 3"), false).unwrap_err();
    assert!(
        matches!(&refused, Refusal::Generation(generation::Refusal::Forgiven { why, .. }) if why == "exit status 3"),
        "{refused}"
    );
    assert_eq!([judged(None, false), judged(Some("exit status 3"), true)], [Ok(()), Ok(())]);
}

#[test]
fn all_operations_are_among_them() {
    // A new one does not compile until it has its place here.
    let next = |operation: &Operation| match operation {
        Operation::Build => Some(Operation::Cancel),
        Operation::Cancel => Some(Operation::Promote),
        Operation::Promote => Some(Operation::Rollback),
        Operation::Rollback => Some(Operation::Hold),
        Operation::Hold => Some(Operation::Release),
        Operation::Release => Some(Operation::Sweep),
        Operation::Sweep => Some(Operation::Type),
        Operation::Type => Some(Operation::Wake),
        Operation::Wake => Some(Operation::Answer),
        Operation::Answer => Some(Operation::Teach),
        Operation::Teach => Some(Operation::Bump),
        Operation::Bump => Some(Operation::Stage),
        Operation::Stage => Some(Operation::StopStaging),
        Operation::StopStaging => Some(Operation::Dispatch),
        Operation::Dispatch => Some(Operation::CancelRemote),
        Operation::CancelRemote => Some(Operation::Rerun),
        Operation::Rerun => Some(Operation::EnableSchedule),
        Operation::EnableSchedule => Some(Operation::FetchLeg),
        Operation::FetchLeg => Some(Operation::Judge),
        Operation::Judge => Some(Operation::Bundle),
        Operation::Bundle => Some(Operation::Plugin),
        Operation::Plugin => None,
    };
    assert!(successors(Some(Operation::Build), next).eq(Operation::ALL));
}
