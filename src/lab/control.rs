//! What tests do to a lab from inside the process: list calls, fail, delay or cut the nth one.

use std::time::Duration;

use super::fault::Fault;

/// What happens to a call instead of an answer, or before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// this fault, nothing done
    Fail(Fault),
    /// answered after this much real time
    Delay(Duration),
    /// the connection breaks before anything is done
    CutBefore,
    /// everything is done, then the connection breaks instead of an answer
    CutAfter,
}

#[derive(Debug, Clone)]
struct Planned {
    method: String,
    countdown: usize,
    trouble: Trouble,
}

/// Calls remembered: enough for any test, and a lab left running for days stays small.
const KEPT: usize = 20_000;

/// Calls seen so far and trouble planned.
#[derive(Debug, Default)]
pub struct Control {
    calls: Vec<String>,
    planned: Vec<Planned>,
}

impl Control {
    /// Makes trouble at the `nth` call (1 = the next) of `method`; `*` counts every call, `/screen` and `/folder` are methods too.
    pub fn plan(&mut self, method: &str, nth: usize, trouble: Trouble) {
        self.planned.push(Planned { method: method.into(), countdown: nth, trouble });
    }

    /// Forgets all planned trouble.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// Methods called so far, in order.
    pub fn calls(&self) -> &[String] {
        &self.calls
    }

    /// Records a call and returns what is to go wrong with it.
    pub fn called(&mut self, method: &str) -> Option<Trouble> {
        if self.calls.len() == KEPT {
            self.calls.drain(..KEPT / 2);
        }
        self.calls.push(method.into());
        let fitting = self.planned.iter_mut().filter(|planned| planned.method == method || planned.method == "*");
        fitting.for_each(|planned| planned.countdown = planned.countdown.saturating_sub(1));
        let due = self
            .planned
            .iter()
            .position(|planned| planned.countdown == 0 && (planned.method == method || planned.method == "*"))?;
        Some(self.planned.remove(due).trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_at_the_nth_call_once() {
        let mut control = Control::default();
        control.plan("B", 2, Trouble::CutBefore);
        assert_eq!(
            ["A", "B", "B", "B"].map(|method| control.called(method)),
            [None, None, Some(Trouble::CutBefore), None]
        );
        assert_eq!(control.calls(), ["A", "B", "B", "B"]);
    }
}
