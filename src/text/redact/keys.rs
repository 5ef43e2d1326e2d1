//! Secrets that the boot command types. The vSphere plugin logs one line per key:
//! `Sending char 'p', code CodeP, shift false`, with lines of others in between.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::work;

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

/// All values that might be typed, letter by letter, and for each beginning of one the longest that its end is too (Aho and
/// Corasick).
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
    /// letters up to here
    depth: usize,
    /// the longest other beginning of a value with which the letters up to here end
    rest: usize,
    /// the longest value with which they end
    ends: Option<usize>,
}

/// The node at which nothing is typed.
const ROOT: usize = 0;

impl Default for KeyTrie {
    fn default() -> Self {
        Self::new([])
    }
}

impl KeyTrie {
    /// Of the forms of values, each under its name.
    pub fn new(forms: impl IntoIterator<Item = (String, usize)>) -> Self {
        let mut it = Self { nodes: vec![Node::default()] };
        for (form, name) in forms.into_iter().filter(|(form, _)| form.len() <= LONGEST && !form.is_empty()) {
            let mut at = ROOT;
            for key in form.chars() {
                at = it.child(at, key, name);
            }
            it.nodes[at].end = true;
        }
        it.link();
        it
    }

    /// Whether a value may stand in a text of which some letters were misread: one in seven, two in twelve, and so on, be
    /// they others, more or fewer. Signs do not count, nor do letters that look alike.
    pub fn nearly(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().filter_map(look).collect();
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

    fn child(&mut self, from: usize, key: char, name: usize) -> usize {
        let (fresh, depth) = (self.nodes.len(), self.nodes[from].depth + 1);
        let at = *self.nodes[from].next.entry(key).or_insert(fresh);
        if at == fresh {
            self.nodes.push(Node { name, depth, ..Node::default() });
        }
        at
    }

    /// From the shortest beginnings to the longest, each by those before it.
    fn link(&mut self) {
        let mut open = VecDeque::from([ROOT]);
        while let Some(at) = open.pop_front() {
            let next: Vec<(char, usize)> = self.nodes[at].next.iter().map(|(key, next)| (*key, *next)).collect();
            for (key, next) in next {
                let rest = if at == ROOT { ROOT } else { self.follow(self.nodes[at].rest, key) };
                let ends = if self.nodes[next].end { Some(next) } else { self.nodes[rest].ends };
                (self.nodes[next].rest, self.nodes[next].ends) = (rest, ends);
                open.push_back(next);
            }
        }
    }

    /// The longest beginning of a value with which what is typed ends, after one more key.
    fn follow(&self, from: usize, key: char) -> usize {
        let mut at = from;
        loop {
            work::add(1);
            match self.nodes[at].next.get(&key) {
                Some(next) => return *next,
                None if at == ROOT => return ROOT,
                None => at = self.nodes[at].rest,
            }
        }
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
    /// how far a value has come that may be being typed
    node: usize,
    /// the keys that were marked last
    marked: Range<usize>,
}

impl<'t, I: Clone> KeyMatcher<'t, I> {
    /// Nothing typed yet.
    pub fn new(trie: &'t KeyTrie) -> Self {
        Self { trie, typed: VecDeque::new(), base: 0, node: ROOT, marked: 0..0 }
    }

    /// One more key; calls `mark` with the lines of every value that is complete now, and its name. Each line is marked
    /// once.
    pub fn push(&mut self, id: I, key: char, mut mark: impl FnMut(&I, usize)) {
        let nodes = &self.trie.nodes;
        self.typed.push_back(id);
        self.node = self.trie.follow(self.node, key);
        // The longest one holds those that end with it.
        if let Some(end) = nodes[self.node].ends {
            self.mark(nodes[end].depth, nodes[end].name, &mut mark);
        }
        while self.node != ROOT && nodes[self.node].next.is_empty() {
            self.node = nodes[self.node].rest;
        }
        let now = self.base + self.typed.len();
        let earliest = now - nodes[self.node].depth;
        self.typed.drain(..earliest - self.base);
        self.base = earliest;
    }

    /// Marks the last keys but those that are marked.
    fn mark(&mut self, keys: usize, name: usize, mark: &mut impl FnMut(&I, usize)) {
        let now = self.base + self.typed.len();
        let start = now - keys;
        let known = if self.marked.end < start { start..start } else { self.marked.clone() };
        for at in (start..known.start.max(start)).chain(known.end.max(start)..now) {
            mark(&self.typed[at - self.base], name);
        }
        self.marked = start.min(known.start)..now;
    }

    /// The first line that may still turn out to belong to a secret.
    pub fn undecided(&self) -> Option<&I> {
        self.typed.front()
    }

    /// What was begun and may never be finished: calls `mark` with the lines of a value of which at least `least` keys
    /// were typed, and forgets everything.
    pub fn give_up(&mut self, least: usize, mut mark: impl FnMut(&I, usize)) {
        let node = &self.trie.nodes[self.node];
        if node.depth >= least && node.depth > 0 {
            self.mark(node.depth, node.name, &mut mark);
        }
        self.base += self.typed.len();
        self.typed.clear();
        self.node = ROOT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(values: &[&str], typed: &str, least: usize) -> String {
        let trie = KeyTrie::new(values.iter().enumerate().map(|(name, value)| ((*value).to_owned(), name)));
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

    /// Many values that overlap, and one that ends never: every key of each is marked, and a key is looked at once.
    #[test]
    fn what_repeats_itself_is_marked_whole_and_once() {
        assert_eq!(marked(&["aaaa"], &"a".repeat(50), 3), "*".repeat(50));
        assert_eq!(marked(&["bcd", "abcde"], "xabcdey", 3), "x*****y");
        assert_eq!(marked(&["abcx", "bcde", "cd"], "abcdey", 3), "a****y");
        let (trie, mut count) = (KeyTrie::new([("a".repeat(LONGEST), 0)]), 0);
        let mut matcher = KeyMatcher::new(&trie);
        (0..9 * LONGEST).for_each(|at| matcher.push(at, 'a', |_, _| count += 1));
        assert_eq!(count, 9 * LONGEST);
    }

    #[test]
    fn a_value_is_known_again_with_some_letters_misread() {
        let values = ["Tr0ub4dor-and-3", "short", "sevenup"];
        let trie = KeyTrie::new(values.iter().enumerate().map(|(at, value)| (value.to_string(), at)));
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
