//! What helps on the first day: the repository found from any of its folders, and a verb that was misspelt.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use tmpl::pipeline::Matrix;
use tmpl::pipeline::matrix::MATRIX_PATH;

use super::{Cli, Global};

/// File of a repository that says how it is laid out.
const LAYOUT: &str = "tmpl.toml";
/// Letters that may be wrong in a verb.
const TYPOS: usize = 2;

impl Global {
    /// Without `--repo`, the root of the repository that the current folder is in.
    pub fn locate(&mut self) {
        self.elsewhere = self.repo != Path::new(".");
        if self.elsewhere {
            return;
        }
        if let Some(root) = std::env::current_dir().ok().and_then(|here| root(&here)) {
            self.repo = root;
        }
    }
}

/// The nearest folder above `here` that holds a matrix or says how it is laid out, within one checkout; `None` when that
/// is `here` itself, or there is none.
fn root(here: &Path) -> Option<PathBuf> {
    for folder in here.ancestors() {
        if folder.join(MATRIX_PATH).is_file() || folder.join(LAYOUT).is_file() {
            return (folder != here).then(|| folder.to_owned());
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The verb that was meant by a word that is no line.
pub fn misspelt(word: &str, matrix: Option<&Matrix>) -> Option<String> {
    if matrix.is_some_and(|matrix| matrix.line(word).is_ok()) {
        return None;
    }
    let command = Cli::command();
    let verbs = command.get_subcommands().map(|verb| verb.get_name().to_owned());
    let near = verbs.map(|verb| (strsim::damerau_levenshtein(word, &verb), verb));
    near.filter(|(wrong, verb)| *wrong <= TYPOS && *wrong < verb.len() / 2).min().map(|(_, verb)| verb)
}

/// What is wrong with the arguments; where a verb was misspelt, that: clap takes it for a line, and its line for too much.
pub fn better(error: clap::Error) -> clap::Error {
    let words = std::env::args().skip(1);
    misspelt_of(&error, words).unwrap_or(error)
}

fn misspelt_of(error: &clap::Error, mut words: impl Iterator<Item = String>) -> Option<clap::Error> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let (word, meant) = words.find_map(|word| misspelt(&word, None).map(|meant| (word, meant)))?;
    // A verb that is right had its own arguments read.
    let said = format!("there is no verb {word:?}: did you mean `{meant}`?");
    (word != meant).then(|| Cli::command().error(ErrorKind::InvalidSubcommand, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_verb_with_its_line_is_called_that() {
        let said = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned());
            let all = std::iter::once("tmpl-tui".to_owned()).chain(words.clone());
            let error = Cli::command().try_get_matches_from(all).unwrap_err();
            misspelt_of(&error, words).map(|error| error.to_string())
        };
        assert!(said(&["prmote", "debian-12"]).is_some_and(|said| said.contains("did you mean `promote`?")));
        assert!(said(&["--read-only", "bulid", "debian-12", "--promote"]).is_some_and(|said| said.contains("`build`")));
        assert_eq!(said(&["promote", "debian-12", "--promot"]), None);
        assert_eq!(said(&["debian-12", "debian-13"]), None);
    }

    #[test]
    fn a_misspelt_verb_is_known() {
        for (word, verb) in [("statu", Some("status")), ("promte", Some("promote")), ("bulid", Some("build"))] {
            assert_eq!(misspelt(word, None).as_deref(), verb);
        }
        assert_eq!(misspelt("debian-12", None), None);
        assert_eq!(misspelt("x", None), None);
    }

    #[test]
    fn the_repository_is_found_from_any_of_its_folders_and_not_beyond() {
        let root_dir = tempfile::tempdir().unwrap();
        let deep = root_dir.path().join("packer/linux/debian");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir_all(root_dir.path().join("ci")).unwrap();
        std::fs::write(root_dir.path().join(MATRIX_PATH), "[]").unwrap();
        assert_eq!(root(&deep).as_deref(), Some(root_dir.path()));
        assert_eq!(root(root_dir.path()), None, "it is here");
        std::fs::create_dir(root_dir.path().join("packer/.git")).unwrap();
        assert_eq!(root(&deep), None, "another checkout lies between");
    }
}
