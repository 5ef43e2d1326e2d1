//! vCenter: login of both accounts, folder, datastore, and the privileges each verb needs.

use tmpl::ops::{self, Exit, smoke};
use tmpl::vcenter::privilege::{
    ANNOTATE, ANSWER, BROWSE, CONSOLE, DELETE, FILE_MANAGEMENT, POWER_OFF, RENAME, SCREENSHOT, TYPE,
};
use tmpl::vcenter::resources::{HostState, no_host};
use tmpl::vcenter::{Account, Client, Error, Moid, Settings};

use super::super::Context;
use super::{Diagnostic, State};

/// What a verb needs on the folder of templates, by vSphere's ids.
const ON_FOLDER: &[(&str, &[&str])] = &[
    ("promote, rollback", &[RENAME, DELETE]),
    ("rollback, hold, release", &[ANNOTATE]),
    ("sweep", &[POWER_OFF, DELETE]),
    ("console --type, --wake", &[TYPE]),
    ("answer", &[ANSWER]),
    (
        "build",
        &[
            "VirtualMachine.Inventory.Create",
            "VirtualMachine.Inventory.CreateFromExisting",
            DELETE,
            "VirtualMachine.Config.AddNewDisk",
            "VirtualMachine.Config.AddRemoveDevice",
            "VirtualMachine.Config.AdvancedConfig",
            ANNOTATE,
            "VirtualMachine.Config.CPUCount",
            "VirtualMachine.Config.EditDevice",
            "VirtualMachine.Config.Memory",
            "VirtualMachine.Config.Resource",
            "VirtualMachine.Config.Settings",
            "VirtualMachine.Interact.DeviceConnection",
            POWER_OFF,
            "VirtualMachine.Interact.PowerOn",
            TYPE,
            "VirtualMachine.Interact.SetCDMedia",
            "VirtualMachine.Interact.SetFloppyMedia",
            "VirtualMachine.Provisioning.CreateTemplateFromVM",
            "VirtualMachine.Provisioning.MarkAsTemplate",
            "VirtualMachine.Provisioning.MarkAsVM",
        ],
    ),
];

/// What a build of Windows 11 needs there for its TPM.
const FOR_TPM: &[(&str, &[&str])] = &[("build with a TPM", &["Cryptographer.Access", "Cryptographer.Encrypt"])];

/// What a verb needs on the datastore.
const ON_DATASTORE: &[(&str, &[&str])] =
    &[("build", &["Datastore.AllocateSpace", BROWSE, FILE_MANAGEMENT]), ("iso upload", &[BROWSE, FILE_MANAGEMENT])];

/// What it is, the variables that name it, where it is in the inventory, the privileges.
type Place = (&'static str, [&'static str; 2], [&'static str; 2], &'static [&'static str]);

/// What a build needs elsewhere.
const ELSEWHERE: [Place; 2] = [
    ("network", ["PKR_VAR_vsphere_network", "GOVC_NETWORK"], ["network/", ""], &["Network.Assign"]),
    (
        "cluster",
        ["PKR_VAR_vsphere_cluster", "GOVC_CLUSTER"],
        ["host/", "/Resources"],
        &["Host.Config.SystemManagement", "Resource.AssignVMToPool"],
    ),
];

/// Either way to a picture: the server's own page, or a file on the datastore.
const PICTURES: [&str; 2] = [CONSOLE, SCREENSHOT];

/// Asks vCenter; one finding when it cannot be asked.
pub async fn look(context: &Context) -> Vec<Diagnostic> {
    let settings = match context.settings() {
        Ok(settings) => settings,
        Err(error) => return vec![Diagnostic::new("vcenter", "settings", State::Unusable, error.to_string())],
    };
    let host = settings.host();
    let client = match Client::new(settings.clone()) {
        Ok(client) => client,
        Err(error) => return vec![Diagnostic::new("vcenter", host, State::Unusable, error.to_string())],
    };
    let mut findings = Vec::new();
    if let Err(error) = ask(&client, &settings, Wanted::by(context), &mut findings).await {
        let error = ops::Error::from(error);
        let state = if error.exit() == Exit::Usage { State::Unusable } else { State::Failed };
        findings.push(Diagnostic::new("vcenter", host, state, error.to_string()));
    }
    client.logout().await;
    findings.sort_by_key(|finding| finding.area == "privileges");
    findings
}

/// What lines of the matrix need beyond what every one does.
#[derive(Clone, Copy)]
struct Wanted {
    /// a guest has a TPM, as `packer/windows/desktop` gives it one
    tpm: bool,
    /// a clone is tried before a promotion
    smoke: bool,
}

impl Wanted {
    fn by(context: &Context) -> Self {
        let lines = context.matrix().map(|matrix| matrix.lines.clone()).unwrap_or_default();
        let tpm = lines.iter().any(|line| line.dist == "Windows Desktop");
        Self { tpm, smoke: lines.iter().any(|line| line.smoke.is_some()) }
    }
}

async fn ask(
    client: &Client,
    settings: &Settings,
    wanted: Wanted,
    findings: &mut Vec<Diagnostic>,
) -> Result<(), Error> {
    let ok = |name: &str, detail: String| Diagnostic::new("vcenter", name, State::Ok, detail);
    findings.push(ok(&settings.host(), client.about().await?.full_name));
    findings.push(ok("account of builds", client.user(Account::Builder).await?));
    findings.push(pictures_account(client, settings).await);
    let (_, datacenter) = client.datacenter().await?;
    findings.push(ok("datacenter", datacenter));
    let folder = client.folder().await?;
    let vms = client.vms().await?;
    let shown = if settings.folder.is_empty() { "the vm folder itself" } else { &settings.folder };
    findings.push(ok("folder", format!("{shown} ({folder}), {} VMs and templates", vms.len())));
    privileges(client, Account::Builder, "folder", &folder, ON_FOLDER, findings).await?;
    smoke_tests(client, &folder, wanted.smoke, findings).await?;
    if wanted.tpm {
        privileges(client, Account::Builder, "folder", &folder, FOR_TPM, findings).await?;
    }
    pictures(client, &folder, findings).await?;
    elsewhere(client, findings).await?;
    match &settings.datastore {
        None => {
            findings.push(Diagnostic::new("vcenter", "datastore", State::Absent, "PKR_VAR_vsphere_datastore not set"))
        }
        Some(name) => {
            let datastore = client.datastore(name).await?;
            findings.push(datastore_state(client, name, &datastore).await);
            privileges(client, Account::Builder, "datastore", &datastore, ON_DATASTORE, findings).await?;
        }
    }
    Ok(())
}

async fn elsewhere(client: &Client, findings: &mut Vec<Diagnostic>) -> Result<(), Error> {
    for (what, variables, [before, after], ids) in ELSEWHERE {
        let named = variables.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let Some(name) = named else {
            findings.push(Diagnostic::new("vcenter", what, State::Absent, format!("{} not set", variables[0])));
            continue;
        };
        match client.find_by_path(&format!("{before}{name}{after}")).await {
            Ok(moid) => {
                findings.push(Diagnostic::new("vcenter", what, State::Ok, format!("{name} ({moid})")));
                if what == "cluster" {
                    findings.push(hosts(client, &name).await);
                }
                privileges(client, Account::Builder, what, &moid, &[("build", ids)], findings).await?;
            }
            Err(Error::NotFound(path)) => {
                let detail = format!("{path} not found; correct {}, or let the account see it", variables[0]);
                findings.push(Diagnostic::new("vcenter", what, State::Failed, detail));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The datastore's room, and whether it can be written to.
async fn datastore_state(client: &Client, name: &str, moid: &Moid) -> Diagnostic {
    let states = client.datastore_states().await.unwrap_or_default();
    let Some(state) = states.iter().find(|state| state.name == name) else {
        let detail = format!("{name} ({moid}); its room is not to be seen");
        return Diagnostic::new("vcenter", "datastore", State::Ok, detail);
    };
    match state.trouble().or_else(|| state.scarce()) {
        Some(trouble) => {
            let detail = format!("{trouble}; make room, or bring it back, before the next build");
            Diagnostic::new("vcenter", "datastore", State::Failed, detail)
        }
        None => Diagnostic::new("vcenter", "datastore", State::Ok, format!("{name} ({moid}), {}", state.room())),
    }
}

/// Whether a host can run a build.
async fn hosts(client: &Client, name: &str) -> Diagnostic {
    match client.host_states(name).await {
        Ok(hosts) if hosts.is_empty() => Diagnostic::new("vcenter", "hosts", State::Absent, "not to be seen"),
        Ok(hosts) => match no_host(&hosts) {
            Some(trouble) => {
                Diagnostic::new("vcenter", "hosts", State::Failed, format!("none can run a build: {trouble}"))
            }
            None => {
                let out: Vec<String> = hosts.iter().filter_map(HostState::trouble).collect();
                let ready = format!("{} of {} can run a build", hosts.len() - out.len(), hosts.len());
                let detail = std::iter::once(ready).chain(out).collect::<Vec<_>>().join("; ");
                Diagnostic::new("vcenter", "hosts", State::Ok, detail)
            }
        },
        Err(error) => Diagnostic::new("vcenter", "hosts", State::Absent, error.to_string()),
    }
}

async fn pictures_account(client: &Client, settings: &Settings) -> Diagnostic {
    const NAME: &str = "account of pictures";
    if settings.console.is_none() {
        return Diagnostic::new("vcenter", NAME, State::Ok, "the same; TMPL_CONSOLE_USERNAME gives it one of its own");
    }
    match client.user(Account::Pictures).await {
        Ok(user) => Diagnostic::new("vcenter", NAME, State::Ok, user),
        Err(error @ Error::Login { .. }) => Diagnostic::new("vcenter", NAME, State::Unusable, error.to_string()),
        Err(error) => Diagnostic::new("vcenter", NAME, State::Failed, error.to_string()),
    }
}

async fn privileges(
    client: &Client,
    account: Account,
    place: &str,
    entity: &Moid,
    verbs: &[(&str, &[&str])],
    findings: &mut Vec<Diagnostic>,
) -> Result<(), Error> {
    let ids: Vec<&str> = verbs.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let missing = missing(client, account, entity, &ids).await?;
    let user = client.user(account).await?;
    for (verb, ids) in verbs {
        let lacking: Vec<&str> = ids.iter().copied().filter(|id| missing.contains(id)).collect();
        findings.push(if lacking.is_empty() {
            Diagnostic::new("privileges", *verb, State::Ok, format!("on the {place}: {} of {}", ids.len(), ids.len()))
        } else {
            let detail = format!("missing on the {place} {entity}: {}; grant them to {user}", lacking.join(", "));
            Diagnostic::new("privileges", *verb, State::Failed, detail)
        });
    }
    Ok(())
}

/// What a smoke test needs; lacking it is a failure where a line of the matrix asks for one.
async fn smoke_tests(
    client: &Client,
    folder: &Moid,
    wanted: bool,
    findings: &mut Vec<Diagnostic>,
) -> Result<(), Error> {
    const NAME: &str = "promote with a smoke test";
    let missing = missing(client, Account::Builder, folder, &smoke::PRIVILEGES).await?;
    if wanted || missing.is_empty() {
        return privileges(client, Account::Builder, "folder", folder, &[(NAME, &smoke::PRIVILEGES)], findings).await;
    }
    let detail = format!("missing on the folder {folder}: {}; no line asks for one", missing.join(", "));
    findings.push(Diagnostic::new("privileges", NAME, State::Absent, detail));
    Ok(())
}

async fn pictures(client: &Client, folder: &Moid, findings: &mut Vec<Diagnostic>) -> Result<(), Error> {
    let missing = missing(client, Account::Pictures, folder, &PICTURES).await?;
    let user = client.user(Account::Pictures).await?;
    findings.push(match PICTURES.iter().find(|id| !missing.contains(*id)) {
        Some(id) => Diagnostic::new("privileges", "pictures", State::Ok, format!("by {id}")),
        None => {
            let detail = format!("neither {}; grant one of them to {user}", PICTURES.join(" nor "));
            Diagnostic::new("privileges", "pictures", State::Failed, detail)
        }
    });
    Ok(())
}

async fn missing<'a>(client: &Client, account: Account, entity: &Moid, ids: &[&'a str]) -> Result<Vec<&'a str>, Error> {
    let mut asked = ids.to_vec();
    asked.sort_unstable();
    asked.dedup();
    let found = client.privileges(account, std::slice::from_ref(entity), &asked).await?;
    Ok(asked.into_iter().filter(|id| !found.iter().any(|p| p.id == *id && p.granted)).collect())
}
