//! The event manager: it knows of clones.

use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::state::State;
use super::super::value::{Moref, Object};
use super::super::world::Cloned;
use super::{Answer, Call};

/// The method of this file; `None` for any other.
pub fn call(state: &State, call: &Call<'_>) -> Option<Result<Answer, Fault>> {
    (call.method == "QueryEvents").then(|| Ok(query(state, call)))
}

fn query(state: &State, call: &Call<'_>) -> Answer {
    let filter = call.arguments.child("filter");
    let kinds = filter.map(|filter| filter.texts("eventTypeId")).unwrap_or_default();
    let since: Option<Timestamp> =
        filter.and_then(|filter| filter.at("time/beginTime")).and_then(|time| time.text.parse().ok());
    // Of one object alone: the source has no event of its being copied here.
    let alone = filter.and_then(|filter| filter.at("entity/recursion")).is_some_and(|how| how.text == "self");
    let mut body = String::new();
    for (number, clone) in (1..).zip(&state.world.clones) {
        let wanted = kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind(clone));
        let of = filter.and_then(|filter| filter.at("entity/entity")).map(|entity| entity.text.as_str());
        let meant = !alone || of == Some(clone.made.0.id.as_str());
        if wanted && meant && since.is_none_or(|since| clone.at >= since) {
            super::super::value::Value::from(event(number, clone)).write_any(&mut body, "returnval");
        }
    }
    Answer::Done(body)
}

const fn kind(clone: &Cloned) -> &'static str {
    if clone.from_template { "VmDeployedEvent" } else { "VmClonedEvent" }
}

fn event(number: i32, clone: &Cloned) -> Object {
    let argument = |(moref, name): &(Moref, String)| {
        Object::new("VmEventArgument").with("name", name.as_str()).with("vm", moref.clone())
    };
    let text = format!("{} made from {}", clone.made.1, clone.source.1);
    Object::named(kind(clone))
        .with("key", number)
        .with("chainId", number)
        .with("createdTime", clone.at)
        .with("userName", clone.by.as_str())
        .with("vm", argument(&clone.made))
        .with("fullFormattedMessage", text)
        .with(if clone.from_template { "srcTemplate" } else { "sourceVm" }, argument(&clone.source))
}
