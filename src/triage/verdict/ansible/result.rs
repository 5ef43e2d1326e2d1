//! The result of a task that failed, field by field.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// Longest message that is quoted.
const MAX_MESSAGE_CHARS: usize = 300;
/// Fields of a result that say why it failed.
const FIELDS: &[&str] = &["msg", "stderr", "module_stderr", "exception", "module_stdout", "stdout"];

/// What ansible says about a task that failed on a host.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskResult {
    /// line of the log
    pub line: u64,
    head: String,
    data: String,
    /// what stood in sections of its own: name, text
    sections: Vec<(String, String)>,
    value: Value,
}

impl TaskResult {
    /// Begins with its first line.
    pub fn new(line: u64, head: &str, data: &str) -> Self {
        // An older YAML callback puts the first pair behind the arrow.
        let data = if data.starts_with(['{', '[']) { data } else { "" };
        let (head, data) = (head.to_owned(), data.to_owned());
        Self { line, head, data, sections: Vec::new(), value: Value::Null }
    }

    /// Bytes kept.
    pub fn bytes(&self) -> usize {
        self.data.len() + self.sections.iter().map(|(_, text)| text.len()).sum::<usize>()
    }

    /// Adds a line of its data.
    pub fn add(&mut self, text: &str) {
        self.data.push('\n');
        self.data.push_str(text);
    }

    /// Begins a section, e.g. `STDERR`.
    pub fn begin_section(&mut self, name: &str) {
        self.sections.push((name.to_ascii_lowercase(), String::new()));
    }

    /// Adds a line to the newest section.
    pub fn add_to_section(&mut self, text: &str) {
        if let Some((_, section)) = self.sections.last_mut() {
            section.push_str(text);
            section.push('\n');
        }
    }

    /// With its data read.
    pub fn parsed(mut self) -> Self {
        let data = self.data.trim();
        let json = serde_json::from_str::<Value>(data).ok();
        self.value = json.or_else(|| from_yaml(&self.data)).unwrap_or_else(|| from_fragments(data));
        if let Value::Object(fields) = &mut self.value {
            for (name, text) in self.sections.drain(..).filter(|(_, text)| !text.trim().is_empty()) {
                fields.entry(name).or_insert(Value::String(text));
            }
        }
        self.data = String::new();
        self
    }

    /// A field's text; that of the module that failed, where the result is of several (`Gathering Facts`, loops).
    pub fn field(&self, name: &str) -> Option<String> {
        let own = text(self.value.get(name));
        own.filter(|_| name != "msg" || self.inner().is_none()).or_else(|| text(self.inner()?.get(name)))
    }

    /// The result of the module, inside a result that only says that one failed.
    fn inner(&self) -> Option<&Value> {
        let modules = self.value.get("failed_modules").and_then(Value::as_object);
        let items = self.value.get("results").and_then(Value::as_array);
        let failed = |value: &&Value| value.get("failed").is_some_and(|failed| *failed == Value::Bool(true));
        modules
            .and_then(|modules| modules.values().next())
            .or_else(|| items.and_then(|items| items.iter().find(failed)))
    }

    /// The host's message in few words: the item, `msg`, the return code, the last telling line of what it printed.
    pub fn detail(&self) -> Option<String> {
        let item = self.head.split_once("(item=").map(|(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
        let mut words: Vec<String> = item.map(|item| format!("item {}", short(item))).into_iter().collect();
        let code = self.code().filter(|code| *code != 0);
        let message = self.field("msg").map(|message| short(&message));
        match (message, code) {
            (Some(message), Some(code)) => words.push(format!("{message} (rc {code})")),
            (Some(message), None) => words.push(message),
            (None, Some(code)) => words.push(format!("rc {code}")),
            (None, None) if self.value.get("censored").is_some() => {
                words.push("no_log hides why; run the task without it, or look in the guest".to_owned());
            }
            (None, None) => {}
        }
        let said = FIELDS[1..].iter().filter_map(|name| self.field(name)).find_map(|text| telling_line(&text));
        words.extend(said.filter(|said| !words.iter().any(|word| word.contains(said))));
        Some(words.join(": ")).filter(|text| !text.is_empty())
    }

    fn code(&self) -> Option<i64> {
        let code =
            |value: &Value| value.get("rc").and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
        code(&self.value).or_else(|| code(self.inner()?))
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Null => return None,
        Value::Array(parts) => parts.iter().filter_map(|part| text(Some(part))).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// JSON that is cut: the message and the code are found by their names.
fn from_fragments(data: &str) -> Value {
    let mut fields = Map::new();
    for name in FIELDS {
        let Some((_, rest)) = data.split_once(&format!("\"{name}\": \"")) else { continue };
        let end =
            rest.match_indices('"').map(|(at, _)| at).find(|at| !rest[..*at].ends_with('\\')).unwrap_or(rest.len());
        let quoted = format!("\"{}\"", rest[..end].trim_end_matches('\\'));
        let text = serde_json::from_str::<String>(&quoted).unwrap_or_else(|_| rest[..end].to_owned());
        fields.insert((*name).to_owned(), Value::String(text));
    }
    let digits = |rest: &str| rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect::<String>();
    let code = data.split_once("\"rc\": ").and_then(|(_, rest)| digits(rest).parse::<i64>().ok());
    fields.extend(code.map(|code| ("rc".to_owned(), code.into())));
    Value::Object(fields)
}

fn from_yaml(data: &str) -> Option<Value> {
    if data.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let indent = data.lines().find(|line| !line.trim().is_empty())?;
    let indent = indent.len() - indent.trim_start().len();
    let margin = " ".repeat(indent);
    let lines = data.lines().map(|line| line.strip_prefix(&*margin).unwrap_or_else(|| line.trim_start()));
    let text = lines.collect::<Vec<_>>().join("\n");
    let read = Yaml::load_from_str(&text).ok().and_then(|documents| documents.first().map(to_json));
    Some(read.filter(Value::is_object).unwrap_or_else(|| from_yaml_lines(&text)))
}

/// YAML that is cut or not quite YAML: `name: text` at the margin, with what is indented below it.
fn from_yaml_lines(text: &str) -> Value {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match line.split_once(':').filter(|_| !line.starts_with(' ')) {
            Some((name, value)) => {
                let value = value.trim();
                let block = value.len() <= 3 && value.starts_with(['|', '>']);
                found.push((name, if block { String::new() } else { value.trim_matches('\'').to_owned() }));
            }
            None => found.last_mut().into_iter().for_each(|(_, value)| {
                value.push('\n');
                value.push_str(line.trim());
            }),
        }
    }
    Value::Object(found.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Representation(text, ..) => Value::String(text.to_string()),
        Yaml::Sequence(items) => Value::Array(items.iter().map(to_json).collect()),
        Yaml::Mapping(pairs) => {
            let pairs = pairs.iter().filter_map(|(name, value)| Some((name.as_str()?.to_owned(), to_json(value))));
            Value::Object(pairs.collect())
        }
        Yaml::Tagged(_, inner) => to_json(inner),
        Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_MESSAGE_CHARS {
        return line;
    }
    line.chars().take(MAX_MESSAGE_CHARS - 1).chain(['…']).collect()
}

/// The line of an output that most likely says what went wrong: the last one, of a traceback the error itself.
fn telling_line(text: &str) -> Option<String> {
    let noise = |line: &&str| {
        let ssh = line.starts_with("Shared connection to ") || line.starts_with("Warning: Permanently added ");
        !line.is_empty() && !ssh && !line.starts_with("+ ") && !line.starts_with("#< CLIXML")
    };
    let lines = || text.lines().map(str::trim).filter(noise);
    // PowerShell says it first and then shows where.
    let first = lines().next().filter(|line| line.contains("is not recognized") || line.contains("cannot"));
    first.or_else(|| lines().next_back()).map(short)
}
