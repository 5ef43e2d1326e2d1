//! Which variables of our environment a program gets, by what it is started for.

/// Variables by name, or by how the name begins.
pub(super) struct List {
    names: &'static [&'static str],
    prefixes: &'static [&'static str],
}

impl List {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// What every program needs to be found, to speak and to find its files.
pub(super) const BASE: List = List {
    names: &[
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ],
    prefixes: &["LC_", "XDG_"],
};

/// Where Python and the version managers keep what they run.
pub(super) const ASKED: List = List {
    names: &[
        "ANSIBLE_CONFIG",
        "ANSIBLE_HOME",
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "PYENV_ROOT",
        "PYENV_VERSION",
        "ASDF_DIR",
        "ASDF_DATA_DIR",
        "MISE_ENV",
        "MISE_DATA_DIR",
        "MISE_CONFIG_DIR",
        "MISE_CACHE_DIR",
        "MISE_STATE_DIR",
        "MISE_GLOBAL_CONFIG_FILE",
        "MISE_TRUSTED_CONFIG_PATHS",
        "PACKER_CONFIG",
        "PACKER_CONFIG_DIR",
        "PACKER_PLUGIN_PATH",
    ],
    prefixes: &[],
};

/// Who commits, how that is signed, which repository. Not `GIT_CONFIG_VALUE_…` and the like: they may hold a header with
/// a token, and nothing here talks to a remote.
pub(super) const GIT: List = List {
    names: &[
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "EMAIL",
        "GNUPGHOME",
        "GPG_TTY",
        "SSH_AUTH_SOCK",
        "TERM",
    ],
    prefixes: &["GIT_AUTHOR_", "GIT_COMMITTER_"],
};

pub(super) const TESSERACT: List = List { names: &["TESSDATA_PREFIX"], prefixes: &[] };

/// kubectl's own settings, and those of the helpers that log it in to a cluster of a cloud.
pub(super) const KUBECTL: List = List {
    names: &["KUBECONFIG", "KUBECACHEDIR", "SSH_AUTH_SOCK"],
    prefixes: &["KUBE", "AWS_", "AZURE_", "AAD_", "GOOGLE_", "CLOUDSDK_", "USE_GKE_", "OCI_", "OS_", "DIGITALOCEAN_"],
};

/// Ours alone: packer, its plugins and the playbooks have no business with GitHub as us, nor with the second account of
/// vCenter; and every packer command would empty the log that its own variables name.
pub(super) const OURS: List = List {
    names: &[
        "PACKER_LOG",
        "PACKER_LOG_PATH",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "TMPL_CA_FILE",
        "TMPL_THUMBPRINT",
        "TMPL_NOTIFY",
        "TMPL_HOOK",
        "TMPL_LOG",
    ],
    prefixes: &["TMPL_CONSOLE_", "TMPL_CONTEXT", "TMPL_ARC_", "ACTIONS_"],
};

/// What tells of the terminal, and what a person set for it.
pub(super) const DEMO: List = List {
    names: &[
        "TERM",
        "COLORTERM",
        "COLORFGBG",
        "NO_COLOR",
        "COLUMNS",
        "LINES",
        "TMUX",
        "STY",
        "SSH_TTY",
        "SHELL",
        "TERMINFO",
        "TERMINFO_DIRS",
        "VTE_VERSION",
        "WT_SESSION",
        "TMPL_NOTIFY",
        "TMPL_HOOK",
        "TMPL_LOG",
        "RUST_LOG",
        "RUST_BACKTRACE",
    ],
    prefixes: &["TERM_", "KITTY_", "WEZTERM_", "ITERM_", "KONSOLE_", "GHOSTTY_", "ALACRITTY_"],
};

/// How the network is reached.
pub(super) const PROXY: List = List {
    names: &[
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
    ],
    prefixes: &[],
};

/// What a person's own commands need beside the terminal: a browser, an editor, the agent that holds keys for ssh.
pub(super) const DESKTOP: List = List {
    names: &[
        "SSH_AUTH_SOCK",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "BROWSER",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "GPG_TTY",
    ],
    prefixes: &[],
};
