//! What `demo` shows: a lab with a history, a copy of the pipeline's files, a simulated packer, and builds to start.

mod earlier;
pub(in crate::lab) mod folder;
mod for_real;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::github::{GitHub, World};
use super::guest::Book;
use super::inventory::Seed;
use super::mirror::{self, Mirrors};
use super::{Lab, Options, packer, real};
use crate::fs::create_private_dir;
use crate::generation::Hold;
use crate::iso::RequiredIso;
use crate::paths::StateDir;
use crate::pipeline::matrix::MATRIX_PATH;
use crate::pipeline::{Line, Matrix, MatrixError};

/// The pipeline's files as they were when this program was built, so that a demo needs no repository.
const FILES: &[(&str, &str)] = &[
    (".github/workflows/build-templates.yml", include_str!("../../.github/workflows/build-templates.yml")),
    ("ci/matrix.json", include_str!("../../ci/matrix.json")),
    ("ci/config/ansible.pkrvars.hcl", include_str!("../../ci/config/ansible.pkrvars.hcl")),
    ("ci/config/build.pkrvars.hcl", include_str!("../../ci/config/build.pkrvars.hcl")),
    ("ci/config/common.pkrvars.hcl", include_str!("../../ci/config/common.pkrvars.hcl")),
    ("ci/config/linux-almalinux-9.pkrvars.hcl", include_str!("../../ci/config/linux-almalinux-9.pkrvars.hcl")),
    ("ci/config/linux-debian-12.pkrvars.hcl", include_str!("../../ci/config/linux-debian-12.pkrvars.hcl")),
    ("ci/config/linux-debian-13.pkrvars.hcl", include_str!("../../ci/config/linux-debian-13.pkrvars.hcl")),
    ("ci/config/linux-rocky-9.pkrvars.hcl", include_str!("../../ci/config/linux-rocky-9.pkrvars.hcl")),
    ("ci/config/linux-storage.pkrvars.hcl", include_str!("../../ci/config/linux-storage.pkrvars.hcl")),
    (
        "ci/config/linux-ubuntu-22-04-lts.pkrvars.hcl",
        include_str!("../../ci/config/linux-ubuntu-22-04-lts.pkrvars.hcl"),
    ),
    (
        "ci/config/linux-ubuntu-24-04-lts.pkrvars.hcl",
        include_str!("../../ci/config/linux-ubuntu-24-04-lts.pkrvars.hcl"),
    ),
    ("ci/config/network.pkrvars.hcl", include_str!("../../ci/config/network.pkrvars.hcl")),
    ("ci/config/proxy.pkrvars.hcl", include_str!("../../ci/config/proxy.pkrvars.hcl")),
    ("ci/config/vsphere.pkrvars.hcl", include_str!("../../ci/config/vsphere.pkrvars.hcl")),
    ("ci/config/windows-desktop-11.pkrvars.hcl", include_str!("../../ci/config/windows-desktop-11.pkrvars.hcl")),
    ("ci/config/windows-server-2022.pkrvars.hcl", include_str!("../../ci/config/windows-server-2022.pkrvars.hcl")),
    ("ci/config/windows-server-2025.pkrvars.hcl", include_str!("../../ci/config/windows-server-2025.pkrvars.hcl")),
];

/// The build that goes right, and another one for when the first one's line is taken.
const GOOD: [&str; 2] = ["debian", "el"];
/// The build that goes wrong, unless another scenario is asked for.
const BAD: &str = "licensing";

/// The line whose leg failed on the simulated GitHub.
const REMOTE: &str = "windows-server-2022";
/// The line whose ISO is not on the datastore.
const UNSTAGED: &str = "almalinux-9";
/// Bytes a second from the simulated mirrors, so that there is something to watch.
const RATE: u64 = 6_000_000;
/// Size of media put there by hand.
const BY_HAND: u64 = 5_819_484_160;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// no such scenario
    #[error("no scenario {0:?}; `demo --list` names them")]
    Scenario(String),
    /// nobody knows which line a medium is of
    #[error("which line is it? Name it with --line; --iso FILE boots the medium of any line, without it only Debian's")]
    LineOfIso,
    /// the temporary folder or the port cannot be had
    #[error("cannot set up the demo: {0}")]
    Io(#[from] io::Error),
    /// the matrix built into the program cannot be read
    #[error(transparent)]
    Matrix(#[from] MatrixError),
}

/// A running lab with everything around it, in a temporary folder that goes when this is dropped.
#[derive(Debug)]
pub struct Showcase {
    lab: Lab,
    github: GitHub,
    _mirrors: Mirrors,
    folder: TempDir,
    /// keys of the lines whose builds are to be started
    starts: Vec<String>,
}

impl Showcase {
    /// Sets it up. `scenario` is the guest that goes wrong; `program` is this program's own file.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn set_up(scenario: Option<&str>, speed: f64, program: &Path) -> Result<Self, Error> {
        Self::of(scenario, speed, program, None).await
    }

    async fn of(
        scenario: Option<&str>,
        speed: f64,
        program: &Path,
        real: Option<(real::Wish, String)>,
    ) -> Result<Self, Error> {
        let book = Book::shipped().map_err(io::Error::other)?;
        let shown = |name: &str| book.guest(name).ok_or_else(|| Error::Scenario(name.to_owned()));
        let bad = shown(scenario.unwrap_or(BAD))?;
        let good = shown(GOOD[0]).and_then(|good| if good.line == bad.line { shown(GOOD[1]) } else { Ok(good) })?;
        let folder = folder::create().await?;
        write_repository(&folder.path().join("repo"))?;
        let matrix = Matrix::load(&folder.path().join("repo"))?;
        for line in &matrix.lines {
            fs::create_dir_all(matrix.repo.join(&line.build_dir))?;
        }
        symlink(program, packer_of(folder.path()))?;
        create_private_dir(&folder.path().join("state"))?;
        let seeds =
            matrix.lines.iter().enumerate().flat_map(|(index, line)| history(&matrix.repo, index, line)).collect();
        let mut options = Options { speed, seeds, patient: true, ..Options::default() };
        let starts = match &real {
            Some((wish, key)) => {
                options.real = Some(wish.clone());
                let wanted = matrix.line(key)?;
                if wish.iso.is_none() && !wanted.key.0.starts_with("debian-") {
                    return Err(Error::LineOfIso);
                }
                for_real::patient(&matrix.repo)?;
                vec![wanted.key.0.clone()]
            }
            None => vec![bad.line.clone(), good.line.clone()],
        };
        let state = StateDir::at(state_home(folder.path()).join("tmpl-tui"));
        for key in starts.iter().filter(|_| real.is_none()) {
            earlier::write(&state, matrix.line(key)?, speed)?;
        }
        for guest in [good, bad] {
            options.guests.insert(matrix.line(&guest.line)?.base_name.clone(), guest.name.clone());
        }
        let lab = Lab::start(options).await?;
        stock(&lab, &matrix);
        for key in &starts {
            lab.put_clones(&matrix.line(key)?.base_name, &["web-07", "web-08", "batch-02"], 30);
        }
        let mirrors = Mirrors::start(&matrix, RATE).await?;
        let text = fs::read_to_string(matrix.repo.join(MATRIX_PATH))?;
        fs::write(matrix.repo.join(MATRIX_PATH), mirrors.localised(&text))?;
        let enabled = matrix.lines.iter().filter(|line| line.enabled).map(|line| line.key.0.clone());
        let github = GitHub::start(World::demo(&enabled.collect::<Vec<_>>(), REMOTE)).await?;
        Ok(Self { lab, github, _mirrors: mirrors, folder, starts })
    }

    /// Keys of the lines whose builds are to be started.
    pub fn starts(&self) -> &[String] {
        &self.starts
    }

    /// The lab.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The environment of everything inside the demo: the lab and its GitHub, nothing of the real world.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.lab.environment().into_iter().chain(self.github.environment()).collect()
    }

    /// Ends its builds, the lab, and removes the folder.
    ///
    /// # Errors
    /// Something is left in the folder.
    pub async fn end(self) -> io::Result<()> {
        folder::end_builds(self.folder.path(), false).await;
        self.lab.stop().await;
        self.folder.close()
    }

    /// Where everything inside the demo keeps its records.
    pub fn state(&self) -> StateDir {
        StateDir::at(state_home(self.folder.path()).join("tmpl-tui"))
    }

    /// The folder everything is in; [`repository`], [`packer_of`] and [`state_home`] are below it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The copy of the pipeline's files.
pub fn repository(folder: &Path) -> PathBuf {
    folder.join("repo")
}

/// The simulated packer.
pub fn packer_of(folder: &Path) -> PathBuf {
    folder.join(packer::NAME)
}

/// What `XDG_STATE_HOME` is for everything inside the demo.
pub fn state_home(folder: &Path) -> PathBuf {
    folder.join("state")
}

/// The install media on the datastore: all but the one whose bump nobody staged.
fn stock(lab: &Lab, matrix: &Matrix) {
    for line in matrix.lines.iter().filter(|line| line.key.0 != UNSTAGED) {
        if let Ok(wanted) = RequiredIso::read(&matrix.repo, line) {
            let size = if wanted.by_hand { BY_HAND } else { mirror::SIZE };
            lab.put_file(&wanted.file.to_string(), size);
        }
    }
}

fn write_repository(root: &Path) -> io::Result<()> {
    for (name, text) in FILES {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// What earlier runs left of a line: two generations of most, one of them held, and a VM that was never finished.
fn history(repo: &Path, index: usize, line: &Line) -> Vec<Seed> {
    let hours = [74, 74, 98, 74, 410, 74, 74, 242, 74];
    let live = hours.get(index).copied().unwrap_or(74);
    let mut seeds = vec![Seed::template(&line.base_name, live), Seed::template(line.prev_name(), live + 168)];
    match line.key.0.as_str() {
        "ubuntu-2204" => {
            let hold = Hold {
                reason: "clones lose DNS, see ticket 4711".into(),
                by: "mona@ops3".into(),
                to: None,
                since: Timestamp::now() - SignedDuration::from_hours(50),
            };
            seeds[0].notes = hold.write("built by tmpl-tui");
        }
        // disabled, and never had a second generation
        "windows-desktop-11" => seeds.truncate(1),
        "almalinux-9" => seeds.push(Seed::vm(line.build_name(), 9)),
        _ => {}
    }
    for (age, seed) in seeds.iter_mut().filter(|seed| seed.template).enumerate() {
        seed.notes = earlier::made(repo, line, age).write(&seed.notes);
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_demo_has_all_it_needs_and_leaves_nothing() {
        let show = Showcase::set_up(None, 10.0, Path::new("/bin/true")).await.unwrap();
        assert_eq!(show.starts(), ["windows-server-2025", "debian-12"]);
        let folder = show.folder().to_owned();
        let matrix = Matrix::load(&repository(&folder)).unwrap();
        for line in &matrix.lines {
            assert!(
                repository(&folder).join("ci/config").join(&line.config).exists(),
                "{} is not embedded",
                line.config
            );
        }
        assert!(packer_of(&folder).exists());
        assert!(
            show.lab()
                .inventory()
                .iter()
                .any(|(name, _, template)| name == "linux-almalinux-9-main-build" && !template)
        );
        drop(show);
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn an_unknown_scenario_is_named() {
        let error = Showcase::set_up(Some("flood"), 1.0, Path::new("/bin/true")).await.unwrap_err();
        assert_eq!(error.to_string(), "no scenario \"flood\"; `demo --list` names them");
    }

    #[tokio::test]
    async fn every_scenario_can_be_shown() {
        for guest in Book::shipped().unwrap().guests() {
            let show = Showcase::set_up(Some(&guest.name), 1.0, Path::new("/bin/true")).await.unwrap();
            assert_eq!(show.starts().first(), Some(&guest.line));
        }
    }
}
