//! What was made from live: said before something else becomes live.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::generation::{Plan, Request, Step};
use crate::vcenter::{Client, Clones, Moid};

/// Names that are told.
const NAMED: usize = 3;

/// What was cloned from the template that is live before the plan, in a line; `None` where nothing is retired by it.
pub(super) async fn before(client: &Client, plan: &Plan) -> Option<String> {
    if !matches!(plan.request, Request::Promote | Request::Rollback { .. }) {
        return None;
    }
    // Live is what loses the name.
    let live = plan.steps.iter().find_map(|step| match step {
        Step::Rename { vm, .. } if vm.name == plan.base => Some(vm.moid.clone()),
        Step::Rename { .. } | Step::Annotate { .. } | Step::Destroy { .. } => None,
    })?;
    let created = client.vm(&live).await.ok().flatten().and_then(|vm| vm.created);
    let since = created.unwrap_or(Timestamp::UNIX_EPOCH);
    Some(match client.clones_of(&live, since).await {
        Ok(mut clones) => {
            // What was tried before it became live was thrown away.
            clones.made.retain(|clone| clone.name != plan.smoke_name());
            told(&clones, &live, created, &TimeZone::system())
        }
        Err(error) => format!("what was cloned from today's live is not known: {error}"),
    })
}

/// `since` is written as the images' own dates are, beside which this stands.
fn told(clones: &Clones, live: &Moid, since: Option<Timestamp>, zone: &TimeZone) -> String {
    let since = since.map(|since| since.to_zoned(zone.clone()).strftime(" since %b %d %H:%M").to_string());
    let since = since.unwrap_or_default();
    let least = if clones.more { "at least " } else { "" };
    let names: Vec<&str> = clones.made.iter().rev().take(NAMED).map(|clone| clone.name.as_str()).collect();
    let rest = if clones.made.len() > NAMED { ", …" } else { "" };
    match clones.made.len() {
        0 if clones.more => format!("vCenter has too many events to tell what was cloned from today's live ({live})"),
        0 => format!("no VM was cloned from today's live ({live}){since}"),
        1 => format!("{least}1 VM was cloned from today's live ({live}){since}: {}", names.join(", ")),
        count => {
            format!("{least}{count} VMs were cloned from today's live ({live}){since}: {}{rest}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcenter::CloneEvent;

    #[test]
    fn clones_are_counted_and_the_newest_named() {
        let made = |count: usize| {
            let one = |number| CloneEvent { name: format!("web-{number}"), at: None, by: "mona".into() };
            Clones { made: (1..=count).map(one).collect(), more: false }
        };
        let (live, since) = (Moid("vm-12".into()), "2026-11-18T02:41:00Z".parse().ok());
        assert_eq!(
            told(&made(0), &live, since, &TimeZone::UTC),
            "no VM was cloned from today's live (vm-12) since Nov 18 02:41"
        );
        assert_eq!(told(&made(1), &live, None, &TimeZone::UTC), "1 VM was cloned from today's live (vm-12): web-1");
        let many = "5 VMs were cloned from today's live (vm-12) since Nov 18 02:41: web-5, web-4, web-3, …";
        assert_eq!(told(&made(5), &live, since, &TimeZone::UTC), many);
        assert!(told(&Clones { more: true, ..made(5) }, &live, since, &TimeZone::UTC).starts_with("at least 5 VMs"));
    }
}
