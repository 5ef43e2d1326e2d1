//! What others wrote in the lines of the verbs: faults of vCenter, tesseract, mirrors, file names, the repository. In JSON
//! and in the audit log, too.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tmpl::lab::{Fault, Trouble};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::faults::desk;
use super::terminal::{ATTACKS, harmless, lines, run_on_record};
use super::world::Ended;
use super::{BASE, KEY, Kind, World};

fn evil() -> Trouble {
    Trouble::Fail(Fault::new("ResourceInUse", ATTACKS.concat()))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_fault_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    run_on_record(&world, "running");
    for (verb, method) in [
        (&["status"][..], "RetrievePropertiesEx"),
        (&["status", "--json"], "RetrievePropertiesEx"),
        (&["rollback", KEY, "--reason", "x", "--yes"], "RetrievePropertiesEx"),
        (&["triage", KEY], "RetrievePropertiesEx"),
        (&["console", "--vm", BASE, "-o", "/nowhere.png"], "RetrievePropertiesEx"),
        (&["doctor"], "HasPrivilegeOnEntities"),
        (&["doctor", "--json"], "HasPrivilegeOnEntities"),
        (&["status"], "Login"),
    ] {
        (1..9).for_each(|nth| world.lab().trouble(method, nth, evil()));
        let ended = world.run(verb).await;
        world.lab().no_trouble();
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("PWNED") || verb[0] == "console", "{verb:?} says nothing of the fault: {said}");
        lines(&format!("{verb:?} at {method}"), &ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_watch_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    (1..9).for_each(|nth| world.lab().trouble("WaitForUpdatesEx", nth, evil()));
    let mut watch = world.program(&["status", "--watch"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(watch.stderr.take().unwrap()).split(b'\n');
    let line = said.next_segment().await.unwrap().unwrap();
    watch.kill().await.unwrap();
    lines("status --watch", &Ended { exit: 0, out: String::new(), err: String::from_utf8(line).unwrap() });
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_json_or_the_audit_log_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    let reason = ATTACKS.concat();
    let held = world.run(&["hold", KEY, "--reason", &reason, "--json"]).await;
    held.is(0, "");
    lines("hold --json", &held);
    let status = world.run(&["status", "--json"]).await;
    let rows: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let held = rows.as_array().unwrap().iter().find(|row| row["key"] == KEY).unwrap();
    // What it says is there, in one line, and nothing in it turns or hides letters or moves a cursor: not in the JSON's
    // values either, nor in vCenter, where others read it.
    let reason = held["hold"]["reason"].as_str().unwrap();
    assert_eq!(reason.matches("PWNED").count(), ATTACKS.concat().matches("PWNED").count(), "{reason:?}");
    let notes: Vec<String> =
        world.vms().await.into_iter().map(|vm| vm.annotation).filter(|n| n.contains("PWNED")).collect();
    assert_eq!(notes.len(), 1);
    for text in [reason, &notes[0]] {
        assert!(!text.contains(char::is_control), "{text:?}");
        harmless("the reason of a hold", text.as_bytes());
    }
    lines("status --json", &status);
    world.lab().trouble("Rename_Task", 1, evil());
    world.run(&["release", KEY]).await.is(0, "");
    world.run(&["promote", KEY]).await.is(1, "PWNED");
    let audit = std::fs::read(world.home.path().join(".local/state/tmpl-tui/audit.jsonl")).unwrap();
    assert!(String::from_utf8_lossy(&audit).contains("PWNED"));
    harmless("the audit log", &audit);
}

/// What a guest shows, a file is called and a playbook says, in a workflow and elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_a_picture_or_in_a_name_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    run_on_record(&world, "failed");
    let bin = world.home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("words"), ATTACKS.concat()).unwrap();
    let frames = world.home.path().join(format!("frames{}", ATTACKS[..11].concat()));
    std::fs::create_dir(&frames).unwrap();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/screens/13a-spinner-only-vgatext/000.png");
    let named = frames.join(format!("000{}.png", ATTACKS[1]));
    std::fs::copy(picture, &named).unwrap();
    let (frames, named, missing) =
        (frames.to_str().unwrap(), named.to_str().unwrap(), format!("/nowhere/{}", ATTACKS.concat()));
    for code in [0, 1] {
        let script =
            format!("#!/bin/sh\nd=$(dirname \"$0\")\ncat >/dev/null\ncat $d/words; cat $d/words >&2; exit {code}\n");
        std::fs::write(bin.join("tesseract"), script).unwrap();
        std::fs::set_permissions(bin.join("tesseract"), std::fs::Permissions::from_mode(0o755)).unwrap();
        for verb in [
            &["triage", "--screen", named][..],
            &["triage", "--screen", frames],
            &["triage", "--screen", frames, "--json"],
            &["triage", "--screen", &missing],
            &["triage", "--log", &missing],
            &["triage", "--log", named],
            &["triage", KEY, "--github"],
            &["triage", KEY, "--github", "--json"],
            &["log", &missing],
            &["log", "--errors", &missing],
            &["doctor"],
        ] {
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let mut ended = Ended::of(world.program(verb).env("PATH", path).output().await.unwrap());
            // Of a verdict the runner is to make an annotation.
            ended.err =
                ended.err.lines().filter(|line| !line.starts_with("::error title=")).collect::<Vec<_>>().join("\n");
            lines(&format!("{verb:?} with tesseract's {code}"), &ended);
        }
    }
}

/// The text of the picture in the console is whatever tesseract read there.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_read_from_a_console_commands_the_terminal() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    let vm = world.names().await["-build"].clone();
    world.lab().set_guest(&vm, "licensing");
    world.lab().power(&vm, true).unwrap();
    let bin = world.home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("words"), ATTACKS.map(|attack| format!("{attack} read\n")).concat()).unwrap();
    std::fs::write(bin.join("tesseract"), "#!/bin/sh\ncat >/dev/null\ncat $(dirname \"$0\")/words\n").unwrap();
    std::fs::set_permissions(bin.join("tesseract"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = super::console::console(&world);
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let mut pty = super::pty::Pty::start(command, 140, 40);
    pty.wait("the picture", |screen| screen.contents().contains("▸ debian-12") && screen.contents().contains("▀▀▀"));
    pty.keys("u");
    pty.wait_for("PWNED");
    pty.signal(nix::sys::signal::Signal::SIGTERM);
    pty.exit();
    harmless("the words of a picture", &pty.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_a_mirror_or_in_the_repository_commands_the_terminal() {
    let (world, mirror) = desk(&[7_u8; 1000]).await;
    let all = ATTACKS.concat();
    let path = world.repo.join("ci/matrix.json");
    let entries: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut ours = entries.into_iter().find(|entry| entry["key"] == KEY).unwrap();
    std::fs::write(&path, serde_json::json!([ours]).to_string()).unwrap();
    let links = ATTACKS.map(|attack| format!("<a href=\"12.99.0{attack}/\">12.99.0{attack}/</a>\n")).concat();
    mirror.put("/cdimage/archive/", format!("<html><title>Index of</title>{links}</html>"));
    lines("iso check", &world.run(&["iso", "check"]).await);
    lines("iso check --json", &world.run(&["iso", "check", "--json"]).await);
    for method in ["SearchDatastore_Task", "RetrievePropertiesEx"] {
        (1..9).for_each(|nth| world.lab().trouble(method, nth, evil()));
        let upload = world.run(&["iso", "upload", KEY]).await;
        assert!(upload.out.contains("PWNED"), "{method}: {}{}", upload.out, upload.err);
        lines("iso upload", &upload);
        lines("iso upload --json", &world.run(&["iso", "upload", KEY, "--json"]).await);
        world.lab().no_trouble();
    }
    ours["build_dir"] = format!("packer/{all}").into();
    ours["config"] = format!("{all}.pkrvars.hcl").into();
    std::fs::write(&path, serde_json::json!([ours]).to_string()).unwrap();
    for verb in [&["validate"][..], &["validate", "--json"], &["plan"], &["iso", "check"]] {
        lines(&format!("{verb:?}"), &world.run(verb).await);
    }
}
