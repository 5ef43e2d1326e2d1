//! Which variables are secrets, and the parts of their values that are secrets by themselves.

use secrecy::{ExposeSecret, SecretString};

/// Shorter values are not looked for: they would be found everywhere.
pub const SHORTEST: usize = 4;
/// A part of a longer value (one line of a key, the body of a public key) must have this many bytes to count alone.
const SHORTEST_PART: usize = 16;

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
            parts.extend(lines.chain(words).filter(|part| part.len() >= SHORTEST_PART && *part != value));
        }
        parts
    }
}

/// Whether a variable's name says that its value is a secret: it speaks of a password, a key, a token or a secret.
/// `keyboard` does not: `key` must end a word of the name.
pub fn is_secret_name(name: &str) -> bool {
    const ANYWHERE: &[&str] = &["password", "passwd", "passphrase", "token", "secret", "credential"];
    let name = name.to_ascii_lowercase();
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric());
    ANYWHERE.iter().any(|word| name.contains(word))
        || words().any(|word| word.ends_with("key") || word.ends_with("keys") || word == "pass")
}

/// The password inside a URL with credentials (`https://user:password@host/sdk`), as it stands there.
pub fn password_in_url(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (userinfo, _) = authority.rsplit_once('@')?;
    let (_, password) = userinfo.split_once(':')?;
    Some(password).filter(|password| !password.is_empty())
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
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PKR_VAR_vm_guest_os_keyboard", "PWD", "PATH", "XKB_LAYOUT", "HOME", "PKR_VAR_vsphere_endpoint"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_found() {
        assert_eq!(password_in_url("https://svc:p%40ss@vc/sdk"), Some("p%40ss"));
        assert_eq!(password_in_url("svc@vc"), None);
        assert_eq!(password_in_url("https://vc/a:b@c"), None);
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
