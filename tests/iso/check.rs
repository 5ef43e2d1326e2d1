//! `iso check`: never a downgrade, never a release that is not there, one bad mirror does not stop the rest.

use std::process::Command;

use crate::mirror::Server;
use crate::repository;

const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An index page as Apache prints it, with the usual links around the folders.
fn apache(folders: &[&str]) -> String {
    let row = |name: &&str| {
        format!(
            "<tr><td valign=\"top\"><img src=\"/icons/folder.gif\"></td><td><a href=\"{name}/\">{name}/</a></td></tr>\n"
        )
    };
    format!(
        "<html><head><title>Index</title></head><body><a href=\"?C=N;O=D\">Name</a> <a href=\"/cdimage/\">Parent</a>\n{}</body></html>",
        folders.iter().map(row).collect::<String>()
    )
}

/// One as nginx prints it.
fn nginx(folders: &[&str]) -> String {
    let row = |name: &&str| format!("<a href=\"{name}/\">{name}/</a>      02-May-2026 10:11      -\n");
    format!(
        "<html><body><h1>Index of /</h1><hr><pre><a href=\"../\">../</a>\n{}</pre></body></html>",
        folders.iter().map(row).collect::<String>()
    )
}

/// A mirror on which nothing is newer.
fn current() -> Server {
    let server = Server::start();
    for (version, point) in [("24.04", 4), ("22.04", 5)] {
        let sums: String = (1..=point)
            .flat_map(|n| ["", ".zsync"].map(|end| format!("{SUM} *ubuntu-{version}.{n}-live-server-amd64.iso{end}\n")))
            .collect();
        server.put(&format!("/{version}/SHA256SUMS"), sums);
    }
    server.put("/cdimage/archive/", apache(&["11.9.0", "12.9.0", "12.15.0", "12.14.0", "12.7.0-live"]));
    server.put("/cdimage/release/", apache(&["13.6.0", "current", "current-live"]));
    server.put("/pub/rocky/", nginx(&["8", "9", "9.7", "9.8", "9.8-beta", "fooling"]));
    server.put("/almalinux/", nginx(&["8.10", "9", "9.2-beta", "9.8"]));
    server
}

fn run(repo: &std::path::Path, arguments: &[&str]) -> (i32, Vec<String>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"))
        .arg("--repo")
        .arg(repo)
        .args(["iso", "check"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let lines = text(output.stdout).lines().map(str::to_owned).collect();
    (output.status.code().unwrap(), lines, text(output.stderr))
}

#[test]
fn nothing_newer() {
    let server = current();
    let repo = repository(&server);
    let (code, lines, err) = run(repo.path(), &[]);
    assert_eq!(
        lines,
        [
            "OK   ubuntu-2404: ubuntu-24.04.4-live-server-amd64.iso",
            "OK   ubuntu-2204: ubuntu-22.04.5-live-server-amd64.iso",
            "OK   debian-12: debian-12.15.0-amd64-netinst.iso",
            "OK   debian-13: debian-13.6.0-amd64-netinst.iso",
            "OK   rocky-9: Rocky-9.8-x86_64-dvd.iso",
            "OK   almalinux-9: AlmaLinux-9.8-x86_64-dvd.iso",
            "MANUAL windows-server-2025: staged by hand",
            "MANUAL windows-server-2022: staged by hand",
            "MANUAL windows-desktop-11: staged by hand",
        ],
        "{err}"
    );
    assert_eq!(code, 0);
}

#[test]
fn newer_releases_are_bumped_and_a_bad_mirror_does_not_stop_them() {
    let server = current();
    // 9.10 is newer than 9.9; Ubuntu's tenth point release is newer than its fourth.
    server.put("/almalinux/", nginx(&["9.8", "9.9", "9.10"]));
    server.put("/almalinux/9.10/isos/x86_64/AlmaLinux-9.10-x86_64-dvd.iso", "iso");
    let sums = format!("# AlmaLinux-9.10-x86_64-dvd.iso: 3 bytes\nSHA256 (AlmaLinux-9.10-x86_64-dvd.iso) = {SUM}\n");
    server.put("/almalinux/9.10/isos/x86_64/CHECKSUM", sums);
    server.put(
        "/24.04/SHA256SUMS",
        format!("{SUM} *ubuntu-24.04.10-live-server-amd64.iso\n{SUM} *ubuntu-24.04.9-live-server-amd64.iso\n"),
    );
    server.put("/24.04/ubuntu-24.04.10-live-server-amd64.iso", "iso");
    // Lost its newest; announced but not there; there but not listed; not a listing at all.
    server.put("/cdimage/archive/", apache(&["12.14.0"]));
    server.put("/cdimage/release/", apache(&["13.6.0", "13.7.0"]));
    server.put("/pub/rocky/", nginx(&["9.9"]));
    server.put("/pub/rocky/9.9/isos/x86_64/Rocky-9.9-x86_64-dvd.iso", "iso");
    server.put("/pub/rocky/9.9/isos/x86_64/CHECKSUM", "SHA256 (Rocky-9.9-x86_64-minimal.iso) = 00\n");
    server.put("/22.04/SHA256SUMS", "<html>maintenance</html>");
    let repo = repository(&server);
    let before = std::fs::read_to_string(repo.path().join("ci/matrix.json")).unwrap();
    let bumped = repo.path().join("bumped.txt");
    let (code, lines, err) = run(repo.path(), &["--apply", "--bumped", bumped.to_str().unwrap()]);
    assert_eq!(code, 1, "{err}");
    let line = |key: &str| lines.iter().find(|line| line.contains(&format!(" {key}: "))).unwrap();
    assert_eq!(line("almalinux-9"), "BUMP almalinux-9: AlmaLinux-9.8-x86_64-dvd.iso -> AlmaLinux-9.10-x86_64-dvd.iso");
    assert_eq!(
        line("ubuntu-2404"),
        "BUMP ubuntu-2404: ubuntu-24.04.4-live-server-amd64.iso -> ubuntu-24.04.10-live-server-amd64.iso"
    );
    assert!(line("debian-12").contains("older than our 12.15.0"), "{lines:?}");
    assert!(
        line("debian-13").contains("13.7.0 is announced, but") && line("debian-13").contains("HTTP 404"),
        "{lines:?}"
    );
    assert!(line("rocky-9").contains("has no SHA-256 of Rocky-9.9-x86_64-dvd.iso"), "{lines:?}");
    assert!(line("ubuntu-2204").starts_with("ERROR") && line("ubuntu-2204").contains("lists no release"), "{lines:?}");
    assert_eq!(std::fs::read_to_string(bumped).unwrap(), "ubuntu-2404\nalmalinux-9\n");
    // Exactly the two entries and the two var-files changed, and only in those places.
    let after = std::fs::read_to_string(repo.path().join("ci/matrix.json")).unwrap();
    let undone = after
        .replace("almalinux/9.10/isos/x86_64/AlmaLinux-9.10", "almalinux/9.8/isos/x86_64/AlmaLinux-9.8")
        .replace("almalinux/9.10/isos/x86_64/CHECKSUM", "almalinux/9.8/isos/x86_64/CHECKSUM")
        .replace("ubuntu-24.04.10-live", "ubuntu-24.04.4-live");
    assert_eq!(undone, before);
    let config = std::fs::read_to_string(repo.path().join("ci/config/linux-almalinux-9.pkrvars.hcl")).unwrap();
    assert!(
        config.contains("\"AlmaLinux-9.10-x86_64-dvd.iso\"") && config.contains("\"AlmaLinux-9.10-x86_64-dvd\""),
        "{config}"
    );
}

#[test]
fn killed_between_the_two_files_the_next_run_finishes() {
    let server = current();
    server.put("/cdimage/release/", apache(&["13.6.0", "13.7.0"]));
    server.put("/cdimage/release/13.7.0/amd64/iso-cd/debian-13.7.0-amd64-netinst.iso", "iso");
    server.put("/cdimage/release/13.7.0/amd64/iso-cd/SHA256SUMS", format!("{SUM}  debian-13.7.0-amd64-netinst.iso\n"));
    let repo = repository(&server);
    let config = repo.path().join("ci/config/linux-debian-13.pkrvars.hcl");
    // CRLF and a comment that names the file stay as they are.
    let text =
        std::fs::read_to_string(&config).unwrap().replace('\n', "\r\n") + "# not debian-13.6.0-amd64-netinst.iso\r\n";
    let half = text.replace("\"debian-13.6.0", "\"debian-13.7.0");
    std::fs::write(&config, &half).unwrap();
    let (code, lines, err) = run(repo.path(), &["--apply"]);
    assert_eq!(code, 0, "{lines:?} {err}");
    assert!(lines.iter().any(|line| line.starts_with("BUMP debian-13: ")), "{lines:?}");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), half);
    let (_, lines, _) = run(repo.path(), &[]);
    assert!(lines.contains(&"OK   debian-13: debian-13.7.0-amd64-netinst.iso".to_owned()), "{lines:?}");
}

#[test]
fn one_commit_names_the_bumps() {
    let server = current();
    server.put("/24.04/SHA256SUMS", format!("{SUM} *ubuntu-24.04.5-live-server-amd64.iso\n"));
    server.put("/24.04/ubuntu-24.04.5-live-server-amd64.iso", "iso");
    let repo = repository(&server);
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(repo.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "-q"]);
    git(&["config", "user.name", "Test"]);
    git(&["config", "user.email", "test@example.com"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "start"]);
    std::fs::write(repo.path().join("ci/unrelated"), "stays out").unwrap();
    let (code, lines, err) = run(repo.path(), &["--apply", "--commit"]);
    assert_eq!(code, 0, "{lines:?} {err}");
    let shown = git(&["show", "--stat", "--format=%B"]);
    assert!(shown.contains("ubuntu-2404: ubuntu-24.04.4-live-server-amd64.iso -> ubuntu-24.04.5"), "{shown}");
    assert!(shown.contains("2 files changed"), "{shown}");
    assert_eq!(git(&["status", "--porcelain"]), "?? ci/unrelated\n");
}
