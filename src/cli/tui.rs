//! The console itself.

use super::{Context, Exit};

/// Opens the console, on `key` when given.
pub async fn run(context: &Context, key: Option<String>) -> anyhow::Result<Exit> {
    let _ = (context, key);
    anyhow::bail!("not built yet")
}
