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

/// Changes one field of one line of the matrix; null takes it away.
fn change(repo: &std::path::Path, key: &str, field: &str, value: serde_json::Value) {
    let path = repo.join("ci/matrix.json");
    let mut matrix: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let line = matrix.as_array_mut().unwrap().iter_mut().find(|line| line["key"] == key).unwrap();
    if value.is_null() {
        line.as_object_mut().unwrap().remove(field);
    } else {
        line[field] = value;
    }
    std::fs::write(path, serde_json::to_string_pretty(&matrix).unwrap() + "\n").unwrap();
}

#[test]
fn lines_that_are_off_or_pinned_are_left_alone_and_half_given_ones_are_errors() {
    let server = current();
    let repo = repository(&server);
    change(repo.path(), "ubuntu-2404", "enabled", false.into());
    change(repo.path(), "ubuntu-2204", "discover", serde_json::Value::Null);
    change(repo.path(), "debian-12", "sums_url", serde_json::Value::Null);
    change(repo.path(), "debian-13", "discover", serde_json::json!({"type": "guess"}));
    let (code, lines, err) = run(repo.path(), &[]);
    assert_eq!(code, 1, "{err}");
    assert_eq!(lines[0], "SKIP ubuntu-2404: off in the matrix");
    assert_eq!(lines[1], "SKIP ubuntu-2204: no discover in the matrix: it stays with its ISO");
    assert_eq!(lines[2], "ERROR debian-12: ci/matrix.json: debian-12 has iso_url but no sums_url");
    assert!(lines[3].starts_with("ERROR debian-13: ci/matrix.json: discover of debian-13: "), "{lines:?}");
    assert_eq!(lines[4], "OK   rocky-9: Rocky-9.8-x86_64-dvd.iso");
}

/// Debian 13.7.0 is there.
fn newer_debian(server: &Server) {
    server.put("/cdimage/release/", apache(&["13.6.0", "13.7.0"]));
    server.put("/cdimage/release/13.7.0/amd64/iso-cd/debian-13.7.0-amd64-netinst.iso", "iso");
    server.put("/cdimage/release/13.7.0/amd64/iso-cd/SHA256SUMS", format!("{SUM}  debian-13.7.0-amd64-netinst.iso\n"));
}

#[rstest::rstest]
#[case(
    "iso_file",
    "iso_file = \"debian-13.5.0-amd64-netinst.iso\" #",
    "not the current \"debian-13.6.0-amd64-netinst.iso\""
)]
#[case("iso_content_library_item", "iso_content_library_item = \"debian-13.5.0-amd64-netinst\" #", "not the current")]
#[case("iso_file", "# iso_file", "iso_file is not assigned")]
#[case("iso_file", "iso_file = \"debian-13.6.0-amd64-netinst.iso\"\niso_file", "redefined attribute")]
#[case("iso_file", "iso_file = var.other #", "no literal string")]
fn a_var_file_that_does_not_name_the_iso_twice_is_left_alone(#[case] at: &str, #[case] to: &str, #[case] why: &str) {
    let server = current();
    newer_debian(&server);
    let repo = repository(&server);
    let config = repo.path().join("ci/config/linux-debian-13.pkrvars.hcl");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replacen(&format!("\n{at}"), &format!("\n{to}"), 1);
    std::fs::write(&config, &text).unwrap();
    let matrix = std::fs::read_to_string(repo.path().join("ci/matrix.json")).unwrap();
    let (code, lines, _) = run(repo.path(), &["--apply"]);
    let said = lines.iter().find(|line| line.contains("debian-13: ")).unwrap();
    assert!(code == 1 && said.starts_with("ERROR debian-13: ci/config/linux-debian-13.pkrvars.hcl: "), "{said}");
    assert!(said.contains(why), "{said}");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
    assert_eq!(std::fs::read_to_string(repo.path().join("ci/matrix.json")).unwrap(), matrix);
}

#[test]
fn names_of_digits_and_of_regex_characters_are_written_as_they_are() {
    let server = current();
    server.put("/24.04/SHA256SUMS", format!("{SUM} *24.04.9+x_(1)-live.iso\n{SUM} *24.04.9-live+~1.iso\n"));
    server.put("/24.04/24.04.9-live+~1.iso", "iso");
    let repo = repository(&server);
    let old = "24.04.4-live+~1.iso";
    change(repo.path(), "ubuntu-2404", "iso_url", format!("{}/24.04/{old}", server.url).into());
    let discover = serde_json::json!({"type": "sums-regex", "pattern": r"24\.04\.(\d+)[^ ]*\.iso"});
    change(repo.path(), "ubuntu-2404", "discover", discover);
    let config = repo.path().join("ci/config/linux-ubuntu-24-04-lts.pkrvars.hcl");
    let text = std::fs::read_to_string(&config).unwrap().replace("ubuntu-24.04.4-live-server-amd64", "24.04.4-live+~1");
    std::fs::write(&config, &text).unwrap();
    let (code, lines, err) = run(repo.path(), &["--apply"]);
    assert_eq!(code, 0, "{lines:?} {err}");
    assert_eq!(lines[0], "BUMP ubuntu-2404: 24.04.4-live+~1.iso -> 24.04.9-live+~1.iso");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text.replace("24.04.4-live+~1", "24.04.9-live+~1"));
}

#[test]
fn a_bump_that_could_not_be_committed_is_committed_by_the_next_run() {
    let server = current();
    newer_debian(&server);
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
    // Killed after writing and before committing.
    let (code, _, err) = run(repo.path(), &["--apply"]);
    assert_eq!(code, 0, "{err}");
    let bumped = repo.path().join("bumped.txt");
    let (code, lines, err) = run(repo.path(), &["--apply", "--commit", "--bumped", bumped.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let line = "BUMP debian-13: debian-13.6.0-amd64-netinst.iso -> debian-13.7.0-amd64-netinst.iso";
    assert!(lines.contains(&line.to_owned()), "{lines:?}");
    assert_eq!(std::fs::read_to_string(&bumped).unwrap(), "debian-13\n");
    assert_eq!(git(&["log", "--format=%s"]), "Bump install media\nstart\n");
    let (_, lines, _) = run(repo.path(), &["--apply", "--commit", "--bumped", bumped.to_str().unwrap()]);
    assert!(lines.iter().all(|line| !line.starts_with("BUMP")), "{lines:?}");
    assert_eq!(std::fs::read_to_string(&bumped).unwrap(), "");
}

#[test]
fn read_only_writes_no_bump() {
    let server = current();
    newer_debian(&server);
    let repo = repository(&server);
    let (code, _, err) = run(repo.path(), &["--apply", "--read-only"]);
    assert!(code == 3 && err.contains("read-only"), "{err}");
    let (code, lines, _) = run(repo.path(), &["--read-only"]);
    assert!(code == 0 && lines.iter().any(|line| line.starts_with("BUMP debian-13: ")), "{lines:?}");
}

#[test]
fn json_says_what_would_be_written() {
    let server = current();
    newer_debian(&server);
    let repo = repository(&server);
    let (_, lines, _) = run(repo.path(), &["--json"]);
    let events: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bump = events.iter().find(|event| event["result"] == "BUMP").unwrap();
    assert_eq!((bump["key"].as_str(), bump["size"].as_u64()), (Some("debian-13"), Some(3)));
    assert_eq!(bump["sha256"], SUM);
    assert!(bump["iso_url"].as_str().unwrap().ends_with("/13.7.0/amd64/iso-cd/debian-13.7.0-amd64-netinst.iso"));
}

/// One line on a mirror that has a newer release, with this list and whatever `change` does to it.
fn rocky(list: &str, change: impl FnOnce(&Server)) -> String {
    let server = current();
    server.put("/pub/rocky/", nginx(&["9.9"]));
    server.put("/pub/rocky/9.9/isos/x86_64/Rocky-9.9-x86_64-dvd.iso", "iso");
    server.put("/pub/rocky/9.9/isos/x86_64/CHECKSUM", list);
    change(&server);
    let repo = repository(&server);
    let (_, lines, err) = run(repo.path(), &[]);
    lines.into_iter().find(|line| line.contains(" rocky-9: ")).unwrap_or(err)
}

#[test]
fn mirrors_with_ways_of_their_own() {
    let iso = "/pub/rocky/9.9/isos/x86_64/Rocky-9.9-x86_64-dvd.iso";
    let good = format!("\u{feff}SHA256 (Rocky-9.9-x86_64-dvd.iso) = {SUM}\n");
    let bump = "BUMP rocky-9: Rocky-9.8-x86_64-dvd.iso -> Rocky-9.9-x86_64-dvd.iso";
    assert_eq!(rocky(&good, |_| {}), bump, "a byte order mark");
    assert_eq!(rocky(&good, |server| server.refuse_head("403 Forbidden")), bump, "HEAD is forbidden");
    assert_eq!(rocky(&good, |server| server.refuse_head("405 Method Not Allowed")), bump);
    let page = rocky(&good, |server| server.web_page(iso));
    assert!(page.contains("answers with a web page, not with the file") && !page.contains("later"), "{page}");
    let twice = rocky(&format!("{good}SHA256 (Rocky-9.9-x86_64-dvd.iso) = {}\n", SUM.replace('0', "1")), |_| {});
    assert!(twice.contains("two different SHA-256 of Rocky-9.9-x86_64-dvd.iso") && !twice.contains("later"), "{twice}");
    let respin = rocky(&format!("SHA256 (Rocky-9.9-20221216-x86_64-dvd.iso) = {SUM}\n"), |_| {});
    assert!(respin.contains("the list has Rocky-9.9-20221216-x86_64-dvd.iso instead"), "{respin}");
    assert!(!respin.contains("later"), "{respin}");
    let html = rocky("<html><body>moved</body></html>", |_| {});
    assert!(html.contains("is a web page, not a list of checksums") && !html.contains("later"), "{html}");
    let copying = rocky("", |_| {});
    assert!(copying.contains("yet; try again later"), "{copying}");
}
