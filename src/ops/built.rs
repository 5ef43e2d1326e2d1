//! What packer says it built, among what vCenter shows.

use std::collections::BTreeSet;

use crate::packer_run::{MASKED, Named, Said};
use crate::pipeline::{Line, Names};
use crate::vcenter::{Moid, Vm};

/// Why nothing can be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBuilt {
    /// packer ended well, and there is no template
    Failed(String),
    /// vCenter cannot be asked
    Unknown(String),
}

/// The template of this run among the VMs of the folder: what packer names wherever it says what it built, and what was not
/// there before.
pub(super) fn resolve<'v>(
    said: &Said,
    vms: &'v [Vm],
    before: &BTreeSet<Moid>,
    line: &Line,
) -> Result<&'v Vm, NotBuilt> {
    let failed = |why: String| Err(NotBuilt::Failed(why));
    let builds = line.build_name();
    // A full disk takes packer's last words: then its manifest has them, or what it was to build is there all the same.
    let first = said.words.first().or(match said.manifests.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let there = |vm: &Vm| line.builds_as(&vm.name) && !before.contains(&vm.moid);
    if first.is_none() && !vms.iter().any(there) {
        return failed("packer ended well and names nothing that it built".into());
    }
    let named = |vm: &&Vm| first.map_or_else(|| line.builds_as(&vm.name), |first| names(first, vm));
    let fresh: Vec<&Vm> = vms.iter().filter(named).filter(|vm| !before.contains(&vm.moid)).collect();
    let artifact = first.map(|first| first.artifacts.join(", ")).unwrap_or_default();
    if fresh.is_empty() {
        let why = if vms.iter().any(|vm| named(&vm)) { "which was there before the run began" } else { NOWHERE };
        return failed(format!("packer says that it built {artifact}, {why}"));
    }
    let vm = match agreed(said, first, fresh)?.as_slice() {
        [vm] => *vm,
        several => match several.iter().find(|vm| vm.name == builds) {
            Some(vm) => *vm,
            None => return failed(format!("packer built {artifact}; none of them is {builds}")),
        },
    };
    let in_place = matches!(line.names(), Names::InPlace { .. });
    if in_place && !line.builds_as(&vm.name) {
        return failed(format!("packer built {} ({}); what is cloned is {builds}, and is as it was", vm.name, vm.moid));
    }
    // What replaces what is cloned may be a VM, too.
    let sound = vm.template || in_place;
    if sound { Ok(vm) } else { failed(format!("packer built {} ({}), and it is no template", vm.name, vm.moid)) }
}

const NOWHERE: &str = "and there is no such template in the folder";

/// Those of `fresh`, which `first` names, that packer names wherever it says anything: its words do not contradict each
/// other, and of its manifests at least one is this run's.
fn agreed<'v>(said: &Said, first: Option<&Named>, fresh: Vec<&'v Vm>) -> Result<Vec<&'v Vm>, NotBuilt> {
    let Some(first) = first else { return Ok(fresh) };
    let contradicts = |other: &Named| {
        NotBuilt::Failed(format!(
            "{} says that it built {}, {} says {}; look which it is before anything is promoted",
            first.place,
            first.artifacts.join(", "),
            other.place,
            other.artifacts.join(", ")
        ))
    };
    let mut agreed = fresh;
    for other in said.words.iter().filter(|other| *other != first) {
        agreed.retain(|vm| names(other, vm));
        if agreed.is_empty() {
            return Err(contradicts(other));
        }
    }
    if let Some(manifest) = said.manifests.first() {
        agreed.retain(|vm| said.manifests.iter().any(|manifest| names(manifest, vm)));
        if agreed.is_empty() {
            return Err(contradicts(manifest));
        }
    }
    Ok(agreed)
}

fn names(named: &Named, vm: &Vm) -> bool {
    named.artifacts.iter().any(|artifact| fits(artifact, &vm.name))
}

/// Whether an artifact is this name; what packer masked in it may be anything.
fn fits(artifact: &str, name: &str) -> bool {
    let mut parts = artifact.split(MASKED);
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Matrix;

    fn line(base: &str) -> Line {
        let entry = format!(
            r#"[{{"key": "a", "enabled": true, "os": "Linux", "dist": "", "version": "", "build_dir": "p",
                "config": "c", "base_name": "{base}", "iso_datastore_path": "iso"}}]"#
        );
        Matrix::parse(std::path::Path::new("."), &entry).unwrap().lines.remove(0)
    }

    #[test]
    fn a_name_that_only_the_build_knows_is_the_fresh_one_that_fits() {
        let in_place = Line { names: Some(Names::InPlace { name: "UBNT-*".into() }), ..line("UBNT") };
        let vms = [vm("vm-1", "UBNT-2401", true), vm("vm-2", "UBNT-2402", false), vm("vm-3", "other", true)];
        let before = BTreeSet::from([Moid("vm-1".into())]);
        let said =
            |artifacts: &[&str]| resolve(&said(artifacts, &[]), &vms, &before, &in_place).map(|vm| vm.moid.0.clone());
        assert_eq!(said(&["UBNT-2402"]), Ok("vm-2".into()));
        assert_eq!(said(&[]), Ok("vm-2".into()), "its words were lost");
        assert!(said(&["UBNT-2401"]).is_err(), "it was there before");
        let Err(NotBuilt::Failed(why)) = said(&["other"]) else { panic!() };
        assert_eq!(why, "packer built other (vm-3); what is cloned is UBNT-*, and is as it was");
    }

    fn said(words: &[&str], manifests: &[&[&str]]) -> Said {
        let named = |place: &str, artifacts: &[&str]| Named {
            place: place.into(),
            artifacts: artifacts.iter().map(ToString::to_string).collect(),
        };
        let words = Some(named("its output", words)).filter(|words| !words.artifacts.is_empty());
        Said {
            words: words.into_iter().collect(),
            manifests: manifests.iter().map(|artifacts| named("its manifest", artifacts)).collect(),
        }
    }

    #[test]
    fn a_manifest_says_what_the_words_mean_or_refuses() {
        let line = line("a-main");
        let vms = [vm("vm-1", "a-main-build", true), vm("vm-2", "a-fix2-build", true)];
        let asked = |words: &[&str], manifests: &[&[&str]]| {
            resolve(&said(words, manifests), &vms, &BTreeSet::new(), &line).map(|vm| vm.moid.0.clone())
        };
        let built = |moid: &str| Ok(moid.to_owned());
        assert_eq!(asked(&["a-main-build"], &[&["a-main-build"]]), built("vm-1"));
        assert_eq!(asked(&["a-<sensitive>-build"], &[&["a-fix2-build"]]), built("vm-2"), "what is masked is there");
        assert_eq!(asked(&[], &[&["a-fix2-build"]]), built("vm-2"), "its words were lost");
        assert_eq!(asked(&["a-fix2-build"], &[&["b-build"], &["a-fix2-build"]]), built("vm-2"), "two wrote there");
        assert_eq!(asked(&[], &[&["a-fix2-build"], &["b-build"]]), built("vm-1"), "nothing says which is ours");
        let Err(NotBuilt::Failed(why)) = asked(&["a-main-build"], &[&["a-fix2-build"]]) else { panic!() };
        assert!(why.starts_with("its output says that it built a-main-build, its manifest says a-fix2-build"), "{why}");
        let mut both = said(&["a-main-build"], &[]);
        both.words.push(Named { place: "its debug log".into(), artifacts: vec!["a-fix2-build".into()] });
        assert!(matches!(resolve(&both, &vms, &BTreeSet::new(), &line), Err(NotBuilt::Failed(_))));
    }

    fn vm(moid: &str, name: &str, template: bool) -> Vm {
        Vm { template, ..Vm::named(Moid(moid.into()), name) }
    }

    #[test]
    fn only_a_fresh_template_that_packer_names_was_built() {
        let before = BTreeSet::from([Moid("vm-1".into())]);
        let asked = |artifacts: &[&str], vms: &[Vm]| {
            resolve(&said(artifacts, &[]), vms, &before, &line("a-main")).map(|vm| vm.moid.0.clone())
        };
        let old = vm("vm-1", "a-main-build", true);
        let fresh = vm("vm-2", "a-main-build", true);
        assert_eq!(asked(&["a-main-build"], std::slice::from_ref(&fresh)), Ok("vm-2".into()));
        assert_eq!(asked(&[], &[vm("vm-3", "b", true), fresh.clone()]), Ok("vm-2".into()), "its words were lost");
        // Twice, where a post-processor hands it on; masked; of a branch.
        assert_eq!(asked(&["a-main-build", "a-main-build"], std::slice::from_ref(&fresh)), Ok("vm-2".into()));
        assert_eq!(asked(&["a-<sensitive>-build"], &[fresh.clone(), vm("vm-3", "b", true)]), Ok("vm-2".into()));
        assert_eq!(asked(&["a-fix2-build"], &[old.clone(), vm("vm-4", "a-fix2-build", true)]), Ok("vm-4".into()));
        for (artifacts, vms) in [
            (&[][..], vec![old.clone()]),
            (&["a-main-build"], vec![old]),
            (&["a-main-build"], vec![vm("vm-2", "a-main-build", false)]),
            (&["a-main-build"], vec![vm("vm-2", "a-main-build-2", true)]),
            (&["x", "y"], vec![vm("vm-2", "x", true), vm("vm-3", "y", true)]),
        ] {
            assert!(matches!(asked(artifacts, &vms), Err(NotBuilt::Failed(_))), "{artifacts:?}");
        }
    }
}
