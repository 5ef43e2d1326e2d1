//! Small logs in packer's grammar, one per failure that the real logs in `tests/logs` do not show.

use std::sync::LazyLock;

use rstest::rstest;

use super::*;
use crate::triage::rules::Rules;

const VSPHERE: &str = "<sensitive>-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: 2026/11/23 04:00:00 ";
const STEPS: &[(&str, &str)] = &[
    ("create", "ui: ==> v.deb: Creating virtual machine..."),
    ("boot", "ui: ==> v.deb: Typing boot command..."),
    ("ip", "ui: ==> v.deb: Waiting for IP..."),
    ("connect", "ui: ==> v.deb: Using SSH communicator to connect: 10.0.0.7"),
    ("provision", "ui: ==> v.deb: Connected to SSH!"),
    ("shutdown", "ui: ==> v.deb: Running shutdown command..."),
    ("convert", "ui: ==> v.deb: Converting virtual machine to template..."),
];

// Compiled once: that takes longer than to judge a log.
static SHIPPED: LazyLock<Rules> = LazyLock::new(|| Rules::shipped().unwrap());
static JUDGE: LazyLock<Judge<'static>> = LazyLock::new(|| Judge::new(&SHIPPED).unwrap());

/// A log: the stages up to `stage`, then the lines, then packer's final error (if there is one) behind its clean-up.
fn log(stage: &str, lines: &[&str], final_error: Option<&str>) -> String {
    let mut log =
        vec!["ui: v.deb: output will be in this color.".to_owned(), format!("{VSPHERE}[INFO] Using datastore 'ds'")];
    let upto = STEPS.iter().position(|(name, _)| *name == stage).map_or(0, |at| at + 1);
    log.extend(STEPS[..upto].iter().map(|(_, line)| (*line).to_owned()));
    log.extend(lines.iter().map(|line| line.replace("VSPHERE ", VSPHERE)));
    if let Some(word) = final_error {
        log.extend([
            "ui: ==> v.deb: Powering off virtual machine...".to_owned(),
            "ui error: ==> v.deb: error destroying: noise of the clean-up".to_owned(),
            format!("ui error: Build 'v.deb' errored after 3 minutes 2 seconds: {word}"),
            "ui: ".to_owned(),
        ]);
    }
    let stamped = log.iter().map(|line| format!("2026/11/23 04:00:00 {line}\n"));
    stamped.collect()
}

fn judged(log: &str) -> Verdict {
    let mut judge = JUDGE.fresh();
    judge.read(log.as_bytes()).unwrap();
    judge.verdict(&Scrubber::default(), None)
}

/// The class, and what the decisive line says.
fn found(log: &str) -> (String, String) {
    let verdict = judged(log);
    let text = verdict.evidence.first().map(|evidence| evidence.text.clone()).unwrap_or_default();
    (verdict.class, text)
}

#[rstest]
#[case("", &[], "ServerFaultCode: Cannot complete login due to an incorrect user name or password.", "vcenter_login")]
#[case("", &[], "ServerFaultCode: The password of the account has expired.", "vcenter_login")]
#[case("create", &["ui: ==> v.deb: Uploading deb.iso to [ds] packer_cache/deb.iso"], "error uploading iso: PUT https://vc/folder/packer_cache/deb.iso?dcPath=dc&dsName=ds: 401 Unauthorized", "vcenter_login")]
#[case("create", &["ui: ==> v.deb: Uploading deb.iso to [ds] packer_cache/deb.iso"], "error uploading iso: PUT https://vc/folder/packer_cache/deb.iso?dcPath=dc&dsName=ds: 404 Not Found", "upload_failed")]
#[case("provision", &["ui: ==> v.deb: PLAY [web] ***", "ui: ==> v.deb: skipping: no hosts matched", "ui: ==> v.deb: ERROR! Specified hosts and/or --limit does not match any hosts"], "Error executing Ansible: Non-zero exit status: exit status 1", "ansible_bad_args")]
#[case("", &[], "Post \"https://vc/sdk\": tls: failed to verify certificate: x509: certificate signed by unknown authority", "vcenter_tls")]
#[case("", &[], "Post \"https://vc/sdk\": dial tcp: lookup vc on 10.0.0.1:53: no such host", "vcenter_unreachable")]
#[case("", &[], "datastore 'ds2' not found", "vcenter_object_missing")]
#[case("create", &[], "error creating virtual machine: ServerFaultCode: Permission to perform this operation was denied. NoPermission", "vcenter_permission")]
#[case("create", &[], "error mounting an image '[ds] iso/x.iso': Invalid configuration for device '0'.", "iso_missing")]
#[case("create", &[], "[ds] iso is not a valid iso path", "iso_missing")]
#[case("create", &[], "error writing cd: write /tmp/x.iso: no space left on device", "disk_full")]
#[case("boot", &["ui error: ==> v.deb: error typing a boot command (code, down) `6, false`: Permission to perform this operation was denied."], "error running boot command: error typing a boot command (code, down) `6, false`: Permission to perform this operation was denied.", "vcenter_permission")]
#[case("ip", &[], "Post \"https://vc/sdk\": dial tcp 10.0.0.1:443: connect: connection refused", "vcenter_lost")]
#[case("ip", &["ui error: ==> v.deb: The session is not authenticated."], "The session is not authenticated.", "vcenter_lost")]
#[case("ip", &["VSPHERE VM IP acquired: 169.254.13.37", "VSPHERE VM IP is still the same: 169.254.13.37", "ui error: ==> v.deb: timeout waiting for IP address"], "timeout waiting for IP address", "ip_linklocal")]
#[case("ip", &["VSPHERE VM IP acquired: 169.254.13.37", "VSPHERE VM IP changed from 169.254.13.37 to 10.0.0.7", "ui error: ==> v.deb: timeout waiting for IP address"], "timeout waiting for IP address", "ip_timeout")]
#[case("connect", &["VSPHERE [DEBUG] TCP connection to SSH ip/port failed: dial tcp 10.0.0.7:22: i/o timeout", "VSPHERE [DEBUG] SSH handshake err: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password]", "ui error: ==> v.deb: Timeout waiting for SSH."], "Timeout waiting for SSH.", "ssh_auth")]
#[case("connect", &["VSPHERE [DEBUG] SSH handshake err: ssh: handshake failed: EOF", "ui error: ==> v.deb: Timeout waiting for SSH."], "Timeout waiting for SSH.", "ssh_timeout")]
#[case("provision", &["ui error: ==> v.deb: E: broken packages"], "Script exited with non-zero exit status: 100. Allowed exit codes are: [0]", "shell_failed")]
#[case("provision", &[], "Upload failed: scp: /root/x: Permission denied", "upload_failed")]
#[case("provision", &["ui: ==> v.deb: TASK [Gathering Facts] ***", "ui: ==> v.deb: fatal: [default]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed to connect to the host via ssh\", \"unreachable\": true}"], "Error executing Ansible: Non-zero exit status: exit status 4", "ansible_unreachable")]
#[case("provision", &["ui: ==> v.deb: TASK [a : b] ***", "ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"MODULE FAILURE\", \"module_stderr\": \"Shared connection to 127.0.0.1 closed.\\r\\n\", \"rc\": 0}"], "Error executing Ansible: Non-zero exit status: exit status 2", "ansible_task_failed")]
#[case("provision", &["ui: ==> v.deb: [ERROR]: couldn't resolve module/action 'nope'. This often indicates a misspelling"], "Error executing Ansible: Non-zero exit status: exit status 4", "ansible_syntax")]
#[case("provision", &["ui: ==> v.deb: usage: <sensitive>-playbook [-h]", "ui: ==> v.deb: <sensitive>-playbook: error: unrecognized arguments: --nope"], "Error executing Ansible: Non-zero exit status: exit status 2", "ansible_bad_args")]
#[case("provision", &["ui: ==> v.deb: TASK [Gathering Facts] ***", "ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"winrm or requests is not installed: No module named 'winrm'\"}"], "Error executing Ansible: Non-zero exit status: exit status 2", "ansible_missing")]
#[case("provision", &["ui error: ==> v.deb: ERROR! Error reading config file (/b/ansible.cfg): File contains no section headers."], "Error executing Ansible: Non-zero exit status: exit status 5", "ansible_bad_args")]
#[case("provision", &["ui error: ==> v.deb: ERROR! 'role_path_of_ours' is undefined"], "Error executing Ansible: Non-zero exit status: exit status 4", "ansible_syntax")]
#[case("provision", &["ui error: ==> v.deb: env: 'python3.9': No such file or directory"], "Error executing Ansible: Non-zero exit status: exit status 127", "ansible_broken")]
#[case("provision", &["ui error: ==> v.deb: ERROR! Missing sudo password"], "Error executing Ansible: Non-zero exit status: exit status 1", "ansible_broken")]
#[case("provision", &["ui error: ==> v.deb: default : ok=12 changed=4 unreachable=0 failed=1 skipped=2"], "Error executing Ansible: Non-zero exit status: exit status 2", "ansible_task_failed")]
#[case("provision", &["ui error: ==> v.deb: [ERROR]: User interrupted execution"], "Error executing Ansible: Non-zero exit status: exit status 99", "unknown")]
#[case("provision", &[], "Error executing Ansible: Non-zero exit status: exit status 1", "unknown")]
#[case("create", &[], "A general system error occurred: Key locator error: api = DiskLib_Create", "vcenter_fault")]
#[case("boot", &[], "Cannot apply encryption policy. You must set the default key provider.", "vcenter_fault")]
#[case("convert", &[], "A general runtime error occurred. Key provider 'native' is not available.", "convert_failed")]
#[case("boot", &[], "The amount of graphics resource available in the parent resource pool is insufficient for the operation.", "vcenter_resources")]
#[case("shutdown", &[], "error sending shutdown command: unknown error Post \"http://10.0.0.7:5985/wsman\": EOF", "shutdown_command")]
#[case("convert", &[], "error converting the virtual machine to a template: The operation is not allowed in the current state.", "convert_failed")]
#[case("convert", &[], "1 error(s) occurred:\\n* Post-processor failed: exit status 1", "postprocessor")]
#[case("ip", &["/home/runner/<sensitive>-plugin-vsphere_v2.1.0_x5.0_linux_amd64: plugin process exited"], "unexpected EOF", "plugin_crash")]
#[case("ip", &["VSPHERE panic: runtime error: index out of range [1] with length 1"], "unexpected EOF", "plugin_crash")]
#[case("ip", &[], "something nobody has seen before", "unknown")]
fn failures_are_called_what_they_are(
    #[case] stage: &str,
    #[case] lines: &[&str],
    #[case] final_error: &str,
    #[case] class: &str,
) {
    let verdict = judged(&log(stage, lines, Some(final_error)));
    assert_eq!(verdict.class, class, "{verdict:#?}");
    assert!(!verdict.evidence.is_empty() && !verdict.cause.is_empty());
}

#[rstest]
#[case("ui error: Error: Unset variable \"vsphere_password\"", "config_missing_var")]
#[case("ui error: Error: Argument or block definition required", "config_syntax")]
#[case("ui error: Error: Missing plugins", "config_missing_plugin")]
#[case("ui error: Error: Undefined -var variable", "config_undeclared_var")]
#[case("ui error: Error: Unsupported argument", "config_invalid")]
#[case("ui error: Error: Failed preparing builder-block \"vsphere-iso\" \"linux-debian\"", "config_invalid")]
fn configuration_stops_before_any_build(#[case] line: &str, #[case] class: &str) {
    let (found, _) = found(&format!(
        "2026/11/23 04:00:00 [INFO] Packer version: 1.16.0\n2026/11/23 04:00:00 {line}\n\n  on x.pkr.hcl line 3:\n\n* a value is required\n"
    ));
    assert_eq!(found, class);
}

#[test]
fn an_old_packer_is_the_cause_of_what_it_does_not_understand() {
    let verdict = judged(
        "Error: Unsupported block type\n\n  on plugins.pkr.hcl line 7, in packer:\n   7:   required_plugins {\n\n\
         Error: Unsupported Packer Core version\n\n  on plugins.pkr.hcl line 5, in packer:\n",
    );
    assert_eq!((verdict.class.as_str(), verdict.rule.as_deref()), ("config_invalid", Some("packer-version")));
}

#[test]
fn ignored_and_rescued_failures_are_no_cause() {
    let lines = [
        "ui: ==> v.deb: TASK [one : ignored] ***",
        "ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"first\"}",
        "ui: ==> v.deb: ...ignoring",
        "ui: ==> v.deb: TASK [two : rescued] ***",
        "ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"second\"}",
        "ui: ==> v.deb: TASK [three : rescue] ***",
        "ui: ==> v.deb: ok: [default]",
        "ui: ==> v.deb: TASK [four : real] ***",
        "ui: ==> v.deb: failed: [default] (item=vim) => {\"msg\": \"no such package\"}",
        "ui: ==> v.deb: failed: [default] (item=git) => {\"msg\": \"no such package\"}",
        "ui: ==> v.deb: PLAY RECAP ***",
    ];
    let verdict =
        judged(&log("provision", &lines, Some("Error executing Ansible: Non-zero exit status: exit status 2")));
    assert_eq!(verdict.cause, "ansible task \"four : real\" failed: item vim: no such package");
    // The same, and the build goes well.
    let good =
        log("provision", &lines[..7], None) + "2026/11/23 04:00:00 ui: Build 'v.deb' finished after 2 minutes.\n";
    assert_eq!(judged(&good).class, "success");
}

#[test]
fn verbose_failures_are_read_over_many_lines() {
    let lines = [
        "ui: ==> v.deb: TASK [a : b] ***",
        "ui: ==> v.deb: fatal: [default]: FAILED! => {",
        "ui: ==> v.deb:     \"changed\": true,",
        "ui: ==> v.deb:     \"msg\": \"non-zero return code\",",
        "ui: ==> v.deb:     \"rc\": 7,",
        "ui: ==> v.deb:     \"stderr\": \"tar: oops\"",
        "ui: ==> v.deb: }",
    ];
    let verdict =
        judged(&log("provision", &lines, Some("Error executing Ansible: Non-zero exit status: exit status 2")));
    assert_eq!(verdict.cause, "ansible task \"a : b\" failed: non-zero return code (rc 7): tar: oops");
}

#[test]
fn guest_text_that_looks_like_packer_changes_nothing() {
    let lines = [
        "ui: ==> v.deb: ==> v.deb: timeout waiting for IP address",
        "ui: ==> v.deb: 2026/11/23 04:00:00 ui error: Build 'v.deb' errored after 1s: vcenter went away",
        "ui: ==> v.deb: Cannot complete login due to an incorrect user name or password",
        "ui: ==> v.deb: TASK [a : b] ***",
        "ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"truth\"}",
    ];
    let verdict =
        judged(&log("provision", &lines, Some("Error executing Ansible: Non-zero exit status: exit status 2")));
    assert_eq!(verdict.class, "ansible_task_failed", "{verdict:#?}");
}

#[test]
fn a_cancel_is_a_cancel_and_an_end_without_an_end_is_a_kill() {
    let cancelled = log("ip", &["ui error: Cancelling build after receiving interrupt"], Some("context canceled"));
    assert_eq!(found(&cancelled), ("cancelled".into(), "Cancelling build after receiving interrupt".into()));
    assert_eq!(found(&log("provision", &[], None)).0, "killed");
    // A cancel during the clean-up of a failure is not the cause of it.
    let late = log(
        "ip",
        &[
            "ui error: ==> v.deb: timeout waiting for IP address",
            "ui: ==> v.deb: Destroying VM...",
            "ui error: Cancelling build after receiving terminated",
        ],
        Some("timeout waiting for IP address"),
    );
    assert_eq!(found(&late).0, "ip_timeout");
}

#[test]
fn the_second_half_of_a_cleanup_error_is_the_cause() {
    let word = "Cleanup failed: Error removing temporary script: exit status 1. Original Provisioning error: Script exited with non-zero exit status: 3. Allowed exit codes are: [0]";
    assert_eq!(found(&log("provision", &[], Some(word))).0, "shell_failed");
}

#[test]
fn the_screen_explains_what_the_log_cannot() {
    let log =
        log("ip", &["ui error: ==> v.deb: timeout waiting for IP address"], Some("timeout waiting for IP address"));
    let rules = Rules::shipped().unwrap();
    let with = |screen| judge(log.as_bytes(), &rules, &Scrubber::default(), Some(screen)).unwrap();
    assert_eq!(with("windows-setup-licensing-method").rule.as_deref(), Some("screen-licensing"));
    assert_eq!(with("unknown").rule.as_deref(), Some("ip-timeout"));
}

#[test]
fn secrets_do_not_leave_with_the_evidence() {
    let scrubber = Scrubber::new([crate::text::Secret::new("PW", "hunter2-hunter2")]);
    let log = log("ip", &[], Some("bad password hunter2-hunter2 \u{1b}]0;x\u{7}"));
    let verdict = judge(log.as_bytes(), &Rules::shipped().unwrap(), &scrubber, None).unwrap();
    let json = serde_json::to_string(&verdict).unwrap();
    assert!(!json.contains("hunter2") && json.contains("[REDACTED:PW]") && !json.contains("\\u001b"), "{json}");
}

/// "Still at work", in whatever words, is all that a page of an installer at work may say; a login that was refused is the
/// log's to tell.
#[test]
fn a_picture_alone_of_an_installer_at_work_says_so_and_no_more() {
    use crate::guest::screen::{name_by_text, shipped_pages};
    let rules = Rules::shipped().unwrap();
    let at_work = |name: &String| rules.rules.iter().any(|rule| rule.at_work && rule.name == *name);
    let of = |label: &str| {
        let context =
            BuildContext { screen: Some(label.to_owned()), says: Some("it says".into()), ..Default::default() };
        Verdict::of_scene(&rules, &context)
    };
    for page in shipped_pages() {
        let named = name_by_text(&page.text, &rules.screens);
        let Some(named) = named else { continue };
        let passes_by = ["grub-menu", "grub-prompt"].contains(&named.label.as_str());
        let working = matches!(named.state.as_deref(), Some("progress" | "spinner")) && !passes_by;
        let verdict = of(&named.label);
        let says = verdict.rule.as_ref().is_some_and(at_work);
        assert_eq!(says, working || named.label == "windows-oobe-wait", "{}: {verdict:?}", named.label);
    }
    let rule = |label| of(label).rule;
    assert_eq!(rule("login-prompt"), None, "a login prompt is no failed shutdown");
    assert_eq!(rule("desktop"), None);
    // Every error page has a rule, which quotes it.
    for label in ["di-partitioning-failed", "anaconda-failed", "windows-setup-failed", "installer-medium-missing"] {
        assert!(of(label).cause.contains("it says"), "{label}");
    }
}

#[test]
fn words_of_an_initramfs_mean_another_thing_before_the_installed_system_boots() {
    let rules = Rules::shipped().unwrap();
    let log =
        log("ip", &["ui error: ==> v.deb: timeout waiting for IP address"], Some("timeout waiting for IP address"));
    let with = |before: &[&str]| {
        let before = before.iter().map(|label| (*label).to_owned()).collect();
        let context = BuildContext { screen: Some("dracut-emergency".into()), before, ..Default::default() };
        judge(log.as_bytes(), &rules, &Scrubber::default(), context).unwrap().rule.unwrap()
    };
    assert_eq!(with(&["firmware-boot", "anaconda-menu", "boot-progress"]), "screen-no-root-install");
    assert_eq!(with(&["anaconda-menu", "anaconda-progress", "boot-progress"]), "screen-no-root-installed");
    assert_eq!(with(&[]), "screen-no-root");
}

/// The runner's own words, which stand in no message of packer's; a guest that says the same is none.
#[rstest]
#[case("##[error]No space left on device : '/home/runner/_diag/Worker.log'", "disk_full")]
#[case("##[error]System.IO.IOException: No space left on device : '/home/runner/work/_temp/x'", "disk_full")]
#[case("ERROR: Job failed (system failure): write /builds/x/y: no space left on device", "disk_full")]
#[case("2026/11/23 04:00:09 ui: ==> v.deb: No space left on device", "killed")]
fn a_runner_whose_disk_is_full_says_so(#[case] last: &str, #[case] class: &str) {
    let log = format!("2026/11/23 04:00:00 ui: ==> v.deb: Retrieving ISO\n{last}\n");
    assert_eq!(found(&log).0, class);
}

/// What healthy builds show for a while calls for nobody; where it stands still, or its stage is late, it does.
#[rstest]
#[case("di-progress", "screen-installing", true)]
#[case("boot-progress", "screen-booting", true)]
#[case("installer-retrying", "screen-installer-retrying", true)]
#[case("grub-menu", "screen-grub", false)]
#[case("grub-prompt", "screen-grub", false)]
#[case("windows-cd-press-any-key", "screen-windows-cd", false)]
fn a_screen_of_a_healthy_build_has_no_remedy_until_it_lasts(
    #[case] label: &str,
    #[case] rule: &str,
    #[case] named: bool,
) {
    let rules = Rules::shipped().unwrap();
    let log =
        "2026/11/23 04:00:00 ui: ==> v.deb: Power on VM...\n2026/11/23 04:00:01 ui: ==> v.deb: Waiting for IP...\n";
    let of = |stuck, late, live| {
        let context = BuildContext { screen: Some(label.into()), live, stuck, late, ..Default::default() };
        let verdict = judge(log.as_bytes(), &rules, &Scrubber::default(), context.clone()).unwrap();
        let alarm = verdict.outlook.as_ref().is_some_and(|outlook| !outlook.passing);
        (verdict.rule, verdict.remedy.is_some(), alarm, Verdict::of_scene(&rules, &context).remedy.is_some())
    };
    let healthy = of(false, false, true);
    assert_eq!(healthy, (named.then(|| rule.to_owned()), false, false, false));
    for (stuck, late) in [(true, false), (false, true)] {
        let (found, remedy, alarm, alone) = of(stuck, late, true);
        assert!(found.as_deref() == Some(rule) && remedy && alarm && alone, "{found:?} {remedy} {alarm} {alone}");
    }
}

#[test]
fn a_forgiven_failure_is_no_plain_success() {
    let why = "Error executing Ansible: Non-zero exit status: exit status 2";
    let warning = format!(
        "ui: ==> v.deb: Warning: Provisioner failed with \"{why}\", but continue_on_error is set; continuing the build."
    );
    let lines = ["ui: ==> v.deb: fatal: [default]: FAILED! => {\"msg\": \"first\"}", warning.as_str()];
    let good = log("provision", &lines, None) + "2026/11/23 04:00:00 ui: Build 'v.deb' finished after 2 minutes.\n";
    let verdict = judged(&good);
    assert_eq!((verdict.class.as_str(), verdict.forgiven()), ("success", vec![why.to_owned()]));
    assert!(verdict.cause.contains("continue_on_error"), "{}", verdict.cause);
    // What was forgiven is not why a later step failed.
    let late =
        log("provision", &lines, Some("Script exited with non-zero exit status: 3. Allowed exit codes are: [0]"));
    assert_eq!(judged(&late).class, "shell_failed");
}

#[test]
fn the_same_source_built_twice_in_one_log_is_two_verdicts() {
    let first =
        log("ip", &["ui error: ==> v.deb: timeout waiting for IP address"], Some("timeout waiting for IP address"));
    let second = log("provision", &[], Some("Script exited with non-zero exit status: 3. Allowed exit codes are: [0]"));
    let verdict = judged(&format!("{first}{second}"));
    assert_eq!((verdict.class.as_str(), verdict.builds.len()), ("ip_timeout+shell_failed", 2));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    /// Before the installed system boots, words of an initramfs are about medium and answer file; afterwards never.
    #[test]
    fn install_time_and_boot_time_are_told_apart(
        screen in proptest::sample::select(vec!["initramfs-shell", "dracut-emergency", "dracut-waiting"]),
        before in proptest::collection::vec(proptest::sample::select(vec![
            "firmware-boot", "boot-progress", "anaconda-menu", "di-boot-menu", "grub-menu", "boot-command", "dracut-waiting",
            "anaconda-progress", "di-progress", "subiquity-progress", "unknown",
        ]), 0..6),
        connected in proptest::bool::ANY,
    ) {
        let word = "timeout waiting for IP address";
        let lost = "Error executing Ansible: Non-zero exit status: exit status 4";
        let unreachable = ["ui: ==> v.deb: TASK [x] ***", "ui: ==> v.deb: fatal: [default]: UNREACHABLE! => {\"msg\": \"gone\"}"];
        let text = match connected {
            true => log("provision", &unreachable, Some(lost)),
            false => log("ip", &["ui error: ==> v.deb: timeout waiting for IP address"], Some(word)),
        };
        let seen = before.iter().map(|label| (*label).to_owned()).collect();
        let context = BuildContext { screen: Some(screen.into()), before: seen, ..Default::default() };
        let mut judge = JUDGE.fresh();
        judge.read(text.as_bytes()).unwrap();
        let verdict = judge.verdict(&Scrubber::default(), context);
        let said = format!("{} {}", verdict.cause, verdict.remedy.unwrap_or_default());
        let at_work = before.iter().any(|label| label.ends_with("-progress") && *label != "boot-progress");
        let menu = before.iter().any(|label| label.ends_with("-menu") || *label == "boot-command");
        if connected || at_work {
            proptest::prop_assert!(!said.contains("medium") && said.contains("installed system"), "{before:?}: {said}");
        } else if menu {
            proptest::prop_assert!(!said.contains("root=") && said.contains("medium"), "{before:?}: {said}");
        } else {
            proptest::prop_assert!(said.contains("medium") && said.contains("root="), "{before:?}: {said}");
        }
    }
}

#[test]
fn a_host_that_is_not_the_vcenter_of_the_repository_is_not_called_vcenter() {
    let rules = Rules::shipped().unwrap();
    let word = "Post \"https://esx7.example.org/sdk\": dial tcp 10.0.0.9:443: connect: connection refused";
    let log = log("ip", &[], Some(word));
    let of = |endpoint: Option<&str>| {
        let context = BuildContext { endpoint: endpoint.map(str::to_owned), ..Default::default() };
        judge(log.as_bytes(), &rules, &Scrubber::default(), context).unwrap()
    };
    assert_eq!(of(None).class, "vcenter_lost");
    assert_eq!(of(Some("esx7.example.org")).class, "vcenter_lost");
    let other = of(Some("vc01.example.org"));
    assert_eq!(other.class, "unknown");
    assert!(other.evidence.iter().any(|evidence| evidence.text.contains("esx7")), "{other:#?}");
}

#[test]
fn a_picture_that_nothing_could_read_says_so() {
    let (frame, known) = ("frames/0001.png".to_owned(), crate::guest::screen::ScreenLabels::default());
    let of = ScreenAnalysis::of(frame, None, None, (None, std::time::Duration::ZERO), &known);
    let look = ScreenAnalysis { error: Some("tesseract is not installed".into()), ..of };
    let mut verdict = judged(&log("ip", &[], None));
    verdict.show(&look, &Scrubber::default());
    let said = verdict.evidence.last().map(|evidence| evidence.text.as_str());
    assert_eq!(said, Some("not read: tesseract is not installed"));
}
