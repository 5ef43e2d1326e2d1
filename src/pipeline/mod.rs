//! What the repository says: its layout, the matrix or the templates, their lines, packer's var-files and argv.

pub mod argv;
mod assigned;
mod builds;
pub mod check;
mod connection;
mod defect;
mod discover;
mod entries;
pub mod evaluate;
mod hcl;
mod invocation;
pub mod layout;
pub mod matrix;
mod names;
mod overlay;
pub mod plan;
pub mod positions;
mod promoters;
mod propose;
mod requirements;
mod scripts;
pub mod sensitive;
mod setting;
pub mod template;
pub mod varfiles;

pub use builds::Builds;
pub use connection::{ALLOW_COMMANDS, Connection, stand_ins};
pub use invocation::Invocation;
pub use layout::{Layout, LayoutError};
pub use matrix::{Key, Line, Matrix, MatrixError, Os, SUFFIXES};
pub use names::{Names, may_be};
pub use promoters::{CHECK_HOLD, Promoter, promoter};
pub use propose::{Proposal, propose};
pub use requirements::{requirements, satisfies};
