//! What builds stand on, looked at before they begin: the datastore that they write to, the hosts that they run on.

use crate::vcenter::Client;
use crate::vcenter::resources::{DatastoreState, no_host};

/// What a build lacks to stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// its datastore takes nothing more
    Datastore,
    /// none of its hosts can run it
    Hosts,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    /// why a build will fail, one line each
    pub troubles: Vec<String>,
    /// what of it is missing, where builds will fail
    pub lacks: Option<Lack>,
    /// what may become a reason, one line each
    pub concerns: Vec<String>,
}

impl Resources {
    /// All of it, the worst first.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.troubles.iter().chain(&self.concerns)
    }
}

/// Looks at the datastore and the hosts that the settings name. What cannot be seen is not in the way: packer's account may
/// see more, or less, than is asked for here.
pub async fn look(client: &Client) -> Resources {
    let settings = client.settings();
    let mut found = Resources::default();
    if let Some(name) = &settings.datastore {
        match client.datastore_states().await {
            Ok(states) => found.add_datastore(states.iter().find(|state| state.name == *name)),
            Err(error) => tracing::debug!(%error, "the datastore's room is not known"),
        }
    }
    if let Some(name) = &settings.compute {
        match client.host_states(name).await {
            Ok(hosts) => {
                if let Some(trouble) = no_host(&hosts) {
                    found.troubles.push(trouble);
                    found.lacks.get_or_insert(Lack::Hosts);
                }
            }
            Err(error) => tracing::debug!(%error, "the state of the hosts is not known"),
        }
    }
    found
}

impl Resources {
    fn add_datastore(&mut self, state: Option<&DatastoreState>) {
        let Some(state) = state else { return };
        match state.trouble() {
            Some(trouble) => {
                self.troubles.push(trouble);
                self.lacks = Some(Lack::Datastore);
            }
            None => self.concerns.extend(state.scarce()),
        }
    }
}
