//! What the manual says beyond the arguments: what holds for every verb, and examples.

/// Exit codes of every verb.
pub const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Done."),
    ("1", "The operation failed."),
    ("2", "Usage, configuration or credentials."),
    ("3", "Refused by a guard; nothing was changed."),
    ("130", "Cancelled."),
];

/// Variables that are read, by name.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "PKR_VAR_vsphere_endpoint, PKR_VAR_vsphere_username, PKR_VAR_vsphere_password",
        "vCenter and the account of builds.",
    ),
    ("PKR_VAR_vsphere_insecure_connection", "true: the certificate of vCenter is not verified."),
    (
        "PKR_VAR_vsphere_datacenter, PKR_VAR_vsphere_folder, PKR_VAR_vsphere_datastore, PKR_VAR_vsphere_cluster, PKR_VAR_vsphere_host, PKR_VAR_vsphere_resource_pool, PKR_VAR_vsphere_network",
        "Where templates are and builds run.",
    ),
    (
        "GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD, GOVC_INSECURE, GOVC_DATACENTER, GOVC_FOLDER, GOVC_DATASTORE, GOVC_CLUSTER, GOVC_HOST, GOVC_NETWORK, GOVC_TLS_CA_CERTS",
        "The same, where the former are not set; as govc reads them.",
    ),
    ("TMPL_CONSOLE_USERNAME, TMPL_CONSOLE_PASSWORD", "A second account, for pictures of guests."),
    ("TMPL_CA_FILE", "Certificates (PEM) that vCenter's is verified against."),
    ("TMPL_THUMBPRINT", "SHA-256 of vCenter's certificate; no other is accepted."),
    (
        "PKR_VAR_build_password, PKR_VAR_build_password_encrypted, PKR_VAR_build_key",
        "The guest's account; packer reads them.",
    ),
    ("GITHUB_TOKEN, GH_TOKEN", "For runs on GitHub; needs Actions: read and write."),
    ("GITHUB_REPOSITORY, GITHUB_API_URL", "OWNER/NAME and the API, where the remote origin does not say it."),
    ("TMPL_ARC_NAMESPACE", "Namespace of the scale set's pods: the log of a job at work is followed there."),
    ("TMPL_CONTEXT", "The context to work in, as --context."),
    ("TMPL_NOTIFY", "off, bell or osc9: how an alarm calls."),
    ("TMPL_HOOK", "A shell command that is told of events, as JSON on its stdin."),
    ("TMPL_LOG", "What the program's own log holds, as tracing's EnvFilter takes it."),
    ("TMPL_LAB_PASSWORD", "Password of a `lab` that listens beyond this machine."),
    ("NO_COLOR", "Set: no colours."),
    ("XDG_CONFIG_HOME", "Where the configuration is; ~/.config by default."),
    ("XDG_STATE_HOME", "Where state is kept; ~/.local/state by default."),
];

/// Files that are read and written.
pub const FILES: &[(&str, &str)] = &[
    ("$XDG_CONFIG_HOME/tmpl-tui/config.toml", "The user's own configuration; tmpl-tui config prints what holds."),
    ("ci/matrix.json", "The lines, one entry each."),
    ("tmpl.toml", "How the repository is laid out, where it is not the documented way."),
    ("ci/triage.toml", "The team's own rules and names of screens."),
    (
        "$XDG_STATE_HOME/tmpl-tui/runs",
        "Records of builds: log, pictures, verdict. They hold secrets; the program shows them scrubbed.",
    ),
    ("$XDG_STATE_HOME/tmpl-tui/audit.jsonl", "Every change, one line before and one after."),
    ("$XDG_STATE_HOME/tmpl-tui/acknowledged", "Alarms that somebody has seen, a file for each line."),
];

/// A command and what it does.
pub struct Example {
    /// whole, as typed
    pub command: &'static str,
    /// in a sentence
    pub does: &'static str,
}

impl Example {
    /// Whether it belongs on the page of this title: `tmpl-tui` has all of them.
    pub fn of(&self, title: &str) -> bool {
        let words: Vec<&str> = self.command.split(' ').collect();
        title.split('-').skip(2).eq(words.into_iter().skip(1).take(title.split('-').count() - 2))
    }
}

/// One or two for every verb.
pub const EXAMPLES: &[Example] = &[
    Example {
        command: "tmpl-tui demo --scenario licensing",
        does: "The console on a simulated vCenter with a Windows that is stuck.",
    },
    Example { command: "tmpl-tui --read-only", does: "The console; nothing can be changed." },
    Example { command: "tmpl-tui validate", does: "Checks every line of the repository." },
    Example { command: "tmpl-tui plan --os debian-12", does: "The line as JSON, even when it is off." },
    Example { command: "tmpl-tui build debian-12 --promote", does: "Builds the line and promotes the new template." },
    Example { command: "tmpl-tui build debian-12 --dry-run", does: "Prints packer's command line." },
    Example {
        command: "tmpl-tui answer debian-12",
        does: "What vCenter asks about its build VM, and the answers it takes.",
    },
    Example { command: "tmpl-tui cancel debian-12", does: "Stops its build here and waits for packer to clean up." },
    Example {
        command: "tmpl-tui promote debian-12 --dry-run",
        does: "The steps and the name of the plan; nothing is changed.",
    },
    Example {
        command: "tmpl-tui promote debian-12 --smoke",
        does: "Boots a clone of the build first; promotes only if it comes up.",
    },
    Example {
        command: "tmpl-tui rollback debian-12 --reason TICKET-1234",
        does: "Live and prev change places; the line is held.",
    },
    Example { command: "tmpl-tui hold debian-12 --reason TICKET-1234", does: "No promotion until released." },
    Example { command: "tmpl-tui release debian-12", does: "Lifts the hold." },
    Example { command: "tmpl-tui sweep debian-12", does: "Destroys a leftover build VM that no run owns." },
    Example { command: "tmpl-tui status --json", does: "Every line's templates, for a script." },
    Example { command: "tmpl-tui console debian-12 -o screen.png", does: "Saves what the guest shows." },
    Example { command: "tmpl-tui log debian-12 --errors", does: "The lines of the newest log that say why." },
    Example {
        command: "tmpl-tui triage debian-12 --bundle evidence.zip",
        does: "Why the newest run failed, and all of it for a colleague.",
    },
    Example { command: "tmpl-tui triage --log packer-build.log --json", does: "The verdict on any log, for a script." },
    Example { command: "tmpl-tui redact packer-build.log", does: "The log without secrets." },
    Example { command: "tmpl-tui iso check", does: "Which lines have newer install media." },
    Example { command: "tmpl-tui iso upload debian-12", does: "Puts the line's ISO on the datastore." },
    Example { command: "tmpl-tui runs", does: "The newest runs on GitHub." },
    Example { command: "tmpl-tui runs list --limit 30 --json", does: "More of them, for a script." },
    Example { command: "tmpl-tui runs dispatch debian-12", does: "Builds the line there." },
    Example { command: "tmpl-tui runs watch", does: "Follows the newest run until it is over." },
    Example {
        command: "tmpl-tui runs log 87 --job debian-12",
        does: "The log that the line's job left in run #87; kept here.",
    },
    Example { command: "tmpl-tui runs cancel 87", does: "Asks GitHub to cancel run #87." },
    Example { command: "tmpl-tui runs rerun 87", does: "Runs its failed jobs again." },
    Example { command: "tmpl-tui runs enable", does: "Switches the schedule on again." },
    Example { command: "tmpl-tui doctor", does: "What is missing: tools, environment, login, privileges, paths." },
    Example { command: "tmpl-tui metrics", does: "Figures for Prometheus' textfile collector." },
    Example { command: "tmpl-tui metrics --listen", does: "The same, served on http://127.0.0.1:9898/metrics." },
    Example { command: "tmpl-tui config", does: "Every setting, its value and where it comes from." },
    Example { command: "tmpl-tui --context prod status", does: "The lines of the context prod." },
    Example { command: "tmpl-tui lab", does: "The simulated vCenter alone; govc can talk to it." },
    Example { command: "tmpl-tui completions bash", does: "The script that completes verbs, lines and options." },
    Example { command: "tmpl-tui man build", does: "This page's roff for one verb." },
    Example { command: "tmpl-tui init", does: "Writes tmpl.toml by looking at the repository." },
    Example {
        command: "tmpl-tui acknowledge debian-12 --note OPS-4711",
        does: "The alarm was seen: quiet until its cause changes.",
    },
    Example { command: "tmpl-tui history debian-12", does: "The line's runs: when, who, how they ended." },
];
