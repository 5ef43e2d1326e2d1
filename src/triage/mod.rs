//! Why a build failed: rules, the verdict, and the bundle that is handed on.

pub mod bundle;
pub mod corpus;
pub mod live;
pub mod place;
pub mod rules;
pub mod verdict;
