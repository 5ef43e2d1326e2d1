//! What ansible says about a task that failed: JSON behind `fatal: [host]: FAILED! => `, on one line or (verbose) on many.

use serde_json::Value;

/// Longest message that is quoted.
const MAX_MESSAGE_CHARS: usize = 300;

/// The host's message in few words: `msg`, the return code, the end of what the command printed.
pub fn detail(line: &str) -> Option<String> {
    let item = line.split_once("(item=").and_then(|(_, rest)| rest.split_once(") =>")).map(|(item, _)| item);
    let json = line.split_once("=> ")?.1;
    let mut words = match serde_json::from_str::<Value>(json.trim()) {
        Ok(value) => from_json(&value),
        Err(_) => from_broken_json(json),
    };
    if let Some(item) = item {
        words.insert(0, format!("item {}", short(item)));
    }
    Some(words.join(": ")).filter(|text| !text.is_empty())
}

fn from_json(value: &Value) -> Vec<String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut words = Vec::new();
    let message = text("msg").map(short);
    match (message, value.get("rc").and_then(Value::as_i64)) {
        (Some(message), Some(code)) => words.push(format!("{message} (rc {code})")),
        (Some(message), None) => words.push(message),
        (None, Some(code)) => words.push(format!("rc {code}")),
        (None, None) => {}
    }
    let said = ["stderr", "module_stderr", "exception", "stdout", "module_stdout"];
    words.extend(said.iter().find_map(|name| text(name)).map(last_line));
    words
}

/// JSON that is cut or has control characters in it: the message and the code are found by their names.
fn from_broken_json(json: &str) -> Vec<String> {
    let message = json.split_once("\"msg\": \"").map(|(_, rest)| short(rest.split("\", \"").next().unwrap_or(rest)));
    let code = json
        .split_once("\"rc\": ")
        .map(|(_, rest)| rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect::<String>());
    match (message, code) {
        (Some(message), Some(code)) => vec![format!("{message} (rc {code})")],
        (message, code) => message.into_iter().chain(code.map(|code| format!("rc {code}"))).collect(),
    }
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_MESSAGE_CHARS {
        return line;
    }
    line.chars().take(MAX_MESSAGE_CHARS - 1).chain(['…']).collect()
}

/// The line of an output that most likely says what went wrong: the last one that is not empty.
fn last_line(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    // PowerShell says it first and then shows where.
    let first = lines().next().filter(|line| line.contains("is not recognized") || line.contains("cannot"));
    short(first.or_else(|| lines().next_back()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_the_code_and_the_last_words_are_quoted() {
        let line = r#"fatal: [default]: FAILED! => {"changed": true, "msg": "non-zero return code", "rc": 100, "stderr": "E: one\nE: two\n"}"#;
        assert_eq!(detail(line).as_deref(), Some("non-zero return code (rc 100): E: two"));
        let line = r#"failed: [default] (item=vim) => {"msg": "No package vim"}"#;
        assert_eq!(detail(line).as_deref(), Some("item vim: No package vim"));
    }

    #[test]
    fn cut_json_still_tells() {
        let line = "fatal: [default]: FAILED! => {\"msg\": \"non-zero return code\", \"rc\": 3, \"stdout\": \"xxxx";
        assert_eq!(detail(line).as_deref(), Some("non-zero return code (rc 3)"));
        assert_eq!(detail("fatal: [default]: FAILED!"), None);
    }
}
