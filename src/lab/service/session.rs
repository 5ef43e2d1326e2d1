//! Login, logout, who am I, and what may I.

use super::super::fault::Fault;
use super::super::state::State;
use super::super::value::{Moref, Object, Value};
use super::{Answer, Call, nothing, returned};

/// `Login`
///
/// # Errors
/// `InvalidLogin`
pub fn login(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let session =
        state.sessions.login(call.text("userName"), call.text("password")).ok_or_else(Fault::invalid_login)?;
    let mut body = String::new();
    Value::from(session.info()).write(&mut body, "returnval");
    Ok(Answer::LoggedIn { body, key: session.key.clone() })
}

/// The methods of this file; `None` for any other.
pub fn call(state: &mut State, call: &Call<'_>) -> Option<Result<Answer, Fault>> {
    Some(match call.method {
        "Logout" => {
            if let Some(session) = &call.session {
                state.sessions.logout(&session.key);
            }
            Ok(nothing())
        }
        "CurrentTime" => Ok(returned(jiff::Timestamp::now())),
        "SessionIsActive" => Ok(returned(state.sessions.find(call.text("sessionID")).is_some())),
        "HasPrivilegeOnEntities" => has_privileges(state, call),
        "HasPrivilegeOnEntity" => has_privilege(call),
        _ => return None,
    })
}

fn has_privileges(state: &State, call: &Call<'_>) -> Result<Answer, Fault> {
    let account = &call.session()?.account;
    let privileges = call.arguments.texts("privId");
    let mut entities = Vec::new();
    for id in call.arguments.texts("entity") {
        let entity: Moref = state.world.entity(&id)?.moref.clone();
        let available = privileges.iter().map(|id| {
            Object::new("PrivilegeAvailability").with("privId", id.as_str()).with("isGranted", account.may(id)).into()
        });
        let available = Value::List("PrivilegeAvailability", available.collect());
        entities.push(Object::new("EntityPrivilege").with("entity", entity).with("privAvailability", available).into());
    }
    Ok(returned(Value::List("EntityPrivilege", entities)))
}

fn has_privilege(call: &Call<'_>) -> Result<Answer, Fault> {
    let account = &call.session()?.account;
    let granted = call.arguments.texts("privId").iter().map(|id| account.may(id).into()).collect();
    Ok(returned(Value::List("boolean", granted)))
}
