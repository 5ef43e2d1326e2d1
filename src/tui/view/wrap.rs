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
        break_anywhere(word, columns, &mut rows, &mut used);
    }
    rows
}

/// Breaks a row of a text console where the pane ends: what stands in columns keeps its place.
pub fn broken(row: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    break_anywhere(row.trim_end(), columns, &mut rows, &mut 0);
    rows
}

/// Goes on in the last of `rows`, of which `used` columns are taken, and begins a new one wherever it is full.
fn break_anywhere(text: &str, columns: usize, rows: &mut Vec<String>, used: &mut usize) {
    for char in text.chars() {
        let wide = Span::raw(char.to_string()).width();
        if *used + wide > columns {
            rows.push(String::new());
            *used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(char);
        }
        *used += wide;
    }
}

#[cfg(test)]
mod tests {
    use super::{broken, textwrap};

    #[test]
    fn a_row_of_a_console_goes_on_in_the_next_one() {
        assert_eq!(broken("  a  table   ", 5), ["  a  ", "table"]);
        assert_eq!(broken("", 5), [""]);
        assert_eq!(broken("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn rows_are_full_and_nothing_is_lost() {
        assert_eq!(textwrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(textwrap("-var-file=/a/long/path x", 10), ["-var-file=", "/a/long/pa", "th x"]);
        assert_eq!(textwrap("", 10), [""]);
        assert_eq!(textwrap("日本語 x", 4), ["日本", "語 x"]);
    }
}
