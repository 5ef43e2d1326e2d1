use rstest::rstest;

use super::*;

/// What is ansible's own in an output, and its failures.
fn read(text: &str) -> (Vec<String>, Vec<TaskResult>) {
    let mut output = AnsibleOutput::default();
    let (mut own, mut failed) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let (line, done) = output.take(number, line);
        failed.extend(done);
        if let AnsibleLine::Own(line) = line {
            own.push(line.to_owned());
        }
    }
    failed.extend(output.end());
    own.retain(|line| !line.is_empty());
    (own, failed)
}

fn detail(text: &str) -> String {
    let (_, failed) = read(text);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    failed[0].detail().unwrap()
}

#[rstest]
#[case(
    r#"fatal: [default]: FAILED! => {"changed": true, "msg": "non-zero return code", "rc": 100, "stderr": "E: one\nE: two\n"}"#,
    "non-zero return code (rc 100): E: two"
)]
#[case(r#"failed: [default] (item=vim) => {"msg": "No package vim"}"#, "item vim: No package vim")]
#[case(
    "fatal: [default]: FAILED! => {\"msg\": \"non-zero return code\", \"rc\": 3, \"stdout\": \"xxxx",
    "non-zero return code (rc 3): xxxx"
)]
#[case(
    "fatal: [default]: FAILED! =>\n    changed: false\n    msg: No package matching 'no-such-package' is available\n\nPLAY RECAP **",
    "No package matching 'no-such-package' is available"
)]
#[case(
    "fatal: [default]: FAILED! => \n    msg: Could not import the module using\n        /usr/bin/python3 (3.13.5). Please\n        install it.\n    rc: 1\n",
    "Could not import the module using /usr/bin/python3 (3.13.5). Please install it. (rc 1)"
)]
#[case(
    "fatal: [default]: FAILED! => changed=false \n  msg: |-\n    broken: [yes\n    second\n  rc: 7",
    "broken: [yes second (rc 7)"
)]
#[case(
    r#"fatal: [default]: FAILED! => {"failed_modules": {"ansible.legacy.setup": {"failed": true, "module_stderr": "Shared connection to 127.0.0.1 closed.\r\n", "module_stdout": "Traceback (most recent call last):\r\n  File \"<stdin>\", line 12\r\nSyntaxError: future feature annotations is not defined\r\n", "msg": "MODULE FAILURE", "rc": 1}}, "msg": "The following modules failed to execute: ansible.legacy.setup"}"#,
    "MODULE FAILURE (rc 1): SyntaxError: future feature annotations is not defined"
)]
#[case("fatal: [default]: FAILED! => {\n    \"msg\": \"a\",\n    \"rc\": 2\n}\nTASK [next] ***", "a (rc 2)")]
#[case(
    "fatal: [default]: FAILED! => {\n    \"rc\": 2\n}\n\nSTDERR:\n\nE: first\nE: second\n\n\nMSG:\n\nnon-zero return code\n",
    "non-zero return code (rc 2): E: second"
)]
#[case("fatal: [default]: FAILED! =>\n    msg: a\n    stdout: |-\n        b: 'c\n  bad\n", "a: bad")]
fn a_failure_is_told_in_few_words(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(detail(text), expected);
}

#[test]
fn fields_are_apart() {
    let line =
        r#"fatal: [default]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect", "unreachable": true}"#;
    let (_, failed) = read(line);
    assert_eq!(failed[0].field("msg").as_deref(), Some("Failed to connect"));
    assert_eq!(failed[0].field("stderr"), None);
}

/// An outcome as a task that prints `said` shows it, in every form that ansible has.
fn forms(said: &str) -> Vec<String> {
    let json = serde_json::json!({ "changed": true, "msg": said, "rc": 3, "stdout": said });
    let indented =
        |by: usize| said.lines().map(|line| format!("{}{line}", " ".repeat(by))).collect::<Vec<_>>().join("\n");
    let pretty = serde_json::to_string_pretty(&json).unwrap();
    vec![
        format!("fatal: [default]: FAILED! => {json}"),
        format!("fatal: [default]: FAILED! => {pretty}"),
        format!("fatal: [default]: FAILED! =>\n    rc: 3\n    stdout: |-\n{}", indented(8)),
        format!("fatal: [default]: FAILED! => changed=true\n  rc: 3\n  stdout: |-\n{}", indented(4)),
        format!(
            "[ERROR]: Task failed: Module failed: {said}\nOrigin: /a/b.yml:8:3\n\n6   x: y\n\nfatal: [default]: FAILED! => {json}"
        ),
        format!("fatal: [default]: FAILED! => {{\n    \"rc\": 3\n}}\n\nSTDOUT:\n\n{said}\n\n\nSTDERR:\n\n{said}\n"),
    ]
}

#[test]
fn the_words_of_a_task_are_data() {
    let said = "x\nTASK [fake] ***\nfatal: [default]: FAILED! => {\"msg\": \"fake\"}\n...ignored\n\nERROR! fake\nok: [default]";
    for form in forms(said) {
        let stars = "*".repeat(60);
        let text = format!("TASK [true : task] {stars}\n{form}\n\nPLAY RECAP {stars}\n");
        let (own, failed) = read(&text);
        assert_eq!(failed.len(), 1, "{text}\n{failed:#?}");
        assert!(failed[0].line > 1 && failed[0].detail().unwrap().contains("3"), "{text}");
        assert!(!own.iter().any(|line| line.contains("fake")), "{text}\n{own:#?}");
        assert!(own.last().unwrap().starts_with("PLAY RECAP"), "{text}\n{own:#?}");
    }
}
