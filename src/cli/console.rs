//! `console`: a guest's console, as a picture or typed into.

mod file;

use std::io::{IsTerminal, Read, stdin};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tmpl::console::Images;
use tmpl::ops;
use tmpl::pipeline::Key;
use tmpl::text::Scrubber;
use tmpl::vcenter::{Client, Vm};

use super::{Context, Exit, Stop, ask, output, tui};

/// Arguments of `console`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    guest: Guest,
    /// Save the picture as PNG; `-` writes it to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace FILE if it exists
    #[arg(long, requires = "output")]
    force: bool,
    /// Show the picture in this terminal (the default there)
    #[arg(long)]
    print: bool,
    /// How it is shown [default: auto]
    #[arg(long, value_enum, value_name = "MODE")]
    images: Option<Images>,
    /// Type into the guest first (US keyboard). Enter, Tab and Esc are the characters of that name: $'yes\n' types yes and
    /// Enter. `-` reads the text from stdin, for text that must not show in `ps`
    #[arg(long = "type", value_name = "TEXT", allow_hyphen_values = true)]
    text: Option<String>,
    /// Press shift in the guest first, which types nothing: a blanked console shows itself again
    #[arg(long, conflicts_with = "text")]
    wake: bool,
    /// Type, or wake, without asking
    #[arg(long)]
    yes: bool,
}

/// Whose console.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Guest {
    /// The line whose build VM is meant
    key: Option<String>,
    /// A VM of the folder, by name
    #[arg(long, value_name = "NAME")]
    vm: Option<String>,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let print = wants_print(&args)?;
    if let Some(path) = &args.output {
        file::check(path, args.force)?;
    }
    let name = name(context, &args.guest)?;
    let client = match args.guest.key.as_deref().and_then(Key::plain) {
        Some(key) => context.client_of(&key)?,
        None => context.client()?,
    };
    let Some(vm) = ops::find_vm(&client, &name).await? else {
        anyhow::bail!("no VM {name} in folder {:?}{}", client.settings().folder, hint(&args.guest));
    };
    if let Some(text) = &args.text
        && enter(context, &client, &vm, text, args.yes).await? == Exit::Cancelled
    {
        return Ok(Exit::Cancelled);
    }
    if args.wake && wake(context, &client, &vm, args.yes).await? == Exit::Cancelled {
        return Ok(Exit::Cancelled);
    }
    if print || args.output.is_some() {
        show(&client, &vm, &args, context.images(args.images), print).await?;
    }
    Ok(Exit::Done)
}

/// Whether the picture goes to the terminal: when asked to, or when nothing else is asked for.
fn wants_print(args: &Args) -> anyhow::Result<bool> {
    let wants = args.print || (args.output.is_none() && args.text.is_none() && !args.wake);
    if wants {
        tui::available("a picture (-o FILE saves it)")?;
    }
    if wants && !output::to_terminal() {
        return Err(Stop::usage("stdout is not a terminal, so no picture can be shown; save it with -o FILE"));
    }
    Ok(wants)
}

fn name(context: &Context, guest: &Guest) -> anyhow::Result<String> {
    match (&guest.vm, &guest.key) {
        (Some(name), _) => Ok(name.clone()),
        (None, Some(key)) => Ok(context.line(key)?.build_name()),
        (None, None) => Err(Stop::usage("give a line or --vm NAME")),
    }
}

fn hint(guest: &Guest) -> &'static str {
    if guest.key.is_some() { "; it exists only while a build runs and until it is promoted" } else { "" }
}

/// Takes the picture, and saves or shows it. Nothing is written unless it is a picture.
async fn show(client: &Client, vm: &Vm, args: &Args, images: Images, print: bool) -> anyhow::Result<()> {
    let picture = ops::picture::take(client, vm).await?;
    let (output, force) = (args.output.clone(), args.force);
    let leaving = match &output {
        Some(_) => Some(ops::picture::leaving(&picture, Scrubber::for_evidence()).await?),
        None => None,
    };
    tokio::task::spawn_blocking(move || {
        if let (Some(path), Some(leaving)) = (output, leaving) {
            file::save(&path, &leaving.png, force)?;
            if leaving.unread.is_some() {
                output::note(&format!("saved {}{}", path.display(), leaving.caution()))?;
            }
        }
        if print {
            tui::print(&picture, images)?;
        }
        Ok(())
    })
    .await?
}

/// Types, after asking.
async fn enter(context: &Context, client: &Client, vm: &Vm, text: &str, yes: bool) -> anyhow::Result<Exit> {
    let text = if text == "-" {
        if !yes {
            return Err(Stop::usage("--type - needs --yes: stdin cannot be both the text and the answer"));
        }
        let mut read = String::new();
        stdin().read_to_string(&mut read).context("cannot read the text from stdin")?;
        read
    } else {
        text.to_owned()
    };
    if !yes && !confirmed(vm, &text)? {
        output::aside("cancelled, nothing was typed")?;
        return Ok(Exit::Cancelled);
    }
    let count = ops::type_into(&context.ops()?, client, vm, &text).await?;
    output::aside(&format!("typed {count} characters into {}", vm.name))?;
    Ok(Exit::Done)
}

/// Wakes the console, after asking. What it shows then is there a moment later.
async fn wake(context: &Context, client: &Client, vm: &Vm, yes: bool) -> anyhow::Result<Exit> {
    if !yes && !agreed(vm, &format!("Press shift in {} ({})?", vm.name, vm.moid))? {
        output::aside("cancelled, nothing was pressed")?;
        return Ok(Exit::Cancelled);
    }
    ops::wake(&context.ops()?.gate(client), vm).await?;
    output::aside(&format!("pressed shift in {}", vm.name))?;
    tokio::time::sleep(AWAKE_AFTER).await;
    Ok(Exit::Done)
}

/// How long a guest takes to show its console again.
const AWAKE_AFTER: Duration = Duration::from_secs(1);

fn confirmed(vm: &Vm, text: &str) -> anyhow::Result<bool> {
    agreed(vm, &format!("Type {} characters into {} ({})?", text.chars().count(), vm.name, vm.moid))
}

fn agreed(vm: &Vm, question: &str) -> anyhow::Result<bool> {
    if !stdin().is_terminal() || !output::asides_to_terminal() {
        return Err(Stop::usage(format!("typing into {} needs --yes when there is no terminal to ask on", vm.name)));
    }
    ask::agreed(&format!("{question} [y/N]"), "y")
}
