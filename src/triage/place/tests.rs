use super::*;
use crate::packer_run::Process;
use crate::triage::verdict::Evidence;

/// A repository with one template, a run that built from it, and its log.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "packer/deb/source.pkr.hcl",
            "source \"vsphere-iso\" \"deb\" {\n  username = var.vsphere_username\n  network_adapters {\n    network = var.network\n  \
             }\n  datastore = var.vsphere_datastore\n  boot_command = [\"<esc>\"]\n  \
             cd_content = { ks = templatefile(\"${path.root}/data/ks.pkrtpl.hcl\", {}) }\n}\n",
        );
        write("packer/deb/variables.pkr.hcl", "variable \"vsphere_username\" {}\n\nvariable \"build_password\" {\n}\n");
        write("packer/deb/data/ks.pkrtpl.hcl", "reboot\n");
        write("ansible/roles/base/tasks/debian.yml", "---\n- name: Other\n\n- name: \"Install packages\"\n  apt: {}\n");
        write("ansible/roles/users/tasks/main.yml", "- name: Install packages\n");
        write("ci/common.pkrvars.hcl", "# where\nvsphere_datastore = \"vsan\"\nnetwork = \"build\"\n");
        let own = Process::current().unwrap();
        let record = serde_json::json!({
            "key": "deb", "base_name": "tpl-deb", "state": "failed", "exit": 1, "reason": null,
            "started": "2026-03-01T02:03:00Z", "ended": null, "supervisor": own, "packer": own,
            "argv": ["packer", "build", "-var-file=ci/common.pkrvars.hcl", "packer/deb"],
            "packer_version": "1.16.0", "on_error": "cleanup", "promote": false,
            "log": folder.path().join("log"), "temporary": folder.path(),
        });
        write("run.json", &record.to_string());
        Self(folder)
    }

    fn place(&self, rule: &str, (cause, remedy): (&str, &str), log: &str) -> Option<String> {
        let (rules, repo) = (Rules::shipped().unwrap(), self.0.path());
        std::fs::write(repo.join("log"), log).unwrap();
        let class = rules.rules.iter().find(|known| known.name == rule).unwrap().class.clone();
        let evidence = Evidence { source: EvidenceSource::Log, line: Some(2), frame: None, text: String::new() };
        let mut verdict = Verdict {
            rule: Some(rule.into()),
            class,
            cause: cause.into(),
            remedy: Some(remedy.into()),
            evidence: vec![evidence],
            ..Verdict::without_log()
        };
        verdict.locate(&rules, repo, &Run::read(repo).unwrap().unwrap());
        verdict.place.map(|place| place.to_string())
    }

    /// The place of a shipped rule by its own words.
    fn of(&self, rule: &str) -> Option<String> {
        let rules = Rules::shipped().unwrap();
        let known = rules.rules.iter().find(|known| known.name == rule).unwrap();
        self.place(rule, ("", &known.remedy), "")
    }
}

#[test]
fn what_a_remedy_speaks_of_is_found_where_it_is_set() {
    let world = World::new();
    let cases = [
        ("vcenter-login", "packer/deb/variables.pkr.hcl:1 vsphere_username"),
        ("screen-grub", "packer/deb/source.pkr.hcl:7 boot_command"),
        ("screen-di-preseed", "packer/deb/source.pkr.hcl:7 boot_command"),
        ("screen-installer-failed", "packer/deb/data/ks.pkrtpl.hcl"),
        ("ip-linklocal", "ci/common.pkrvars.hcl:3 network"),
        ("vm-storage", "ci/common.pkrvars.hcl:2 vsphere_datastore"),
        ("ssh-auth", "packer/deb/variables.pkr.hcl:3 build_password"),
    ];
    for (rule, place) in cases {
        assert_eq!(world.of(rule).as_deref(), Some(place), "{rule}");
    }
    assert_eq!(world.of("vcenter-unreachable"), None, "nothing here says where vCenter is");
    assert_eq!(world.of("plugin-killed"), None);
}

#[test]
fn what_packer_and_ansible_name_themselves_comes_first() {
    let world = World::new();
    let task = ("The task “base : Install packages” failed", "Correct the task.");
    assert_eq!(world.place("ansible-task", task, "").as_deref(), Some("ansible/roles/base/tasks/debian.yml:4"));
    let named = "x\nfatal\nOrigin: /builds/<sensitive>/ansible/roles/users/tasks/main.yml:1:3\n";
    assert_eq!(world.place("ansible-task", task, named).as_deref(), Some("ansible/roles/users/tasks/main.yml:1"));
    let hcl = "x\nError: Unset variable\n\n  on source.pkr.hcl line 6:\n";
    assert_eq!(world.place("template-syntax", ("", ""), hcl).as_deref(), Some("packer/deb/source.pkr.hcl:6"));
    let unset = ("", "Set PKR_VAR_build_password in the environment, or assign build_password in a var-file.");
    let declared = world.place("variable-unset", unset, "");
    assert_eq!(declared.as_deref(), Some("packer/deb/variables.pkr.hcl:3 build_password"));
    let outside = "x\nError\n  on ../../../etc/passwd line 1:\n";
    assert_eq!(world.place("template-syntax", ("", ""), outside), None);
}
