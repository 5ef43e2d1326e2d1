//! Files of screens: the one that ships in the binary, and the `[[screen]]` tables of a team's own.

use serde::Deserialize;

use super::label::WrittenLabel;
use super::page::{ScreenLabels, WrittenInstaller, WrittenMarks};

/// The screens that ship with the program.
const SHIPPED: &str = include_str!("../../../assets/screens.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScreensToml {
    #[serde(default)]
    installer: Vec<WrittenInstaller>,
    #[serde(default)]
    failure: WrittenMarks,
    #[serde(default)]
    screen: Vec<WrittenLabel>,
}

impl ScreenLabels {
    /// The screens that ship with the program.
    ///
    /// # Errors
    /// When they are broken (a test sees to it that they are not).
    pub fn shipped() -> Result<Self, String> {
        let written: ScreensToml = toml::from_str(SHIPPED).map_err(|error| error.message().to_owned())?;
        let mut screens = Self::of(written.screen)?;
        screens.installers = written.installer.into_iter().map(Into::into).collect();
        screens.marks = written.failure.validate()?;
        Ok(screens)
    }

    /// Labels as they are written, checked; the error is one line.
    pub(crate) fn of(written: Vec<WrittenLabel>) -> Result<Self, String> {
        let ready = |written: WrittenLabel| {
            let label = written.label.clone();
            written.validate().map_err(|message| format!("screen {label:?}: {message}"))
        };
        Ok(Self { labels: written.into_iter().map(ready).collect::<Result<_, _>>()?, ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_screens_are_sound_and_every_installer_is_known() {
        let screens = ScreenLabels::shipped().unwrap();
        assert!(screens.labels.len() > 50);
        let known: Vec<&str> = screens.installers.iter().map(|installer| installer.name.as_str()).collect();
        for label in &screens.labels {
            assert!(label.installer.as_deref().is_none_or(|name| known.contains(&name)), "{}", label.label);
            assert!(label.state.is_some(), "{}: what is it doing?", label.label);
        }
    }
}
