//! `status`: templates, build VM and hold of every line.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tmpl::console::age;
use tmpl::generation::{Claim, Generations, Hold, MadeOf, Pending, orphans};
use tmpl::moment::local;
use tmpl::ops::{self, Places};
use tmpl::pipeline::Line;
use tmpl::vcenter::{Client, FolderEvent, LinkState, Place, Vm};
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, Exit, Stop, contexts, output};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `all` or one key
    #[arg(long, default_value = "all")]
    os: String,
    /// A JSON array instead of the table
    #[arg(long)]
    json: bool,
    /// Print again whenever something changes, until interrupted
    #[arg(long)]
    watch: bool,
}

/// One line's state; the shape of `--json`.
#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    base_name: &'a str,
    enabled: bool,
    live: Option<Template>,
    prev: Option<Template>,
    build: Option<Template>,
    hold: Option<Hold>,
    pending: Option<Pending>,
    /// whose build is at work on `build`
    claim: Option<Claim>,
    /// the clone of a smoke test, at work or left over
    smoke: Option<Vm>,
    #[serde(skip)]
    trial: Option<String>,
    /// what builds on other branches left
    orphans: Vec<Vm>,
}

/// A VM, and of what it was made where its notes say so.
#[derive(Serialize)]
struct Template {
    #[serde(flatten)]
    vm: Vm,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<MadeOf>,
}

impl From<Vm> for Template {
    fn from(vm: Vm) -> Self {
        Self { made: MadeOf::of(&vm), vm }
    }
}

/// Prints once, or at every change.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let all = context.matrix()?.lines.clone();
    let lines = match args.os.as_str() {
        "all" => all.clone(),
        key => vec![context.line(key)?],
    };
    let folders = Folders::of(context, &lines)?;
    contexts::ignored_line(&context.global).map_or(Ok(()), |words| output::note(&words))?;
    if args.watch {
        return watch(folders, &all, &lines, args.json).await;
    }
    let folders = folders.read().await?;
    print(&all, &lines, &folders, args.json)?;
    let held = |line: &Line| Generations::of(line, folders.vms(line)).hold.is_some();
    if lines.iter().any(held) {
        ops::hold::not_respected(&context.global.repo, Timestamp::now()).map_or(Ok(()), |note| output::note(&note))?;
    }
    Ok(Exit::Done)
}

/// The folders in which lines live: mostly it is one.
struct Folders {
    places: Places,
    clients: BTreeMap<Place, Client>,
    vms: BTreeMap<Place, Vec<Vm>>,
}

impl Folders {
    fn of(context: &Context, lines: &[Line]) -> anyhow::Result<Self> {
        let (places, clients) = context.places(lines)?;
        Ok(Self { places, clients, vms: BTreeMap::new() })
    }

    async fn read(mut self) -> anyhow::Result<Self> {
        for (place, client) in &self.clients {
            self.vms.insert(*place, client.vms().await.map_err(Stop::vcenter)?);
        }
        Ok(self)
    }

    /// What lies in the folder of a line.
    fn vms(&self, line: &Line) -> &[Vm] {
        self.vms.get(&self.places.of(&line.key)).map(Vec::as_slice).unwrap_or_default()
    }
}

async fn watch(mut folders: Folders, all: &[Line], lines: &[Line], json: bool) -> anyhow::Result<Exit> {
    let (mut int, mut term, mut hup) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let watches = folders.clients.iter().map(|(place, client)| (*place, client.watch()));
    let mut events = select_all(watches.map(|(place, watch)| watch.map(move |event| (place, event))));
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = int.recv() => return Ok(Exit::Cancelled),
            _ = term.recv() => return Ok(Exit::Cancelled),
            _ = hup.recv() => return Ok(Exit::Cancelled),
        };
        let Some((place, event)) = event else { return Ok(Exit::Failed) };
        let vms = folders.vms.entry(place).or_default();
        match event {
            FolderEvent::Heartbeat | FolderEvent::Link(LinkState::Connecting | LinkState::Live) => continue,
            FolderEvent::Link(LinkState::Lost { reason, .. }) => {
                output::note(&format!("{reason}; trying again"))?;
                continue;
            }
            FolderEvent::Silent => {
                output::note("vCenter's answer is overdue; waiting for it")?;
                continue;
            }
            FolderEvent::Link(LinkState::Stopped { reason }) => return Err(Stop::usage(reason)),
            FolderEvent::Reset(all) => *vms = all,
            FolderEvent::Changed(vm) => {
                vms.retain(|known| known.moid != vm.moid);
                vms.push(*vm);
            }
            FolderEvent::Gone(moid) => vms.retain(|known| known.moid != moid),
        }
        print(all, lines, &folders, json)?;
    }
}

fn print(all: &[Line], lines: &[Line], folders: &Folders, json: bool) -> anyhow::Result<()> {
    let rows = lines.iter().map(|line| {
        let vms = folders.vms(line);
        let now = Generations::of(line, vms);
        let (pending, claim, trial) = (now.pending(), now.claim(), now.trial_said(Timestamp::now()));
        Row {
            key: &line.key.0,
            base_name: &line.base_name,
            enabled: line.enabled,
            live: now.live.map(Template::from),
            prev: now.prev.map(Template::from),
            build: now.build.map(Template::from),
            claim,
            smoke: now.smoke,
            trial,
            orphans: orphans(all.iter(), line, vms).into_iter().cloned().collect(),
            hold: now.hold,
            pending,
        }
    });
    if json {
        return Ok(output::json(&rows.collect::<Vec<_>>())?);
    }
    let rows: Vec<[String; 6]> = rows.map(|row| cells(&row)).collect();
    Ok(table(&rows)?)
}

fn cells(row: &Row<'_>) -> [String; 6] {
    let now = Timestamp::now();
    let zone = TimeZone::system();
    let age = |template: &Option<Template>| {
        let Some(Template { vm, made }) = template else { return "–".to_owned() };
        let age = vm.created.map_or_else(|| "yes".to_owned(), |created| age::short(now, created, &zone));
        // Anybody may write notes.
        let commit =
            made.as_ref().and_then(|of| of.made.short_commit()).map(|commit| output::safe(&commit).to_string());
        commit.map_or_else(|| age.clone(), |commit| format!("{age} {commit}"))
    };
    let mut notes = Vec::new();
    if !row.enabled {
        notes.push("off".to_owned());
    }
    if let Some(pending) = row.pending {
        notes.push(format!("interrupted: run {}", pending.verb()));
    }
    if let Some(hold) = &row.hold {
        notes.push(format!("held by {}: {}", hold.by, hold.reason));
    }
    if let Some(claim) = &row.claim {
        notes.push(format!("being built by {}, last heard of {}", claim.by, local(claim.seen)));
    }
    notes.extend(row.trial.clone());
    notes.extend(isos(row));
    if !row.orphans.is_empty() {
        let names = row.orphans.iter().map(|vm| vm.name.as_str()).collect::<Vec<_>>().join(", ");
        notes.push(format!("left by other branches: {names} (sweep {} --vm NAME)", row.key));
    }
    // Notes come from vCenter, where anybody may write them.
    let notes = output::safe(&notes.join(" · ")).into();
    [
        row.key.to_owned(),
        age(&row.live),
        age(&row.prev),
        age(&row.build),
        guest(row.build.as_ref().map(|build| &build.vm)),
        notes,
    ]
}

/// The media that the generations were made of, as far as their notes say: `live, prev of debian-12.iso`.
fn isos(row: &Row<'_>) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, template) in [("live", &row.live), ("prev", &row.prev), ("build", &row.build)] {
        let made = template.as_ref().and_then(|template| template.made.as_ref());
        let Some(iso) = made.and_then(|of| of.made.iso_file()) else { continue };
        match found.iter_mut().find(|(known, _)| *known == iso) {
            Some((_, names)) => names.push(name),
            None => found.push((iso, vec![name])),
        }
    }
    found.into_iter().map(|(iso, names)| format!("{} of {iso}", names.join(", "))).collect()
}

/// Power, address and tools of a VM being built, in vSphere's own words.
fn guest(build: Option<&Vm>) -> String {
    let Some(vm) = build.filter(|vm| !vm.template) else { return "–".into() };
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let tools = vm.tools_running_status.map(|status| word(serde_json::to_value(status)));
    let parts = [Some(word(serde_json::to_value(vm.power_state))), vm.ip_address.clone(), tools];
    output::safe(&parts.into_iter().flatten().collect::<Vec<_>>().join(" ")).into()
}

fn table(rows: &[[String; 6]]) -> std::io::Result<()> {
    let head = ["line", "live", "prev", "build", "guest", "notes"].map(str::to_owned);
    let bold = output::in_colours();
    let all: Vec<&[String; 6]> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for (index, row) in all.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>();
        let line = cells.join("  ");
        let line = line.trim_end();
        if bold && index == 0 {
            output::marked(&format!("\u{1b}[1m{line}\u{1b}[0m"), "")?
        } else {
            output::result(line)?
        }
    }
    Ok(())
}
