//! `plan` beside jq on the same files, and what a matrix that is not right is answered.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rstest::rstest;
use tmpl::pipeline::plan::{Selection, plan};
use tmpl::pipeline::{Matrix, argv};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");

/// What jq prints for a filter, without the line break at its end.
fn jq(filter: &str, input: &str) -> String {
    let mut child = Command::new("jq")
        .args(["-c", filter])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("jq is there; install what ci/apt-packages lists");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "jq: {}\n{input}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}

/// Text of a JSON string, some of it escaped the long way.
fn string() -> impl Strategy<Value = String> {
    let c = prop_oneof![
        8 => any::<char>().prop_filter("jq reads no noncharacters", |c| !matches!(*c, '\u{fdd0}'..='\u{fdef}') && u32::from(*c) & 0xfffe != 0xfffe),
        4 => prop::char::range('\0', '\u{a0}'),
        2 => prop::sample::select(vec!['"', '\\', '/', '\u{7f}', '\u{2028}', '😀', 'é']),
    ];
    prop::collection::vec((c, any::<bool>()), 0..12).prop_map(|chars| {
        let mut text = String::from("\"");
        for (c, long) in chars {
            match c {
                c if long || c < ' ' => {
                    c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04X}")));
                }
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                c => text.push(c),
            }
        }
        text + "\""
    })
}

fn number() -> impl Strategy<Value = String> {
    let finite = any::<f64>().prop_filter("JSON has no others", |number| number.is_finite());
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        (-1000..1000_i32).prop_map(|n| n.to_string()),
        finite.clone().prop_map(|n| format!("{n:e}")),
        finite.prop_map(|n| format!("{n:?}")),
        (any::<i32>(), -40..40_i32).prop_map(|(digits, exponent)| format!("{digits}e{exponent}")),
        (any::<u32>(), any::<u32>()).prop_map(|(whole, fraction)| format!("{whole}.{fraction}E+2")),
        Just("-0".to_owned()),
        Just("0.00001000".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![string(), number(), prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[ {} ]", all.join(" , "))),
            prop::collection::vec((string(), inner), 0..4).prop_map(|all| {
                let fields: Vec<_> = all.into_iter().map(|(name, value)| format!("{name}\t:\n{value}")).collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

/// A matrix with fields that this program does not know, in any order, some of them twice.
fn matrix() -> impl Strategy<Value = String> {
    let unknown = prop::collection::vec(("x[a-z]{0,2}", value()), 0..5);
    let entry = (any::<bool>(), unknown, any::<prop::sample::Index>(), string());
    prop::collection::vec(entry, 1..5).prop_map(|entries| {
        let entries = entries.into_iter().enumerate().map(|(at, (enabled, unknown, turn, dist))| {
            let mut fields = vec![
                format!("\"key\": \"line-{at}\""),
                format!("\"enabled\": {enabled}"),
                "\"os\": \"Linux\"".into(),
                format!("\"dist\": {dist}"),
                "\"version\": \"1\"".into(),
                "\"build_dir\": \"packer/linux\"".into(),
                "\"config\": \"l.pkrvars.hcl\"".into(),
                format!("\"base_name\": \"base-{at}\""),
                "\"iso_datastore_path\": \"iso\"".into(),
            ];
            fields.extend(unknown.into_iter().map(|(name, value)| format!("\"{name}\": {value}")));
            let length = fields.len();
            fields.rotate_left(turn.index(length));
            format!("  {{\n    {}\n  }}", fields.join(",\n    "))
        });
        format!("[\n{}\n]\n", entries.collect::<Vec<_>>().join(",\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_is_what_jq_prints(text in matrix()) {
        let parsed = Matrix::parse(Path::new("."), &text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let all = jq("[.[] | select(.enabled)]", &text);
        match plan(&parsed, &Selection::All) {
            Ok(ours) => prop_assert_eq!(ours, all),
            Err(error) => {
                prop_assert_eq!(all, "[]");
                prop_assert!(error.to_string().contains("is enabled"));
            }
        }
        let one = plan(&parsed, &Selection::parse("line-0")).unwrap();
        prop_assert_eq!(one, jq("[.[] | select(.key == \"line-0\")]", &text));
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[rstest]
#[case::all("all", "[.[] | select(.enabled)]")]
#[case::a_disabled_line("windows-desktop-11", "[.[] | select(.key == \"windows-desktop-11\")]")]
fn the_verb_prints_it_for_the_repository(#[case] os: &str, #[case] filter: &str) {
    let output = Command::new(PROGRAM).args(["plan", "--os", os]).current_dir(repository()).output().unwrap();
    assert!(output.status.success());
    let text = std::fs::read_to_string(repository().join("ci/matrix.json")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), jq(filter, &text) + "\n");
}

#[test]
fn an_unknown_line_is_exit_2_and_names_the_known_ones() {
    let output = Command::new(PROGRAM).args(["plan", "--os", "debian-11"]).current_dir(repository()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("no line \"debian-11\"") && said.contains("debian-12"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

const GOOD: &str = r#"[
  {
    "key": "one", "enabled": true, "os": "Linux", "dist": "D", "version": "1",
    "build_dir": "packer/linux", "config": "one.pkrvars.hcl",
    "base_name": "base-one", "iso_datastore_path": "iso"
  },
  {
    "key": "two", "enabled": true, "os": "Linux", "dist": "D", "version": "1",
    "build_dir": "packer/linux", "config": "two.pkrvars.hcl",
    "base_name": "base-two", "iso_datastore_path": "iso"
  }
]"#;

#[rstest]
#[case::cut_off("\n]", "", "11:", "the file ends too early")]
#[case::comma("\"two\",", "\"two\"", "8:", "expected `,` or `}`")]
#[case::missing("\"config\": \"two.pkrvars.hcl\",", "", "7:3:", "missing field `config`; give every entry")]
#[case::wrong_type(
    "\"version\": \"1\",\n    \"build_dir\": \"packer/linux\", \"config\": \"two",
    "\"version\": 1,\n    \"build_dir\": \"packer/linux\", \"config\": \"two",
    "8:",
    "expected a string"
)]
#[case::other_os(
    "\"key\": \"two\", \"enabled\": true, \"os\": \"Linux\"",
    "\"key\": \"two\", \"enabled\": true, \"os\": \"Plan 9\"",
    "8:",
    "unknown variant `Plan 9`"
)]
#[case::same_key("\"two\"", "\"one\"", "8:5:", "key \"one\" is used twice")]
#[case::base_of_another(
    "base-two",
    "BASE-one-prev",
    "10:5:",
    "its template BASE-one-prev would also be one of line one"
)]
#[case::same_base("base-two", "base-one", "10:5:", "base_name \"base-one\" is used twice")]
#[case::path_in_key("\"two\"", "\"../x\"", "8:5:", "key \"../x\" is not a plain name")]
#[case::option_as_key("\"two\"", "\"--force\"", "8:5:", "is not a plain name")]
#[case::control_in_key("\"two\"", "\"t\\u001b[2Jo\"", "8:5:", "key \"t\\u{1b}[2Jo\" is not a plain name")]
#[case::empty_key("\"two\"", "\"\"", "8:5:", "is not a plain name")]
#[case::path_in_base("base-two", "Templates/base", "10:5:", "is not a plain name")]
#[case::config_elsewhere("two.pkrvars.hcl", "../../etc/passwd", "9:", "is not the name of a file in ci/config")]
#[case::folder_elsewhere(
    "\"packer/linux\", \"config\": \"two",
    "\"/etc\", \"config\": \"two",
    "9:5:",
    "is not a folder below the repository"
)]
fn a_matrix_that_is_not_right_is_told_where_and_what_to_do(
    #[case] from: &str,
    #[case] to: &str,
    #[case] place: &str,
    #[case] words: &str,
) {
    let at = GOOD.rfind(from).expect("the text to break");
    let text = format!("{}{to}{}", &GOOD[..at], &GOOD[at + from.len()..]);
    let error = Matrix::parse(Path::new("/repo"), &text).unwrap_err().to_string();
    assert!(error.starts_with(&format!("/repo/ci/matrix.json:{place}")), "{error}");
    assert!(error.contains(words) && error.contains("; "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains('\u{1b}'));
}

#[rstest]
#[case::nothing("", "the file ends too early")]
#[case::empty("[]", "no lines")]
#[case::object("{}", "not an array of lines")]
#[case::bare_entry("[1]", "invalid type")]
fn a_file_that_is_no_matrix_is_one_clear_line(#[case] text: &str, #[case] words: &str) {
    let error = Matrix::parse(Path::new("."), text).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn every_line_of_the_repository_becomes_a_command_of_existing_files() {
    let matrix = Matrix::load(repository()).unwrap();
    assert_eq!(matrix.lines.len(), 9);
    for line in &matrix.lines {
        let command = argv::build(line, repository(), "cleanup");
        assert_eq!(command[..3], ["build", "-force", "-on-error=cleanup"]);
        for word in &command[3..] {
            let file = word.strip_prefix("-var-file=").unwrap_or(word);
            assert!(word.starts_with("-only=") || Path::new(file).exists(), "{}: {word}", line.key);
        }
        let only = command.iter().find(|word| word.starts_with("-only=")).map(String::as_str);
        let expected = match line.dist.as_str() {
            "Windows Server" => Some("-only=vsphere-iso.windows-server-datacenter-dexp"),
            "Windows Desktop" => Some("-only=vsphere-iso.windows-desktop-ent"),
            _ => None,
        };
        assert_eq!(only, expected, "{}", line.key);
        let network = command.iter().any(|word| word.ends_with("network.pkrvars.hcl"));
        assert_eq!(network, line.dist.split_whitespace().next() != Some("Windows"), "{}", line.key);
    }
}

#[test]
fn a_dry_run_prints_the_command_for_a_shell_and_as_json() {
    for key in ["debian-12", "windows-server-2022", "windows-desktop-11"] {
        let run = |more: &[&str]| {
            let arguments = [&["build", key, "--dry-run", "--on-error", "abort"], more].concat();
            let output = Command::new(PROGRAM).args(arguments).current_dir(repository()).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        let json: Vec<String> = serde_json::from_str(&run(&["--json"])).unwrap();
        let script = format!("printf '%s\\n' {}", run(&[]));
        let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
        let words: Vec<_> = String::from_utf8(shell.stdout).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(words, json);
        assert_eq!(json[..4], ["packer", "build", "-force", "-on-error=abort"]);
    }
}

/// What a shell is told when it asks for the value of an argument.
#[test]
fn a_line_completes_wherever_a_verb_takes_one() {
    let candidates = |words: &[&str]| {
        let mut shell = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        shell.env("COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
        let output = shell.arg("--").args(words).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for verb in ["build", "promote", "rollback", "triage", "log", "cancel"] {
        assert_eq!(candidates(&["tmpl-tui", verb, "debian"]), ["debian-12", "debian-13"], "{verb}");
    }
    assert_eq!(candidates(&["tmpl-tui", "plan", "--os", "al"]), ["almalinux-9", "all"]);
    assert_eq!(candidates(&["tmpl-tui", "runs", "dispatch", "roc"]), ["rocky-9"]);
    assert_eq!(candidates(&["tmpl-tui", "demo", "--scenario", "ssh-p"]), ["ssh-password"]);
    assert_eq!(candidates(&["tmpl-tui", "man", "roll"]), ["rollback"]);
    assert_eq!(candidates(&["tmpl-tui", "--repo", "/nowhere", "promote", "debian"]), [""; 0]);
}
