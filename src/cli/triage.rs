//! `triage`: why a build failed, with evidence.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tmpl::github::step::Step;
use tmpl::guest::recording::{GuestState, Recording};
use tmpl::guest::screen::{self, Look};
use tmpl::packer_run::Run;
use tmpl::text::Scrubber;
use tmpl::triage::bundle::{self, Contents};
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Evidence, Scene, Verdict, Witness, judge};
use tmpl::vcenter::Vm;

use super::{Context, Exit, Stop, output};

/// Arguments of `triage`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["key", "log", "screen"]).required(true).multiple(true)))]
pub struct Args {
    /// Line whose newest run is judged
    key: Option<String>,
    /// Log to judge instead: packer's debug log or its output, plain or gzipped
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Picture of the console (PNG), or a folder of pictures over time
    #[arg(long, value_name = "FILE|DIR")]
    screen: Option<PathBuf>,
    /// Write everything that is known into this file too: a page, pictures, timeline, log; without secrets
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// Write outputs, an annotation and the step summary where GitHub Actions expects them
    #[arg(long)]
    github: bool,
    /// The verdict as one JSON object
    #[arg(long)]
    json: bool,
}

/// Pictures looked at, the newest ones: what stands still does so in the last of them.
const NEWEST: usize = 12;

/// What is judged.
struct Case {
    title: String,
    log: Option<PathBuf>,
    recording: Recording,
    pictures: Vec<PathBuf>,
    run: Option<Run>,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let rules = Rules::with_own(&context.global.repo).map_err(Stop::usage)?;
    let case = case(context, &args)?;
    let look = match &args.screen {
        Some(path) => look_at(path.clone(), &rules).await?,
        None => look_back(&case.recording, &rules).await?,
    };
    let now = match case.run.as_ref().filter(|run| run.state.live()) {
        Some(run) => guest(context, run).await?,
        None => None,
    };
    let (json, step, title) = (args.json, args.github.then(|| Step::from_env(output::command)), case.title.clone());
    let done = tokio::task::spawn_blocking(move || -> anyhow::Result<Verdict> {
        let scrubber = Scrubber::for_evidence();
        let scene = match &case.run {
            Some(run) => Scene::of_run(run, &case.recording, look.as_ref(), now),
            None => Scene { screen: look.as_ref().map(|look| look.label.clone()), ..Scene::default() },
        };
        let mut verdict = match &case.log {
            Some(log) => judge(open(log)?, &rules, scrubber, scene)?,
            None => Verdict::of_scene(&rules, &scene),
        };
        if let Some(look) = &look {
            verdict.show(look, scrubber);
        }
        if let Some(file) = &args.bundle {
            write_bundle(file, case, &verdict, scrubber)?;
        }
        Ok(verdict)
    });
    let verdict = done.await??;
    if let Some(step) = step {
        step.judged(&title, &verdict)?;
    }
    print(&verdict, json)?;
    Ok(Exit::Done)
}

/// What was asked about: a line's newest run, whose log may be elsewhere; or files.
fn case(context: &Context, args: &Args) -> anyhow::Result<Case> {
    let run = match &args.key {
        Some(key) => newest_run(context, key, args.log.is_some() || args.screen.is_some())?,
        None => None,
    };
    // A log named by hand may be another run's.
    let same = |run: &Run, log: &PathBuf| {
        log.canonicalize().ok().is_some_and(|log| run.log.canonicalize().is_ok_and(|own| own == log))
    };
    let run = run.filter(|run| args.log.as_ref().is_none_or(|log| same(run, log)));
    let named = args.log.as_ref().or(args.screen.as_ref()).map(|path| path.display().to_string());
    let recording = run.as_ref().map(|run| Recording::read(&run.dir)).transpose().context("cannot read the record")?;
    Ok(Case {
        title: args.key.clone().or(named).unwrap_or_default(),
        // Of a run that init or validate ended there is the output alone.
        log: run.as_ref().map(|run| run.shown().to_owned()).or_else(|| args.log.clone()),
        // Pictures named by hand are those of the case.
        recording: recording.filter(|_| args.screen.is_none()).unwrap_or_default(),
        pictures: args.screen.as_deref().map(pictures).transpose()?.unwrap_or_default(),
        run,
    })
}

fn pictures(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    screen::files(path).map_err(Stop::usage)
}

fn write_bundle(file: &Path, case: Case, verdict: &Verdict, scrubber: &Scrubber) -> anyhow::Result<()> {
    let Case { title, log, recording, pictures, run } = case;
    let run = run.map(|run| run.dir.join("run.json"));
    let log = log.as_deref().map(open).transpose()?;
    let written = bundle::write(file, Contents { title, verdict, recording, pictures, run, log }, scrubber)?;
    for name in scrubber.refused() {
        output::note(&format!("{name}: shorter than 4 characters, not redacted; use a longer secret"))?;
    }
    let withheld = match written.withheld {
        0 => String::new(),
        count => format!(", {count} left out (a secret on them, or unreadable)"),
    };
    let cut = if written.log_cut { ", the log's middle left out" } else { "" };
    output::note(&format!("{}: {} pictures{withheld}{cut}", file.display(), written.pictures))?;
    Ok(())
}

/// The guest of a run as vCenter has it. Without vCenter the record has to do; why is said on stderr.
async fn guest(context: &Context, run: &Run) -> anyhow::Result<Option<GuestState>> {
    let Ok(client) = context.client() else { return Ok(None) };
    let vms = match client.vms().await {
        Ok(vms) => vms,
        Err(error) => {
            output::note(&format!("vCenter does not say how the guest is: {error}"))?;
            return Ok(None);
        }
    };
    let vm = vms.into_iter().find(|vm| vm.name == run.build_name());
    let state = |vm: Vm| GuestState {
        at: jiff::Timestamp::now(),
        power: Some(vm.power_state),
        ip: vm.ip_address,
        tools: vm.tools_running_status,
    };
    Ok(vm.map(state))
}

/// What the newest recorded pictures show.
async fn look_back(recording: &Recording, rules: &Rules) -> anyhow::Result<Option<Look>> {
    let recorded = recording.clone();
    let stills = tokio::task::spawn_blocking(move || recorded.stills(NEWEST)).await?;
    tell(screen::look(&stills, &rules.screens).await)
}

/// What the pictures at a path show.
async fn look_at(path: PathBuf, rules: &Rules) -> anyhow::Result<Option<Look>> {
    let frames = tokio::task::spawn_blocking(move || screen::open(&path)).await?.map_err(Stop::usage)?;
    tell(screen::look(&frames, &rules.screens).await)
}

/// That a picture cannot be read is said once, on stderr.
fn tell(look: Option<Look>) -> anyhow::Result<Option<Look>> {
    if let Some(trouble) = look.as_ref().and_then(|look| look.trouble.as_ref()) {
        output::note(trouble)?;
    }
    Ok(look)
}

/// The newest run of a line. Where files are named besides, there need not be one (a leg of CI whose build never began).
fn newest_run(context: &Context, key: &str, optional: bool) -> anyhow::Result<Option<Run>> {
    let line = context.line(key)?;
    let run = tmpl::packer_run::latest(&context.state()?, &line.key).context("cannot read the records of runs")?;
    match run {
        None if !optional => Err(Stop::usage(format!("{key}: no run is recorded here; name a log with --log"))),
        run => Ok(run),
    }
}

/// A log, unpacked when it is gzipped.
fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let unreadable = |error: std::io::Error| Stop::usage(format!("cannot read {}: {error}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let packed = file.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
    if packed {
        let unpacked: Box<dyn Read> = Box::new(flate2::bufread::MultiGzDecoder::new(file));
        return Ok(Box::new(BufReader::new(unpacked)));
    }
    Ok(Box::new(file))
}

fn print(verdict: &Verdict, json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(output::json(verdict)?);
    }
    let rule = verdict.rule.as_deref().map_or_else(String::new, |rule| format!("rule {rule}, "));
    let confidence = serde_json::to_value(verdict.confidence)?;
    output::result(&format!("{}  ({rule}{} confidence)", verdict.class, confidence.as_str().unwrap_or_default()))?;
    output::result(&format!("  {}", verdict.cause))?;
    if let Some(screen) = &verdict.screen {
        let state = verdict.screen_state.as_ref().map_or_else(String::new, |state| format!(" ({state})"));
        output::result(&format!("  screen: {screen}{state}"))?;
    }
    if let Some(remedy) = &verdict.remedy {
        output::result(&format!("  do: {remedy}"))?;
    }
    for evidence in &verdict.evidence {
        output::result(&format!("  {}  {}", place(evidence), evidence.text))?;
    }
    Ok(())
}

fn place(evidence: &Evidence) -> String {
    match (evidence.source, evidence.line, &evidence.frame) {
        (Witness::Log, Some(line), _) => format!("log {line}"),
        (Witness::Log, None, _) => "log".to_owned(),
        (Witness::Screen, _, Some(frame)) => format!("screen {frame}"),
        (Witness::Screen, ..) => "screen".to_owned(),
        (Witness::Guest, ..) => "guest".to_owned(),
    }
}
