//! Every setting there is: what reading, `tmpl-tui config` and the documentation go by.

use super::paint::{Role, ThemeName};
use super::words::{Call, Images, Order};
use crate::packer_log::Phase;

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// text
    Text,
    /// `true` or `false`
    Flag,
    /// one of these words
    Words(&'static [&'static str]),
    /// a file or folder; `~` is the home
    Path,
    /// a length of time: `90s`, `45m`, `2h`
    Length,
    /// a program and its arguments; no shell
    Command,
    /// the name of a variable of the environment
    Variable,
    /// a key, or several: `"Ctrl-p"`, `["P", "F5"]`
    Keys,
    /// a style: `"bold red"`, `"black on yellow"`
    Paint,
    /// variables of the environment and their values
    Variables,
    /// a scope, or several: `"lines"`, `["lines", "picture"]`, `"anywhere"`
    Scopes,
}

impl Kind {
    /// In a few words, for the documentation and for whoever wrote something else.
    pub fn wanted(self) -> String {
        match self {
            Self::Text => "text in quotes".into(),
            Self::Flag => "true or false".into(),
            Self::Words(words) => format!("one of {}", words.join(", ")),
            Self::Path => "a path in quotes".into(),
            Self::Length => "a length of time in quotes: \"90s\", \"45m\", \"2h\"".into(),
            Self::Command => "a program and its arguments: [\"pass\", \"show\", \"vcenter\"]".into(),
            Self::Variable => "the name of an environment variable, in quotes".into(),
            Self::Keys => "a key or several: \"Ctrl-p\", [\"P\", \"F5\"]; [] for none".into(),
            Self::Paint => "a style: \"bold red\", \"black on yellow\", \"#e69f00\"".into(),
            Self::Variables => "variables and their values: { NAME = \"value\" }".into(),
            Self::Scopes => "a scope or several: \"lines\", [\"lines\", \"picture\"], \"anywhere\"".into(),
        }
    }
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// its key in the file
    pub name: &'static str,
    /// what it takes
    pub kind: Kind,
    /// what holds without it, as it is written in the file; empty: nothing
    pub default: &'static str,
    /// a variable that wins over the file
    pub variable: Option<&'static str>,
    /// an option of the command line that wins over both
    pub flag: Option<&'static str>,
    /// what it is for
    pub says: &'static str,
}

const fn setting(name: &'static str, kind: Kind, says: &'static str) -> Setting {
    Setting { name, kind, default: "", variable: None, flag: None, says }
}

impl Setting {
    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn variable(self, name: &'static str) -> Self {
        Self { variable: Some(name), ..self }
    }

    const fn flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }
}

/// Settings outside of tables.
pub(super) const TOP: &[Setting] = &[
    setting("context", Kind::Text, "the context to open with").variable("TMPL_CONTEXT").flag("--context"),
    setting("hook", Kind::Text, "a shell command that receives events as JSON on stdin").variable("TMPL_HOOK"),
    setting("notify", Kind::Words(Call::WORDS), "how the terminal alerts you to an alarm")
        .default("\"off\"")
        .variable("TMPL_NOTIFY"),
    setting("mouse", Kind::Flag, "start with the mouse on").default("false"),
    setting(
        "order",
        Kind::Words(Order::WORDS),
        "the order of the lines: the matrix's, the worst first, by name, the oldest live first",
    )
    .default("\"matrix\""),
    setting("images", Kind::Words(Images::WORDS), "how pictures of guests reach the terminal")
        .default("\"auto\"")
        .flag("--images"),
    setting("save_dir", Kind::Path, "where the console saves pictures, logs and bundles; without it the state folder"),
    setting("theme", Kind::Words(ThemeName::WORDS), "the colour theme").default("\"terminal\""),
];

/// Settings of a context.
pub(super) const CONTEXT: &[Setting] = &[
    setting(
        "endpoint",
        Kind::Text,
        "vCenter's address. With it every vCenter variable that the context does not name is ignored",
    ),
    setting("username", Kind::Text, "the account of builds"),
    setting("username_env", Kind::Variable, "the variable that holds the user name")
        .default("\"PKR_VAR_vsphere_username\""),
    setting("password_env", Kind::Variable, "the variable that holds the password")
        .default("\"PKR_VAR_vsphere_password\""),
    setting(
        "password_command",
        Kind::Command,
        "prints the password on its first line; run once, never shown or logged",
    ),
    setting("console_username", Kind::Text, "a second account, used for pictures of guests"),
    setting("console_username_env", Kind::Variable, "the variable that holds that account's name"),
    setting("console_password_env", Kind::Variable, "the variable that holds that account's password"),
    setting("console_password_command", Kind::Command, "prints that account's password on its first line"),
    setting("ca_file", Kind::Path, "CA certificates (PEM) used to verify vCenter's certificate"),
    setting("thumbprint", Kind::Text, "SHA-256 of vCenter's certificate; no other is accepted"),
    setting("datacenter", Kind::Text, "where templates are: the datacenter"),
    setting("folder", Kind::Text, "the folder of the templates"),
    setting("datastore", Kind::Text, "the datastore of builds"),
    setting("repo", Kind::Path, "the repository of the pipeline").flag("--repo"),
    setting("read_only", Kind::Flag, "change nothing in this context").default("false").flag("--read-only"),
    setting("variables", Kind::Variables, "further variables for packer and this program; no secrets"),
];

/// Settings of a plugin.
pub(super) const PLUGIN: &[Setting] = &[
    setting("name", Kind::Text, "what it is called in the palette and in the help"),
    setting("key", Kind::Keys, "its key; free ones are F5 to F12 and most of Ctrl-…. Without one the palette runs it"),
    setting("scope", Kind::Scopes, "where the key works").default("\"anywhere\""),
    setting("command", Kind::Text, "a shell command; the selection is in its environment"),
    setting("confirm", Kind::Flag, "ask before it runs").default("false"),
    setting("read_only", Kind::Flag, "true if it changes nothing; it is then available in read-only mode")
        .default("false"),
    setting("interactive", Kind::Flag, "true if it needs the terminal until it exits, as ssh does").default("false"),
];

/// Variables that a plugin's command finds, and what they hold.
pub const SELECTED: &[(&str, &str)] = &[
    ("TMPL_KEY", "key of the selected line"),
    ("TMPL_BASE_NAME", "its base name"),
    ("TMPL_LIVE", "name of the live template"),
    ("TMPL_GUEST", "name of the guest: what is being built, else the line's newest template"),
    ("TMPL_GUEST_ID", "its id in vCenter (`vm-42`)"),
    ("TMPL_GUEST_IP", "its address"),
    ("TMPL_RUN", "name of the newest run, as `--run` takes it"),
    ("TMPL_RUN_DIR", "its folder"),
    ("TMPL_RUN_LOG", "its log"),
    ("TMPL_RUN_STATE", "how it stands: `running`, `succeeded`, `failed` …"),
    ("TMPL_RUN_URL", "its page, when GitHub did it"),
    ("TMPL_CLASS", "class of the verdict"),
    ("TMPL_CAUSE", "cause of the verdict, in a line"),
    ("TMPL_REPO", "root of the repository; the command runs there"),
    ("TMPL_CONTEXT", "name of the context"),
    ("TMPL_VCENTER", "host of vCenter"),
];

/// A table of the file.
#[derive(Debug, Clone)]
pub struct Section {
    /// as it is written: `[contexts.NAME]`; empty for what stands outside of tables
    pub title: &'static str,
    /// what it is for
    pub about: &'static str,
    /// its settings
    pub settings: Vec<Setting>,
}

/// All tables but `[keys]`, whose names are those of the console's commands.
pub fn sections() -> Vec<Section> {
    let roles = Role::ALL.into_iter().map(|role| setting(role.word(), Kind::Paint, role.says())).collect();
    let stages =
        Phase::STAGES.into_iter().map(|phase| setting(stage_word(phase), Kind::Length, stage_says(phase))).collect();
    vec![
        Section { title: "", about: "These stand above every table.", settings: TOP.to_vec() },
        Section {
            title: "[contexts.NAME]",
            about: "A vCenter and its repository, by a name of your own. `--context NAME` opens it, `:context` and F4 \
                    switch to it, the header names it. Passwords never stand here: a variable holds them, or a program \
                    prints them.",
            settings: CONTEXT.to_vec(),
        },
        Section {
            title: "[colours]",
            about: "Styles of single roles, over the theme's: attributes (bold, dim, underline, reverse), a colour, \
                    `on` and the colour behind it. Colours are black, red, green, yellow, blue, magenta, cyan, white, \
                    the same with `bright-`, `default`, 0 to 255, or `#rrggbb`. With NO_COLOR there are none.",
            settings: roles,
        },
        Section {
            title: "[alarms]",
            about: "How long a stage may take before it is an alarm. Without it: as long as nine of ten earlier runs \
                    of the line took, or where there are none, what healthy builds on slow hosts take.",
            settings: stages,
        },
        Section { title: "[[plugins]]", about: "Commands of your own, one table each.", settings: PLUGIN.to_vec() },
    ]
}

/// A key of no table in one: what is wrong, and what to do.
pub fn misplaced(name: &str, table: &str) -> Option<(String, &'static str)> {
    TOP.iter().any(|setting| setting.name == name).then(|| {
        (format!("{name} belongs above the first table, and stands in {table}"), "move it to the top of the file")
    })
}

/// Whether some table has this key, so that it may be shown.
pub(super) fn knows(name: &str) -> bool {
    sections().iter().any(|section| section.settings.iter().any(|setting| setting.name == name))
}

/// A stage's key.
pub(super) const fn stage_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "prepare",
        Phase::Create => "create_vm",
        Phase::BootCommand => "boot_command",
        Phase::WaitIp => "wait_for_ip",
        Phase::Connect => "connect",
        Phase::Provision => "provision",
        Phase::Shutdown => "shutdown",
        Phase::Convert => "convert",
        Phase::CleanUp => "clean_up",
        Phase::Done => "done",
    }
}

const fn stage_says(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "configuration, plugins, login",
        Phase::Create => "the VM and its hardware, until power on",
        Phase::BootCommand => "the firmware, and typing the boot command",
        Phase::WaitIp => "until VMware Tools reports an address: the installation",
        Phase::Connect => "until SSH or WinRM answers",
        Phase::Provision => "provisioners",
        Phase::Shutdown => "shutting the guest down",
        Phase::Convert => "snapshot, template, post-processors",
        Phase::CleanUp => "after a failure",
        Phase::Done => "the end",
    }
}
