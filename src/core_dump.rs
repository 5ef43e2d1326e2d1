//! No core dump of this process, and no look into it by others of the same account: its memory holds passwords.

use nix::sys::resource::{Resource, setrlimit};

/// Forbids both, as far as the system lets us; where a sandbox does not, the program works all the same. The programs that
/// are started inherit the first, which packer, with the same passwords, needs as much.
pub fn forbid() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // Elsewhere nobody but root looks into a process that does not agree.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}
