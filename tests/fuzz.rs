//! A short replay of the fuzzers: every seed, and the same sequence of mutations of each at every run.
//! `TMPL_TRUST=full` goes on for `TMPL_FUZZ_SECONDS` (60) per target; what fails is printed as hex.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use tmpl::fuzz::TARGETS;

/// xorshift: the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap()
    }
}

/// What parsers stumble over.
const WORDS: [&[u8]; 16] = [
    b"\x1b[2J",
    b"\x1b]0;x\x07",
    b"\xff\xfe",
    b"\0",
    b"\r",
    b"\r\n",
    b"\"",
    b"\\",
    b"../",
    b"{ver}",
    b"&#27;",
    b"<![CDATA[",
    b"${x}",
    b"SHA256 (",
    b"99999999999999999999",
    "\u{202e}".as_bytes(),
];

fn mutated(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[numbers.next(seeds.len())].clone();
    for _ in 0..=numbers.next(4) {
        let at = numbers.next(bytes.len());
        match numbers.next(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.next(8),
            1 if !bytes.is_empty() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => drop(bytes.splice(at..at, WORDS[numbers.next(WORDS.len())].iter().copied())),
            4 => {
                let other = &seeds[numbers.next(seeds.len())];
                let from = numbers.next(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            5 => {
                let end = at + numbers.next(bytes.len() - at.min(bytes.len())).min(64);
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => bytes.push(u8::try_from(numbers.next(256)).unwrap()),
        }
    }
    bytes.truncate(64 << 10);
    bytes
}

fn replay(name: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let full = std::env::var("TMPL_TRUST").is_ok_and(|value| value == "full");
    let seconds = std::env::var("TMPL_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let (began, mut numbers, mut tried) = (Instant::now(), Numbers(0x9E37_79B9_7F4A_7C15), 0);
    let mut next = seeds.clone().into_iter();
    let enough = |tried: usize| {
        let long = Duration::from_secs(if full { seconds } else { 2 });
        began.elapsed() > long || !full && tried >= 2000
    };
    loop {
        let bytes = match next.next() {
            Some(seed) => seed,
            None if enough(tried) => break,
            None => mutated(&seeds, &mut numbers),
        };
        let since = Instant::now();
        let survived = catch_unwind(|| target(&bytes)).is_ok();
        let hex: String =
            if survived { String::new() } else { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        assert!(survived, "{name} after {tried}: {hex}");
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "{name} took {:?} over {} bytes",
            since.elapsed(),
            bytes.len()
        );
        tried += 1;
    }
    tried
}

#[test]
fn every_target_survives() {
    let mut figures = String::new();
    let tries: Vec<_> =
        TARGETS.iter().map(|(name, target)| (*name, std::thread::spawn(move || replay(name, *target)))).collect();
    for (name, thread) in tries {
        let tried = thread.join().unwrap();
        figures.push_str(&format!("fuzz {name}: {tried} inputs, all survived\n"));
    }
    if let Some(path) = std::env::var_os("TMPL_TRUST_FIGURES") {
        fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(figures.as_bytes()).unwrap();
    }
}
