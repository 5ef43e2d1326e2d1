//! One packer run: its command, its process, its record on disk.
//!
//! A run belongs to a *supervisor*: this program as `build KEY`, in a session of its own when the console started it.
//! Packer is its child, again in a session and process group of its own, and writes straight into files of the run's
//! folder. So nothing that happens to the console reaches the supervisor, nothing that happens to the supervisor reaches
//! packer, and every reader (console, second terminal, CI) gets the state from `run.json` and from which of the recorded
//! processes still live.

mod artifact;
mod bound;
mod cancel;
mod command;
mod error;
mod family;
mod follow;
mod import;
mod lock;
mod made;
mod manifest;
mod outcome;
mod preflight;
mod process;
mod processes;
mod record;
mod recorder;
mod request;
mod retention;
mod run;
mod runs;
mod start;
mod supervise;
mod typing;
mod validate;

pub use artifact::{MASKED, Named, Said};
pub use cancel::{cancel, leftover_vm, wait_until_over};
pub use command::{environment, shell_quoted};
pub use error::BuildError;
pub use follow::{Progress, ProgressListener};
pub use import::{ForeignOutcome, ForeignRun, foreign_run_dir, import_run, incoming_dir};
pub use lock::not_at_work;
pub use made::Made;
pub use outcome::{set_built, set_forgave, set_reason};
pub use preflight::windows as windows_preflight;
pub use process::Process;
pub use record::{BuiltVm, CancelMark, RecordedState};
pub use recorder::LoadLabels;
pub use request::{GRACE, OnError, Request};
pub use run::{Run, RunState};
pub use runs::{OddRecord, all, latest, odd_records};
pub use start::start_detached;
pub use supervise::{Outcome, StopRequest, run_here};
pub use typing::record_typing;
pub use validate::{Complaint, PackerValidation, validate};
