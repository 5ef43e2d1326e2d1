//! Pages of consoles as text, each with its name: what the shipped screens are tried on, and what an unknown or a taught
//! screen is compared with.

use super::RecognisedText;

/// The pages that ship with the program.
const SHIPPED: &str = include_str!("../../../assets/pages.txt");

/// A page and the name of its screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPage {
    /// the name
    pub label: String,
    /// what stands on it
    pub text: RecognisedText,
}

/// The pages that ship with the program, in order.
pub fn shipped_pages() -> Vec<KnownPage> {
    let mut pages: Vec<KnownPage> = Vec::new();
    for line in SHIPPED.lines() {
        match (line.strip_prefix("=== "), pages.last_mut()) {
            (Some(head), _) => {
                let (label, exact) = head.strip_suffix(" ocr").map_or((head, true), |label| (label, false));
                let text = RecognisedText { rows: Vec::new(), exact };
                pages.push(KnownPage { label: label.to_owned(), text });
            }
            (None, Some(page)) => page.text.rows.push(line.to_owned()),
            (None, None) => {}
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::super::{ScreenLabels, failure_said, name_by_text};
    use super::*;

    #[test]
    fn every_page_has_its_name() {
        let known = ScreenLabels::shipped().unwrap();
        let pages = shipped_pages();
        assert!(pages.len() > 100, "{}", pages.len());
        let mut wrong = Vec::new();
        for page in &pages {
            let named = name_by_text(&page.text, &known);
            let label = named.as_ref().map_or("unknown", |named| named.label.as_str());
            if label != page.label {
                let by = named.as_ref().map(|named| named.words.chars().take(150).collect::<String>());
                wrong.push(format!("{} is called {label} by {by:?}\n  {}", page.label, page.text.rows.join("\n  ")));
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), pages.len(), wrong.join("\n"));
    }

    #[test]
    fn an_error_page_is_quoted_and_a_healthy_one_says_nothing() {
        let known = ScreenLabels::shipped().unwrap();
        for page in shipped_pages() {
            let said =
                name_by_text(&page.text, &known).and_then(|named| named.says).or(failure_said(&page.text, &known));
            let healthy = page.label.ends_with("-progress") || page.label == "apt-install";
            let quiet = ["haveged", "mount: mounting"].iter().any(|word| page.text.rows.join("").contains(word));
            assert!(!healthy || quiet || said.is_none(), "{}: {said:?}\n{}", page.label, page.text.rows.join("\n"));
            if page.label.starts_with("di-") && page.label.ends_with("-failed") {
                assert!(said.is_some(), "{}", page.text.rows.join("\n"));
            }
        }
    }

    #[test]
    fn an_error_page_without_a_name_of_its_own_gets_its_installers() {
        let known = ScreenLabels::shipped().unwrap();
        let named = |rows: &[&str], exact| {
            let rows = rows.iter().map(|row| (*row).to_owned()).collect();
            name_by_text(&RecognisedText { rows, exact }, &known).map(|named| named.label)
        };
        let bar = "[anaconda]1:main* 2:shell  3:log";
        assert_eq!(named(&["The flux could not be aligned.", bar], true).as_deref(), Some("anaconda-failed"));
        assert_eq!(named(&["Aligning the flux", bar], true).as_deref(), Some("anaconda-progress"));
        let page = ["┤ [!!] Align the flux ├", "Alignment failed", "<Go Back>    <Continue>"];
        assert_eq!(named(&page, true).as_deref(), Some("di-step-failed"));
        let page = ["Windows Setup", "Windows could not align the flux. Error code: 0x80070002", "OK"];
        assert_eq!(named(&page, false).as_deref(), Some("windows-setup-failed"));
        // Nobody's page is nobody's failure.
        assert_eq!(named(&["The flux could not be aligned."], true), None);
    }
}
