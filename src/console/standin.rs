//! Stand-ins for the generation module until it is there; same names.
#![expect(missing_docs, reason = "replaced by tmpl::generation")]

use jiff::Timestamp;

use crate::vcenter::Vm;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Generations {
    pub base: String,
    pub live: Option<Vm>,
    pub build: Option<Vm>,
    pub prev: Option<Vm>,
    pub retired: Option<Vm>,
    pub hold: Option<Hold>,
    pub duplicates: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub reason: String,
    pub by: String,
    pub since: Timestamp,
}

impl Generations {
    pub fn read(base: &str, vms: &[Vm]) -> Self {
        let named = |suffix: &str| vms.iter().find(|vm| vm.name == format!("{base}{suffix}")).cloned();
        Self { base: base.into(), live: named(""), build: named("-build"), prev: named("-prev"), ..Self::default() }
    }
    pub fn pending(&self) -> Option<String> {
        None
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Promote,
    Rollback { reason: String },
    Hold { reason: String },
    Release,
    Sweep,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub request: Request,
    pub base: String,
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Actor(pub String);

pub fn plan(request: &Request, generations: &Generations, _by: &Actor, _now: Timestamp) -> Result<Plan, String> {
    let base = &generations.base;
    let id = |vm: &Option<Vm>| vm.as_ref().map_or_else(|| "-".into(), |vm| vm.moid.0.clone());
    if matches!(request, Request::Promote) && !generations.build.as_ref().is_some_and(|vm| vm.template) {
        return Err(format!("no template {base}-build to promote: build the line first"));
    }
    if matches!(request, Request::Rollback { .. }) && generations.prev.is_none() {
        return Err(format!("no {base}-prev to go back to"));
    }
    if matches!(request, Request::Sweep) && generations.build.is_none() {
        return Err(format!("no {base}-build to sweep"));
    }
    let steps = vec![
        format!("rename {base} → {base}-prev ({})", id(&generations.live)),
        format!("rename {base}-build → {base} ({})", id(&generations.build)),
        format!("destroy {base}-prev ({})", id(&generations.prev)),
    ];
    Ok(Plan { request: request.clone(), base: base.clone(), steps })
}
