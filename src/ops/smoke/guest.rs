//! Whether a guest comes up: tools, an address, and what a command in it says.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::child::{self, Bound, Kind};
use crate::pipeline::Smoke;
use crate::vcenter::gate::Gate;
use crate::vcenter::{PowerState, ToolsStatus, Vm};

/// How often the guest is looked at, by its own clock, once it has run for a while.
const LOOK: Duration = Duration::from_secs(5);
/// Shortest interval.
const SHORTEST: Duration = Duration::from_millis(50);
/// Between two tries to log in.
const AGAIN: Duration = Duration::from_secs(3);
/// What SSH itself ends with when it cannot connect or log in.
const NO_LOGIN: i32 = 255;
/// Most bytes that a command may say.
const MOST: usize = 1 << 20;

/// What becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// it came up
    Passed(String),
    /// it did not, and what was missing
    Failed(String),
    /// nobody wants to know any more
    Stopped,
}

/// A clone that was powered on.
pub(super) struct Watched<'a> {
    pub gate: &'a Gate,
    pub smoke: &'a Smoke,
    pub clone: &'a Vm,
    /// seconds of the guest's clock in one of ours
    pub pace: f64,
    pub begun: Instant,
    pub limit: Duration,
}

impl Watched<'_> {
    /// Waits for it.
    pub async fn outcome(&self) -> Outcome {
        let address = match self.up().await {
            Ok(address) => address,
            Err(why) => return Outcome::Failed(why),
        };
        let after = self.minutes_so_far();
        let up = match address {
            Some(address) => format!("tools run and it has the address {address} after {after}"),
            None => format!("tools run after {after}"),
        };
        match (&self.smoke.command, address) {
            (Some(command), Some(address)) => match self.command(address, command).await {
                Ok(()) => Outcome::Passed(format!("{up}; `{command}` passed")),
                Err(why) => Outcome::Failed(format!("{up}, but {why}")),
            },
            (None, _) | (Some(_), None) => Outcome::Passed(up),
        }
    }

    /// Until tools run and, with a network, it has an address that others can reach.
    async fn up(&self) -> Result<Option<IpAddr>, String> {
        let longest = LOOK.div_f64(self.pace).max(SHORTEST);
        let mut pause = SHORTEST;
        loop {
            let missing = match self.gate.client().vm(&self.clone.moid).await {
                Ok(Some(vm)) => match state(&vm, self.smoke.network) {
                    State::Up(address) => return Ok(address),
                    State::Missing(what) => what,
                    State::Down(why) => return Err(why),
                },
                Ok(None) => return Err("it is gone: somebody removed it".into()),
                // The link may be back in a moment.
                Err(error) => error.to_string(),
            };
            if self.begun.elapsed() >= self.limit {
                return Err(format!("{missing}, {} min after power-on", self.smoke.minutes));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Runs the command in it, as often as it takes to log in.
    async fn command(&self, address: IpAddr, command: &str) -> Result<(), String> {
        loop {
            let left = self.limit.saturating_sub(self.begun.elapsed());
            let mut ssh = child::command(Kind::Ssh, "ssh");
            // Each clone makes host keys of its own; nothing but this command goes to it.
            for option in [
                "BatchMode=yes",
                "StrictHostKeyChecking=no",
                "UserKnownHostsFile=/dev/null",
                "GlobalKnownHostsFile=/dev/null",
                "ClearAllForwardings=yes",
                "ForwardAgent=no",
                "LogLevel=ERROR",
                "ConnectTimeout=10",
            ] {
                ssh.args(["-o", option]);
            }
            if let Some(user) = &self.smoke.user {
                ssh.args(["-l", user]);
            }
            ssh.args(["--", &address.to_string(), command]);
            let bound = Bound { time: left.max(Duration::from_secs(1)), bytes: MOST };
            let ended = match child::output(ssh, bound, None).await {
                Ok(ended) => ended,
                Err(child::Error::NotFound) => return Err("there is no ssh here to run the command".into()),
                Err(error) => return Err(format!("`{command}`: {error}")),
            };
            if ended.status.success() {
                return Ok(());
            }
            let said = String::from_utf8_lossy(&ended.stderr);
            let said = said.lines().chain(std::str::from_utf8(&ended.stdout).unwrap_or_default().lines());
            let said = said.map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing").to_owned();
            let refused = ended.status.code() == Some(NO_LOGIN);
            if !refused {
                return Err(format!("`{command}` ended with {}: {said}", child::ending(ended.status)));
            }
            if self.begun.elapsed() + AGAIN >= self.limit {
                return Err(format!("nobody can log in to it: {said}"));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn minutes_so_far(&self) -> String {
        let seconds = self.begun.elapsed().mul_f64(self.pace).as_secs();
        if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
    }
}

enum State {
    /// with its address, where one is wanted
    Up(Option<IpAddr>),
    /// not yet, and what there is not
    Missing(String),
    /// it never will
    Down(String),
}

fn state(vm: &Vm, network: bool) -> State {
    if let Some(question) = &vm.question {
        return State::Missing(format!("vCenter asks about it: {}", question.text));
    }
    match vm.power_state {
        PowerState::PoweredOff => return State::Down("it switched itself off".into()),
        PowerState::Suspended => return State::Down("it was suspended".into()),
        PowerState::PoweredOn | PowerState::Unknown => {}
    }
    let runs = matches!(
        vm.tools_running_status,
        Some(ToolsStatus::GuestToolsRunning | ToolsStatus::GuestToolsExecutingScripts)
    );
    if !runs {
        return State::Missing("VMware Tools do not run".into());
    }
    if !network {
        return State::Up(None);
    }
    match vm.ip_address.as_deref().map(str::parse) {
        None => State::Missing("it has no address".into()),
        Some(Ok(address)) if reachable(address) => State::Up(Some(address)),
        Some(Ok(address)) => State::Missing(format!("it has no address but {address}, which it gave itself")),
        Some(Err(_)) => State::Missing("what it says is no address".into()),
    }
}

/// Not one that a guest gives itself where nobody answers it.
fn reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_link_local() && !address.is_unspecified(),
        IpAddr::V6(address) => !address.is_unicast_link_local() && !address.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcenter::Moid;

    #[test]
    fn a_guest_is_up_when_tools_run_and_it_can_be_reached() {
        let told = |tools, address: Option<&str>, network| {
            let vm = Vm {
                power_state: PowerState::PoweredOn,
                tools_running_status: tools,
                ip_address: address.map(str::to_owned),
                ..Vm::named(Moid("vm-1".into()), "x-smoke")
            };
            match state(&vm, network) {
                State::Up(address) => format!("up {address:?}"),
                State::Missing(what) | State::Down(what) => what,
            }
        };
        let runs = Some(ToolsStatus::GuestToolsRunning);
        assert_eq!(told(runs, Some("10.0.8.3"), true), "up Some(10.0.8.3)");
        assert_eq!(told(runs, None, false), "up None");
        assert_eq!(told(runs, Some("169.254.3.4"), true), "it has no address but 169.254.3.4, which it gave itself");
        assert_eq!(told(runs, Some("-oProxyCommand=x"), true), "what it says is no address");
        assert_eq!(told(None, Some("10.0.8.3"), true), "VMware Tools do not run");
        assert_eq!(told(runs, None, true), "it has no address");
        let off = Vm { power_state: PowerState::PoweredOff, ..Vm::named(Moid("vm-1".into()), "x") };
        assert!(matches!(state(&off, true), State::Down(_)));
    }
}
