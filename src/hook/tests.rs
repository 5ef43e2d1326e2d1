use std::path::Path;

use super::*;
use crate::pipeline::Key;

fn hook(command: &str, state: &Path) -> &'static Hook {
    let around = Around { by: "op@desk".into(), context: Some("prod".into()), ..Around::default() };
    Box::leak(Box::new(Hook::new(command, StateDir::at(state), around)))
}

fn failed(once: &str) -> Event {
    let event = Event::new(EventKind::Failed, &Key("debian-12".into()), once, "debian-12 failed\u{1b}[2J");
    Event { cause: Some("it\u{1b}]0;x\u{7} broke".into()), ..event }
}

#[tokio::test]
async fn an_event_is_told_once_as_json_without_what_a_terminal_obeys() {
    let dir = tempfile::tempdir().unwrap();
    let heard = dir.path().join("heard");
    let command = format!("cat >>{}", heard.display());
    for _ in 0..3 {
        // Two processes that see the same.
        for hook in [hook(&command, dir.path()), hook(&command, dir.path())] {
            hook.tell(failed("run-1"));
            hook.finish().await;
            assert_eq!(hook.troubles(), [""; 0]);
        }
    }
    let text = std::fs::read_to_string(&heard).unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains("\\u001b"), "{text}");
    let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 1, "{text}");
    assert_eq!(
        (&told[0]["event"], &told[0]["context"], &told[0]["version"]),
        (&"failed".into(), &"prod".into(), &1.into())
    );
    let other = hook(&command, dir.path());
    other.tell(failed("run-2"));
    other.finish().await;
    assert_eq!(std::fs::read_to_string(&heard).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn one_that_fails_floods_or_prints_escapes_is_told_in_a_line_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for (number, (command, wanted)) in [
        ("printf '\\033[2Jno \\033]0;x\\007webhook\\n' >&2; exit 7", "ended with exit status 7: no webhook"),
        ("yes", "hook (\"failed\"): stopped: it printed more than 64 KiB"),
        ("exec /nowhere/hook", "ended with exit status 127"),
    ]
    .into_iter()
    .enumerate()
    {
        let hook = hook(command, dir.path());
        hook.tell(failed(&number.to_string()));
        hook.finish().await;
        let troubles = hook.troubles();
        assert!(troubles.len() == 1 && troubles[0].contains(wanted), "{command}: {troubles:?}");
        assert!(!troubles[0].contains('\u{1b}'), "{troubles:?}");
    }
}

#[tokio::test]
async fn where_it_cannot_be_known_whether_it_was_told_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::write(&state, "no folder").unwrap();
    let hook = hook(&format!("touch {}", dir.path().join("told").display()), &state);
    hook.tell(failed("run-1"));
    hook.finish().await;
    assert!(hook.troubles()[0].starts_with("the hook was not told of failed: "));
    assert!(!dir.path().join("told").exists());
}

#[test]
fn words_are_those_of_the_json() {
    for kind in EventKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
    }
}
