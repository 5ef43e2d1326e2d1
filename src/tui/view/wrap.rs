//! Breaking text into rows.

use ratatui::text::Span;

/// Breaks text at spaces into rows of at most `columns`; a word that is longer than a row is broken too.
pub fn textwrap(text: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = Span::raw(word).width();
        if used > 0 && used + 1 + wide > columns {
            rows.push(String::new());
            used = 0;
        }
        let Some(row) = rows.last_mut() else { break };
        if used > 0 {
            row.push(' ');
            used += 1;
        }
        if wide <= columns {
            row.push_str(word);
            used += wide;
            continue;
        }
        for char in word.chars() {
            let wide = Span::raw(char.to_string()).width();
            if used + wide > columns {
                rows.push(String::new());
                used = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(char);
            }
            used += wide;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::textwrap;

    #[test]
    fn rows_are_full_and_nothing_is_lost() {
        assert_eq!(textwrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(textwrap("-var-file=/a/long/path x", 10), ["-var-file=", "/a/long/pa", "th x"]);
        assert_eq!(textwrap("", 10), [""]);
        assert_eq!(textwrap("日本語 x", 4), ["日本", "語 x"]);
    }
}
