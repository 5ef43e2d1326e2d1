//! What a failure is called follows from where it happened and from who says so: packer's steps, vCenter's faults, the
//! mirror, the host, the plugin itself, a provisioner, whoever runs packer.

use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Judge, Verdict};

const STEPS: &[&str] = &[
    "Retrieving ISO",
    "Trying https://mirror.example.org/a.iso",
    "Creating CD disk...",
    "Uploading cd.iso to [ds1] packer_cache/cd.iso...",
    "Creating virtual machine...",
    "Uploading floppy image...",
    "Powering on virtual machine...",
    "Typing boot command...",
    "Waiting for IP...",
    "IP address: 192.0.2.7",
    "Using SSH communicator to connect: 192.0.2.7",
    "Waiting for SSH to become available...",
    "Connected to SSH!",
    "Running shutdown command...",
    "Converting virtual machine to template...",
];

fn log_until(step: &str, said: &[&str], last_word: &str) -> String {
    let at = STEPS.iter().position(|known| known.starts_with(step)).unwrap();
    let mut log = String::new();
    for step in &STEPS[..=at] {
        log.push_str(&format!("2026/11/20 10:00:00 ui: ==> v.deb: {step}\n"));
    }
    for line in said {
        log.push_str(&format!("2026/11/20 10:01:00 ui error: ==> v.deb: {line}\n"));
    }
    log.push_str("2026/11/20 10:02:00 ui: ==> v.deb: Destroying VM...\n");
    log.push_str(&format!("2026/11/20 10:02:00 ui error: Build 'v.deb' errored after 2 minutes: {last_word}\n"));
    log
}

fn judged(rules: &Rules, log: &str) -> Verdict {
    let mut judge = Judge::new(rules).unwrap();
    judge.read(log.as_bytes()).unwrap();
    judge.verdict(&Scrubber::default(), None)
}

/// Step, packer's last word, the class, and the rule that knows what to do.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "Creating v",
        "The user has no account of this kind, and the name 'a/b' is invalid.",
        "vcenter_fault",
        "fault-name",
    ),
    (
        "Creating v",
        "error creating it: The object 'vim.HostSystem:host-1' has already been deleted",
        "vcenter_fault",
        "fault-object-gone",
    ),
    ("Creating v", "path 'Lab Net' resolves to multiple networks", "vcenter_object_missing", "object-missing"),
    ("Creating v", "`linked_clone=true`, but template has no snapshots", "vcenter_fault", "plugin-refused"),
    (
        "Creating v",
        "Customization of the guest operating system is not supported due to the given reason",
        "vcenter_fault",
        "fault-customization",
    ),
    ("Creating v", "This host does not support EFI secure boot", "vcenter_fault", "fault-device"),
    ("Powering", "The host does not have sufficient physical memory resources", "vcenter_resources", "fault-resources"),
    ("Powering", "Unable to create a dvPort: no free port is available", "vcenter_fault", "fault-switch"),
    (
        "Powering",
        "The operation is not allowed in the current connection state of the host.",
        "vcenter_fault",
        "fault-host-connection",
    ),
    ("Powering", "Feature 'hv.capable' was absent, but must be present.", "vcenter_fault", "fault-cpu-features"),
    ("Waiting for IP", "The object 'vim.Task:task-9' has already been deleted", "vcenter_lost", "fault-session-gone"),
    (
        "Waiting for IP",
        "The object 'vim.VirtualMachine:vm-9' has already been deleted or has not been completely created",
        "vm_gone",
        "fault-vm-gone",
    ),
    // The same fault, once the guest is finished.
    ("Converting", "Unable to access file since it is locked", "convert_failed", "fault-locked"),
    ("Powering", "Unable to access file since it is locked", "vcenter_fault", "fault-locked"),
    ("Creating v", "Unable to access file [ds1] isos/x.iso since it is locked", "vcenter_fault", "fault-locked"),
    ("Creating v", "Unable to access file [ds1] isos/x.iso", "iso_missing", "iso-missing"),
    (
        "Powering",
        "Cannot complete the operation because the flux is not aligned. See the event log for details.",
        "vcenter_fault",
        "fault-general",
    ),
];

#[test]
fn the_same_words_mean_what_the_step_and_the_speaker_make_of_them() {
    let rules = Rules::shipped().unwrap();
    for (step, word, class, rule) in FAULTS {
        let found = judged(&rules, &log_until(step, &[word], word));
        assert_eq!(
            (found.class.as_str(), found.rule.as_deref()),
            (*class, Some(*rule)),
            "{step}: {word}: {}",
            found.cause
        );
    }
}

#[test]
fn a_mirror_is_not_vcenter_and_an_answer_is_no_silence() {
    let rules = Rules::shipped().unwrap();
    let dns = "Get \"https://mirror.example.org/a.iso\": dial tcp: lookup mirror.example.org: no such host";
    let tls = "Get \"https://mirror.example.org/a.iso\": x509: certificate signed by unknown authority";
    for why in [dns, tls] {
        let log = log_until("Trying", &[&format!("Download failed {why}")], &format!("error downloading ISO: [{why}]"));
        let found = judged(&rules, &log);
        assert_eq!(found.class, "iso_download", "{}", found.cause);
    }
    let refused =
        "failed to login to REST API: POST https://vc.example.org/rest/com/vmware/cis/session: 401 Unauthorized";
    assert_eq!(judged(&rules, &log_until("Retrieving", &[refused], refused)).class, "vcenter_login");
    // Hours after a login that worked it is no password.
    let late = "Failed to import template x: POST https://vc.example.org/rest/vcenter/vm-template/library-items: 401 Unauthorized";
    assert_eq!(judged(&rules, &log_until("Converting", &[late], late)).class, "vcenter_permission");
}

#[test]
fn what_is_copied_made_or_provisioned_is_not_refused_by_vcenter() {
    let rules = Rules::shipped().unwrap();
    let cases = [
        ("Uploading floppy", "404 Not Found", "upload_failed"),
        ("Uploading cd", "ServerFaultCode: Cannot complete it, because the folder already exists", "upload_failed"),
        ("Creating CD", "error creating temporary directory for CD: read-only file system", "cd_failed"),
        ("Waiting for SSH", "ssh: handshake failed: EOF", "ssh_timeout"),
        ("Connected", "Error executing salt-call: Bad exit status: 20", "shell_failed"),
        ("Connected", "Command has been disconnected: http response error: 400", "winrm_lost"),
        ("Connected", "Error copying: scp: /srv/x: Disk quota exceeded", "shell_failed"),
        ("Converting", "unable to convert ovf to ova; ova file not found", "convert_failed"),
        ("Typing", "error running boot command: error determining IP address", "http_ip"),
    ];
    for (step, word, class) in cases {
        let found = judged(&rules, &log_until(step, &[word], word));
        assert_eq!(found.class, class, "{step}: {word}: {:?} {}", found.rule, found.cause);
    }
}

#[test]
fn a_session_that_ended_is_told_with_the_step_that_met_it() {
    let rules = Rules::shipped().unwrap();
    let word = "ServerFaultCode: The session is not authenticated.";
    for (step, told) in [("Running shutdown", "Running shutdown command"), ("Creating v", "Creating virtual machine")] {
        let found = judged(&rules, &log_until(step, &[word], word));
        assert_eq!(found.class, "vcenter_lost");
        assert!(found.cause.contains(told), "{}", found.cause);
    }
}

#[test]
fn what_follows_the_last_word_of_packer_is_told() {
    let rules = Rules::shipped().unwrap();
    let begun = "==> v.deb: Creating virtual machine...\n==> v.deb: Waiting for IP...\n";
    let found = judged(&rules, &format!("{begun}build.sh: line 4: 17 Bus error (core dumped) packer build .\n"));
    assert_eq!(found.class, "killed");
    assert!(found.cause.contains("Bus error"), "{}", found.cause);
    // An error of the runner that nobody knows, before packer began.
    let stamped = "2026-11-20T10:00:00.1234567Z ";
    let log = format!("{stamped}Run actions/checkout@v4\n{stamped}##[error]fatal: could not read the submodule\n");
    let found = judged(&rules, &log);
    assert_eq!(found.class, "unknown");
    assert!(found.evidence.iter().any(|evidence| evidence.text.contains("submodule")), "{:?}", found.evidence);
}

#[test]
fn an_error_in_a_template_is_told_with_its_reason() {
    let rules = Rules::shipped().unwrap();
    let log = "Error: Error in function call\n\n  on debian.pkr.hcl line 30, in source \"v\" \"deb\":\n  30:   x = templatefile(\"a\")\n\n\
               Call to function \"templatefile\" failed: a.tpl:14: vars map does not contain key \"vm_disk\".\n";
    let found = judged(&rules, log);
    assert_eq!(found.class, "config_invalid");
    assert!(found.cause.contains("vm_disk"), "{}", found.cause);
}
