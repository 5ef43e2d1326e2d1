//! What packer says it built, among what vCenter shows.

use std::collections::BTreeSet;

use crate::packer_run::MASKED;
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

/// The template of this run among the VMs of the folder.
pub(super) fn resolve<'v>(
    artifacts: &[String],
    vms: &'v [Vm],
    before: &BTreeSet<Moid>,
    line: &Line,
) -> Result<&'v Vm, NotBuilt> {
    let failed = |why: String| Err(NotBuilt::Failed(why));
    let builds = line.build_name();
    // A full disk takes packer's last words; what it was to build is there all the same, or it is not.
    let silent = artifacts.is_empty();
    let there = |vm: &Vm| line.builds_as(&vm.name) && !before.contains(&vm.moid);
    if silent && !vms.iter().any(there) {
        return failed("packer ended well and names nothing that it built".into());
    }
    let named = |vm: &&Vm| {
        if silent { line.builds_as(&vm.name) } else { artifacts.iter().any(|artifact| fits(artifact, &vm.name)) }
    };
    let fresh: Vec<&Vm> = vms.iter().filter(named).filter(|vm| !before.contains(&vm.moid)).collect();
    let artifact = artifacts.join(", ");
    let vm = match fresh.as_slice() {
        [] if vms.iter().any(|vm| named(&vm)) => {
            return failed(format!("packer says that it built {artifact}, which was there before the run began"));
        }
        [] => {
            return failed(format!(
                "packer says that it built {artifact}, and there is no such template in the folder"
            ));
        }
        [vm] => *vm,
        several => match several.iter().find(|vm| vm.name == builds) {
            Some(vm) => *vm,
            None => return failed(format!("packer built {artifact}; none of them is {builds}")),
        },
    };
    // What replaces what is cloned may be a VM, too.
    let sound = vm.template || matches!(line.names(), Names::InPlace { .. });
    if sound { Ok(vm) } else { failed(format!("packer built {} ({}), and it is no template", vm.name, vm.moid)) }
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
        let said = |artifacts: &[String]| resolve(artifacts, &vms, &before, &in_place).map(|vm| vm.moid.0.clone());
        assert_eq!(said(&["UBNT-2402".into()]), Ok("vm-2".into()));
        assert_eq!(said(&[]), Ok("vm-2".into()), "its words were lost");
        assert!(said(&["UBNT-2401".into()]).is_err(), "it was there before");
    }

    fn vm(moid: &str, name: &str, template: bool) -> Vm {
        Vm { template, ..Vm::named(Moid(moid.into()), name) }
    }

    #[test]
    fn only_a_fresh_template_that_packer_names_was_built() {
        let before = BTreeSet::from([Moid("vm-1".into())]);
        let asked = |artifacts: &[&str], vms: &[Vm]| {
            let artifacts: Vec<String> = artifacts.iter().map(ToString::to_string).collect();
            resolve(&artifacts, vms, &before, &line("a-main")).map(|vm| vm.moid.0.clone())
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
