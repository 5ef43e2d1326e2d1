//! The property collector's and the view manager's methods.

use std::time::Duration;

use super::super::collector::{Content, Spec};
use super::super::fault::Fault;
use super::super::state::State;
use super::super::value::Moref;
use super::super::view::View;
use super::{Answer, Call, nothing, returned};

/// A wait for changes.
#[derive(Debug, Clone)]
pub struct Wait {
    /// whose filters
    pub collector: String,
    /// give up after this long; `None` waits for ever
    pub at_most: Option<Duration>,
    /// objects in one answer
    pub most: usize,
}

/// The methods of this file; `None` for any other.
pub fn call(state: &mut State, call: &Call<'_>) -> Option<Result<Answer, Fault>> {
    Some(match call.method {
        "RetrievePropertiesEx" => retrieve(state, call),
        "RetrieveProperties" => select(state, call).map(|found| Answer::Done(write_all(&found, "returnval"))),
        "ContinueRetrievePropertiesEx" => resume(state, call),
        "CancelRetrievePropertiesEx" => {
            state.pages.remove(call.text("token"));
            Ok(nothing())
        }
        "CreatePropertyCollector" => {
            let id = format!("collector-{}", state.world.number());
            Ok(returned(Moref::new("PropertyCollector", id)))
        }
        "DestroyPropertyCollector" => {
            state.filters.remove_collector(&owner(call));
            Ok(nothing())
        }
        "CreateFilter" => create_filter(state, call),
        "DestroyPropertyFilter" => known(state.filters.remove(call.this), "PropertyFilter", call.this),
        "WaitForUpdatesEx" | "WaitForUpdates" | "CheckForUpdates" => wait(state, call),
        "CancelWaitForUpdates" => Ok(nothing()),
        "CreateContainerView" => create_view(state, call),
        "DestroyView" => known(state.views.remove(call.this), "ContainerView", call.this),
        _ => return None,
    })
}

fn known(removed: bool, kind: &'static str, id: &str) -> Result<Answer, Fault> {
    if removed { Ok(nothing()) } else { Err(Fault::gone(&Moref::new(kind, id))) }
}

/// The default collector belongs to the session, others have ids of their own.
fn owner(call: &Call<'_>) -> String {
    match (&call.session, call.this) {
        (Some(session), "propertyCollector") => format!("propertyCollector/{}", session.key),
        (_, this) => this.to_owned(),
    }
}

fn select(state: &State, call: &Call<'_>) -> Result<Vec<Content>, Fault> {
    let mut found = Vec::new();
    for set in call.arguments.all("specSet") {
        found.extend(Spec::read(set).select(&state.world, &state.views, true)?);
    }
    // The session manager's properties depend on who asks.
    for content in found.iter_mut().filter(|content| content.moref.kind == "SessionManager") {
        content.values.insert("currentSession".into(), call.session()?.info().into());
    }
    Ok(found)
}

fn retrieve(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let found = select(state, call)?;
    let most = call.arguments.at("options/maxObjects").and_then(|most| most.text.parse().ok());
    Ok(Answer::Done(page(state, found, most)))
}

fn resume(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let (rest, most) = state
        .pages
        .remove(call.text("token"))
        .ok_or_else(|| Fault::new("InvalidProperty", "token").with("name", "token"))?;
    Ok(Answer::Done(page(state, rest, Some(most))))
}

/// One `RetrieveResult`; what does not fit waits under a token.
fn page(state: &mut State, mut found: Vec<Content>, most: Option<usize>) -> String {
    if found.is_empty() {
        return String::new();
    }
    let mut token = String::new();
    if let Some(most) = most.filter(|most| *most > 0 && *most < found.len()) {
        let rest = found.split_off(most);
        let id = state.world.number().to_string();
        token = format!("<token>{id}</token>");
        state.pages.insert(id, (rest, most));
    }
    format!("<returnval>{token}{}</returnval>", write_all(&found, "objects"))
}

fn write_all(found: &[Content], element: &str) -> String {
    let mut out = String::new();
    for content in found {
        out.push_str(&format!("<{element}><obj type=\"{}\">{}</obj>", content.moref.kind, content.moref.id));
        for (path, value) in &content.values {
            out.push_str(&format!("<propSet><name>{}</name>", quick_xml::escape::escape(path.as_str())));
            value.write_any(&mut out, "val");
            out.push_str("</propSet>");
        }
        out.push_str(&format!("</{element}>"));
    }
    out
}

fn create_filter(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let spec = Spec::read(call.arguments.child("spec").ok_or_else(|| Fault::invalid("spec"))?);
    spec.select(&state.world, &state.views, true)?;
    let id = format!("filter-{}", state.world.number());
    Ok(returned(state.filters.insert(id, &owner(call), spec)))
}

fn wait(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let collector = owner(call);
    state.filters.begin(&collector, call.text("version"))?;
    let number = |path: &str| call.arguments.at(path).and_then(|node| node.text.parse().ok());
    let seconds = if call.method == "CheckForUpdates" { Some(0) } else { number("options/maxWaitSeconds") };
    let most = number("options/maxObjectUpdates").and_then(|most| usize::try_from(most).ok());
    Ok(Answer::Wait(Wait { collector, at_most: seconds.map(Duration::from_secs), most: most.unwrap_or(usize::MAX) }))
}

fn create_view(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let container = call.text("container").to_owned();
    state.world.entity(&container)?;
    let view = View { container, types: call.arguments.texts("type"), recursive: call.arguments.flag("recursive") };
    let id = format!("session[{}]view-{}", call.session()?.key, state.world.number());
    Ok(returned(state.views.insert(id, view)))
}
