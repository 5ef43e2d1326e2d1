//! Where the templates of a repository find vCenter, and as whom: `tmpl.toml` says so, else the arguments of their source
//! blocks do. What is exported as `PKR_VAR_vsphere_*` or `GOVC_*` needs neither.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::template::Element;
use secrecy::ExposeSecret;

use super::assigned::{GetVariable, assigned};
use super::evaluate::Scope;
use super::layout::{Layout, Origin, Setting};
use super::template::Template;
use super::{Key, Line, Matrix, varfiles};
use crate::child;

/// Allows what `tmpl.toml` names as commands to be run: whoever opens a repository has not read it yet.
pub const ALLOW_COMMANDS: &str = "TMPL_SECRET_COMMANDS";

/// Names the context of the user's configuration that vCenter's variables are those of, where it has a vCenter of its own:
/// what is wrong with them is corrected there.
pub const OF_CONTEXT: &str = "TMPL_CONTEXT_VCENTER";

/// The settings of a repository's connection.
#[derive(Clone, Default)]
pub struct Connection {
    values: BTreeMap<Setting, String>,
    /// what no environment changes
    fixed: BTreeMap<Setting, String>,
    /// what could not be found out, in words
    pub troubles: Vec<String>,
}

// Passwords are among the values.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("known", &self.values.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Connection {
    /// What `tmpl.toml` and the templates of `repo` say. A repository that cannot be read says nothing.
    pub fn read(repo: &Path, get: GetVariable<'_>) -> Self {
        Self::read_for(repo, None, get)
    }

    /// The same for one line, which `tmpl.toml` or its var-files may build elsewhere.
    pub fn read_for(repo: &Path, key: Option<&Key>, get: GetVariable<'_>) -> Self {
        let (Ok(layout), Ok(matrix)) = (Layout::load(repo), Matrix::load(repo)) else { return Self::default() };
        Self::of(repo, (&layout, &matrix), key, &mut Asked { repo, get, answers: BTreeMap::new() })
    }

    /// The same for every line. A command that several name is run once.
    pub fn read_lines(repo: &Path, get: GetVariable<'_>) -> Vec<(Key, Self)> {
        let (Ok(layout), Ok(matrix)) = (Layout::load(repo), Matrix::load(repo)) else { return Vec::new() };
        let mut asked = Asked { repo, get, answers: BTreeMap::new() };
        let lines = matrix.lines.iter();
        lines.map(|line| (line.key.clone(), Self::of(repo, (&layout, &matrix), Some(&line.key), &mut asked))).collect()
    }

    fn of(repo: &Path, (layout, matrix): (&Layout, &Matrix), key: Option<&Key>, asked: &mut Asked<'_>) -> Self {
        let mut connection = Self::default();
        let mut lines: Vec<&Line> = matrix.lines.iter().collect();
        let mut origins = layout.vsphere.clone();
        // The line's own template is the first that is asked, and where it has a place of its own the only one.
        lines.sort_by_key(|line| Some(&line.key) != key);
        if let Some(own) = key.and_then(|key| layout.line.get(&key.0)).filter(|own| !own.vsphere.is_empty()) {
            lines.truncate(1);
            origins.extend(own.vsphere.clone());
        }
        for (setting, origin) in &origins {
            match value(repo, &lines, origin, asked) {
                Ok(Some(value)) => drop(connection.values.insert(*setting, value)),
                Ok(None) => {}
                Err(trouble) => connection.troubles.push(format!("{}: {trouble}", setting.word())),
            }
        }
        if layout.matrix_path(repo).is_none() || !origins.is_empty() {
            connection.ask_templates(repo, &lines, asked.get);
        }
        if let Some(line) = lines.first().filter(|line| Some(&line.key) == key) {
            connection.ask_var_files(repo, line);
        }
        connection
    }

    /// Where the line's var-files and `-var` put its VM. With packer they win over whatever the environment says.
    fn ask_var_files(&mut self, repo: &Path, line: &Line) {
        let told = line.invocation();
        let folder = Path::new(&line.build_dir);
        if told.var_files.is_empty() && told.args.is_empty() && varfiles::automatic(repo, folder).is_empty() {
            return;
        }
        let template = Template::read(repo, &line.template_path(), &mut Vec::new());
        let values = assigned(repo, &template, folder, (&[], &told), &|_| None);
        for setting in [Setting::Endpoint, Setting::Datacenter, Setting::Folder] {
            let names = expressions(&template, setting).filter_map(variable);
            let said = names.filter_map(|name| values.get(&name)?.known().map(|text| text.into_owned())).next();
            if let Some(said) = said.filter(|said| !said.is_empty()) {
                self.fixed.insert(setting, said);
            }
        }
    }

    /// What the first line that says something about a setting says.
    fn ask_templates(&mut self, repo: &Path, lines: &[&Line], get: GetVariable<'_>) {
        for line in lines {
            if Setting::ALL.iter().all(|setting| self.values.contains_key(setting)) {
                return;
            }
            with_scope(repo, line, get, |template, scope| {
                for setting in Setting::ALL {
                    let argument = expressions(template, setting).next().map(|expression| scope.value(expression));
                    let known = argument.and_then(|value| value.known().map(|text| text.into_owned()));
                    if let Some(known) = known.filter(|text| !text.is_empty()) {
                        self.values.entry(setting).or_insert(known);
                    }
                }
            });
        }
    }

    /// A setting, when the repository says it.
    pub fn get(&self, setting: Setting) -> Option<&str> {
        self.values.get(&setting).map(String::as_str)
    }

    /// Reads the environment through `get`, and what it does not have from the repository: the names are those of the
    /// documented templates, `PKR_VAR_vsphere_<setting>`.
    pub fn over<'a>(&'a self, get: GetVariable<'a>) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let word = name.strip_prefix("PKR_VAR_vsphere_");
            let setting = word.and_then(|word| Setting::ALL.into_iter().find(|setting| setting.word() == word));
            if let Some(fixed) = setting.and_then(|setting| self.fixed.get(&setting)) {
                return Some(fixed.clone());
            }
            let given = get(name).filter(|value| !value.is_empty());
            given.or_else(|| {
                let setting = setting?;
                // govc's own name for it, exported by a person, says more than a file does.
                let govc = get(setting.govc()).is_some_and(|value| !value.is_empty());
                self.get(setting).filter(|_| !govc).map(str::to_owned)
            })
        }
    }
}

/// The variables of a line's template that stand for a credential or a place of vCenter and that nothing in the
/// repository gives a value: whoever only validates needs stand-ins for them.
pub fn stand_ins(repo: &Path, line: &Line) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    with_scope(repo, line, &|name| std::env::var(name).ok(), |template, scope| {
        let of_vcenter =
            Setting::ALL.into_iter().flat_map(|setting| expressions(template, setting)).filter_map(variable);
        let sensitive =
            template.variables.iter().filter(|(_, variable)| variable.sensitive).map(|(name, _)| name.clone());
        for name in of_vcenter.chain(sensitive) {
            let given = scope.assigned.get(&name).cloned();
            let default = || template.variables.get(&name)?.default.as_ref().map(|default| scope.value(default));
            let given = given.or_else(default).and_then(|value| value.text().map(|text| text.into_owned()));
            if given.is_none_or(|text| text.is_empty()) {
                names.insert(name);
            }
        }
    });
    names
}

/// The arguments of a template's images that say a setting.
fn expressions(template: &Template, setting: Setting) -> impl Iterator<Item = &Expression> {
    template
        .images()
        .filter_map(move |(_, block)| block.body.get_attribute(setting.argument()).map(|attribute| &attribute.value))
}

/// `x` of `var.x`.
fn variable(expression: &Expression) -> Option<String> {
    // `"${var.x}"` is the older way to say it.
    if let Expression::StringTemplate(template) = expression {
        let [Element::Interpolation(only)] = template.iter().collect::<Vec<_>>()[..] else { return None };
        return variable(&only.expr);
    }
    let path = expression.as_traversal()?;
    let root = path.expr.as_variable()?.as_str();
    match path.operators.as_slice() {
        [only] if root == "var" => match only.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

fn with_scope(repo: &Path, line: &Line, get: GetVariable<'_>, then: impl FnOnce(&Template, &Scope<'_>)) {
    let folder = Path::new(&line.build_dir);
    let template = Template::read(repo, &line.template_path(), &mut Vec::new());
    let assigned = assigned(repo, &template, folder, (&[], &line.invocation()), get);
    then(&template, &Scope { template: &template, assigned, branch: None, path: BTreeMap::new() });
}

/// The passwords of vCenter that the commands of `tmpl.toml` print, each command asked once; why others are not known.
pub(super) fn passwords(repo: &Path, layout: &Layout, get: GetVariable<'_>) -> Vec<Result<String, String>> {
    let mut asked = Asked { repo, get, answers: BTreeMap::new() };
    for origin in layout.password_origins() {
        if let Origin::Command(origin) = origin {
            // Every answer is kept.
            let _ = asked.command(&origin.command);
        }
    }
    asked.answers.into_values().collect()
}

/// Asks the environment and commands, each command once.
struct Asked<'r> {
    repo: &'r Path,
    get: GetVariable<'r>,
    answers: BTreeMap<Vec<String>, Result<String, String>>,
}

impl Asked<'_> {
    fn command(&mut self, words: &[String]) -> Result<String, String> {
        if let Some(answer) = self.answers.get(words) {
            return answer.clone();
        }
        let answer = command(self.repo, words, self.get);
        self.answers.insert(words.to_vec(), answer.clone());
        answer
    }
}

fn value(repo: &Path, lines: &[&Line], origin: &Origin, asked: &mut Asked<'_>) -> Result<Option<String>, String> {
    let get = asked.get;
    match origin {
        Origin::Environment(origin) => Ok(get(&origin.env)),
        Origin::Command(origin) => asked.command(&origin.command).map(Some),
        Origin::Variable(name) => {
            let mut found = None;
            for line in lines {
                with_scope(repo, line, get, |template, scope| {
                    let default = template.variables.get(name).and_then(|variable| variable.default.as_ref());
                    let value = scope.assigned.get(name).cloned().or_else(|| default.map(|value| scope.value(value)));
                    found = value.and_then(|value| value.known().map(|text| text.into_owned()));
                });
                found = found.filter(|text| !text.is_empty());
                if found.is_some() {
                    break;
                }
            }
            Ok(found)
        }
    }
}

/// The first line that a command prints, if the operator lets it.
fn command(repo: &Path, words: &[String], get: GetVariable<'_>) -> Result<String, String> {
    if get(ALLOW_COMMANDS).as_deref() != Some("1") {
        return Err(format!("tmpl.toml wants to run {}; export {ALLOW_COMMANDS}=1 to let it", words.join(" ")));
    }
    child::credential(words, Some(repo)).map(|answer| answer.expose_secret().to_owned())
}
