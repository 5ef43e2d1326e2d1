//! What is known of a run's end beside its log: who stopped it, and whether its VM is still there. The verdict says it and
//! advises nothing that the facts contradict.

use jiff::civil::DateTime;

use super::context::BuildContext;
use super::{BuildVerdict, Confidence};
use crate::packer_log::Phase;

/// Who it was, when it was the person that reads it.
pub const YOU: &str = "you";

/// That a run was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// who did it: [`YOU`], or e.g. `mona@ops3`; `None` where nobody wrote it down
    pub who: Option<String>,
    /// when, by the clock of this machine
    pub at: Option<DateTime>,
    /// packer was killed, not asked
    pub forced: bool,
    /// why, where no person did it, e.g. `time limit of 1h30m reached`
    pub why: Option<String>,
}

impl Cancelled {
    /// The time that the run was given, when that was over.
    fn time_limit(&self) -> Option<&str> {
        let why = self.why.as_deref().filter(|_| self.who.is_none())?;
        // As the records say it, and those of the first version did.
        let limit = why.strip_prefix("time limit of ").and_then(|rest| rest.split_once(" reached"));
        limit.map(|(limit, _)| limit).or_else(|| why.strip_prefix("not done within "))
    }

    fn sentence(&self) -> String {
        let at = self.at.map_or_else(String::new, |at| format!(" at {}", at.strftime("%H:%M")));
        let how = if self.forced { "killed packer" } else { "cancelled it" };
        match (&self.who, &self.why) {
            (Some(who), _) if who == YOU => format!("You {how}{at}."),
            (Some(who), _) => format!("{who} {how}{at}."),
            (None, Some(why)) => format!("It was cancelled{at}: {why}."),
            (None, None) => format!("Somebody {how}{at}."),
        }
    }
}

impl BuildContext {
    /// Says who ended the builds that did not end by themselves, and what became of their VM.
    pub(super) fn account_for_the_end(&self, builds: &mut [BuildVerdict]) {
        for verdict in builds {
            let ended = match verdict.class.as_str() {
                "cancelled" | "killed" => true,
                "running" => self.cancelled.is_some(),
                _ => false,
            };
            if ended {
                self.account(verdict);
            }
        }
    }

    fn account(&self, verdict: &mut BuildVerdict) {
        if let Some(cancelled) = &self.cancelled {
            verdict.confidence = Confidence::High;
            verdict.rule = None;
            verdict.remedy = None;
            match cancelled.time_limit() {
                Some(limit) => verdict.end_at_time_limit(&format!("Time limit of {limit} reached")),
                None => {
                    verdict.class = "cancelled".into();
                    verdict.cause = cancelled.sentence();
                    if verdict.waited.as_ref().is_some_and(|waited| waited.state.is_some()) {
                        verdict.say_what_was_waited_for();
                    }
                }
            }
            if self.live {
                verdict.cause.push_str(" packer destroys its VM and ends.");
                return;
            }
        }
        match self.vm_left {
            Some(false) => {
                verdict.remedy = None;
                verdict.cause.push_str(" Its VM is gone.");
            }
            Some(true) => verdict.remedy = Some("Its VM is still there: sweep it.".into()),
            // Nobody asked vCenter. Before there was a VM there is nothing to look for.
            None if verdict.phase.is_some_and(|phase| phase != Phase::Prepare.name()) => {
                verdict
                    .remedy
                    .get_or_insert_with(|| "tmpl-tui sweep KEY --dry-run shows whether its VM is still there.".into());
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Scrubber;
    use crate::triage::rules::Rules;
    use crate::triage::verdict::{Verdict, judge};

    const LOG: &str = "2026/11/23 03:00:00 ui: ==> v.deb: Waiting for IP...\n";
    const CANCELLED: &str = "2026/11/23 03:12:00 ui error: Cancelling build after receiving terminated\n";

    fn judged(log: &str, context: BuildContext) -> Verdict {
        judge(log.as_bytes(), &Rules::shipped().unwrap(), &Scrubber::default(), context).unwrap()
    }

    fn by_you(forced: bool) -> Option<Cancelled> {
        let at = Some(jiff::civil::date(2026, 11, 23).at(3, 12, 0, 0));
        Some(Cancelled { who: Some(YOU.into()), at, forced, why: None })
    }

    #[test]
    fn who_cancelled_is_named_and_a_vm_that_is_gone_is_not_swept() {
        let log = format!("{LOG}{CANCELLED}");
        let gone = BuildContext { cancelled: by_you(false), vm_left: Some(false), ..BuildContext::default() };
        let verdict = judged(&log, gone.clone());
        assert_eq!((verdict.class.as_str(), verdict.remedy), ("cancelled", None));
        assert_eq!(verdict.cause, "You cancelled it at 03:12. Its VM is gone.");
        let left = BuildContext { vm_left: Some(true), ..gone };
        assert_eq!(judged(&log, left).remedy.as_deref(), Some("Its VM is still there: sweep it."));
    }

    #[test]
    fn a_run_that_is_being_cancelled_is_not_called_running() {
        let context = BuildContext { cancelled: by_you(false), live: true, ..BuildContext::default() };
        let verdict = judged(LOG, context);
        assert_eq!(verdict.class, "cancelled");
        assert_eq!(verdict.cause, "You cancelled it at 03:12. packer destroys its VM and ends.");
    }

    #[test]
    fn a_packer_that_was_killed_on_request_is_no_riddle() {
        let context = BuildContext { cancelled: by_you(true), ..BuildContext::default() };
        let verdict = judged(LOG, context);
        assert_eq!((verdict.class.as_str(), verdict.cause.as_str()), ("cancelled", "You killed packer at 03:12."));
        assert!(verdict.remedy.unwrap().contains("sweep"));
    }

    #[test]
    fn a_time_limit_is_nobodys_cancel() {
        for why in ["time limit of 90 min reached", "not done within 90 min"] {
            let cancelled = Some(Cancelled { who: None, at: None, forced: false, why: Some(why.into()) });
            let context = BuildContext { cancelled, vm_left: Some(false), ..BuildContext::default() };
            let verdict = judged(&format!("{LOG}{CANCELLED}"), context);
            assert_eq!(verdict.class, "ip_timeout");
            let says = "Time limit of 90 min reached while waiting for an address of the guest. Its VM is gone.";
            assert_eq!(verdict.cause, says);
        }
    }
}
