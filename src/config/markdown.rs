//! The settings as the documentation has them.

use super::schema::{SELECTED, Section, sections};

/// All tables of the file, in Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    for section in sections() {
        text.push_str(&of(&section));
    }
    text.push_str(
        "\nThe command of a plugin finds the selection in its environment:\n\n| Variable | Holds |\n|---|---|\n",
    );
    for (name, holds) in SELECTED {
        text.push_str(&format!("| `{name}` | {holds} |\n"));
    }
    text
}

fn of(section: &Section) -> String {
    let title = if section.title.is_empty() { "Top-level settings".to_owned() } else { format!("`{}`", section.title) };
    let mut text = format!(
        "\n## {title}\n\n{}\n\n| Key | Takes | Default | Overridden by | For |\n|---|---|---|---|---|\n",
        section.about
    );
    for setting in &section.settings {
        let wins: Vec<String> =
            setting.variable.into_iter().chain(setting.flag).map(|name| format!("`{name}`")).collect();
        let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
        let wins = if wins.is_empty() { "–".to_owned() } else { wins.join(", ") };
        let wanted = setting.kind.wanted();
        text.push_str(&format!("| `{}` | {wanted} | {default} | {wins} | {} |\n", setting.name, setting.says));
    }
    text
}
