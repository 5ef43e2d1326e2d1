//! Secrets that the boot command types. The vSphere plugin logs one line per key:
//! `Sending char 'p', code CodeP, shift false`, with lines of others in between.

use std::collections::{HashMap, VecDeque};

/// What such a line holds before the key.
pub const PHRASE: &[u8] = b"Sending char '";
/// Longest value that anybody types.
const LONGEST: usize = 512;

/// The key that a line of the log says was typed, and where the phrase begins.
pub fn typed_key(line: &[u8]) -> Option<(usize, char)> {
    let at = memchr::memmem::find(line, PHRASE)?;
    let rest = &line[at + PHRASE.len()..];
    let text = std::str::from_utf8(&rest[..rest.len().min(5)]);
    let key = match text {
        Ok(text) => text.chars().next(),
        Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).ok()?.chars().next(),
    }?;
    Some((at, key)).filter(|_| rest[key.len_utf8()..].starts_with(b"'"))
}

/// All values that might be typed, letter by letter.
#[derive(Default)]
pub struct KeyTrie {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    next: HashMap<char, usize>,
    /// a value ends here
    end: bool,
    /// a value that leads through here
    name: usize,
}

impl KeyTrie {
    /// Adds the forms of a value.
    pub fn extend(&mut self, forms: impl IntoIterator<Item = String>, name: usize) {
        for form in forms.into_iter().filter(|form| form.len() <= LONGEST && !form.is_empty()) {
            let mut at = self.child(None, name);
            for key in form.chars() {
                at = self.child(Some((at, key)), name);
            }
            self.nodes[at].end = true;
        }
    }

    /// Whether a value may stand in a text of which some letters were misread: one in seven, two in twelve, and so on, be
    /// they others, more or fewer. Signs do not count, nor do letters that look alike.
    pub fn nearly(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().filter_map(look).collect();
        if self.nodes.is_empty() {
            return false;
        }
        // Misread letters up to each place of the text, of a value that may begin anywhere in it (Sellers).
        let mut open = vec![(0, 0, vec![0_usize; text.len() + 1])];
        while let Some((node, length, misread)) = open.pop() {
            let node = &self.nodes[node];
            let allowed = usize::saturating_sub(length, 2) / 5;
            if node.end && length >= LEAST_MISREAD && misread.iter().any(|count| *count <= allowed) {
                return true;
            }
            open.extend(node.next.iter().map(|(key, next)| match look(*key) {
                Some(key) => (*next, length + 1, row_after(&misread, key, &text)),
                None => (*next, length, misread.clone()),
            }));
        }
        false
    }

    fn child(&mut self, from: Option<(usize, char)>, name: usize) -> usize {
        let fresh = self.nodes.len();
        let existing = match from {
            None => (fresh > 0).then_some(0),
            Some((at, key)) => self.nodes[at].next.get(&key).copied(),
        };
        if let Some(at) = existing {
            return at;
        }
        self.nodes.push(Node { name, ..Node::default() });
        if let Some((at, key)) = from {
            self.nodes[at].next.insert(key, fresh);
        }
        fresh
    }
}

/// Letters of a value that is looked for where some were misread.
const LEAST_MISREAD: usize = 4;

/// What a letter looks like to whoever reads a picture: size tells none apart. A sign looks like nothing.
fn look(letter: char) -> Option<char> {
    let letter = letter.to_lowercase().next().unwrap_or(letter);
    match letter {
        'o' => Some('0'),
        'l' | 'i' | '|' | '!' => Some('1'),
        'z' => Some('2'),
        's' | '$' => Some('5'),
        'b' => Some('8'),
        _ => Some(letter).filter(|letter| letter.is_alphanumeric()),
    }
}

fn row_after(before: &[usize], key: char, text: &[char]) -> Vec<usize> {
    let mut row = Vec::with_capacity(before.len());
    row.push(before[0] + 1);
    for (at, letter) in text.iter().enumerate() {
        let other = before[at] + usize::from(*letter != key);
        row.push(other.min(before[at + 1] + 1).min(row[at] + 1));
    }
    row
}

/// Follows what is typed and says which keys belong to a secret. `I` names a line of the log.
pub struct KeyMatcher<'t, I> {
    trie: &'t KeyTrie,
    typed: VecDeque<I>,
    /// number of the first of `typed`
    base: usize,
    /// where a value may have begun, and the node it has come to
    open: Vec<(usize, usize)>,
}

impl<'t, I: Clone> KeyMatcher<'t, I> {
    /// Nothing typed yet.
    pub fn new(trie: &'t KeyTrie) -> Self {
        Self { trie, typed: VecDeque::new(), base: 0, open: Vec::new() }
    }

    /// One more key; calls `mark` with the lines of every value that is complete now, and its name.
    pub fn push(&mut self, id: I, key: char, mut mark: impl FnMut(&I, usize)) {
        let nodes = &self.trie.nodes;
        if nodes.is_empty() {
            return;
        }
        let now = self.base + self.typed.len();
        self.typed.push_back(id);
        self.open.push((now, 0));
        self.open.retain_mut(|(_, node)| match nodes[*node].next.get(&key) {
            Some(next) => {
                *node = *next;
                true
            }
            None => false,
        });
        for (start, node) in self.open.iter().filter(|(_, node)| nodes[*node].end) {
            (start - self.base..=now - self.base).for_each(|at| mark(&self.typed[at], nodes[*node].name));
        }
        self.open.retain(|(_, node)| !nodes[*node].next.is_empty());
        let earliest = self.open.iter().map(|(start, _)| *start).min().unwrap_or(now + 1);
        while self.base < earliest {
            self.typed.pop_front();
            self.base += 1;
        }
    }

    /// The first line that may still turn out to belong to a secret.
    pub fn undecided(&self) -> Option<&I> {
        self.typed.front()
    }

    /// What was begun and may never be finished: calls `mark` with the lines of values of which at least `least` keys
    /// were typed, and forgets everything.
    pub fn give_up(&mut self, least: usize, mut mark: impl FnMut(&I, usize)) {
        let now = self.base + self.typed.len();
        for (start, node) in self.open.drain(..).filter(|(start, _)| now - start >= least) {
            (start - self.base..now - self.base).for_each(|at| mark(&self.typed[at], self.trie.nodes[node].name));
        }
        self.base = now;
        self.typed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(values: &[&str], typed: &str, least: usize) -> String {
        let mut trie = KeyTrie::default();
        values.iter().enumerate().for_each(|(name, value)| trie.extend([(*value).to_owned()], name));
        let mut matcher = KeyMatcher::new(&trie);
        let mut hidden = vec![false; typed.len()];
        for (at, key) in typed.chars().enumerate() {
            matcher.push(at, key, |id, _| hidden[*id] = true);
        }
        matcher.give_up(least, |id, _| hidden[*id] = true);
        typed.chars().zip(hidden).map(|(c, hide)| if hide { '*' } else { c }).collect()
    }

    #[test]
    fn typed_secrets_are_marked_key_by_key() {
        assert_eq!(marked(&["hunter2"], "pw=hunter2<", 3), "pw=*******<");
        assert_eq!(marked(&["aab"], "aaab", 3), "a***");
        assert_eq!(marked(&["abcd", "cdef"], "xabcdefy", 3), "x******y");
        assert_eq!(marked(&["hunter2"], "hunhunter2", 3), "hun*******");
        assert_eq!(marked(&["hunter2"], "pw=hunte", 3), "pw=*****");
        assert_eq!(marked(&["hunter2"], "pw=hu", 3), "pw=hu");
    }

    #[test]
    fn a_value_is_known_again_with_some_letters_misread() {
        let mut trie = KeyTrie::default();
        ["Tr0ub4dor-and-3", "short", "sevenup"]
            .iter()
            .enumerate()
            .for_each(|(at, value)| trie.extend([value.to_string()], at));
        for text in
            ["Tréub4dor-and-3", "TrOub4tdor-—and—-3", "x:tr0ub4dorand-3,", "Tr00ub4dor-amd-3", "pw=SHORT", "sevenop"]
        {
            assert!(trie.nearly(text), "{text}");
        }
        for text in ["", "Troubled donor 3", "shirt", "sewenop", "Tr0ub"] {
            assert!(!trie.nearly(text), "{text}");
        }
        assert!(!KeyTrie::default().nearly("Tr0ub4dor-and-3"));
    }

    #[test]
    fn the_key_is_read_from_the_line() {
        let key = |line: &str| typed_key(line.as_bytes()).map(|(_, key)| key);
        assert_eq!(key("x plugin: Sending char 'p', code CodeP, shift false"), Some('p'));
        assert_eq!(key("Sending char ''', code CodeApostrophe, shift false"), Some('\''));
        assert_eq!(key("Sending char 'é', code"), Some('é'));
        assert_eq!(key("Sending char"), None);
        assert_eq!(key("Special code '<enter>' found"), None);
    }
}
