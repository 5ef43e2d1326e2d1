//! Values that stand behind their name with words of another kind between them: `DefaultPassword    REG_SZ    value` of
//! Windows' registry, and the options of those who write it.

use super::value::{self, Value};

/// Words between a name and its value, at most.
const BETWEEN: usize = 8;

/// What a word behind a name says.
enum Word {
    /// the value is the rest of the line
    Type,
    /// the value is the next word
    Value,
    /// it has a word of its own
    Takes,
    /// nothing
    Alone,
}

fn word(word: &[u8]) -> Option<Word> {
    let is = |options: &[&str]| options.iter().any(|option| word.eq_ignore_ascii_case(option.as_bytes()));
    match word {
        [b'R', b'E', b'G', b'_', ..] => Some(Word::Type),
        _ if is(&["/d", "-value"]) => Some(Word::Value),
        _ if is(&["/t", "/s", "-propertytype", "-type", "-path", "-literalpath"]) => Some(Word::Takes),
        _ if is(&["/f", "-force", "/reg:64", "/reg:32"]) => Some(Word::Alone),
        _ => None,
    }
}

/// Whether such words begin here.
pub fn begins(rest: &[u8]) -> bool {
    word(first(rest)).is_some()
}

/// The value behind such words.
pub fn value(line: &[u8], from: usize) -> Option<Value> {
    let mut at = from;
    for _ in 0..BETWEEN {
        at += line[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let end = at + first(&line[at..]).len();
        let next = end + line[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match word(&line[at..end]) {
            Some(Word::Type) => {
                let length = line[next..].trim_ascii_end().len();
                return Some(Value { start: next, end: next + length, quoted: true }).filter(|_| length > 0);
            }
            Some(Word::Value) => return value::at(line, next),
            Some(Word::Takes) => at = next + first(&line[next..]).len(),
            Some(Word::Alone) => at = next,
            None => return None,
        }
    }
    None
}

fn first(rest: &[u8]) -> &[u8] {
    &rest[..rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())]
}
