//! Which names speak of secrets: the one list for the environment, for variables of templates and for options.

/// Words that say it wherever they stand in a name.
const ANYWHERE: &[&str] = &[
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "pword",
    "token",
    "secret",
    "credential",
    "webhook",
    "authorization",
    "connectionstring",
    "connection_string",
    "access_key_id",
];
/// Words that say it when they are a whole word of a name.
const WORDS: &[&str] = &[
    "pw", "pass", "pwd", "psk", "pat", "pin", "jwt", "dsn", "sas", "otp", "totp", "cred", "creds", "cookie", "cookies",
    "bearer", "oauth", "oauth2", "connstr", "hmac", "netrc",
];
/// Ends of words that say it: `BINDPW`, `SSHPASS`, `MYSQLPWD`, `APIKEY`.
const ENDS: &[&str] = &["pw", "pass", "pwd", "psk", "jwt", "creds", "dsn", "key", "keys", "cookie"];
/// Words that only end like one.
const UNLIKE: &[&str] = &[
    "askpass",
    "bypass",
    "compass",
    "overpass",
    "underpass",
    "oldpwd",
    "monkey",
    "turkey",
    "hotkey",
    "hockey",
    "whiskey",
    "passkey",
];
/// Last words that say that it is something about a secret: where it lies, how long it lasts.
const ABOUT: &[&str] = &[
    "file",
    "files",
    "path",
    "dir",
    "directory",
    "sock",
    "socket",
    "store",
    "user",
    "username",
    "host",
    "hostname",
    "port",
    "type",
    "kind",
    "method",
    "mode",
    "length",
    "len",
    "min",
    "max",
    "ttl",
    "lifetime",
    "expiry",
    "expires",
    "timeout",
    "version",
    "enabled",
    "disabled",
    "required",
    "command",
    "commands",
    "cmd",
    "program",
    "prompt",
    "policy",
    "provider",
    "scope",
    "audience",
    "issuer",
    "alg",
    "algorithm",
    "bus",
    "endpoint",
    "realm",
    "url",
    "uri",
    "server",
    "name",
    "region",
    "tty",
];
/// What packer's variables call a key and is none.
const HARMLESS: &[&str] = &["keyboard", "keymap", "keystroke", "keyring"];

/// Whether a variable's name says that its value is a secret. Of packer's variables every `key` counts but that of a
/// keyboard; elsewhere it must end a word of the name.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // The shell's own.
    if matches!(name.as_str(), "pwd" | "oldpwd") {
        return false;
    }
    if words.last().is_some_and(|last| ABOUT.contains(last)) && !name.contains("webhook") {
        return false;
    }
    let ends = |word: &&str| !UNLIKE.contains(word) && ENDS.iter().any(|end| word.ends_with(end));
    let speaks_of_auth = |word: &&str| word.starts_with("auth") && !word.starts_with("author");
    let of_packer =
        |name: &str| HARMLESS.iter().fold(name.to_owned(), |name, word| name.replace(word, "")).contains("key");
    ANYWHERE.iter().any(|word| name.contains(word))
        || words.iter().any(|word| WORDS.contains(word) || ends(word) || speaks_of_auth(word))
        || name.strip_prefix("pkr_var_").is_some_and(of_packer)
}

/// Whether a value only switches something on or off, or says in which of the usual ways one logs in.
pub fn is_switch(name: &str, value: &str) -> bool {
    const WAYS: &[&str] = &[
        "none",
        "basic",
        "digest",
        "ntlm",
        "kerberos",
        "negotiate",
        "certificate",
        "credssp",
        "ssh",
        "password",
        "publickey",
        "oauth",
        "oauth2",
        "ldap",
        "saml",
        "oidc",
    ];
    let way = if name.to_ascii_lowercase().contains("auth") { WAYS } else { &[] };
    ["true", "false", "yes", "no", "on", "off"].iter().chain(way).any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// Whether a value is a word that stands in every log, or in our own sentences.
pub fn is_ordinary_word(value: &str) -> bool {
    const ORDINARY: &[&str] = &[
        "admin",
        "administrator",
        "alma",
        "almalinux",
        "ansible",
        "build",
        "builder",
        "centos",
        "ci",
        "cloud",
        "cloud-user",
        "console",
        "core",
        "debian",
        "default",
        "deploy",
        "deployer",
        "ec2-user",
        "fedora",
        "github",
        "gitlab",
        "guest",
        "image",
        "images",
        "jenkins",
        "linux",
        "machine",
        "nobody",
        "operator",
        "oracle",
        "packer",
        "password",
        "photon",
        "provision",
        "provisioner",
        "redhat",
        "rhel",
        "rocky",
        "root",
        "runner",
        "server",
        "service",
        "setup",
        "sles",
        "suse",
        "system",
        "template",
        "templates",
        "terraform",
        "test",
        "ubuntu",
        "user",
        "username",
        "vagrant",
        "vcenter",
        "virtual",
        "vmware",
        "vsphere",
        "windows",
    ];
    ORDINARY.contains(&value.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names under which people keep secrets: documentation of the tools that read them, and CI configurations.
    const IN_USE: &str = "
        PKR_VAR_build_password PKR_VAR_build_key PKR_VAR_ansible_keys PKR_VAR_sshkeydata PKR_VAR_vm_inst_os_key
        GOVC_PASSWORD VSPHERE_PASSWORD VCENTER_PWD VC_PASS ESXI_PW IDRAC_PW IPMI_PASSWORD BMC_PASS WINRM_PASSWORD WIN_PWD
        GITHUB_TOKEN GH_TOKEN GITHUB_PAT AZURE_DEVOPS_PAT AZURE_DEVOPS_EXT_PAT SYSTEM_ACCESSTOKEN CI_JOB_TOKEN CI_JOB_JWT
        CI_JOB_JWT_V2 CI_REGISTRY_PASSWORD CI_DEPLOY_PASSWORD GITLAB_TOKEN PRIVATE_TOKEN NPM_TOKEN NPM_AUTH NODE_AUTH_TOKEN
        _AUTH REGISTRY_AUTH DOCKER_AUTH_CONFIG DOCKER_PASSWORD PROXY_AUTH BASIC_AUTH AUTH AUTH_HEADER AUTHKEY
        HTTP_AUTHORIZATION AUTHORIZATION COOKIE SESSION_COOKIE JWT JWT_SECRET WIFI_PSK WPA_PSK PSK BINDPW LDAP_BINDPW
        LDAP_BIND_PW ROOTPW ROOT_PW ADMIN_PW ADMINPW VNCPW ADMIN_PWD MYSQL_PWD PGPASSWORD POSTGRES_PASSWORD SSHPASS REDIS_PASS
        RABBITMQ_DEFAULT_PASS SMTP_PASS FTP_PASSWD ANSIBLE_BECOME_PASS ANSIBLE_SSH_PASS ANSIBLE_VAULT_PASSWORD SUDO_PASS
        SLACK_WEBHOOK_URL TEAMS_WEBHOOK_URL DISCORD_WEBHOOK WEBHOOK_URL SENTRY_DSN DSN DATABASE_DSN CREDS AWS_CREDS GCP_CREDS
        GOOGLE_CREDENTIALS GOOGLE_API_KEY API_KEY apikey AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SESSION_TOKEN
        ARM_CLIENT_SECRET CLIENT_SECRET ARM_ACCESS_KEY ARM_SAS_TOKEN STORAGE_SAS AZURE_STORAGE_CONNECTION_STRING VAULT_TOKEN
        VAULT_SECRET_ID CONSUL_HTTP_AUTH NOMAD_TOKEN TF_TOKEN_app_terraform_io TWINE_PASSWORD CARGO_REGISTRY_TOKEN
        NUGET_API_KEY DD_API_KEY NEW_RELIC_LICENSE_KEY SSH_PRIVATE_KEY DEPLOY_KEY GPG_PASSPHRASE ENCRYPTION_KEY
        RAILS_MASTER_KEY SECRET_KEY_BASE TWILIO_AUTH_TOKEN TELEGRAM_BOT_TOKEN TOTP_SECRET RHSM_PASSWORD RHSM_ACTIVATION_KEY
        PRODUCT_KEY RADIUS_SECRET KRB5_PASS PASSCODE TF_VAR_adminPassword ACCESSKEY HTPASSWD CARD_PIN";
    /// Names that look like those and are none.
    const HARMLESS_NAMES: &str = "
        PWD OLDPWD PATH MANPATH HOME SHELL SSH_AUTH_SOCK XAUTHORITY GPG_TTY SSH_ASKPASS GIT_ASKPASS SUDO_ASKPASS
        PKR_VAR_vm_guest_os_keyboard PKR_VAR_vsphere_endpoint KEYTIMEOUT PATTERN GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL AUTHOR
        PASSWORD_STORE_DIR PGPASSFILE TOKEN_TTL VAULT_TOKEN_FILE DB_PASSWORD_FILE XDG_SESSION_ID DBUS_SESSION_BUS_ADDRESS
        GNOME_KEYRING_CONTROL LESSKEY_FILE CREDENTIALS_DIRECTORY OAUTH_TOKEN_URL AUTH_TYPE PASSWORD_MIN_LENGTH LC_COMPAT TMPL_SECRET_COMMANDS
        COMPASS_HOST BYPASS SSH_AGENT_PID TERM COLUMNS";

    #[test]
    fn names_in_use_are_told_from_those_that_look_alike() {
        let wrong = |names: &str, secret: bool| -> Vec<String> {
            names.split_whitespace().filter(|name| is_secret_name(name) != secret).map(String::from).collect()
        };
        assert!(IN_USE.split_whitespace().count() >= 90);
        assert_eq!(wrong(IN_USE, true), [""; 0]);
        assert_eq!(wrong(HARMLESS_NAMES, false), [""; 0]);
    }

    #[test]
    fn a_way_to_log_in_is_no_secret() {
        assert!(is_switch("WINRM_AUTH", "Basic") && is_switch("X_TOKEN", "true"));
        assert!(!is_switch("X_PASSWORD", "basic") && !is_switch("NPM_AUTH", "dXNlcjpwYXNz"));
    }
}
