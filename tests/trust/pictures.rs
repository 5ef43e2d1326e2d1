//! Pictures that leave: saved by verb and key, and in bundles. What is typed and shown there is nobody's.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::console::console;
use super::pty::Pty;
use super::world::Ended;
use super::{BASE, KEY, Kind, World, figure, screen};

const SECRET: &str = "Tr0ub4dor-and-3";
/// Where the rows of [`graphical`] begin, and how high they are.
const ROWS: [u32; 3] = [60, 160, 260];
const HEIGHT: u32 = 48;
const INK: Rgb<u8> = Rgb([20; 3]);

/// A page with these rows in letters that are no console's: three times as large, dark on light.
fn graphical(rows: [&str; 3]) -> RgbImage {
    let glyphs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/glyphs.txt")).unwrap();
    let glyph = |letter: char| {
        let line = glyphs.lines().filter(|line| line.find(' ') == Some(32)).find(|line| line[33..].starts_with(letter));
        let line = line.unwrap_or_else(|| panic!("no glyph of {letter:?}"));
        (0..16).map(|row| u8::from_str_radix(&line[2 * row..2 * row + 2], 16).unwrap()).collect::<Vec<u8>>()
    };
    let mut image = RgbImage::from_pixel(1024, 400, Rgb([235; 3]));
    for (row, top) in rows.into_iter().zip(ROWS) {
        for (at, letter) in (0..).zip(row.chars()).filter(|(_, letter)| *letter != ' ') {
            let bits = glyph(letter);
            for (x, y) in (0..HEIGHT).flat_map(|y| (0..24).map(move |x| (x, y))) {
                if bits[y as usize / 3] >> (7 - x / 3) & 1 == 1 {
                    image.put_pixel(60 + at * 24 + x, top + y, INK);
                }
            }
        }
    }
    image
}

/// As PNG, with something in the file that a server put there.
fn png(image: RgbImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut out, ImageFormat::Png).unwrap();
    let png = out.into_inner();
    let mut chunk = b"tEXtSoftware\0VMWARE-HOST-17".to_vec();
    let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
    let crc = chunk.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    chunk.extend((!crc).to_be_bytes());
    [&png[..33], &length, &chunk, &png[33..]].concat()
}

/// Whether anything can be seen in a row of [`graphical`].
fn seen(image: &RgbImage, row: usize) -> bool {
    let pixels = |y| (0..image.width()).map(move |x| *image.get_pixel(x, y));
    let all: Vec<Rgb<u8>> = (ROWS[row]..ROWS[row] + HEIGHT).flat_map(pixels).collect();
    all.contains(&INK)
}

#[track_caller]
fn decoded(png: &[u8]) -> RgbImage {
    assert!(memchr::memmem::find(png, b"VMWARE-HOST-17").is_none(), "what the server put into the file came along");
    image::load_from_memory(png).unwrap().into_rgb8()
}

/// A search path without tesseract.
fn without_tesseract(world: &World) -> String {
    let bin = world.home.path().join("nothing-but-this");
    std::fs::create_dir_all(&bin).unwrap();
    bin.display().to_string()
}

fn with_tesseract() -> String {
    std::env::var("PATH").unwrap()
}

fn secret(row: &str) -> RgbImage {
    graphical(["Set up the root account", row, "Continue with the next step"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_picture_has_no_secret_and_nothing_of_the_server() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    world.lab().power(&world.names().await["-build"], true).unwrap();
    let endpoint = screen::sending(png(secret(SECRET)), world.lab()).await;
    let file = world.home.path().join("now.png");
    let save = async |path: String, to: &str| {
        let mut program = world.program(&["console", KEY, "--force", "-o", to]);
        program.env("PKR_VAR_vsphere_endpoint", &endpoint).env("PKR_VAR_build_password", SECRET).env("PATH", path);
        program.output().await.unwrap()
    };
    let output = save(with_tesseract(), file.to_str().unwrap()).await;
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let left = decoded(&std::fs::read(&file).unwrap());
    assert_eq!([0, 1, 2].map(|row| seen(&left, row)), [true, false, true], "by the verb");
    let left = decoded(&save(with_tesseract(), "-").await.stdout);
    assert_eq!([0, 1, 2].map(|row| seen(&left, row)), [true, false, true], "to a pipe");
    let unread = Ended::of(save(without_tesseract(&world), file.to_str().unwrap()).await);
    unread.is(0, "look for secrets before you hand it on");
    decoded(&std::fs::read(&file).unwrap());

    let mut command = console(&world);
    command.env("PKR_VAR_vsphere_endpoint", &endpoint);
    command.env("PKR_VAR_build_password", SECRET);
    let mut pty = Pty::start(command, 140, 40);
    pty.wait("the picture", |screen| screen.contents().contains("▀▀▀"));
    pty.keys("o");
    pty.wait_for("saved ");
    let saved = files(&world.home.path().join(".local/state/tmpl-tui/saved"), "png");
    let left = decoded(&std::fs::read(&saved[0]).unwrap());
    assert_eq!([0, 1, 2].map(|row| seen(&left, row)), [true, false, true], "by the key");
    pty.keys("q");
    pty.exit();
    figure("pictures saved of a graphical screen with a secret (verb, pipe, key): black there, nothing of the server");
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// A run at work or over whose recorder kept these: second, length of the log, picture.
fn record(world: &World, state: &str, frames: &[(i64, u64, Vec<u8>)], log: &str) -> PathBuf {
    let dir = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).join("20260301T020304.000Z");
    std::fs::create_dir_all(dir.join("frames")).unwrap();
    let begun = jiff::Timestamp::from_second(1_772_330_584).unwrap();
    let mut timeline = String::new();
    for (second, length, png) in frames {
        let at = begun + jiff::SignedDuration::from_secs(*second);
        let file = format!("frames/{}.png", at.as_millisecond());
        std::fs::write(dir.join(&file), png).unwrap();
        let frame = serde_json::json!({
            "event": "frame", "at": at, "file": file, "until": at, "changed": null, "log": length, "kind": "idle",
        });
        timeline += &format!("{frame}\n");
    }
    std::fs::write(dir.join("timeline.jsonl"), timeline).unwrap();
    std::fs::write(dir.join("packer-build.log"), log).unwrap();
    std::fs::write(dir.join("output.log"), "").unwrap();
    let supervisor = serde_json::to_value(tmpl::packer_run::Process::current().unwrap()).unwrap();
    let record = serde_json::json!({
        "key": KEY, "base_name": BASE, "state": state, "exit": 1, "reason": null, "started": begun,
        "ended": begun + jiff::SignedDuration::from_mins(9), "supervisor": supervisor, "packer": null,
        "argv": ["packer"], "packer_version": "1.16.0", "on_error": "cleanup", "promote": false,
        "log": dir.join("packer-build.log"), "temporary": dir.join("tmp"),
    });
    std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
    dir
}

/// A bundle of the newest run: what was said, and its pictures in the order they were taken.
async fn bundle(world: &World, path: String) -> (Ended, Vec<Vec<u8>>, String) {
    let file = world.home.path().join("all.zip");
    let mut program = world.program(&["triage", KEY, "--bundle", file.to_str().unwrap()]);
    program.env("PKR_VAR_build_password", SECRET).env("PATH", path);
    let ended = Ended::of(program.output().await.unwrap());
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&file).unwrap_or_else(|_| panic!("{}", ended.err))).unwrap();
    let mut names: Vec<String> =
        zip.file_names().map(|name| name.unwrap().into_owned()).filter(|name| name.ends_with(".png")).collect();
    names.sort();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let pictures = names.iter().map(|name| read(name)).collect();
    let page = String::from_utf8(read("index.html")).unwrap();
    (ended, pictures, page)
}

fn keys(text: &str) -> String {
    let line = |key| {
        format!("2026/03/01 02:03:05 packer-plugin-vsphere plugin: Sending char '{key}', code Code, shift false\n")
    };
    text.chars().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_a_typed_secret_does_not_leave_in_a_bundle() {
    let before = "2026/03/01 02:03:04 ui: ==> vsphere-iso.linux: Typing boot command...\n";
    let log = format!("{before}{}{}{before}", keys(&format!("auto pw={SECRET}")), keys(" quiet\n"));
    let typed = (before.len() + keys(&format!("auto pw={}", &SECRET[..9])).len()) as u64;
    let plain = || png(graphical(["Welcome to the installer", "Choose a language", "Continue"]));
    let end = log.len() as u64;
    let frames =
        [(0, 10, plain()), (5, typed, png(secret(&SECRET[..9]))), (10, end, png(secret(SECRET))), (900, end, plain())];
    let world = World::new(Kind::Lab, &["-prev", ""]).await;
    record(&world, "failed", &frames, &log);
    // Read and blackened, in words that tesseract does not read quite right.
    let (ended, pictures, _) = bundle(&world, with_tesseract()).await;
    ended.is(0, "4 pictures");
    let shown: Vec<RgbImage> = pictures.iter().map(|png| decoded(png)).collect();
    assert!(!seen(&shown[2], 1) && seen(&shown[2], 0) && seen(&shown[0], 1), "the whole secret");
    // Not read: what is left is what was taken before and long after.
    let (ended, pictures, page) = bundle(&world, without_tesseract(&world)).await;
    ended.is(0, "2 left out (taken while something was typed into the guest, and tesseract is not there to read them)");
    assert_eq!(pictures.len(), 2, "{}", ended.err);
    assert!(page.contains("left out: taken while something was typed"), "{page}");
    pictures.iter().for_each(|png| drop(decoded(png)));
    figure(
        "pictures taken while packer types a secret: black with tesseract, left out without, and the bundle says so",
    );
}

/// A person types a password that nobody knows here.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_taken_while_a_person_types_does_not_leave_unread() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    world.lab().power(&world.names().await["-build"], true).unwrap();
    let dir = record(&world, "running", &[], "2026/03/01 02:03:04 ui: ==> vsphere-iso.linux: Waiting for IP...\n");
    world.run(&["console", KEY, "--type", "root", "--yes"]).await.is(0, "typed 4 characters");
    let timeline = std::fs::read_to_string(dir.join("timeline.jsonl")).unwrap();
    assert_eq!(timeline.lines().filter(|line| line.contains("\"event\":\"typed\"")).count(), 2, "{timeline}");
    assert!(!timeline.contains("root"), "{timeline}");
    let now = jiff::Timestamp::now();
    let file = format!("frames/{}.png", now.as_millisecond());
    std::fs::write(dir.join(&file), png(secret("a-password-of-theirs"))).unwrap();
    let frame = serde_json::json!({
        "event": "frame", "at": now, "file": file, "until": now, "changed": null, "log": 9, "kind": "idle",
    });
    std::fs::write(dir.join("timeline.jsonl"), format!("{timeline}{frame}\n")).unwrap();
    let (ended, pictures, _) = bundle(&world, without_tesseract(&world)).await;
    ended.is(0, "1 left out (taken while something was typed");
    assert!(pictures.is_empty());
}
