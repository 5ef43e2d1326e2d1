//! Install media: find newer releases, bump matrix and var-file together, stage the ISO on the datastore.

pub mod bump;
pub mod commit;
pub mod datastore_iso;
pub mod discover;
pub mod mirror;
pub mod rate;
pub mod stage;
pub mod sums;
pub mod version;

pub use bump::{Bump, BumpError, BumpWriter};
pub use commit::{Bumped, CommitError};
pub use datastore_iso::{DatastoreIso, Drift, RequiredIso};
pub use discover::{DiscoverError, Discovery, MediaCheck, Release};
pub use mirror::{Mirror, MirrorError};
pub use stage::{Progress, StageError, StageJob, Staged};
pub use sums::Digest;
pub use version::Version;
