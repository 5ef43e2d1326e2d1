//! What is offered. Where nothing may be changed, no key and no text offers to change anything; the help still has it all.

use super::binding::{BINDINGS, keyed};
use super::command::Command;
use super::state::Console;

impl Console {
    /// Whether hints and palette have it.
    pub fn offers(&self, command: Command) -> bool {
        !self.session.mode.is_read_only() || !self.changes(command)
    }

    /// A text with keys in place of the commands that it names; where nothing may be changed, up to the first one that
    /// would: `live; ‹promote› promotes it` is `live` there.
    pub fn advised(&self, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        keyed(if self.session.mode.is_read_only() { before_changes(text) } else { text })
    }

    /// Whether it would change something; a command of the user's own does, unless they say that it does not.
    fn changes(&self, command: Command) -> bool {
        match command {
            Command::Plugin(number) => self.keymap.plugin(number).is_some_and(|plugin| !plugin.read_only),
            Command::Change(_)
            | Command::Line(_)
            | Command::Log(_)
            | Command::Move(_)
            | Command::View(_)
            | Command::Program(_) => changes(command),
        }
    }
}

const fn changes(command: Command) -> bool {
    match command {
        Command::Change(_) => true,
        Command::Line(_)
        | Command::Log(_)
        | Command::Move(_)
        | Command::View(_)
        | Command::Program(_)
        | Command::Plugin(_) => false,
    }
}

/// The text up to the clause that names a command that changes something.
fn before_changes(text: &str) -> &str {
    let named = |(at, _): &(usize, &str)| {
        let name = text[*at..].strip_prefix('‹').and_then(|rest| rest.split_once('›')).map(|(name, _)| name);
        BINDINGS.iter().any(|row| Some(row.name) == name && changes(row.command))
    };
    match text.match_indices('‹').find(named) {
        Some((at, _)) => {
            let before = &text[..at];
            let clause = ["; ", ": "].into_iter().filter_map(|mark| before.rfind(mark)).max();
            &before[..clause.unwrap_or(0)]
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture;
    use crate::console::overlay::Entry;
    use crate::vcenter::gate::Mode;

    #[test]
    fn who_may_change_nothing_is_offered_no_change() {
        let open = |mode| {
            let mut console = Console::new(fixture::opening(&["debian-12"]));
            console.session.mode = mode;
            console
        };
        for (text, looking) in [
            ("live; ‹roll back› rolls back to it", "live"),
            ("it is there and nobody builds it: ‹sweep› sweeps it", "it is there and nobody builds it"),
            ("‹promote› promotes", ""),
            ("‹wall› goes back; ‹build› builds a line", "‹wall› goes back"),
            ("a ‹ alone, and ‹no such› command", "a ‹ alone, and ‹no such› command"),
        ] {
            assert_eq!(open(Mode::asked(false)).advised(text), keyed(text));
            assert_eq!(open(Mode::asked(true)).advised(text), keyed(looking), "{text}");
        }
        let offered = |mode: Mode, query: &str| {
            let console = open(mode);
            let entries = console.entries(query).into_iter();
            entries
                .filter(|entry| match entry {
                    Entry::Command(command) | Entry::On(command, _) => changes(*command),
                    Entry::Line(_) | Entry::Pane(_) | Entry::Context(_) => false,
                })
                .count()
        };
        for query in ["", "build", "promote debian-12"] {
            assert!(offered(Mode::asked(false), query) > 0, "{query}");
            assert_eq!(offered(Mode::asked(true), query), 0, "{query}");
        }
    }
}
