//! packer's command line, as far as a build needs it, and the var-files it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `version`
    Version,
    /// `init`
    Init,
    /// `validate`
    Validate,
    /// `build`
    Build,
}

/// What happens to the VM of a failed build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// destroyed
    Cleanup,
    /// kept
    Abort,
}

/// The command line.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// what is to be done
    pub verb: Verb,
    /// destroy a VM or template of the same name first
    pub force: bool,
    /// after a failure
    pub on_error: OnError,
    /// coloured output
    pub color: bool,
    /// `-only`, without the builder's type
    pub only: Option<String>,
    /// var-files in order
    pub var_files: Vec<PathBuf>,
    /// folder of the template
    pub template: PathBuf,
    /// string variables: from the var-files, later ones win, then `-var`
    pub variables: BTreeMap<String, String>,
}

impl Arguments {
    /// Parses the arguments after the program's name and reads the var-files.
    ///
    /// # Errors
    /// One line about what is not understood.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut words = arguments.into_iter();
        let verb = match words.next().as_deref() {
            Some("version" | "--version" | "-version" | "-v") => Verb::Version,
            Some("init") => Verb::Init,
            Some("validate") => Verb::Validate,
            Some("build") => Verb::Build,
            other => {
                return Err(format!("the simulated packer knows version, init, validate and build, not {other:?}"));
            }
        };
        let mut parsed = Self {
            verb,
            force: false,
            on_error: OnError::Cleanup,
            color: true,
            only: None,
            var_files: Vec::new(),
            template: PathBuf::new(),
            variables: BTreeMap::new(),
        };
        let mut vars = Vec::new();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-') else {
                parsed.template = word.into();
                continue;
            };
            let flag = flag.trim_start_matches('-');
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if ["only", "except", "on-error", "var-file", "var"].contains(&flag) => (flag, words.next()),
                None => (flag, None),
            };
            parsed.flag(name, value.unwrap_or_default(), &mut vars)?;
        }
        for file in &parsed.var_files {
            if let Ok(text) = std::fs::read_to_string(file) {
                parsed.variables.extend(assignments(&text));
            }
        }
        parsed.variables.extend(vars);
        Ok(parsed)
    }

    fn flag(&mut self, name: &str, value: String, vars: &mut Vec<(String, String)>) -> Result<(), String> {
        match name {
            "force" => self.force = value != "false",
            "color" => self.color = value != "false",
            "on-error" => self.on_error = if value == "abort" { OnError::Abort } else { OnError::Cleanup },
            "only" => {
                self.only = value.split(',').next().map(|only| only.rsplit('.').next().unwrap_or(only).to_owned())
            }
            "var-file" => self.var_files.push(value.into()),
            "var" => vars.extend(value.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))),
            // These change nothing that the simulation shows.
            "upgrade"
            | "debug"
            | "timestamp-ui"
            | "machine-readable"
            | "parallel-builds"
            | "syntax-only"
            | "evaluate-datasources"
            | "except"
            | "warn-on-undeclared-var"
            | "no-warn-undeclared-var" => {}
            other => return Err(format!("flag provided but not defined: -{other}")),
        }
        Ok(())
    }

    /// The first file or folder named that is not there.
    pub fn missing_file(&self) -> Option<String> {
        let missing =
            |path: &Path| (!path.exists()).then(|| format!("Could not find template or var-file {}", path.display()));
        self.var_files.iter().find_map(|file| missing(file)).or_else(|| missing(&self.template))
    }

    /// A variable: var-files and `-var` beat the environment, as in packer.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables
            .get(name)
            .cloned()
            .or_else(|| std::env::var(format!("PKR_VAR_{name}")).ok())
            .filter(|value| !value.is_empty())
    }

    /// The name of the live template this build is for.
    pub fn base_name(&self) -> Option<String> {
        self.variable("vm_base_name")
    }
}

/// `name = "text"` lines of a var-file; other values are of no interest here.
fn assignments(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.trim().strip_prefix('"')?.split('"').next()?;
        let name = name.trim();
        (!name.starts_with('#')).then(|| (name.to_owned(), value.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn both_spellings_of_a_flag_and_the_template_are_understood() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("a.pkrvars.hcl"), dir.path().join("b.pkrvars.hcl"));
        std::fs::write(&first, "# x = \"no\"\nvm_base_name  = \"old\"\nn = 5\n").unwrap();
        std::fs::write(&second, "vm_base_name = \"linux-debian-12-main\" # why\n").unwrap();
        let (first, second) = (format!("-var-file={}", first.display()), format!("-var-file={}", second.display()));
        let parsed = parse(&[
            "build",
            "-force",
            "-on-error=abort",
            &first,
            &second,
            "-only",
            "vsphere-iso.win",
            "-var",
            "a=b",
            "DIR",
        ])
        .unwrap();
        assert!(parsed.force && parsed.color);
        assert_eq!(parsed.on_error, OnError::Abort);
        assert_eq!(parsed.only.as_deref(), Some("win"));
        assert_eq!(parsed.template, Path::new("DIR"));
        assert_eq!(parsed.base_name().as_deref(), Some("linux-debian-12-main"));
        assert_eq!(parsed.variables["a"], "b");
        assert!(parsed.missing_file().unwrap().contains("DIR"));
        assert!(parse(&["build", "-frobnicate"]).is_err());
    }
}
