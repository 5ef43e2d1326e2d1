use std::time::Duration;

use rstest::rstest;

use super::parser::{Input, Mouse, MouseKind, Parser};
use crate::console::key::{Code, KeyPress};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What these bytes mean when they come at once, and nothing else comes.
fn read(bytes: &[u8]) -> Vec<Input> {
    let (mut parser, mut all) = (Parser::default(), Vec::new());
    parser.push(bytes, ms(0), &mut |input| all.push(input));
    parser.expire(ms(10_000), &mut |input| all.push(input));
    all
}

fn keys(bytes: &[u8]) -> Vec<KeyPress> {
    let press = |input| match input {
        Input::Key(press) => press,
        other => panic!("{other:?} is no key"),
    };
    read(bytes).into_iter().map(press).collect()
}

#[rstest]
#[case("a", &[KeyPress::char('a')])]
#[case("Aä€😀", &[KeyPress::char('A'), KeyPress::char('ä'), KeyPress::char('€'), KeyPress::char('😀')])]
#[case("\r\t\x7f\x08", &[KeyPress::code(Code::Enter), KeyPress::code(Code::Tab), KeyPress::code(Code::Backspace), KeyPress::ctrl('h')])]
#[case("\x03\x1a\n", &[KeyPress::ctrl('c'), KeyPress::ctrl('z'), KeyPress::ctrl('j')])]
#[case("\x1b", &[KeyPress::code(Code::Esc)])]
#[case("\x1b\x1b", &[KeyPress::code(Code::Esc), KeyPress::code(Code::Esc)])]
#[case("\x1b[A\x1bOB\x1b[1;5C", &[KeyPress::code(Code::Up), KeyPress::code(Code::Down), KeyPress { code: Code::Right, ctrl: true }])]
#[case("\x1b[H\x1b[4~\x1b[5~\x1b[6~\x1b[3~\x1b[Z", &[
    KeyPress::code(Code::Home), KeyPress::code(Code::End), KeyPress::code(Code::PageUp), KeyPress::code(Code::PageDown),
    KeyPress::code(Code::Delete), KeyPress::code(Code::BackTab),
])]
#[case("\x1bOP\x1b[13~\x1b[24~\x1b[[C", &[
    KeyPress::code(Code::F(1)), KeyPress::code(Code::F(3)), KeyPress::code(Code::F(12)), KeyPress::code(Code::F(3)),
])]
#[case("\x1b[99;5u\x1b[27;5;120~\x1b[97;1:3u", &[KeyPress::ctrl('c'), KeyPress::ctrl('x')])]
#[case::alt("\x1bx\x1b[1;3Aq", &[KeyPress::char('q')])]
fn keys_are_what_was_pressed(#[case] bytes: &str, #[case] pressed: &[KeyPress]) {
    assert_eq!(keys(bytes.as_bytes()), pressed);
}

/// Answers of xterm, kitty, foot, WezTerm, tmux to questions that were asked long ago.
const ANSWERS: [&str; 22] = [
    "\x1b[?63;1;2;4;6;9;15;22c",
    "\x1b[?62;c",
    "\x1b[>41;388;0c",
    "\x1b[>1;4000;29c",
    "\x1b[?1;0;256S",
    "\x1b[24;80R",
    "\x1b[1;1R",
    "\x1b[?24;80;1R",
    "\x1b[0n",
    "\x1b[8;24;80t",
    "\x1b[4;600;800t",
    "\x1b[?2026;2$y",
    "\x1b[?0u",
    "\x1b[I\x1b[O",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_Gi=31;ENOTSUPPORTED:by\x1b\\",
    "\x1bP>|XTerm(388)\x1b\\",
    "\x1bP>|kitty(0.36.4)\x1b\\",
    "\x1bP1+r544e=787465726d\x1b\\",
    "\x1b]11;rgb:0000/0000/0000\x07",
    "\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
    "\x1b^y\x1b\\\x1bXy\x1b\\",
];

#[test]
fn what_a_terminal_answers_late_is_never_a_key_however_it_is_cut() {
    for answer in ANSWERS {
        assert_eq!(read(answer.as_bytes()), [], "{answer:?}");
        for cut in 0..=answer.len() {
            let (mut parser, mut all) = (Parser::default(), Vec::new());
            let mut on = |input| all.push(input);
            parser.push(&answer.as_bytes()[..cut], ms(0), &mut on);
            // Later than Esc alone is a key, where it is not that.
            let pause = if cut == 1 || answer[..cut].ends_with('\x1b') && cut < answer.len() { 20 } else { 900 };
            parser.push(&answer.as_bytes()[cut..], ms(pause), &mut on);
            parser.push(b"j", ms(pause + 1), &mut on);
            assert_eq!(all, [Input::Key(KeyPress::char('j'))], "{answer:?} cut at {cut}");
        }
    }
}

#[test]
fn what_never_ends_is_given_up_and_swallows_nobody() {
    for begun in ["\x1b[", "\x1b[1;", "\x1bO", "\x1bP>|", "\x1b_G", "\x1b]0;", "\x1b[M!", "\u{e4}"] {
        let begun = &begun.as_bytes()[..begun.len() - usize::from(begun == "\u{e4}")];
        let (mut parser, mut all) = (Parser::default(), Vec::new());
        parser.push(begun, ms(0), &mut |input| all.push(input));
        assert_eq!(parser.due(), Some(ms(1000)), "{begun:?}");
        parser.push(b"q", ms(1000), &mut |input| all.push(input));
        assert_eq!(all, [Input::Key(KeyPress::char('q'))], "{begun:?}");
        assert_eq!(parser.due(), None);
        if begun != b"\x1b[M!" {
            assert_eq!(keys(&[begun, b"\x03q"].concat()), [KeyPress::ctrl('c'), KeyPress::char('q')], "{begun:?}");
        }
    }
}

#[test]
fn a_paste_is_one_text_and_one_without_an_end_ends_after_a_second() {
    assert_eq!(
        read(b"\x1b[200~by\r\x1b[A\x1b[201~q"),
        [Input::Paste("by\r\x1b[A".into()), Input::Key(KeyPress::char('q')),]
    );
    assert_eq!(keys(b"\x1b[200~never ends\x03y"), [KeyPress::ctrl('c'), KeyPress::char('y')]);
    let (mut parser, mut all) = (Parser::default(), Vec::new());
    parser.push(b"\x1b[200~one", ms(0), &mut |input| all.push(input));
    parser.push(b" two", ms(900), &mut |input| all.push(input));
    parser.expire(ms(1899), &mut |input| all.push(input));
    assert!(all.is_empty());
    parser.push(b"q\x1b[201~", ms(1900), &mut |input| all.push(input));
    assert_eq!(all, [Input::Paste("one two".into()), Input::Key(KeyPress::char('q'))]);
}

#[test]
fn a_paste_has_a_bound() {
    let text = [&b"\x1b[200~"[..], &b"x".repeat(3 << 20), b"\x1b[201~q"].concat();
    let read = read(&text);
    assert!(matches!(&read[..], [Input::Paste(text), Input::Key(_)] if text.len() <= 1 << 20), "{}", read.len());
}

#[rstest]
#[case(b"\x1b[<0;5;7M", Some((MouseKind::Click, 4, 6)))]
#[case(b"\x1b[<16;300;90M", Some((MouseKind::Click, 299, 89)))]
#[case(b"\x1b[<64;1;1M", Some((MouseKind::Up, 0, 0)))]
#[case(b"\x1b[<65;1;1M", Some((MouseKind::Down, 0, 0)))]
#[case(b"\x1b[32;5;7M", Some((MouseKind::Click, 4, 6)))]
#[case(b"\x1b[M %'", Some((MouseKind::Click, 4, 6)))]
#[case::released(b"\x1b[<0;5;7m", None)]
#[case::dragged(b"\x1b[<32;5;7M", None)]
#[case::other_buttons(b"\x1b[<2;5;7M", None)]
#[case::nowhere(b"\x1b[<0;0;99999999999M", None)]
fn the_mouse(#[case] bytes: &[u8], #[case] used: Option<(MouseKind, u16, u16)>) {
    let expected = used.map(|(kind, column, row)| Input::Mouse(Mouse { kind, column, row }));
    assert_eq!(read(bytes), expected.into_iter().collect::<Vec<_>>());
}
