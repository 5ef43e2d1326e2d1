//! Programs that print a credential: `pass`, `op`, `vault`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::attended::attended;
use super::{Bound, Error, Kind, command, ending};

/// Somebody may have to touch a key first.
const PATIENCE: Bound = Bound { time: Duration::from_secs(60), bytes: 1 << 16 };
/// For so long an answer is taken again: a verb needs it for its scrubber and for its login, and whoever has to touch a
/// key does so once. Not for ever: a console outlives a password.
const KEPT: Duration = Duration::from_secs(60);

type Asked = (Vec<String>, Option<PathBuf>);

static ANSWERS: Mutex<BTreeMap<Asked, (Instant, SecretString)>> = Mutex::new(BTreeMap::new());

/// The first line that a program prints, run in `folder`; its last answer, if that is less than a minute old.
///
/// # Errors
/// In one line. What the program says otherwise is not told: it may be the secret.
pub fn credential(words: &[String], folder: Option<&Path>) -> Result<SecretString, String> {
    // Held while it is asked: who comes meanwhile takes its answer.
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = (words.to_vec(), folder.map(Path::to_owned));
    answers.retain(|_, (at, _)| at.elapsed() < KEPT);
    if let Some((_, answer)) = answers.get(&asked) {
        return Ok(answer.clone());
    }
    let answer = first_line(words, folder)?;
    answers.insert(asked, (Instant::now(), answer.clone()));
    Ok(answer)
}

fn first_line(words: &[String], folder: Option<&Path>) -> Result<SecretString, String> {
    let [program, arguments @ ..] = words else { return Err("the command is empty; name a program".into()) };
    let mut asked = command(Kind::Credential, program);
    asked.args(arguments);
    if let Some(folder) = folder {
        asked.current_dir(folder);
    }
    let output = attended(asked, program, PATIENCE).map_err(|error| match error {
        // A group of its own keeps the terminal from it.
        Error::TimedOut(_) => format!("{program}: {error}; it cannot ask on this terminal, unlock it beforehand"),
        Error::NotFound | Error::TooMuch(_) | Error::Io(_) => format!("{program}: {error}"),
    })?;
    if !output.status.success() {
        return Err(format!("{program} ended with {}", ending(output.status)));
    }
    let first = output.stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let word = std::str::from_utf8(first).map(|word| word.trim_end_matches('\r').to_owned());
    let word = word.ok().filter(|word| !word.is_empty() && !word.contains('\0'));
    word.map(SecretString::from).ok_or_else(|| format!("{program} printed no password in its first line"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_program_is_asked_once_for_what_is_needed_twice() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["sh", "-c", "echo asked >>asked; echo s3cret-7; echo more"].map(str::to_owned);
        for _ in 0..3 {
            assert_eq!(credential(&words, Some(folder.path())).unwrap().expose_secret(), "s3cret-7");
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("asked")).unwrap(), "asked\n");
        // A failure is asked again, and what the program says stays with it.
        let fails = ["sh", "-c", "echo asked >>asked; echo s3cret >&2; exit 3"].map(str::to_owned);
        for _ in 0..2 {
            let reason = credential(&fails, Some(folder.path())).unwrap_err();
            assert!(reason.contains("sh ended with") && !reason.contains("s3cret"), "{reason}");
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("asked")).unwrap().lines().count(), 3);
        assert!(credential(&["true".to_owned()], None).unwrap_err().contains("printed no password"));
        assert!(credential(&[], None).unwrap_err().contains("name a program"));
    }
}
