//! `-build`, live and `-prev`: reading their state from names, and swapping them without losing the last good image.
//!
//! | name              | is                                                                   |
//! |-------------------|----------------------------------------------------------------------|
//! | `<base>`          | live: what Terraform clones                                          |
//! | `<base>-build`    | the fresh template, or the VM packer is building                     |
//! | `<base>-prev`     | the generation before live                                           |
//! | `<base>-retired`  | the one before that, while a promotion is under way; destroyed last  |
//! | `<base>-swapping` | the former live, while a rollback is under way                       |
//!
//! Promotion: prev → retired, live → prev, build → live, destroy retired. Rollback: live → swapping, prev → live,
//! swapping → prev, so that a second rollback undoes the first. Killed anywhere, the names that are left say which of the
//! two was under way and how far it came; the next run of the same verb finishes it.

mod apply;
mod claim;
mod draft;
mod guard;
mod hold;
mod in_place;
mod look;
mod made_of;
mod notes;
mod orphans;
mod plan;
mod refusal;
mod retired;
mod state;
mod step;
mod swap;
mod undo;

pub use apply::{ApplyError, Progress, apply};
pub use claim::Claim;
pub use guard::{GuardError, STEP_PRIVILEGES, SetAside, binding, guard, needs};
pub use hold::Hold;
pub use made_of::MadeOf;
pub use notes::written_by_people;
pub use orphans::orphans;
pub use plan::{Actor, Consent, Plan, Request, plan, plan_agreed};
pub use refusal::Refusal;
pub use retired::Retired;
pub use state::{Generations, Pending};
pub use step::{Note, Step, StepTarget};

#[cfg(test)]
mod tests;
