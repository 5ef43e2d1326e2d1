//! `promote`, `rollback`, `hold`, `release`, `sweep`.

use super::{Context, Exit};

/// Arguments of verbs that take a line only.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// The line
    key: String,
}

/// Arguments of `promote`.
#[derive(Debug, clap::Args)]
pub struct PromoteArgs {
    /// The line
    key: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The line
    key: String,
    /// Why; kept with the hold
    #[arg(long)]
    reason: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Arguments of `hold`.
#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    /// The line
    key: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct SweepArgs {
    /// The line
    key: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Promotes.
pub async fn promote(context: &Context, args: PromoteArgs) -> anyhow::Result<Exit> {
    let _ = (context, args.key, args.dry_run);
    anyhow::bail!("not built yet")
}

/// Rolls back.
pub async fn rollback(context: &Context, args: RollbackArgs) -> anyhow::Result<Exit> {
    let _ = (context, args.key, args.dry_run, args.reason, args.yes);
    anyhow::bail!("not built yet")
}

/// Holds.
pub async fn hold(context: &Context, args: HoldArgs) -> anyhow::Result<Exit> {
    let _ = (context, args.key, args.reason);
    anyhow::bail!("not built yet")
}

/// Releases.
pub async fn release(context: &Context, args: KeyArgs) -> anyhow::Result<Exit> {
    let _ = (context, args.key);
    anyhow::bail!("not built yet")
}

/// Sweeps.
pub async fn sweep(context: &Context, args: SweepArgs) -> anyhow::Result<Exit> {
    let _ = (context, args.key, args.dry_run, args.yes);
    anyhow::bail!("not built yet")
}
