//! Lines whose templates have other names than `<base>`, `<base>-build` and `<base>-prev`.

use super::draft::OtherNames;
use super::{Generations, Refusal};
use crate::pipeline::{Line, Names, may_be};
use crate::vcenter::{PowerState, Vm};

impl Generations {
    /// Picks a line's generations out of the VMs of the folder, by whatever names they have.
    pub fn of(line: &Line, vms: &[Vm]) -> Self {
        match line.names() {
            Names::Generations { live, prev, build } => {
                let others = OtherNames { builds: line.build_name(), promotable: build, prev };
                Self { smoke_test: line.smoke.clone(), ..Self::named(&live, others, vms) }
            }
            Names::InPlace { name } => Self::replaced_in_place(&line.base_name, &name, vms),
            // Templates of that name may be left from before; what is being built is the same.
            Names::Library { name, library } => {
                Self { library: Some(library), ..Self::replaced_in_place(&line.base_name, &name, vms) }
            }
        }
    }

    /// Packer builds under the name that is cloned. What is powered on and no template is being built; of the rest the
    /// newest is live, and where the name has a part that only a build knows, the one before it is the previous one.
    fn replaced_in_place(base: &str, name: &str, vms: &[Vm]) -> Self {
        let mut named: Vec<&Vm> = vms.iter().filter(|vm| may_be(name, &vm.name)).collect();
        named.sort_by_key(|vm| std::cmp::Reverse(vm.created));
        let at_work = |vm: &&&Vm| !vm.template && vm.power_state == PowerState::PoweredOn;
        let build = named.iter().find(at_work).copied();
        let mut images = named.iter().filter(|vm| !at_work(vm)).copied();
        let (live, prev) = (images.next(), images.next());
        let duplicate = prev.filter(|prev| live.is_some_and(|live| live.name == prev.name));
        Self {
            base: base.to_owned(),
            build: build.cloned(),
            live: live.cloned(),
            prev: prev.filter(|_| duplicate.is_none()).cloned(),
            duplicates: duplicate.map(|vm| vm.name.clone()).into_iter().collect(),
            in_place: true,
            ..Self::default()
        }
        .with_hold()
    }
}

impl Refusal {
    /// Why nothing of a line is promoted; none where it has three generations.
    pub fn of_names(line: &Line) -> Option<Self> {
        match line.names() {
            Names::Generations { .. } => None,
            Names::InPlace { .. } => Some(Self::without_generations(&line.base_name, None)),
            Names::Library { library, .. } => Some(Self::without_generations(&line.base_name, Some(&library))),
        }
    }

    /// The same, of what is known of a line that has no generations.
    pub(super) fn without_generations(base: &str, library: Option<&str>) -> Self {
        let base = base.to_owned();
        match library {
            None => Self::ReplacedInPlace { base },
            Some(library) => Self::InLibrary { base, library: library.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::generation::{Actor, Request, plan};
    use crate::pipeline::{Line, Matrix, Names};
    use crate::vcenter::{Moid, PowerState, Vm};

    use super::*;

    fn line(name: &str) -> Line {
        let text = r#"[{"key": "u", "enabled": true, "os": "Linux", "dist": "", "version": "", "build_dir": "p",
            "config": "c", "base_name": "UBNT", "iso_datastore_path": "iso"}]"#;
        let mut line = Matrix::parse(std::path::Path::new("."), text).unwrap().lines.remove(0);
        line.names = Some(Names::InPlace { name: name.into() });
        line
    }

    fn vm(moid: &str, name: &str, created: &str, template: bool, power_state: PowerState) -> Vm {
        let created = Some(created.parse().unwrap());
        Vm { created, template, power_state, ..Vm::named(Moid(moid.into()), name) }
    }

    #[test]
    fn what_is_powered_on_is_being_built_and_the_newest_of_the_rest_is_live() {
        let vms = [
            vm("vm-1", "UBNT-2401", "2024-01-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-2", "UBNT-2402", "2024-02-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-3", "UBNT-2403", "2024-03-01T00:00:00Z", false, PowerState::PoweredOn),
            vm("vm-4", "other", "2024-04-01T00:00:00Z", true, PowerState::PoweredOff),
        ];
        let now = Generations::of(&line("UBNT-*"), &vms);
        let ids = [&now.live, &now.prev, &now.build].map(|vm| vm.as_ref().map(|vm| vm.moid.0.as_str()));
        assert_eq!(ids, [Some("vm-2"), Some("vm-1"), Some("vm-3")]);
    }

    #[test]
    fn generations_have_the_names_that_the_repository_gives_them() {
        let mut line = line("");
        let (live, prev, build) = ("tpl-u".into(), "old-u".into(), "new-u".into());
        line.names = Some(Names::Generations { live, prev, build });
        let vms = [
            vm("vm-1", "old-u", "2024-01-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-2", "tpl-u", "2024-02-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-3", "new-u", "2024-03-01T00:00:00Z", true, PowerState::PoweredOff),
        ];
        let now = Generations::of(&line, &vms);
        let plan = plan(&Request::Promote, &now, &Actor("me".into()), jiff::Timestamp::UNIX_EPOCH).unwrap();
        let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
        let text = steps.join("\n");
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} in {text}"));
        assert!(at("old-u") < at("tpl-u-retired"), "{text}");
        assert!(text.contains("new-u") && !text.contains("-build") && !text.contains("-prev"), "{text}");
    }

    #[test]
    fn nothing_is_promoted_rolled_back_or_swept_where_packer_replaces_the_template() {
        let vms = [
            vm("vm-1", "UBNT", "2024-01-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-2", "UBNT-build", "2024-02-01T00:00:00Z", true, PowerState::PoweredOff),
            vm("vm-3", "UBNT-prev", "2023-02-01T00:00:00Z", true, PowerState::PoweredOff),
        ];
        let now = Generations::of(&line("UBNT"), &vms);
        for request in [Request::Promote, Request::Rollback { reason: "x".into() }, Request::Sweep] {
            let answer = plan(&request, &now, &Actor("me".into()), jiff::Timestamp::UNIX_EPOCH);
            assert!(matches!(answer, Err(Refusal::ReplacedInPlace { .. })), "{answer:?}");
        }
        let mut library = line("UBNT");
        library.names = Some(Names::Library { name: "UBNT".into(), library: "images".into() });
        let refused =
            plan(&Request::Promote, &Generations::of(&library, &vms), &Actor("me".into()), jiff::Timestamp::UNIX_EPOCH);
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("content library images") && said.contains("nothing to promote"), "{said}");
        let hold = |now: &Generations| {
            plan(&Request::Hold { reason: "x".into() }, now, &Actor("me".into()), jiff::Timestamp::UNIX_EPOCH)
        };
        assert_eq!(hold(&now).unwrap().steps.len(), 1);
        // Which of many names the gate may touch nobody has said.
        let open = Generations { base: "UBNT-*".into(), ..now };
        assert!(matches!(hold(&open), Err(Refusal::ReplacedInPlace { .. })));
    }
}
