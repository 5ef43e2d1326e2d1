//! `validate` on the repository as shipped, and on copies of it with one defect seeded each.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use assert_fs::TempDir;
use rstest::rstest;
use tmpl::pipeline::check::{Defect, check};

const MATRIX: &str = "ci/matrix.json";
const BUILD: &str = ".github/workflows/build-templates.yml";
const DEBIAN: &str = "ci/config/linux-debian-12.pkrvars.hcl";
const COMMON: &str = "ci/config/common.pkrvars.hcl";
const TEMPLATE: &str = "packer/linux/debian/debian.pkr.hcl";
const SERVER: &str = "ci/config/windows-server-2025.pkrvars.hcl";

/// What the pipeline reads, copied from this repository.
fn copy() -> TempDir {
    let dir = TempDir::new().unwrap();
    for part in ["ci", "packer", ".github/workflows"] {
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &dir.path().join(part));
    }
    dir
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Replaces the `n`th occurrence (from 0) of `old`; returns the line it stands on.
fn edit(repo: &Path, file: &str, old: &str, n: usize, new: &str) -> usize {
    let path = repo.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let (at, _) = text.match_indices(old).nth(n).unwrap_or_else(|| panic!("{old:?} is not in {file}"));
    let line = text[..at].matches('\n').count() + 1;
    fs::write(&path, format!("{}{new}{}", &text[..at], &text[at + old.len()..])).unwrap();
    line
}

/// Appends a line; returns its number.
fn append(repo: &Path, file: &str, added: &str) -> usize {
    let path = repo.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{added}\n")).unwrap();
    text.matches('\n').count() + 1
}

fn find<'a>(findings: &'a [Defect], file: &str, line: Option<usize>, words: &str) -> &'a Defect {
    findings
        .iter()
        .find(|finding| finding.file == Path::new(file) && finding.line == line && finding.what.contains(words))
        .unwrap_or_else(|| panic!("no finding at {file}:{line:?} saying {words:?} in {findings:#?}"))
}

#[test]
fn the_repository_as_shipped_is_sound() {
    assert_eq!(check(Path::new(env!("CARGO_MANIFEST_DIR")), None), []);
}

#[rstest]
#[case::duplicate_key(MATRIX, "\"debian-13\"", "\"debian-12\"", "key \"debian-12\" is used twice", "its own")]
#[case::duplicate_base(MATRIX, "linux-debian-13-main", "linux-debian-12-main", "is used twice", "its own")]
#[case::missing_config(
    MATRIX,
    "\"linux-debian-12.pkrvars.hcl\"",
    "\"gone.pkrvars.hcl\"",
    "gone.pkrvars.hcl\" does not exist",
    "create"
)]
#[case::only(
    MATRIX,
    "windows-server-datacenter-dexp\"",
    "windows-server-datacenter-gui\"",
    "is no source of packer/windows/server",
    "vsphere-iso.windows-server-datacenter-dexp"
)]
#[case::edition(
    MATRIX,
    "\"Enterprise\"",
    "\"Ultimate\"",
    "is no source of packer/windows/desktop",
    "vsphere-iso.windows-desktop-ent"
)]
#[case::windows_given_a_linux_file(
    MATRIX,
    "\"windows-server-2025.pkrvars.hcl\"",
    "\"linux-storage.pkrvars.hcl\"",
    "a file of Linux lines",
    "own var-file"
)]
#[case::option_unknown(BUILD, "- debian-13", "- debian-14", "names \"debian-14\"", "remove")]
#[case::datastore_path(DEBIAN, "iso/linux/debian/12/amd64", "iso/linux/debian/12", "iso_datastore_path is", "agree")]
#[case::base_name(DEBIAN, "linux-debian-12-main", "linux-debian-12", "vm_base_name is", "agree")]
#[case::iso_pair(
    DEBIAN,
    "debian-12.15.0-amd64-netinst.iso",
    "debian-12.14.0-amd64-netinst.iso",
    "iso_file is",
    "agree"
)]
fn a_changed_value_is_named_with_its_line(
    #[case] file: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] what: &str,
    #[case] remedy: &str,
) {
    let repo = copy();
    let line = edit(repo.path(), file, old, 0, new);
    let findings = check(repo.path(), None);
    let finding = find(&findings, file, Some(line), what);
    assert!(finding.remedy.contains(remedy), "{finding}");
}

#[test]
fn a_variable_the_template_does_not_declare() {
    let repo = copy();
    let line = append(repo.path(), DEBIAN, "vm_gpu_count = 2");
    let findings = check(repo.path(), None);
    find(&findings, DEBIAN, Some(line), "vm_gpu_count is not declared by packer/linux/debian");
}

#[test]
fn a_required_variable_nobody_supplies() {
    let repo = copy();
    edit(repo.path(), DEBIAN, "vm_guest_os_type", 0, "# vm_guest_os_type");
    let findings = check(repo.path(), None);
    let finding = find(&findings, DEBIAN, None, "nobody supplies vm_guest_os_type");
    assert!(finding.remedy.contains("PKR_VAR_vm_guest_os_type"));
}

#[test]
fn a_windows_line_called_linux_is_handed_network_and_storage_files() {
    let repo = copy();
    edit(repo.path(), MATRIX, "\"os\": \"Windows\"", 0, "\"os\": \"Linux\"");
    let findings = check(repo.path(), Some("windows-server-2025"));
    let finding = findings
        .iter()
        .find(|f| f.file.ends_with("linux-storage.pkrvars.hcl") && f.what.contains("packer/windows/server"))
        .unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(finding.line.is_some());
    assert!(finding.remedy.contains("Linux lines only"), "{finding}");
}

#[test]
fn a_dispatch_list_that_forgot_a_line() {
    let repo = copy();
    edit(repo.path(), BUILD, "          - debian-13\n", 0, "");
    let findings = check(repo.path(), None);
    assert!(
        findings
            .iter()
            .any(|f| f.file == Path::new(BUILD) && f.line.is_some() && f.what.contains("lacks \"debian-13\""))
    );
}

#[rstest]
#[case("build_password = \"hunter2\"", "would win over PKR_VAR_build_password")]
#[case("vsphere_password = \"\"", "would win over PKR_VAR_vsphere_password")]
#[case("vm_join_token = \"abcdef\"", "vm_join_token holds a secret in clear")]
#[case("vm_admin_hash = \"$6$rounds$abc\"", "vm_admin_hash holds a secret in clear")]
fn a_secret_in_a_var_file(#[case] assignment: &str, #[case] what: &str) {
    let repo = copy();
    let line = append(repo.path(), "ci/config/build.pkrvars.hcl", assignment);
    let findings = check(repo.path(), None);
    let finding = find(&findings, "ci/config/build.pkrvars.hcl", Some(line), what);
    assert!(finding.remedy.contains("PKR_VAR_"), "{finding}");
    assert!(!finding.to_string().contains("hunter2"), "the finding repeats the secret");
}

/// A file with something in front.
fn prepend(repo: &Path, file: &str, front: &[u8]) {
    let text = fs::read(repo.join(file)).unwrap();
    fs::write(repo.join(file), [front, &text].concat()).unwrap();
}

#[test]
fn a_byte_order_mark_is_fine_for_packer_and_named_where_others_read() {
    let repo = copy();
    prepend(repo.path(), SERVER, b"\xef\xbb\xbf");
    assert!(check(repo.path(), None).is_empty());
    prepend(repo.path(), MATRIX, b"\xef\xbb\xbf");
    let findings = check(repo.path(), None);
    find(&findings, MATRIX, Some(1), "byte order mark");
    assert_eq!(findings.len(), 1);
}

#[rstest]
#[case("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> feature", "merge conflict")]
#[case("vm_more = “x”", "typographic quotes (“)")]
#[case("oops = = 1", "not HCL")]
fn one_broken_file_is_one_defect(#[case] lines: &str, #[case] words: &str) {
    for file in [SERVER, COMMON, TEMPLATE] {
        let repo = copy();
        let line = append(repo.path(), file, lines);
        let findings = check(repo.path(), None);
        find(&findings, file, Some(line), words);
        assert_eq!(findings.len(), 1, "{file}: {findings:#?}");
    }
    let repo = copy();
    fs::write(repo.path().join(SERVER), [0xff, 0xfe, b'x', 0]).unwrap();
    let findings = check(repo.path(), None);
    find(&findings, SERVER, None, "no text in UTF-8");
    assert_eq!(findings.len(), 1, "{findings:#?}");
}

#[test]
fn broken_files_are_findings_and_not_the_end() {
    let repo = copy();
    let line = append(repo.path(), SERVER, "oops = = 1");
    let findings = check(repo.path(), None);
    find(&findings, SERVER, Some(line), "not HCL");

    edit(repo.path(), MATRIX, "\"enabled\": true,", 3, "\"enabled\": \"yes\",");
    let findings = check(repo.path(), None);
    assert!(
        findings.iter().any(|f| f.file == Path::new(MATRIX) && f.what.contains("expected a boolean")),
        "{findings:#?}"
    );

    fs::write(repo.path().join(MATRIX), "[{]").unwrap();
    let findings = check(repo.path(), None);
    find(&findings, MATRIX, Some(1), "not a JSON array");
    fs::remove_file(repo.path().join(MATRIX)).unwrap();
    fs::write(repo.path().join("tmpl.toml"), format!("matrix = {MATRIX:?}\n")).unwrap();
    assert!(check(repo.path(), None)[0].what.contains("cannot be read"));
    fs::write(repo.path().join("tmpl.toml"), "matrix = 'none'\n\n[packer]\nvar_file = []\n").unwrap();
    find(&check(repo.path(), None), "tmpl.toml", Some(4), "unknown key \"var_file\"");
}
