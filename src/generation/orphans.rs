//! What builds of a line left under names that no line of this checkout has: those of other branches.

use super::Claim;
use crate::pipeline::{Line, SUFFIXES, may_be};
use crate::vcenter::Vm;

/// The VMs and templates that builds of `line` on other branches made: their notes say so, or their name is what the line's
/// template would have them called there. `lines` are all lines of this checkout, whose own VMs are none.
pub fn orphans<'v, 'l>(
    lines: impl Iterator<Item = &'l Line> + Clone,
    line: &Line,
    vms: impl IntoIterator<Item = &'v Vm>,
) -> Vec<&'v Vm> {
    let of_a_line = |vm: &Vm| {
        lines.clone().any(|line| {
            let suffix = vm.name.strip_prefix(&line.base_name);
            let documented = suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix));
            documented || vm.name == line.build_name() || vm.name == line.promoted_name()
        })
    };
    let ours = |vm: &Vm| {
        let named = line.builds.pattern.as_deref().is_some_and(|pattern| may_be(pattern, &vm.name));
        named || Claim::origin(vm).is_some_and(|claim| claim.key == line.key)
    };
    vms.into_iter().filter(|vm| ours(vm) && !of_a_line(vm)).collect()
}
