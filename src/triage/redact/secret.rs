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
}

impl Secret {
    /// A value under a name.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: SecretString::from(value.into()) }
    }

    /// The value and every part of it that would give it away alone: the lines of a key in a file, the body of a public
    /// key (its comment is often masked by packer while the body is not), the words of a credential line.
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
            word.ends_with("key")
                || word.ends_with("keys")
                || word == "pass"
                || word == "pwd" && name != "pwd" && name != "oldpwd"
        })
        || name.strip_prefix("pkr_var_").is_some_and(speaks_of_keys)
}

/// Whether a value only switches something on or off.
pub fn is_switch(value: &str) -> bool {
    ["true", "false"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// The password inside a URL with credentials (`https://user:password@host/sdk`): as it stands there, and decoded as
/// programs use it. govc takes its address without a scheme, too.
pub fn passwords_in_url(name: &str, value: &str) -> Vec<String> {
    let rest = match value.split_once("://") {
        Some((_, rest)) => rest,
        None if name == "GOVC_URL" => value,
        None => return Vec::new(),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password =
        authority.rsplit_once('@').and_then(|(userinfo, _)| userinfo.split_once(':')).map(|(_, password)| password);
    let Some(password) = password.filter(|password| !password.is_empty()) else { return Vec::new() };
    // `form_urlencoded` would read `+` as a space, which it is not in the account part of an address.
    let pair = format!("x={}", password.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned());
    let mut passwords: Vec<String> = decoded.chain([password.to_owned()]).collect();
    passwords.dedup();
    passwords
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
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in
            ["PKR_VAR_vm_guest_os_keyboard", "PWD", "PATH", "OLDPWD", "KEYTIMEOUT", "HOME", "PKR_VAR_vsphere_endpoint"]
        {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_found() {
        assert_eq!(passwords_in_url("X", "https://svc:p%40s+s@vc/sdk"), ["p@s+s", "p%40s+s"]);
        assert_eq!(passwords_in_url("GOVC_URL", "svc:hunter2@vc"), ["hunter2"]);
        assert!(passwords_in_url("PS1", "svc:hunter2@vc").is_empty());
        assert!(passwords_in_url("GOVC_URL", "svc@vc").is_empty());
        assert!(passwords_in_url("X", "https://vc/a:b@c").is_empty());
    }

    #[test]
    fn keys_give_themselves_away_in_parts() {
        let key = Secret::new("k", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxo packer@lab");
        assert_eq!(key.parts()[1..], ["AAAAC3NzaC1lZDI1NTE5AAAAIDxo"]);
        let pem =
            Secret::new("k", "-----BEGIN X-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACA8aF7gKoO/\n-----END X-----\n");
        assert!(pem.parts().contains(&"QyNTUxOQAAACA8aF7gKoO/"));
        assert!(!pem.parts()[1..].iter().any(|part| part.contains("-----")));
    }
}
