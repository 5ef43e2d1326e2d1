//! What a person should know before confirming: what is different afterwards, and who holds the line.

use super::age;
use super::confirm::Confirm;
use super::state::Console;
use crate::generation::{Hold, MadeOf};
use crate::ops::Operation;
use crate::text::Scrubber;
use crate::vcenter::Vm;

impl Console {
    /// Says the outcome of a change of generations, and the hold where it matters.
    pub(super) fn tell_before(&self, confirm: &mut Confirm) {
        let Some(row) = confirm.line.as_ref().and_then(|key| self.lines.get(key)) else { return };
        let generations = &row.generations;
        let before = generations.live.as_ref().map(|vm| format!("; the one of {} becomes prev", self.image(vm)));
        let before = before.unwrap_or_default();
        let promoted = generations.build.as_ref().filter(|_| confirm.operation == Operation::Promote);
        let new = promoted.or(generations.prev.as_ref().filter(|_| confirm.operation == Operation::Rollback));
        let outcome = new.map(|vm| format!("live becomes the image of {}{before}", self.image(vm)));
        confirm.outcome = outcome.or(confirm.outcome.take());
        let matters = matches!(
            confirm.operation,
            Operation::Build | Operation::Promote | Operation::Rollback | Operation::Release | Operation::Dispatch
        );
        confirm.warnings.extend(self.held_by(row).filter(|_| matters));
    }

    /// `Nov 18 02:41 (vm-12), built from 4f2a91c`.
    fn image(&self, vm: &Vm) -> String {
        let date = vm.created.map_or_else(
            || "unknown age".into(),
            |created| {
                let date = created.to_zoned(self.zone.clone()).strftime("%b %d %H:%M").to_string();
                format!("{date} ({})", age::short(self.now, created, &self.zone))
            },
        );
        let ours = || MadeOf::of(vm)?.made.commit_said().map(|said| Scrubber::shared().safe_line(&said).into());
        let theirs = || commit(&Hold::remove(&vm.annotation)).map(|commit| format!("commit {commit}"));
        let commit: Option<String> = ours().or_else(theirs);
        format!("{date}, {}{}", vm.moid, commit.map_or_else(String::new, |commit| format!(", {commit}")))
    }
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
    use super::commit;

    #[test]
    fn the_commit_stands_in_the_notes() {
        assert_eq!(commit("Built by packer\ncommit: 4f2a91c0de77, clean").as_deref(), Some("4f2a91c"));
        assert_eq!(commit("{\"commit\":\"4f2a91c0de77\"}").as_deref(), Some("4f2a91c"));
        assert_eq!(commit("nobody committed to anything"), None);
    }
}
