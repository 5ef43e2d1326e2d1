//! What a failed leg left, brought here and kept as a run: log, timeline and verdict open it like any other.

use std::io::BufReader;

use crate::packer_run::{self, ForeignOutcome, ForeignRun, Run};
use crate::paths::StateDir;
use crate::pipeline::Line;

use super::artifact::Artifact;
use super::unpack::{LIMITS, unpack};
use super::{Client, Conclusion, Error, Leg, Refusal, RemoteRun, State, pins};

impl Leg {
    /// Checks that GitHub has evidence of it to give.
    ///
    /// # Errors
    /// [`Refusal::LegAtWork`], [`Refusal::WentWell`]
    pub fn check_evidence(&self) -> Result<(), Refusal> {
        let leg = || self.name.clone();
        if self.state.live() {
            return Err(Refusal::LegAtWork { leg: leg() });
        }
        if self.state.failed() { Ok(()) } else { Err(Refusal::WentWell { leg: leg(), state: self.state.word() }) }
    }
}

impl Client {
    /// Fetches the evidence of a leg, once; `on` hears how many bytes have come.
    ///
    /// # Errors
    /// [`Error::Refused`] while the leg is at work or when it went well; [`Error::Artifact`] when there is nothing, or
    /// nothing that can be opened.
    pub async fn evidence(
        &self,
        run: &RemoteRun,
        leg: &Leg,
        line: &Line,
        state: &StateDir,
        on: &(dyn Fn(u64) + Sync),
    ) -> Result<Run, Error> {
        let mut foreign = foreign(run, leg);
        if let Ok(Some(run)) = Run::read(&packer_run::foreign_run_dir(state, line, &foreign))
            && run.log.is_file()
        {
            return Ok(run);
        }
        let artifact = self.left_by(run, leg, line).await?;
        let kept = |error: std::io::Error| Error::Artifact(format!("cannot keep the artifact: {error}"));
        let incoming_dir = packer_run::incoming_dir(state, line).map_err(kept)?;
        let zip = self.download(&artifact, incoming_dir.path(), on).await?;
        let (line, state, log) = (line.clone(), state.clone(), self.workflows().of(&line.key).log().to_owned());
        let opened = crate::task::spawn_blocking(move || {
            let file = zip.reopen().map_err(kept)?;
            if unpack(BufReader::new(file), incoming_dir.path(), &log, LIMITS)? == 0 {
                return Err(Error::Artifact(format!("{} holds no log", artifact.name)));
            }
            zip.close().map_err(kept)?;
            if let Ok(log) = std::fs::File::open(incoming_dir.path().join("packer-build.log")) {
                foreign.packer_version = pins::used(log).remove("packer").unwrap_or_default();
            }
            packer_run::import_run(&state, &line, &foreign, incoming_dir).map_err(kept)
        });
        opened.await.map_err(|error| Error::Artifact(format!("unpacking broke off: {error}")))?
    }

    async fn left_by(&self, run: &RemoteRun, leg: &Leg, line: &Line) -> Result<Artifact, Error> {
        leg.check_evidence()?;
        let named = self.workflows().of(&line.key);
        let name = named.artifact_of(&line.key);
        let mut all = self.artifacts(run.id).await?.into_iter();
        let found = all.find(|artifact| named.is_artifact_of(&line.key, &artifact.name));
        found.ok_or_else(|| {
            let why = "the job ended before it could scrub and upload its log";
            Error::Artifact(format!("run #{} has no {name}: {why}; see {}", run.number, leg.url))
        })
    }
}

fn foreign(run: &RemoteRun, leg: &Leg) -> ForeignRun {
    let step = leg.step.as_deref().map(|step| format!(", step {step}")).unwrap_or_default();
    let cancelled = leg.state == State::Ended(Conclusion::Cancelled);
    let outcome = if cancelled { ForeignOutcome::Cancelled } else { ForeignOutcome::Failed };
    ForeignRun {
        origin: run.url.clone(),
        name: format!("github{}x{}", run.id, run.attempt),
        started: leg.started.unwrap_or(leg.created),
        ended: leg.ended,
        outcome,
        reason: Some(format!("on GitHub: run #{} {}{step}", run.number, leg.state.word())),
        packer_version: String::new(),
    }
}
