//! What a person should know before agreeing to a change: what is different afterwards, and who holds the line. A
//! dialog and a terminal say the same.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Operation;
use crate::duration;
use crate::generation::{Generations, Hold, MadeOf};
use crate::text::Scrubber;
use crate::vcenter::Vm;

/// What is said before a change, each in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Before {
    /// which image becomes live, and what becomes of the one that is
    pub outcome: Option<String>,
    /// who holds the line, where that matters to the change
    pub held: Option<String>,
}

impl Before {
    /// Of a line as it stands.
    pub fn of(operation: Operation, generations: &Generations, now: Timestamp, zone: &TimeZone) -> Self {
        let promoted = generations.build.as_ref().filter(|_| operation == Operation::Promote);
        let new = promoted.or(generations.prev.as_ref().filter(|_| operation == Operation::Rollback));
        let outcome = new.map(|new| {
            let before =
                generations.live.as_ref().map(|vm| format!("; the one of {} becomes prev", image(vm, now, zone)));
            format!("live becomes the image of {}{}", image(new, now, zone), before.unwrap_or_default())
        });
        let matters = matches!(
            operation,
            Operation::Build | Operation::Promote | Operation::Rollback | Operation::Release | Operation::Dispatch
        );
        let held = generations.hold.as_ref().filter(|_| matters).map(|hold| held(hold, now, zone));
        Self { outcome, held }
    }

    /// Its sentences, what is to be read first first.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        [&self.outcome, &self.held].into_iter().flatten().map(String::as_str)
    }
}

/// A hold: who, since when, why.
pub fn held(hold: &Hold, now: Timestamp, zone: &TimeZone) -> String {
    let age = duration::in_words(now.duration_since(hold.since));
    let date = hold.since.to_zoned(zone.clone()).strftime("%b %d %H:%M %Z").to_string();
    format!("held by {} since {date} ({age}): {}", hold.by, hold.reason)
}

/// `Nov 18 02:41 (11d), vm-12, commit 4f2a91c`.
fn image(vm: &Vm, now: Timestamp, zone: &TimeZone) -> String {
    let date = vm.created.map_or_else(
        || "unknown age".into(),
        |created| {
            let date = created.to_zoned(zone.clone()).strftime("%b %d %H:%M").to_string();
            format!("{date} ({})", duration::rough(now.duration_since(created)))
        },
    );
    let ours = || MadeOf::of(vm)?.made.commit_said().map(|said| Scrubber::shared().safe_line(&said).into());
    let theirs = || commit(&Hold::remove(&vm.annotation)).map(|commit| format!("commit {commit}"));
    let commit: Option<String> = ours().or_else(theirs);
    format!("{date}, {}{}", vm.moid, commit.map_or_else(String::new, |commit| format!(", {commit}")))
}

/// The commit that a template's notes name: `commit` and seven or more hexadecimal digits, as seven.
fn commit(notes: &str) -> Option<String> {
    let (_, after) = notes.split_once("commit")?;
    let digits: String =
        after.chars().skip_while(|char| !char.is_ascii_hexdigit()).take_while(char::is_ascii_hexdigit).collect();
    digits.get(..7).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcenter::Moid;

    #[test]
    fn the_commit_stands_in_the_notes() {
        assert_eq!(commit("Built by packer\ncommit: 4f2a91c0de77, clean").as_deref(), Some("4f2a91c"));
        assert_eq!(commit("{\"commit\":\"4f2a91c0de77\"}").as_deref(), Some("4f2a91c"));
        assert_eq!(commit("nobody committed to anything"), None);
    }

    #[test]
    fn a_promotion_and_a_rollback_say_what_becomes_live_and_who_holds_the_line() {
        let now: Timestamp = "2026-11-29T03:12:00Z".parse().unwrap();
        let vm = |moid: &str, created: &str, notes: &str| Vm {
            created: created.parse().ok(),
            annotation: notes.to_owned(),
            ..Vm::named(Moid(moid.to_owned()), "debian-12")
        };
        let hold = Hold {
            by: "mona@ops3".into(),
            reason: "clock drifts".into(),
            since: "2026-11-29T01:02:00Z".parse().unwrap(),
            to: None,
        };
        let mut generations = Generations::default();
        generations.live = Some(vm("vm-10", "2026-11-25T02:30:00Z", ""));
        generations.prev = Some(vm("vm-8", "2026-11-18T02:41:00Z", "commit: 4f2a91c0de77"));
        generations.build = Some(vm("vm-12", "2026-11-29T02:41:00Z", ""));
        generations.hold = Some(hold);
        let said = |operation| {
            Before::of(operation, &generations, now, &TimeZone::UTC).said().map(str::to_owned).collect::<Vec<_>>()
        };
        let held = "held by mona@ops3 since Nov 29 01:02 UTC (2 h): clock drifts";
        let live = "; the one of Nov 25 02:30 (4d), vm-10 becomes prev";
        assert_eq!(
            said(Operation::Promote),
            [format!("live becomes the image of Nov 29 02:41 (31m), vm-12{live}").as_str(), held]
        );
        assert_eq!(
            said(Operation::Rollback),
            [format!("live becomes the image of Nov 18 02:41 (11d), vm-8, commit 4f2a91c{live}").as_str(), held]
        );
        assert_eq!(said(Operation::Release), [held]);
        assert!(said(Operation::Sweep).is_empty());
    }
}
