//! What the repository says: the matrix, its lines, packer's var-files and argv.

pub mod argv;
pub mod check;
mod entries;
pub mod matrix;
pub mod plan;
pub mod positions;
pub mod sensitive;
pub mod varfiles;

pub use matrix::{Key, Line, Matrix, MatrixError, Os, SUFFIXES};
