//! `config`: every setting, its value and where it comes from.

use tmpl::config::{self, Commands, ConfigFile, Told};
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

/// Runs the verb: exit 2 when something is wrong with the file, or a variable in its place. What it prints is a file that
/// says the same.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let file = &context.global.config;
    let flags: Vec<(&str, String)> =
        context.global.context.iter().map(|context| ("--context", context.clone())).collect();
    let commands = commands(file);
    let mut rows = config::told(file, &|name| std::env::var(name).ok(), &flags, &commands);
    if args.set {
        let unset = ["default", "not set", "theme"];
        rows.retain(|row| row.value.is_some() && !unset.iter().any(|word| row.origin.starts_with(word)));
    }
    if args.json {
        output::json_pretty(&rows)?;
    } else {
        let head = match &file.path {
            Some(path) if path.exists() => format!("# {}", path.display()),
            Some(path) => format!("# {} is not there yet; everything is optional", path.display()),
            None => "# no home directory: set XDG_CONFIG_HOME to have a configuration".to_owned(),
        };
        let unused = if args.set { Vec::new() } else { config::unused(file) };
        let mut lines = std::iter::once(head).chain(lines(&rows)).chain(unused);
        lines.try_for_each(|line| output::result(&line))?;
    }
    let wrong = config::wrong_variables(&|name| std::env::var(name).ok()).into_iter().map(|(_, words)| words);
    let defects: Vec<String> =
        file.defects.iter().chain(&commands.defects).map(ToString::to_string).chain(wrong).collect();
    defects.iter().try_for_each(|defect| output::note(defect))?;
    Ok(if defects.is_empty() { Exit::Done } else { Exit::Usage })
}

fn commands(file: &ConfigFile) -> Commands {
    let keys =
        BINDINGS.iter().map(|row| (row.name.to_owned(), row.keys.iter().map(ToString::to_string).collect())).collect();
    Commands { keys, defects: Keymap::of(file).1 }
}

/// The rows as a file that says the same.
fn lines(rows: &[Told]) -> Vec<String> {
    let (mut lines, mut table) = (vec![String::new()], "");
    for (at, row) in rows.iter().enumerate() {
        // Plugins begin anew with each of them.
        let again = row.table.ends_with("]]") && (row.key == "name" || row.key.is_empty());
        if row.table != table || again {
            lines.extend((at > 0).then(String::new));
            lines.push(row.table.clone());
            table = &row.table;
        }
        lines.push(row.line());
    }
    lines
}

#[cfg(test)]
mod tests;
