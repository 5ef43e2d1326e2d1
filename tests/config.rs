//! The user's own configuration, in the real program: contexts, keys, colours, the hook, plugins, figures.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/pty.rs"]
mod pty;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use pty::Pty;
use tempfile::TempDir;
use tmpl::lab::{Account, Lab, Options, Seed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
const BASE: &str = "linux-debian-12-main";

/// A home with this configuration.
fn home(config: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/tmpl-tui");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), config).unwrap();
    std::fs::set_permissions(folder.join("config.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn environment(home: &Path) -> Vec<(String, String)> {
    let kept = ["PATH", "LANG", "USER", "LOGNAME"].into_iter();
    let kept = kept.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    kept.chain([("HOME".into(), home.display().to_string()), ("TZ".into(), "UTC".into())]).collect()
}

/// The program without a terminal, in this repository.
fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().envs(environment(home)).current_dir(REPOSITORY).args(arguments).stdin(Stdio::null());
    command
}

/// The program on a screen.
fn screen(home: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Pty {
    let mut command = CommandBuilder::new(PROGRAM);
    command.env_clear();
    environment(home).iter().for_each(|(name, value)| command.env(name, value));
    command.env("TERM", "xterm-256color");
    more.iter().for_each(|(name, value)| command.env(name, value));
    command.cwd(REPOSITORY);
    command.args(arguments);
    Pty::start(command, 130, 36)
}

fn ends(pty: &mut Pty) {
    pty.keys("\x03");
    assert_eq!((pty.exit(), pty.restored()), (0, Ok(())));
}

/// The console answers keys, whatever hangs beside it, and ends.
fn lives_and_ends(pty: &mut Pty) {
    pty.keys("?");
    pty.wait_for("type to search");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    ends(pty);
}

/// Waits half a minute at most.
fn until(what: &str, ready: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(180);
    while !ready() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a whole line stands in a file.
fn line_in(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'))
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A lab with one line; `templates` are suffixes, the oldest first.
async fn lab(password: &str, templates: &[&str]) -> Lab {
    let seed =
        |(age, suffix): (usize, &&str)| Seed::template(format!("{BASE}{suffix}"), i64::try_from(age).unwrap() + 1);
    let seeds = templates.iter().rev().enumerate().map(seed).collect();
    let accounts = vec![Account::new("svc-packer@lab.internal", password)];
    Lab::start(Options { seeds, accounts, task_scale: 0.0, ..Options::default() }).await.unwrap()
}

fn context(name: &str, lab: &Lab, password: &str) -> String {
    let url = lab.url();
    let rest = url.split_once("://").map_or(&*url, |(_, rest)| rest.rsplit('@').next().unwrap());
    format!(
        "[contexts.{name}]\nendpoint = \"http://{rest}\"\nusername = \"svc-packer@lab.internal\"\n\
         datacenter = \"{}\"\nfolder = \"{}\"\nrepo = \"{REPOSITORY}\"\n{password}\n",
        tmpl::lab::DATACENTER,
        tmpl::lab::FOLDER
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contexts_are_two_vcenters_each_with_its_password() {
    let (one, two) = (lab("word-of-the-first", &["-prev", ""]).await, lab("word-of-the-second", &["-build"]).await);
    let counted = "password_command = [\"sh\", \"-c\", \"echo x >>$HOME/asked; echo word-of-the-first; echo no >&2\"]";
    let text = format!(
        "context = \"one\"\n{}{}read_only = true\n",
        context("one", &one, counted),
        context("two", &two, "password_env = \"SECOND\"")
    );
    let home = home(&text);
    let status = |arguments: &[&str], more: &[(&str, &str)]| {
        let output = program(home.path(), arguments).envs(more.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        assert!(!err(&output).contains("word-of") && !out(&output).contains("word-of"), "{}", err(&output));
        let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let line = all.as_array().unwrap().iter().find(|line| line["key"] == "debian-12").unwrap().clone();
        (!line["live"].is_null(), !line["build"].is_null())
    };
    // Neither what stands elsewhere in the environment nor the other context reaches it.
    let ambient =
        [("PKR_VAR_vsphere_endpoint", "vc.invalid"), ("GOVC_FOLDER", "Elsewhere"), ("SECOND", "word-of-the-second")];
    assert_eq!(status(&["status", "--json"], &ambient), (true, false), "the context of the file");
    assert_eq!(std::fs::read_to_string(home.path().join("asked")).unwrap(), "x\n", "the program is run once");
    assert_eq!(status(&["--context", "two", "status", "--json"], &ambient), (false, true));
    assert_eq!(status(&["status", "--json"], &[("TMPL_CONTEXT", "two"), ambient[2]]), (false, true));
    // What a context's program prints is a secret to the verb that removes secrets, where the context is named.
    std::fs::write(home.path().join("log"), "as word-of-the-first and word-of-the-second\n").unwrap();
    let log = home.path().join("log").display().to_string();
    let redacted = |arguments: &[&str], more: &[(&str, &str)]| {
        let output = program(home.path(), arguments).envs(more.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        out(&output)
    };
    let first = "as [REDACTED:PKR_VAR_vsphere_password] and word-of-the-second\n";
    assert_eq!(redacted(&["--context", "one", "redact", &log], &[]), first);
    assert_eq!(redacted(&["redact", &log], &[("TMPL_CONTEXT", "one")]), first);
    assert_eq!(redacted(&["redact", &log], &[]), "as word-of-the-first and word-of-the-second\n", "none is named");
    // A context that may change nothing.
    let refused = program(home.path(), &["--context", "two", "hold", "debian-12", "--reason", "x"])
        .env("SECOND", "word-of-the-second")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    let why = err(&refused);
    assert!(
        why.contains("read-only: context two (read_only in config.toml); nothing was changed")
            && !why.contains("--read-only"),
        "{why}"
    );
    for (arguments, wanted) in [
        (["--context", "three", "status"], "there is no context \"three\"; there are: one, two"),
        (["--context", "two", "status"], "context two: password: the variable SECOND is not set"),
    ] {
        let output = program(home.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).lines().count() == 1 && err(&output).contains(wanted), "{}", err(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_turns_to_another_context_and_back_and_the_header_says_which() {
    let (one, two) = (lab("word-of-the-first", &["-prev", ""]).await, lab("word-of-the-second", &["-build"]).await);
    let text = format!(
        "context = \"one\"\n{}{}read_only = true\n{}",
        context("one", &one, "password_env = \"FIRST\""),
        context("two", &two, "password_command = [\"echo\", \"word-of-the-second\"]"),
        "[contexts.locked]\nendpoint = \"vc.invalid\"\nusername = \"u\"\npassword_command = [\"false\"]\n"
    );
    let home = home(&text);
    let mut pty = screen(home.path(), &["--images", "cells"], &[("FIRST", "word-of-the-first")]);
    pty.wait_for("[one]");
    pty.wait_for("✓ live");
    pty.keys("\x1bOS");
    pty.wait_for("context two");
    pty.keys("locked\r");
    pty.wait_for("run it by hand: false");
    pty.wait_for("[one]");
    pty.keys(":context two\r");
    pty.wait_for("[two]");
    pty.wait_for("read-only");
    pty.wait_for("✓ live");
    pty.keys(":context one\r");
    pty.wait_for("[one]");
    pty.wait("the other one is not read-only", |screen| {
        screen.contents().contains("✓ live") && !screen.contents().contains("read-only")
    });
    pty.resize(40, 20);
    pty.wait("the context on a narrow screen", |screen| {
        screen.contents().lines().next().is_some_and(|row| row.contains("[one]"))
    });
    ends(&mut pty);
}

#[test]
fn a_bad_configuration_is_a_line_and_the_console_starts_with_defaults_and_says_so() {
    let home_of_one = home("mouse = true\nteme = \"dark\"\n");
    let output = program(home_of_one.path(), &["plan"]).output().unwrap();
    let told = err(&output);
    assert!(output.status.success() && told.lines().count() == 1, "{told}");
    assert!(told.contains("config.toml:2: unknown key teme; did you mean theme?"), "{told}");
    let output = program(home_of_one.path(), &["config"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(out(&output).contains("mouse = true") && out(&output).contains("# config.toml:1"), "{}", out(&output));

    let broken = home("context = \"prod\n");
    // Which vCenter was meant is not known: nothing is changed.
    let account =
        [("GOVC_URL", "http://127.0.0.1:9/sdk"), ("GOVC_USERNAME", "nobody"), ("GOVC_PASSWORD", "nothing-at-all")];
    let mut pty = screen(broken.path(), &["--images", "cells"], &account);
    pty.wait_for("read-only");
    pty.wait_for("not TOML");
    pty.wait("that nothing can be changed", |screen| {
        screen
            .contents()
            .replace(['│', '\n'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("nothing can be changed")
    });
    ends(&mut pty);
    let refused = program(broken.path(), &["hold", "debian-12", "--reason", "x"]).envs(account).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    let why = err(&refused);
    assert!(why.contains("until config.toml is corrected") && !why.contains("--read-only"), "{why}");
}

#[test]
fn what_is_wrong_with_the_configuration_comes_before_that_there_is_no_repository() {
    let elsewhere = tempfile::tempdir().unwrap();
    let told = |config: &str, arguments: &[&str], here: &Path| {
        let output = program(home(config).path(), arguments).current_dir(here).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        err(&output)
    };
    for (config, wanted) in [
        ("context = \"prod\n", "config.toml:1: not TOML: "),
        ("context = \"prod\"\n[contexts.prod]\nfoldr = \"x\"\n", "config.toml:3: unknown key contexts.prod.foldr; did"),
        ("context = \"prod\"\n", "config.toml:1: context: there is no [contexts.prod]; write it"),
    ] {
        let told = told(config, &[], elsewhere.path());
        assert!(told.lines().next().is_some_and(|line| line.contains(wanted)), "{told}");
        assert!(told.contains("there is nothing to show here"), "{told}");
    }
    // One that is mistyped is corrected where it stands, wherever one is.
    let config = "context = \"prod\"\n[contexts.prod]\nrepo = \"/nowhere\"\n";
    for arguments in [&[][..], &["plan"], &["status"]] {
        let told = told(config, arguments, REPOSITORY.as_ref());
        assert!(
            told.contains("config.toml:3: contexts.prod.repo is no repository of a pipeline; correct it"),
            "{told}"
        );
        assert!(!told.contains("nothing to show here"), "{told}");
    }
}

#[test]
fn a_context_with_something_wrong_is_not_opened_and_pane_and_verbs_say_what_to_correct() {
    let account = [("GOVC_URL", "http://127.0.0.1:9/sdk"), ("GOVC_USERNAME", "u"), ("GOVC_PASSWORD", "nothing-at-all")];
    for (config, line) in [
        ("context = \"prod\"\n[contexts.prod]\nendpoint = \"vc.invalid\"\nfoldr = \"x\"\n", 4),
        ("context = \"prod\"\n", 1),
    ] {
        let home = home(config);
        let refused = program(home.path(), &["status"]).envs(account).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
        let told = err(&refused);
        assert!(told.contains("context prod is not opened until ") && told.contains(&format!("config.toml:{line} is")));
        // What is exported may be another vCenter's: nobody is asked.
        let mut pty = screen(home.path(), &["--images", "cells"], &account);
        pty.wait("what to correct", |screen| {
            let text = screen.contents().replace(['│', '\n'], " ");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            text.contains(&format!("context prod is not opened until config.toml:{line} is corrected"))
        });
        pty.keys("b");
        pty.wait_for("read-only: the context is not opened; correct config.toml");
        ends(&mut pty);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_ignored_or_wrong_is_told_as_the_context_has_it() {
    let one = lab("word-of-the-first", &["-prev", ""]).await;
    let whole = context("one", &one, "password_env = \"FIRST\"");
    let folder = format!("folder = \"{}\"\n", tmpl::lab::FOLDER);
    let status = |context: &str, verb: &str| {
        let home = home(&format!("context = \"one\"\n{context}"));
        let mut command = program(home.path(), &[verb]);
        command.env("FIRST", "word-of-the-first").env("PKR_VAR_vsphere_folder", tmpl::lab::FOLDER);
        let output = command.output().unwrap();
        out(&output) + &err(&output)
    };
    let ignored = "PKR_VAR_vsphere_folder is ignored: context one has its own endpoint; write folder = \"…\" below [contexts.one]";
    assert_eq!(status(&whole.replace(&folder, ""), "status").matches(ignored).count(), 1);
    let told = status(&whole.replace(&folder, ""), "doctor");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(ignored.split_once(": ").unwrap().1), "{told}");
    assert!(!status(&whole, "status").contains("ignored"));
    let wrong = status(&whole.replace(&folder, "folder = \"Nowhere\"\n"), "status");
    assert!(wrong.contains("check contexts.one.folder in config.toml") && !wrong.contains("PKR_VAR"), "{wrong}");
    let nobody = status(&whole.replace("username = \"svc-packer@lab.internal\"\n", ""), "status");
    assert!(nobody.contains("missing in config.toml: contexts.one.username or username_env"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_leaves_neither_its_terminal_modes_nor_itself_behind() {
    let one = lab("word-of-the-first", &["-prev", ""]).await;
    let text = format!(
        "context = \"one\"\n{}[contexts.two]\nrepo = \"{REPOSITORY}\"\nread_only = true\n\
         [[plugins]]\nname = \"hang\"\nkey = \"F10\"\ncommand = 'echo $$ >$HOME/hangs; exec sleep 600'\n\
         [[plugins]]\nname = \"rude\"\nkey = \"F6\"\ninteractive = true\ncommand = 'stty raw -echo'\n\
         [[plugins]]\nname = \"shell\"\nkey = \"F7\"\ninteractive = true\n\
         command = 'printf \"\\033[?1002h\\033[?1006htyped: \"; read word; echo \"$word\" >$HOME/typed'\n",
        context("one", &one, "password_env = \"FIRST\"")
    );
    let home = home(&text);
    let mut pty = screen(home.path(), &["--images", "cells"], &[("FIRST", "word-of-the-first")]);
    pty.wait_for("✓ live");
    pty.keys("\x1b[17~");
    pty.wait_for("rude: done");
    pty.keys("\x1b[18~");
    pty.wait_for("typed: ");
    pty.keys("a word\r");
    pty.wait_for("shell: done");
    assert_eq!(std::fs::read_to_string(home.path().join("typed")).unwrap(), "a word\n");
    // The console of another context is this very process, and no plugin of this one is left in it.
    pty.keys("\x1b[21~");
    let hangs = home.path().join("hangs");
    until("it runs", || line_in(&hangs));
    pty.wait_for("◌ hang");
    pty.keys("\x1b[21~");
    pty.wait_for("hang is still at work");
    pty.keys(":context two\r");
    pty.wait_for("[two]");
    // From then on it listens: before, it reads what the terminal says about pictures.
    pty.wait_for("✗ stopped");
    let pid = std::fs::read_to_string(&hangs).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    until("its end with the context", || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z ")));
    ends(&mut pty);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_colours_and_plugins_of_ones_own() {
    let one = lab("word-of-the-first", &["-prev", ""]).await;
    let text = format!(
        "context = \"one\"\ntheme = \"light\"\n{}[keys]\n\"roll back\" = \"F5\"\n\
         [[plugins]]\nname = \"greet\"\nkey = \"F6\"\nscope = \"lines\"\nread_only = true\n\
         command = 'printf \"\\033]0;x\\007hello %s from %s, ${{PKR_VAR_vsphere_password:-no word}}\\n\" \"$TMPL_KEY\" \"$TMPL_CONTEXT\"'\n\
         [[plugins]]\nname = \"shell\"\nkey = \"F7\"\ninteractive = true\ncommand = 'printf \"typed: \"; read word; echo \"$word\" >$HOME/typed'\n\
         [[plugins]]\nname = \"grave\"\nkey = \"F8\"\nconfirm = true\ncommand = 'touch $HOME/done; exit 3'\n\
         [[plugins]]\nname = \"hang\"\nkey = \"F10\"\ncommand = 'echo $$ >$HOME/hangs; exec sleep 600'\n\
         [[plugins]]\nname = \"dies\"\nkey = \"F12\"\ninteractive = true\ncommand = 'echo its last words; exit 4'\n\
         [[plugins]]\nname = \"flood\"\nkey = \"F9\"\ncommand = 'yes'\n",
        context("one", &one, "password_env = \"FIRST\"")
    );
    let home = home(&text);
    let first = [("FIRST", "word-of-the-first")];
    let mut pty = screen(home.path(), &["--images", "cells", "debian-12"], &first);
    pty.wait_for("✓ live");
    // The help, the hints and the key are one table.
    pty.keys("?roll back");
    pty.wait("the help with the other key", |screen| {
        screen.contents().lines().any(|row| row.contains("F5") && row.contains("Swap live"))
    });
    // The words are there only while nothing is typed.
    pty.keys("\x1b");
    pty.wait_for("type to search");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    pty.keys("\x1b[15~");
    pty.wait_for("Roll back debian-12");
    pty.wait_for("same as: tmpl-tui --context one rollback debian-12");
    pty.keys("\x1b");
    pty.wait_gone("Roll back debian-12");
    let coloured = pty.look(|screen| {
        let (rows, columns) = screen.size();
        (0..rows.get()).any(|row| {
            (0..columns.get())
                .any(|column| screen.cell(row, column).is_some_and(|cell| cell.bgcolor() == vt100::Color::Idx(25)))
        })
    });
    assert!(coloured, "the selected row has the colour of the theme");
    pty.keys("\x1b[17~");
    pty.wait_for("greet: hello debian-12 from one, no word");
    pty.keys("\x1b[18~");
    pty.wait_for("typed: ");
    pty.keys("q-is-not-for-the-console\r");
    pty.wait_for("shell: done");
    assert_eq!(std::fs::read_to_string(home.path().join("typed")).unwrap(), "q-is-not-for-the-console\n");
    // What it left on and the console does not want is off again.
    pty.wait("the mouse is off", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    // What it said last stays until it was read.
    pty.keys("\x1b[24~");
    pty.wait_for("dies: ended with exit status 4");
    pty.wait_for("Press Enter to go back.");
    pty.wait_for("its last words");
    pty.keys("\r");
    pty.wait_gone("its last words");
    pty.wait_for("✓ live");
    pty.keys("\x1b[19~");
    pty.wait_for("run this command of your configuration");
    assert!(!home.path().join("done").exists());
    pty.answer("y");
    pty.wait_for("grave: ended with exit status 3");
    assert!(home.path().join("done").exists());
    pty.keys("\x1b[20~");
    pty.wait_for("flood: stopped: it printed more than 64 KiB");
    // One that hangs keeps nobody waiting, and does not outlive the console.
    pty.keys("\x1b[21~");
    let hangs = home.path().join("hangs");
    until("it runs", || line_in(&hangs));
    pty.keys("q");
    pty.wait_for("◌ your command hang");
    ends(&mut pty);
    let pid = std::fs::read_to_string(&hangs).unwrap();
    until("its end with the console", || !Path::new(&format!("/proc/{}", pid.trim())).exists());
    // Who may change nothing has only what is safe.
    let mut pty = screen(home.path(), &["--read-only", "--images", "cells", "debian-12"], &first);
    pty.wait_for("✓ live");
    pty.keys("?");
    pty.wait_for("type to search");
    pty.keys("touch");
    pty.wait_for("no key matches");
    pty.keys("\x1b");
    pty.wait_gone("no key matches");
    pty.keys("printf");
    pty.wait_for("F6");
    pty.keys("\x1b");
    pty.wait_for("Esc closes");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    pty.keys("\x1b[19~");
    pty.wait_for("read-only: \"grave\" is not run (read_only = true in its [[plugins]] allows it)");
    ends(&mut pty);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_hears_once_of_what_a_verb_did_and_harms_nothing() {
    let one = lab("word-of-the-first", &["-prev", "", "-build"]).await;
    let text = format!(
        "context = \"one\"\nhook = 'cat >>$HOME/heard; env >$HOME/given'\n{}",
        context("one", &one, "password_env = \"FIRST\"")
    );
    let home = home(&text);
    let run = |arguments: &[&str], hook: Option<&str>| {
        let mut command = program(home.path(), arguments);
        command.env("FIRST", "word-of-the-first").env("GITHUB_TOKEN", "ghp_not_for_the_hook");
        command.env("https_proxy", "http://u:word-of-the-proxy@proxy:3128").env("no_proxy", "localhost");
        if let Some(hook) = hook {
            command.env("TMPL_HOOK", hook);
        }
        command.output().unwrap()
    };
    let heard = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(home.path().join("heard")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for (arguments, event) in [
        (&["promote", "debian-12"][..], "promoted"),
        (&["rollback", "debian-12", "--reason", "TICKET-1", "--yes"], "rolled_back"),
        (&["release", "debian-12"], "released"),
        (&["hold", "debian-12", "--reason", "TICKET-2"], "held"),
    ] {
        let before = heard().len();
        let output = run(arguments, None);
        assert!(output.status.success(), "{}", err(&output));
        let now = heard();
        assert_eq!((now.len(), &now[now.len() - 1]["event"]), (before + 1, &event.into()), "{now:?}");
        assert_eq!((&now[before]["key"], &now[before]["context"]), (&"debian-12".into(), &"one".into()));
    }
    assert_eq!(heard()[1]["reason"], "TICKET-1");
    let given = std::fs::read_to_string(home.path().join("given")).unwrap();
    assert!(given.contains("PATH=") && given.contains("no_proxy="), "{given}");
    for secret in ["word-of", "ghp_not", "PKR_VAR", "TMPL_CONTEXT"] {
        assert!(!given.contains(secret), "{given}");
    }
    // A dry run and a refusal are no events.
    run(&["release", "debian-12", "--dry-run"], None);
    run(&["promote", "debian-12"], None);
    assert_eq!(heard().len(), 4);
    for (hook, wanted) in [
        ("exec sleep 600", "hook (\"released\"): stopped after 15 s"),
        ("yes", "hook (\"held\"): stopped: it printed more than 64 KiB"),
        ("printf '\\033[2Jno\\n' >&2; exit 9", "hook (\"released\"): it ended with exit status 9: no"),
    ] {
        let verb: &[&str] =
            if wanted.contains("held") { &["hold", "debian-12", "--reason", "x"] } else { &["release", "debian-12"] };
        let output = run(verb, Some(hook));
        assert!(output.status.success(), "the verb did what it did: {}", err(&output));
        assert!(err(&output).contains(wanted) && !err(&output).contains('\u{1b}'), "{}", err(&output));
    }
}

#[test]
fn the_hook_hears_of_a_build_that_fails() {
    let home = home("hook = 'cat >>$HOME/heard'\n");
    let packer = home.path().join("packer");
    let script = "#!/bin/sh\ncase \"$1\" in version) echo 'Packer v1.11.0';; build) echo 'it broke'; exit 1;; esac\n";
    std::fs::write(&packer, script).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = program(home.path(), &["build", "debian-12", "--packer", packer.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let heard = std::fs::read_to_string(home.path().join("heard")).unwrap();
    let event: serde_json::Value = serde_json::from_str(&heard).unwrap();
    assert_eq!((&event["event"], &event["key"]), (&"failed".into(), &"debian-12".into()), "{heard}");
}

/// A question of vCenter is an alarm: told by the console that is open, once, and one that hangs holds up nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_hook_hears_of_an_alarm_and_may_hang() {
    let one = lab("word-of-the-first", &["-prev", ""]).await;
    let text = format!(
        "context = \"one\"\nhook = 'cat >>$HOME/heard; exec sleep 600'\n{}",
        context("one", &one, "password_env = \"FIRST\"")
    );
    let home = home(&text);
    let build = format!("{BASE}-build");
    let vm = one.add(&Seed::vm(&build, 0));
    one.power(&vm, true).unwrap();
    let mut pty = screen(home.path(), &["--images", "cells"], &[("FIRST", "word-of-the-first")]);
    pty.wait_for("✓ live");
    one.ask(&build, "Has it been moved or copied?", &["I moved it", "Cancel"]);
    pty.wait_for("vCenter asks");
    let heard = home.path().join("heard");
    until("the hook is told", || line_in(&heard));
    lives_and_ends(&mut pty);
    let heard = std::fs::read_to_string(heard).unwrap();
    let event: serde_json::Value = serde_json::from_str(&heard).unwrap();
    assert_eq!((&event["event"], &event["key"]), (&"alarm".into(), &"debian-12".into()), "{heard}");
    assert!(event["text"].as_str().unwrap().contains("Has it been moved"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_served_on_this_machine_alone() {
    let one = lab("word-of-the-first", &["-prev", ""]).await;
    let home = home(&format!("context = \"one\"\n{}", context("one", &one, "password_env = \"FIRST\"")));
    let output = program(home.path(), &["metrics", "--no-mirrors"]).env("FIRST", "word-of-the-first").output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    for line in [
        "tmpl_live_missing{line=\"debian-12\"} 0",
        "tmpl_line_held{line=\"debian-12\"} 0",
        "tmpl_source_up{source=\"vcenter\"} 1",
        "tmpl_iso_missing{line=\"almalinux-9\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in:\n{text}");
    }
    let refused =
        program(home.path(), &["metrics", "--listen", "0.0.0.0:0"]).env("FIRST", "word-of-the-first").output().unwrap();
    assert!(refused.status.code() == Some(2) && err(&refused).contains("on this machine only"), "{}", err(&refused));

    let mut command = program(home.path(), &["metrics", "--no-mirrors", "--listen", "127.0.0.1:0"]);
    let mut child = command.env("FIRST", "word-of-the-first").stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let mut byte = [0];
    while !said.contains("/metrics") && stderr.read(&mut byte).unwrap() == 1 {
        said.push(char::from(byte[0]));
    }
    let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let ask = |host: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask(&address);
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("tmpl_live_age_seconds{line=\"debian-12\"}"),
        "{answer}"
    );
    assert!(answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(ask("evil.example.com").starts_with("HTTP/1.1 403"));
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()),
        nix::sys::signal::Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
