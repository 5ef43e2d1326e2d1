//! `lab`: the simulated vCenter alone.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use tmpl::lab::real::{self, Accelerator, Wish};
use tmpl::lab::{Book, Lab, Options, Seed};
use tmpl::packer_run::shell_quoted;
use tmpl::pipeline::Matrix;
use tmpl::pipeline::matrix::MATRIX_PATH;
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, Exit, Stop};

/// Arguments of `lab`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8989", value_name = "ADDR")]
    listen: SocketAddr,
    /// Password of its account; needed where other machines reach it
    #[arg(long, value_name = "PASSWORD", env = "TMPL_LAB_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Lab seconds per real second
    #[arg(long, default_value_t = 1.0, value_name = "N", conflicts_with = "real")]
    speed: f64,
    /// What builds run into, instead of going right; `demo --list` names the scenarios (may be repeated)
    #[arg(long, value_name = "NAME", conflicts_with = "real")]
    scenario: Vec<String>,
    /// Guests are real: QEMU with Secure Boot boots what is in the drives, at its own speed; vCenter stays simulated
    #[arg(long)]
    real: bool,
    /// The file in the drive of every real guest, whatever its ISO is called; else Debian's installer package
    #[arg(long, value_name = "FILE", requires = "real")]
    iso: Option<PathBuf>,
    /// Serve it over TLS, as a real packer wants it; needs openssl, which makes a certificate that nobody vouches for
    #[arg(long)]
    tls: bool,
    /// A guest's connection to the mirror
    #[arg(long, value_name = "ADDR", hide = true)]
    pipe: Option<SocketAddr>,
}

/// Runs the verb: prints how to reach the lab and serves until a signal.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if let Some(to) = args.pipe {
        tokio::task::spawn_blocking(move || real::pipe(to)).await??;
        return Ok(Exit::Done);
    }
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(Stop::usage("--speed wants a number above 0"));
    }
    let mut options = Options { listen: args.listen, speed: args.speed, tls: args.tls, ..Options::default() };
    match &args.password {
        Some(password) if password.is_empty() => return Err(Stop::usage("--password is empty")),
        Some(password) => options.accounts.iter_mut().for_each(|account| account.password = password.clone().into()),
        None if args.listen.ip().is_loopback() => {}
        None => {
            let (listen, why) = (args.listen, "and everybody knows the password of the lab");
            let what = "set one of your own with --password or TMPL_LAB_PASSWORD";
            return Err(Stop::usage(format!("other machines reach {listen}, {why}: {what}")));
        }
    }
    // Without a repository the lab is empty, and every scenario is for a line of a repository.
    let bare = args.scenario.is_empty() && !context.global.repo.join(MATRIX_PATH).exists();
    if !bare {
        let matrix = context.matrix()?;
        options.seeds = seeds(matrix);
        options.guests = args.scenario.iter().map(|name| guest(matrix, name)).collect::<anyhow::Result<_>>()?;
    }
    if args.real {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        options.real = Some(Wish { iso: args.iso.clone(), program });
    }
    // Whoever reads where it is may end it at once; what it made has to go then, too.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let lab = Lab::start(options).await.with_context(|| match args.real {
        true => "cannot start the lab with real guests".to_owned(),
        false => format!("cannot listen on {} (--listen takes another address)", args.listen),
    })?;
    write(&lab, bare, &args)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    lab.stop().await;
    Ok(Exit::Done)
}

/// How to reach it, for a shell: as it is, passwords and all.
#[expect(clippy::disallowed_methods, reason = "every word is our own")]
fn write(lab: &Lab, bare: bool, args: &Args) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "# A simulated vCenter. Paste this into a shell, then e.g. `govc ls vm/Templates`:")?;
    if bare {
        writeln!(
            out,
            "# No {MATRIX_PATH} here, so its folder is empty; --repo DIR puts the templates of DIR's lines there."
        )?;
    }
    if let Some((accelerator, releases)) = lab.real() {
        writeln!(
            out,
            "# Its guests are real: installer, pictures, keys, disk, address. vCenter, its tasks and datastores are not."
        )?;
        match accelerator {
            Accelerator::Kvm => writeln!(out, "# They run on the processor (KVM).")?,
            Accelerator::Tcg(why) => writeln!(
                out,
                "# They run without KVM ({why}), about ten times slower: give common_ip_wait_timeout hours, not minutes."
            )?,
        }
        if !releases.is_empty() {
            let releases = releases.join(" and ");
            writeln!(
                out,
                "# Media: the installer of Debian {releases}; its guests reach Debian's mirror and nothing else."
            )?;
        }
    }
    if !args.tls {
        writeln!(out, "# Real packer needs TLS: start the lab with --tls.")?;
    }
    if !args.listen.ip().is_loopback() {
        let http = ": govc takes plain http from anywhere, this program on this machine only";
        let (port, how) = (lab.address().port(), if args.tls { "" } else { http });
        writeln!(out, "# Other machines reach it, too, at port {port}{how}.")?;
    }
    for (name, value) in lab.environment() {
        writeln!(out, "export {name}={}", shell_quoted(&[value]))?;
    }
    out.flush()
}

/// Two generations of every line of the repository.
fn seeds(matrix: &Matrix) -> Vec<Seed> {
    let names = matrix.lines.iter();
    names.flat_map(|line| [Seed::template(&line.base_name, 74), Seed::template(line.prev_name(), 242)]).collect()
}

/// The base name a scenario is for, and its guest.
fn guest(matrix: &Matrix, name: &str) -> anyhow::Result<(String, String)> {
    let book = Book::shipped().map_err(anyhow::Error::msg)?;
    let guest =
        book.guest(name).ok_or_else(|| Stop::usage(format!("no scenario {name:?}; `demo --list` names them")))?;
    Ok((matrix.line(&guest.line).map_err(Stop::usage)?.base_name.clone(), guest.name.clone()))
}
