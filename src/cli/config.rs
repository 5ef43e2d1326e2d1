//! `config`: every setting, its value and where it comes from.

use tmpl::config::{self, Told};
use tmpl::console::binding::{BINDINGS, Keymap};

use super::{Context, Exit, output};

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The settings as a JSON array
    #[arg(long)]
    json: bool,
    /// Only what is set: no defaults
    #[arg(long)]
    set: bool,
}

/// Runs the verb: exit 2 when something is wrong with the file. What it prints is a file that says the same.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let file = &context.global.config;
    let keys: Vec<(String, Vec<String>)> = BINDINGS
        .iter()
        .map(|binding| (binding.name.to_owned(), binding.keys.iter().map(ToString::to_string).collect()))
        .collect();
    let flags: Vec<(&str, String)> =
        context.global.context.iter().map(|context| ("--context", context.clone())).collect();
    let mut rows = config::told(file, &|name| std::env::var(name).ok(), &flags, &keys);
    if args.set {
        let unset = ["default", "not set", "theme"];
        rows.retain(|row| row.value.is_some() && !unset.iter().any(|word| row.origin.starts_with(word)));
    }
    if args.json {
        output::json_pretty(&rows)?;
    } else {
        print(context, &rows)?;
        if !args.set {
            config::unused(file).iter().try_for_each(|line| output::result(line))?;
        }
    }
    let defects: Vec<String> = file.defects.iter().chain(&Keymap::of(file, false).1).map(ToString::to_string).collect();
    defects.iter().try_for_each(|defect| output::note(defect))?;
    Ok(if defects.is_empty() { Exit::Done } else { Exit::Usage })
}

fn print(context: &Context, rows: &[Told]) -> std::io::Result<()> {
    let file = &context.global.config;
    match &file.path {
        Some(path) if path.exists() => output::result(&format!("# {}", path.display()))?,
        Some(path) => output::result(&format!("# {} is not there yet; everything is optional", path.display()))?,
        None => output::result("# no home directory: set XDG_CONFIG_HOME to have a configuration")?,
    }
    let mut table = "";
    for (at, row) in rows.iter().enumerate() {
        // Plugins begin anew with each of them.
        let again = row.table.starts_with("[[") && row.key == "name";
        if row.table != table || again {
            output::result("")?;
            output::result(&row.table)?;
            table = &row.table;
        } else if at == 0 {
            output::result("")?;
        }
        match &row.value {
            Some(value) => output::result(&format!("{:<44} # {}", format!("{} = {value}", row.key), row.origin))?,
            None => output::result(&format!("{:<44} # {}: {}", format!("# {} =", row.key), row.origin, row.says))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
