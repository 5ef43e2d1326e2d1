//! What a person reads of a line on a small screen: the cause first, what is left over, the rows of a text console.

use rstest::rstest;

use super::triage::stuck;
use super::{SMALL, USUAL, WIDE, drawn, plain};
use crate::console::fixture::{self, key, press, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::panes::Pane;
use crate::console::screen_text::ScreenText;
use crate::console::verdict::Case;
use crate::console::{Console, Effect, Msg};
use crate::triage::verdict::Verdict;
use crate::vcenter::{FolderEvent, PowerState, Vm};

/// The stuck build, with a verdict that is longer than a small pane.
fn long_winded() -> Console {
    let mut console = stuck();
    let cause = "Windows Setup waits at the licensing page, for vm_inst_os_eval drops the product key that the answer \
        file would give, and nobody is there who could choose one of the two licences by hand.";
    let remedy = "Set vm_inst_os_eval = false in the var-file of the line, or give a key in the answer file, and build \
        the line again; a key of the volume licence is in the team's vault, and is never written into the repository. \
        Where the licence is chosen on purpose, a boot command that answers the page does as well; it is in the notes \
        of the line, with the keys to type and the seconds to wait between them.";
    let verdict = Verdict { cause: cause.into(), remedy: Some(remedy.into()), ..fixture::verdict() };
    let request = console.case().and_then(Case::request).expect("it was judged");
    console.update(Msg::Judged { request, answer: Ok(Box::new(verdict)) });
    console
}

#[rstest]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn the_cause_is_where_one_begins_to_read(#[case] name: &str, #[case] (columns, rows): (u16, u16)) {
    let mut console = long_winded();
    let mut look = |keys: &str| {
        typed(&mut console, keys);
        drawn(&mut console, columns, rows).to_string()
    };
    let begins = |screen: &str| screen.contains("Windows Setup waits at the licensing page");
    look("");
    let screen = look("v");
    // Where the verdict was there already, its key turned to the picture.
    let screen = if screen.contains("╭ Console") { look("v") } else { screen };
    insta::assert_snapshot!(format!("reading_{name}"), screen);
    assert!(begins(&screen) && screen.contains("↓"), "{screen}");
    let screen = look("jj");
    insta::assert_snapshot!(format!("reading_{name}_last"), screen);
    assert!(screen.contains("VMware Tools never ran") && screen.contains("↑"), "{screen}");
    for keys in ["kk", "jjg"] {
        assert!(begins(&look(keys)), "{keys}");
    }
    look("G");
    for _ in 0..9 {
        press(&mut console, KeyPress::code(Code::PageUp));
        drawn(&mut console, columns, rows);
    }
    assert!(begins(&drawn(&mut console, columns, rows).to_string()));
    assert_eq!(console.case().map(Case::chosen), Some(0));
    press(&mut console, KeyPress::code(Code::PageDown));
    let screen = drawn(&mut console, columns, rows).to_string();
    assert!(screen.contains("↑"), "{screen}");
}

#[rstest]
#[case(USUAL)]
#[case(SMALL)]
fn the_cause_comes_before_what_is_missing(#[case] (columns, rows): (u16, u16)) {
    let mut console = stuck();
    console.lines.set_iso_missing(&key("windows-server-2025"), true);
    for keys in ["", "v"] {
        typed(&mut console, keys);
        let screen = drawn(&mut console, columns, rows).to_string();
        let at = |text: &str| screen.find(text);
        let cause = at("Windows Setup waits");
        assert!(cause.is_some(), "{screen}");
        assert!(at("▲ its ISO").is_none_or(|remark| Some(remark) > cause), "{screen}");
    }
}

/// almalinux-9, never built here, with a build VM that nobody owns.
fn left_over(power_state: PowerState) -> Console {
    let mut console = fixture::with_github(fixture::night());
    let vm = Vm { power_state, ..fixture::guest(62, "tpl-almalinux-9-build", None) };
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(vm))));
    console.lines.set_iso_missing(&key("almalinux-9"), true);
    console.lines.select(&key("almalinux-9"));
    console.toasts.dismiss();
    console
}

#[rstest]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn beside_what_is_left_over_a_line_rests(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = left_over(PowerState::PoweredOff);
    let screen = drawn(&mut console, size.0, size.1);
    insta::assert_snapshot!(format!("leftover_{name}"), screen);
    let screen = screen.to_string();
    let row = screen.lines().find(|line| line.contains("▸ almalinux-9")).expect("it is selected");
    assert!(row.contains("▲ISO+1"), "{row}");
    let flat = screen.replace(['│', '"'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for text in ["nobody builds it", "its ISO is not on the datastore"] {
        assert!(flat.contains(text) || size == SMALL && flat.contains("its ISO"), "{text}: {screen}");
    }
    for text in ["a guest is on", "has no run on this machine", "Console", "Timeline"] {
        assert!(!screen.contains(text), "{text}: {screen}");
    }
}

#[test]
fn of_a_vm_without_a_run_is_said_how_it_stands() {
    for (power_state, said) in [
        (PowerState::PoweredOn, "its build VM is on"),
        (PowerState::Suspended, "its build VM is suspended"),
        (PowerState::Unknown, "vCenter does not tell whether"),
    ] {
        let screen = drawn(&mut left_over(power_state), WIDE.0, WIDE.1).to_string();
        assert!(screen.contains(said), "{said}: {screen}");
    }
}

/// The whole screen is the text of a console, longer and wider than it.
fn zoomed() -> Console {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    typed(&mut console, "f");
    drawn(&mut console, SMALL.0, SMALL.1);
    for effect in typed(&mut console, "h") {
        let Effect::ReadFrame { request, .. } = effect else { continue };
        for effect in console.update(Msg::FrameRead { request, answer: Ok(fixture::picture(60)) }) {
            let Effect::ReadWords { request, .. } = effect else { continue };
            let rows = (1..=25).map(|row| format!("row {row:<60} its end {row}")).collect();
            let words = ScreenText { rows, exact: true, ..ScreenText::default() };
            console.update(Msg::WordsRead { request, answer: Ok(words) });
        }
    }
    drawn(&mut console, SMALL.0, SMALL.1);
    console
}

#[test]
fn the_rows_of_a_text_console_are_gone_through() {
    let mut console = zoomed();
    let mut look = |code: Code| {
        press(&mut console, KeyPress::code(code));
        drawn(&mut console, SMALL.0, SMALL.1);
        plain(&console, SMALL).to_string()
    };
    let screen = look(Code::End);
    insta::assert_snapshot!("console_text_end", screen);
    assert!(screen.contains("its end 25") && screen.contains("↑") && !screen.contains("↓"), "{screen}");
    let screen = look(Code::Char('k'));
    assert!(!screen.contains("its end 25") && screen.contains("↓ 1 more"), "{screen}");
    let screen = look(Code::Home);
    insta::assert_snapshot!("console_text_start", screen);
    assert!(screen.contains("row 1 ") && screen.contains("its end 1"), "{screen}");
    let screen = look(Code::PageDown);
    assert!(screen.contains("↑") && screen.contains("↓"), "{screen}");
    assert!(screen.contains("windows-server-2025"), "the line is named: {screen}");
    assert_eq!(console.timeline.at(), Some(2), "the picture stays");
}

/// Up and down still choose the line where no text is: which one it is, is on the screen.
#[test]
fn a_picture_on_the_whole_screen_names_its_line() {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    typed(&mut console, "f");
    drawn(&mut console, SMALL.0, SMALL.1);
    typed(&mut console, "k");
    let screen = drawn(&mut console, SMALL.0, SMALL.1).to_string();
    let line = console.lines.selected().map(|row| row.line.key.0.clone()).expect("there is one");
    assert_ne!(line, "windows-server-2025");
    assert!(screen.lines().any(|row| row.contains(" Console ") && row.contains(&line)), "{screen}");
}
