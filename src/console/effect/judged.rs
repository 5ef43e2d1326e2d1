//! What a verdict is asked about.

use std::path::PathBuf;

use crate::guest::recording::GuestState;
use crate::pipeline::Key;

/// A run to judge, and what vCenter has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// the line
    pub key: Key,
    /// the run's folder
    pub dir: PathBuf,
    /// its log
    pub log: PathBuf,
    /// its guest
    pub guest: Option<GuestState>,
    /// whether its VM is there; `None` while vCenter is not heard
    pub vm_left: Option<bool>,
}
