//! SIGKILL after every single call to vCenter, then the same verb once more.

use std::time::{Duration, Instant};

use super::proxy::Trouble;
use super::{KEY, Kind, Names, World};

const ROLLBACK: &[&str] = &["rollback", KEY, "--reason", "does not boot", "--yes"];
const PROMOTE: &[&str] = &["promote", KEY];

/// Lets the server do call number `nth`, kills the program before it hears of it; false when it ended before.
pub async fn killed_after(world: &World, verb: &[&str], nth: usize) -> bool {
    world.door.reset();
    world.door.at(nth, Trouble::HoldAfter);
    let mut program = world.spawn(verb);
    let end = Instant::now() + Duration::from_secs(180);
    loop {
        if world.door.held() {
            program.kill().await.unwrap();
            world.door.let_go();
            return true;
        }
        if program.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(Instant::now() < end, "neither call {nth} nor an end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Kills `verb` after every call in turn, each time in a new world, and checks what is left and what the next run makes of it.
async fn everywhere(kind: Kind, verb: &[&str], good: &str, end: impl Fn(&Names) -> Names) {
    let mut nth = 1;
    loop {
        let world = World::steady(kind).await;
        let before = world.names().await;
        if !killed_after(&world, verb, nth).await {
            break;
        }
        let context = || format!("{kind:?}, {verb:?} killed after call {nth}: {:?}", world.door.calls());
        let left = world.names().await;
        assert!(left.values().any(|id| *id == before[good]), "{}: the last good image is gone: {left:?}", context());

        world.door.reset();
        let again = world.run(verb).await;
        let names = world.names().await;
        assert_eq!(names, end(&before), "{}, again: {} {}", context(), again.exit, again.err);
        // Where nothing was left to do it says so and changes nothing.
        assert!(again.exit == 0 || again.exit == 3 && world.changes().is_empty(), "{}: {}", context(), again.err);
        assert_eq!(world.listed().await, names.into_keys().collect::<Vec<_>>(), "{}: govc", context());
        let held = verb == ROLLBACK;
        assert_eq!(world.hold().await.is_some(), held, "{}: hold", context());
        nth += 1;
    }
    assert!(nth > 20, "only {nth} calls");
}

fn promoted(before: &Names) -> Names {
    Names::from([(String::new(), before["-build"].clone()), ("-prev".into(), before[""].clone())])
}

fn rolled_back(before: &Names) -> Names {
    let mut names = before.clone();
    names.insert(String::new(), before["-prev"].clone());
    names.insert("-prev".into(), before[""].clone());
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn promote_on_vcsim() {
    everywhere(Kind::Vcsim, PROMOTE, "", promoted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn promote_in_the_lab() {
    everywhere(Kind::Lab, PROMOTE, "", promoted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_on_vcsim() {
    everywhere(Kind::Vcsim, ROLLBACK, "-prev", rolled_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_in_the_lab() {
    everywhere(Kind::Lab, ROLLBACK, "-prev", rolled_back).await;
}

/// The other verb after a kill: a rollback takes a half promotion back, a promotion leaves a half rollback alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_verb_after_a_kill() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let mut nth = 1;
    while world.names().await.contains_key("") {
        let fresh = World::steady(Kind::Lab).await;
        assert!(killed_after(&fresh, PROMOTE, nth).await, "live was never without its name");
        nth += 1;
        if fresh.names().await.contains_key("") {
            continue;
        }
        fresh.door.reset();
        fresh.run(ROLLBACK).await.is(0, "");
        assert_eq!(fresh.names().await, before, "as it was, nothing destroyed");
        fresh.run(PROMOTE).await.is(3, "is held since");
        break;
    }
    nth = 1;
    loop {
        let fresh = World::steady(Kind::Lab).await;
        assert!(killed_after(&fresh, ROLLBACK, nth).await, "live was never without its name");
        nth += 1;
        let left = fresh.names().await;
        if left.contains_key("") {
            continue;
        }
        fresh.door.reset();
        fresh.run(PROMOTE).await.is(3, "is held since");
        assert_eq!((fresh.names().await, fresh.changes().len()), (left, 0));
        break;
    }
}
