//! What programs that we start are given.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::world::PROGRAM;
use super::{Kind, World, figure};

/// The one that reads what a guest shows gets no secret.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_pictures_gets_no_secret() {
    let world = World::new(Kind::Lab, &[""]).await;
    let (home, root) = (world.home.path(), std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    let given = home.join("given");
    let script = format!("#!/bin/sh\n/usr/bin/env >{}\ncat >/dev/null\necho text\n", given.display());
    std::fs::write(home.join("tesseract"), script).unwrap();
    std::fs::set_permissions(home.join("tesseract"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut program = world.program(&["triage", "--log", "/dev/null", "--screen"]);
    program.arg(root.join("assets/lab/screens/win-licensing-00.png"));
    program.env("PATH", format!("{}:/usr/bin:/bin", home.display())).env("GITHUB_TOKEN", "ghp_not_for_it");
    let output = program.output().await.unwrap();
    let given = std::fs::read_to_string(given);
    let given = given.unwrap_or_else(|_| panic!("it was not asked: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(given.contains("PATH="), "{given}");
    for secret in [world.account.1.as_str(), "ghp_not_for_it", "PKR_VAR"] {
        assert!(!given.contains(secret), "{given}");
    }
}

/// Secrets that a runner or an operator has in the environment, and who they are for.
const SECRETS: [(&str, &str); 8] = [
    ("GITHUB_TOKEN", "not-for-children-1"),
    ("GH_TOKEN", "not-for-children-2"),
    ("ACTIONS_RUNTIME_TOKEN", "not-for-children-3"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "not-for-children-4"),
    ("TMPL_CONSOLE_USERNAME", "not-for-children-5"),
    ("TMPL_CONSOLE_PASSWORD", "not-for-children-6"),
    ("VAULT_TOKEN", "not-for-children-7"),
    ("PKR_VAR_build_password", "not-for-children-8"),
];

/// Whatever is only asked something gets none of them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_gets_no_secret() {
    let world = World::new(Kind::Lab, &[""]).await;
    let bin = world.home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let programs = ["packer", "ansible-playbook", "xorriso", "tesseract", "govc", "git", "mise"];
    for name in programs {
        let given = world.home.path().join(format!("given.{name}"));
        let script = format!("#!/bin/sh\n/usr/bin/env >>{}\necho {name} 1.2.3\n", given.display());
        std::fs::write(bin.join(name), script).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for verb in [&["doctor"][..], &["runs", "list"], &["validate"]] {
        let mut program = world.program(verb);
        program.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).envs(SECRETS);
        program.env("GITHUB_API_URL", "http://127.0.0.1:9");
        program.output().await.unwrap();
    }
    for name in programs {
        let given = std::fs::read_to_string(world.home.path().join(format!("given.{name}")));
        let given = given.unwrap_or_else(|_| panic!("{name} was not asked"));
        assert!(given.contains("PATH=") && given.contains("HOME="), "{name}: {given}");
        assert!(!given.contains("not-for-children"), "{name}: {given}");
        assert!(!given.contains(&world.account.1), "{name}: {given}");
    }
    figure(&format!(
        "programs that are asked something: {} secrets, {} programs, none got one",
        SECRETS.len(),
        programs.len()
    ));
}

/// Nothing that talks without end fills our memory or holds us up.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_talks_without_end_is_stopped() {
    let world = World::new(Kind::Lab, &[""]).await;
    let packer = world.home.path().join("packer");
    std::fs::write(&packer, "#!/bin/sh\nexec yes 'Packer v'\n").unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut program = world.program(&["build", super::KEY, "--packer", packer.to_str().unwrap()]);
    let output = program.env("PATH", std::env::var_os("PATH").unwrap()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("printed more than"), "{said}");
}

/// Memory with passwords in it goes into no file, and nobody of the same account looks into it.
#[tokio::test(flavor = "multi_thread")]
async fn no_core_is_dumped() {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut program = tokio::process::Command::new(PROGRAM);
    program.args(["--repo", "/nonexistent", "lab", "--listen", "127.0.0.1:0"]).env_clear().env("HOME", home.path());
    program.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    // Root owns every process anyway.
    let root = nix::unistd::geteuid().is_root();
    if root {
        program.uid(65534).gid(65534);
    }
    let mut child = program.spawn().unwrap();
    let mut out = tokio::io::BufReader::new(child.stdout.take().unwrap());
    tokio::io::AsyncBufReadExt::read_line(&mut out, &mut String::new()).await.unwrap();
    let proc = std::path::PathBuf::from(format!("/proc/{}", child.id().unwrap()));
    let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(proc.join("environ")).unwrap());
    assert_eq!(owner, 0, "it can be looked into");
}
