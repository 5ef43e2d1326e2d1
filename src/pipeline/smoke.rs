//! The smoke test that the matrix asks for: `"smoke": true`, or an object that says more.

use serde::{Deserialize, Deserializer, Serialize};

/// How a clone of a build is tried before the build is promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smoke {
    /// how long the clone may take, from power-on to the end of `command`
    pub minutes: u32,
    /// whether it keeps its network card; without one no address is waited for
    pub network: bool,
    /// what is run in it over SSH; exit status 0 passes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// who logs in for that; without it, whoever the SSH client says
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Default for Smoke {
    fn default() -> Self {
        Self { minutes: 15, network: true, command: None, user: None }
    }
}

impl Smoke {
    /// What is wrong with it, and what to do.
    fn fault(&self) -> Option<&'static str> {
        let named = |user: &String| !user.is_empty() && !user.starts_with('-') && !user.contains(char::is_whitespace);
        if self.minutes == 0 || self.minutes > 240 {
            return Some("smoke: minutes is the time that the clone may take; give 1 to 240");
        }
        if self.command.as_ref().is_some_and(|command| command.trim().is_empty()) {
            return Some("smoke: command is empty; say what to run, or leave it out");
        }
        if self.command.is_some() && !self.network {
            return Some("smoke: command needs the network; leave out `\"network\": false`");
        }
        if !self.user.iter().all(named) {
            return Some("smoke: user is no account's name; leave it out, or name one");
        }
        None
    }
}

/// The field of the matrix: absent or `false` for none.
pub(super) fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Smoke>, D::Error> {
    let wanted = match serde_json::Value::deserialize(value)? {
        serde_json::Value::Bool(wanted) => wanted.then(Smoke::default),
        serde_json::Value::Null => None,
        object @ serde_json::Value::Object(_) => {
            Some(Smoke::deserialize(object).map_err(|error| serde::de::Error::custom(format!("smoke: {error}")))?)
        }
        serde_json::Value::Number(_) | serde_json::Value::String(_) | serde_json::Value::Array(_) => {
            return Err(serde::de::Error::custom("smoke is neither true nor an object; write `\"smoke\": true`"));
        }
    };
    match wanted.as_ref().and_then(Smoke::fault) {
        Some(fault) => Err(serde::de::Error::custom(fault)),
        None => Ok(wanted),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::pipeline::Matrix;

    fn smoke(field: &str) -> Result<Option<Smoke>, String> {
        let text = format!(
            r#"[{{"key": "u", "enabled": true, "os": "Linux", "dist": "", "version": "", "build_dir": "p", {field}
            "config": "c", "base_name": "b", "iso_datastore_path": "iso"}}]"#
        );
        let matrix = Matrix::parse(Path::new("."), &text).map_err(|error| error.to_string())?;
        Ok(matrix.lines[0].smoke.clone())
    }

    #[test]
    fn the_field_is_a_switch_or_says_more() {
        assert_eq!((smoke(""), smoke(r#""smoke": false,"#)), (Ok(None), Ok(None)));
        assert_eq!(smoke(r#""smoke": true,"#), Ok(Some(Smoke::default())));
        let more = smoke(r#""smoke": {"minutes": 5, "command": "systemctl is-system-running", "user": "ansible"},"#);
        let more = more.unwrap().unwrap();
        assert_eq!((more.minutes, more.network, more.user.as_deref()), (5, true, Some("ansible")));
        for (wrong, said) in [
            (r#""smoke": "yes","#, "matrix.json:1:"),
            (r#""smoke": "yes","#, "neither true nor an object"),
            (r#""smoke": {"minutes": 0},"#, "1 to 240"),
            (r#""smoke": {"wait": 3},"#, "unknown field `wait`"),
            (r#""smoke": {"network": false, "command": "true"},"#, "needs the network"),
            (r#""smoke": {"command": " "},"#, "command is empty"),
            (r#""smoke": {"user": "-oProxyCommand=x"},"#, "no account's name"),
        ] {
            let error = smoke(wrong).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
