//! Which variables are secrets, and the parts of their values that are secrets by themselves.

use secrecy::{ExposeSecret, SecretString};

/// Shorter values are not looked for: they would be found everywhere.
pub const SHORTEST: usize = 4;
/// A word of a longer value (the body of a public key) must have this many bytes to count alone.
const SHORTEST_WORD: usize = 16;
/// A line of one; the last line of a key is often short.
const SHORTEST_LINE: usize = 8;

/// A value to hide and the name to show instead.
#[derive(Debug, Clone)]
pub struct Secret {
    /// name of the variable
    pub name: String,
    /// its value, or a part of it
    pub value: SecretString,
    /// it names an account: hidden in what others wrote, shown in our own messages
    pub account: bool,
}

impl Secret {
    /// A value under a name.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: SecretString::from(value.into()), account: false }
    }

    /// The name of an account, declared as sensitive.
    pub fn account(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { account: true, ..Self::new(name, value) }
    }

    /// The value and every part of it that would give it away alone: the lines of a key in a file, the body of a public
    /// key (its comment is often masked by packer while the body is not), the words of a credential line, the texts in JSON.
    pub fn parts(&self) -> Vec<&str> {
        let value = self.value.expose_secret().trim();
        let mut parts = vec![value];
        if value.contains(char::is_whitespace) {
            let lines = value.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            let words = value.split_whitespace().filter(|word| !word.starts_with("-----"));
            let lines = lines.filter(|line| line.len() >= SHORTEST_LINE);
            let words = words.filter(|word| word.len() >= SHORTEST_WORD);
            parts.extend(lines.chain(words).filter(|part| *part != value));
        }
        if value.starts_with('{') {
            let texts: Vec<&str> = value.split('"').collect();
            // Every other piece is a text, and one before a colon only a name.
            let values = texts.windows(2).skip(1).step_by(2).filter(|pair| !pair[1].trim_start().starts_with(':'));
            parts.extend(values.map(|pair| pair[0]).filter(|text| text.len() >= SHORTEST_WORD));
        }
        parts
    }
}

/// Whether a variable's name says that its value is a secret: it speaks of a password, a key, a token or a secret.
/// Of packer's variables every `key` counts but that of a keyboard; elsewhere it must end a word of the name.
pub fn is_secret_name(name: &str) -> bool {
    const ANYWHERE: &[&str] = &["password", "passwd", "passphrase", "token", "secret", "credential"];
    const HARMLESS: &[&str] = &["keyboard", "keymap", "keystroke", "keyring"];
    let name = name.to_ascii_lowercase();
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric());
    let speaks_of_keys =
        |name: &str| HARMLESS.iter().fold(name.to_owned(), |name, word| name.replace(word, "")).contains("key");
    ANYWHERE.iter().any(|word| name.contains(word))
        || words().any(|word| {
            matches!(word, "pw" | "pat" | "sshpass")
                || word.ends_with("key")
                || word.ends_with("keys")
                || word == "pass"
                || word == "pwd" && name != "pwd" && name != "oldpwd"
        })
        || words().next_back() == Some("auth")
        || name == "docker_auth_config"
        || name.strip_prefix("pkr_var_").is_some_and(speaks_of_keys)
}

/// Whether a value only switches something on or off, or says in which of the usual ways one logs in.
pub fn is_switch(name: &str, value: &str) -> bool {
    const WAYS: &[&str] = &["none", "basic", "digest", "ntlm", "kerberos", "negotiate", "certificate", "credssp"];
    let way = if name.to_ascii_lowercase().ends_with("auth") { WAYS } else { &[] };
    ["true", "false"].iter().chain(way).any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// The secrets inside addresses with credentials (`https://user:password@host/sdk`), however many of them a value lists:
/// as they stand there, and decoded as programs use them. What is an address by its variable's name needs no scheme.
pub fn secrets_in_urls(name: &str, value: &str) -> Vec<String> {
    const ADDRESSES: &[&str] = &["url", "uri", "proxy", "endpoint"];
    let name = name.to_ascii_lowercase();
    // The account of a vCenter is no secret, and everybody needs to read it.
    let accounts = name == "govc_url" || name.ends_with("vsphere_endpoint");
    let mut found: Vec<String> = value.split("://").skip(1).flat_map(|rest| secrets_of_one(rest, !accounts)).collect();
    if !value.contains("://") && ADDRESSES.iter().any(|word| name.ends_with(word)) {
        found.extend(value.split_whitespace().flat_map(|address| secrets_of_one(address, false)));
    }
    let decoded: Vec<String> = found.iter().map(|secret| decoded(secret)).collect();
    let mut all: Vec<String> = decoded.into_iter().zip(found).flat_map(|(decoded, raw)| [decoded, raw]).collect();
    all.dedup();
    all
}

/// Password and token before the host of an address. A name without a password is a token where `tokens` are usual, and
/// so is a long one that names no domain.
fn secrets_of_one(address: &str, tokens: bool) -> Vec<String> {
    let end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#');
    let authority = address.split(end).next().unwrap_or_default();
    let Some((account, _)) = authority.rsplit_once('@') else { return Vec::new() };
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    let long = user.len() >= SHORTEST_WORD && !decoded(user).contains(['@', '\\']);
    let token = tokens && (password.is_empty() || long);
    let both = [Some(user).filter(|_| token), Some(password)];
    both.into_iter().flatten().filter(|secret| !secret.is_empty()).map(str::to_owned).collect()
}

/// `form_urlencoded` would read `+` as a space, which it is not in the account part of an address.
fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_secret() {
        for name in [
            "PKR_VAR_build_password",
            "PKR_VAR_build_key",
            "GOVC_PASSWORD",
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "API_KEY",
            "apikey",
            "CLIENT_SECRET",
            "PKR_VAR_ansible_keys",
            "PKR_VAR_sshkeydata",
            "ADMIN_PWD",
            "SSHPASS",
            "ADMIN_PW",
            "AZURE_DEVOPS_PAT",
            "NPM_AUTH",
            "DOCKER_AUTH_CONFIG",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        let harmless = "PKR_VAR_vm_guest_os_keyboard PWD PATH OLDPWD KEYTIMEOUT HOME PKR_VAR_vsphere_endpoint SSH_AUTH_SOCK \
            XAUTHORITY PATTERN GIT_AUTHOR_NAME MANPATH";
        for name in harmless.split(' ') {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_in_addresses_are_found() {
        assert_eq!(secrets_in_urls("X", "https://svc:p%40s+s@vc/sdk"), ["p@s+s", "p%40s+s"]);
        for name in ["GOVC_URL", "PKR_VAR_vsphere_endpoint", "HTTPS_PROXY", "https_proxy", "DATABASE_URI"] {
            assert_eq!(secrets_in_urls(name, "svc:hunter2@vc:3128"), ["hunter2"], "{name}");
            assert!(secrets_in_urls(name, "svc@vc").is_empty(), "{name}");
        }
        assert_eq!(secrets_in_urls("PIP_EXTRA_INDEX_URL", "https://u:pw-1@a/x https://u:pw-2@b/x"), ["pw-1", "pw-2"]);
        assert_eq!(secrets_in_urls("GOPROXY", "https://u:pw-1@a,https://u:pw-2@b|direct"), ["pw-1", "pw-2"]);
        assert_eq!(secrets_in_urls("X", "https://t0ken@git.example.com/x"), ["t0ken"]);
        let token = "ghp_0123456789abcdef";
        assert_eq!(secrets_in_urls("X", &format!("https://{token}:x-oauth-basic@x")), [token, "x-oauth-basic"]);
        assert!(secrets_in_urls("PS1", "svc:hunter2@vc").is_empty());
        assert!(secrets_in_urls("X", "https://vc/a:b@c").is_empty());
        assert!(secrets_in_urls("GOVC_URL", "https://svc-packer-of-the-lab@vc/sdk").is_empty());
        assert_eq!(secrets_in_urls("X", "https://administrator%40vsphere.local:pw-1@x"), ["pw-1"]);
    }

    #[test]
    fn a_way_to_log_in_is_no_secret() {
        assert!(is_switch("WINRM_AUTH", "Basic") && is_switch("X_TOKEN", "true"));
        assert!(!is_switch("X_PASSWORD", "basic") && !is_switch("NPM_AUTH", "dXNlcjpwYXNz"));
    }

    #[test]
    fn keys_give_themselves_away_in_parts() {
        let key = Secret::new("k", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxo packer@lab");
        assert_eq!(key.parts()[1..], ["AAAAC3NzaC1lZDI1NTE5AAAAIDxo"]);
        let docker = Secret::new("k", r#"{"auths":{"r":{"auth":"dXNlcjpodW50ZXIy"}}}"#);
        assert_eq!(docker.parts()[1..], ["dXNlcjpodW50ZXIy"]);
        let pem =
            Secret::new("k", "-----BEGIN X-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACA8aF7gKoO/\n-----END X-----\n");
        assert!(pem.parts().contains(&"QyNTUxOQAAACA8aF7gKoO/"));
        assert!(!pem.parts()[1..].iter().any(|part| part.contains("-----")));
    }
}
