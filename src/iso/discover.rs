//! Which release a line's mirror offers, and whether it is newer than ours.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use regex::Regex;
use serde::Deserialize;

use super::{Digest, Mirror, MirrorError, Version, sums};
use crate::pipeline::{Key, Line};

/// The `discover` object of a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Discovery {
    /// every match of `pattern` in the line's checksum file is an ISO; its group 1 is the release number
    SumsRegex {
        /// regular expression with one group
        pattern: String,
    },
    /// every match of `dir_pattern` in a listing is a release; `{ver}` in the templates becomes its number
    DirListing {
        /// page to search
        listing_url: String,
        /// regular expression with one group
        dir_pattern: String,
        /// ISO of a release
        url_template: String,
        /// checksum file of a release
        sums_template: String,
    },
}

/// One release as a mirror offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// its number
    pub version: Version,
    /// address of the ISO
    pub iso_url: String,
    /// address of its checksum file
    pub sums_url: String,
}

impl Release {
    /// The ISO's file name.
    pub fn file(&self) -> &str {
        file_name(&self.iso_url)
    }
}

/// What the check of one line came to.
#[derive(Debug)]
pub enum MediaCheck {
    /// nothing newer
    Current {
        /// file name of the ISO
        file: String,
    },
    /// newer, there, and listed with a checksum
    Newer {
        /// file name of the current ISO
        file: String,
        /// the newer release
        release: Release,
        /// its checksum
        digest: Digest,
        /// its size where the mirror says, in bytes
        size: Option<u64>,
    },
    /// media put on the datastore by hand: there is no mirror to ask
    Manual,
    /// nobody asked, and why: the line is off, or stays with its ISO on purpose
    Skipped {
        /// in a few words
        reason: &'static str,
    },
    /// could not be told, and why; nothing is changed for this line
    Failed(DiscoverError),
}

/// Why a line's newest release cannot be told. Each is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// `discover` in the matrix is missing or not understood
    #[error("ci/matrix.json: {0}")]
    Matrix(String),
    /// the mirror
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// the page lists no release
    #[error("{url} lists no release matching {pattern}")]
    Nothing {
        /// the page
        url: String,
        /// what was looked for
        pattern: String,
    },
    /// the mirror lost its newest entry; we never go back
    #[error("{url} offers {best} at most, older than our {current}; nothing is changed")]
    Older {
        /// the page
        url: String,
        /// newest listed
        best: Version,
        /// ours
        current: Version,
    },
    /// announced, and nothing that waiting would help
    #[error("{version} is announced, but {reason}")]
    Unusable {
        /// the release
        version: Version,
        /// what is wrong, and what to do
        reason: String,
    },
    /// announced, but not complete yet
    #[error("{version} is announced, but {reason}; try again later")]
    Incomplete {
        /// the release
        version: Version,
        /// what is missing
        reason: String,
    },
}

/// Checks lines side by side; one bad mirror does not keep the others from an answer. Results in the order given.
pub async fn check(mirror: &Mirror, lines: &[Line]) -> Vec<(Key, MediaCheck)> {
    join_all(lines.iter().map(|line| async { (line.key.clone(), check_line(mirror, line).await) })).await
}

/// Checks one line.
pub async fn check_line(mirror: &Mirror, line: &Line) -> MediaCheck {
    check_release(mirror, line).await.unwrap_or_else(MediaCheck::Failed)
}

async fn check_release(mirror: &Mirror, line: &Line) -> Result<MediaCheck, DiscoverError> {
    let Some(iso_url) = &line.iso_url else { return Ok(MediaCheck::Manual) };
    if !line.enabled {
        return Ok(MediaCheck::Skipped { reason: "off in the matrix" });
    }
    if line.raw.get("discover").is_none() {
        return Ok(MediaCheck::Skipped { reason: "no discover in the matrix: it stays with its ISO" });
    }
    let no_sums = || DiscoverError::Matrix(format!("{} has iso_url but no sums_url", line.key));
    let sums_url = line.sums_url.as_ref().ok_or_else(no_sums)?;
    let (page, reader) = ReleasePage::new(line, iso_url, sums_url)?;
    let text = mirror.page(&page).await?;
    let best = reader.releases(&text).into_iter().max_by(|a, b| a.version.cmp(&b.version));
    let Some(best) = best else {
        return Err(DiscoverError::Nothing { url: page, pattern: reader.pattern.as_str().into() });
    };
    if best.version < reader.current {
        return Err(DiscoverError::Older { url: page, best: best.version, current: reader.current });
    }
    let file = file_name(iso_url).to_owned();
    if best.version == reader.current {
        return Ok(MediaCheck::Current { file });
    }
    let (digest, size) = verify_complete(mirror, &best).await?;
    Ok(MediaCheck::Newer { file, release: best, digest, size })
}

/// The releases that a page of its mirror offers a line, whatever the page says; for the fuzzers.
#[cfg(feature = "testing")]
pub(crate) fn offered(line: &Line, page: &str) -> Result<Vec<Release>, DiscoverError> {
    let (iso_url, sums_url) =
        (line.iso_url.as_deref().unwrap_or_default(), line.sums_url.as_deref().unwrap_or_default());
    Ok(ReleasePage::new(line, iso_url, sums_url)?.1.releases(page))
}

/// A release counts when its list names its ISO and the ISO is there. The list first: it says what there is instead.
async fn verify_complete(mirror: &Mirror, release: &Release) -> Result<(Digest, Option<u64>), DiscoverError> {
    let version = || release.version.clone();
    let incomplete = |reason| DiscoverError::Incomplete { version: version(), reason };
    let unusable = |reason| DiscoverError::Unusable { version: version(), reason };
    // A mirror that is still copying has no such file yet; one that forbids it never will.
    let status = |url: &str, status: u16| match status {
        404 | 408 | 425 | 429 | 500.. => incomplete(format!("{url} answers HTTP {status}")),
        _ => unusable(format!("{url} answers HTTP {status}: this mirror does not give it away; take another")),
    };
    let (sums_url, file) = (&release.sums_url, release.file());
    let text = match mirror.page(sums_url).await {
        Err(MirrorError::Status { url, status: code }) => return Err(status(&url, code)),
        other => other?,
    };
    if sums::is_web_page(&text) {
        return Err(unusable(format!("{sums_url} is a web page, not a list of checksums; correct sums_url")));
    }
    let digest = match sums::lookup(&text, file) {
        Ok(Some(digest)) => digest,
        Err(sums::Contradiction) => {
            return Err(unusable(format!("{sums_url} has two different SHA-256 of {file}; ask the mirror's owner")));
        }
        Ok(None) => {
            let other = sums::instead(&text, file, &release.version.to_string());
            let Some(other) = other else {
                return Err(incomplete(format!("{sums_url} has no SHA-256 of {file} yet")));
            };
            let what = "correct url_template in ci/matrix.json if that is the one you want";
            return Err(unusable(format!("{sums_url} has no SHA-256 of {file}; the list has {other} instead; {what}")));
        }
    };
    match mirror.size(&release.iso_url).await {
        Err(MirrorError::Status { url, status: code }) => Err(status(&url, code)),
        Err(error @ MirrorError::WebPage { .. }) => Err(unusable(error.to_string())),
        other => Ok((digest, other?)),
    }
}

type Render = Box<dyn Fn(&str, Version) -> Release + Send + Sync>;

/// How releases are found on the page of one line's mirror.
struct ReleasePage {
    pattern: Regex,
    current: Version,
    /// turns the whole match and its group into a release
    render: Render,
}

impl ReleasePage {
    /// The page to fetch, and how to read it.
    fn new(line: &Line, iso_url: &str, sums_url: &str) -> Result<(String, Self), DiscoverError> {
        let missing = || DiscoverError::Matrix(format!("{} has no discover", line.key));
        let raw = line.raw.get("discover").ok_or_else(missing)?;
        let wrong = |reason: String| DiscoverError::Matrix(format!("discover of {}: {reason}", line.key));
        let discovery = Discovery::deserialize(raw).map_err(|error| wrong(error.to_string()))?;
        let unplaced = || wrong(format!("the current {} does not fit its pattern", file_name(iso_url)));
        match discovery {
            Discovery::SumsRegex { pattern } => {
                let pattern = one_group(&pattern).map_err(wrong)?;
                let captures = pattern.captures(file_name(iso_url)).ok_or_else(unplaced)?;
                let current = Version::parse(&captures[1]).ok_or_else(unplaced)?;
                let folder = iso_url.strip_suffix(file_name(iso_url)).unwrap_or(iso_url).to_owned();
                let sums = sums_url.to_owned();
                let render = Box::new(move |file: &str, version| Release {
                    version,
                    iso_url: format!("{folder}{file}"),
                    sums_url: sums.clone(),
                });
                Ok((sums_url.to_owned(), Self { pattern, current, render }))
            }
            Discovery::DirListing { listing_url, dir_pattern, url_template, sums_template } => {
                let pattern = one_group(&dir_pattern).map_err(wrong)?;
                let current = version_in(&url_template, iso_url).ok_or_else(unplaced)?;
                let render = Box::new(move |_: &str, version: Version| Release {
                    iso_url: url_template.replace("{ver}", &version.to_string()),
                    sums_url: sums_template.replace("{ver}", &version.to_string()),
                    version,
                });
                Ok((listing_url, Self { pattern, current, render }))
            }
        }
    }

    fn releases(&self, text: &str) -> Vec<Release> {
        let found: BTreeSet<(&str, &str)> = self
            .pattern
            .captures_iter(text)
            .filter_map(|captures| Some((captures.get(0)?.as_str(), captures.get(1)?.as_str())))
            .collect();
        let releases =
            found.into_iter().filter_map(|(whole, group)| Some((self.render)(whole, Version::parse(group)?)));
        releases.filter(|release| is_plain_iso_name(release.file())).collect()
    }
}

fn one_group(pattern: &str) -> Result<Regex, String> {
    let regex = Regex::new(pattern).map_err(|error| format!("{pattern:?} is no regular expression: {error}"))?;
    if regex.captures_len() == 2 { Ok(regex) } else { Err(format!("{pattern:?} must have one group, the version")) }
}

/// The version that `{ver}` stands for in `url`, where `url` is the template filled in.
fn version_in(template: &str, url: &str) -> Option<Version> {
    let mut literals = template.split("{ver}");
    let rest = url.strip_prefix(literals.next()?)?;
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    // A version is followed by `/` or `-`; a dot at its end belongs to what follows.
    let version = Version::parse(rest.get(..length)?.trim_end_matches('.'))?;
    (template.replace("{ver}", &version.to_string()) == url).then_some(version)
}

/// Whether a name that a mirror gave may become a file on the datastore and a value in a var-file.
fn is_plain_iso_name(name: &str) -> bool {
    name.ends_with(".iso")
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-~".contains(&byte))
}

/// The last part of an address.
pub fn file_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
