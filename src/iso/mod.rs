//! Install media: find newer releases, bump matrix and var-file together, stage the ISO on the datastore.

pub mod bump;
pub mod commit;
pub mod discover;
pub mod mirror;
pub mod pace;
pub mod shelf;
pub mod stage;
pub mod sums;
pub mod version;

pub use bump::{Bump, BumpError, Writer};
pub use commit::{Bumped, CommitError};
pub use discover::{DiscoverError, Discovery, MediaCheck, Release};
pub use mirror::{Mirror, MirrorError};
pub use shelf::{Drift, Shelf, Wanted};
pub use stage::{Job, Progress, StageError, Staged};
pub use sums::Digest;
pub use version::Version;
