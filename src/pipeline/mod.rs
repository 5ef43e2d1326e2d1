//! What the repository says: the matrix, its lines, packer's var-files and argv.

pub mod matrix;

pub use matrix::{Key, Line, Matrix, MatrixError, Os};
