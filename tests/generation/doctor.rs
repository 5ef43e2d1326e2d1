//! `doctor` says what is missing, by its name and without its value.

use serde_json::Value;
use tmpl::lab::{Account, Options};

use super::{KEY, Kind, World};

async fn findings(world: &World, more: &[(&str, &str)]) -> (i32, Vec<Value>, String) {
    let output = world.program(&["doctor", "--json"]).envs(more.iter().copied()).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), serde_json::from_str(&text).unwrap(), text)
}

fn state<'a>(findings: &'a [Value], area: &str, name: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding["area"] == area && finding["name"] == name);
    found.unwrap()["state"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_looks_at_everything_and_shows_no_value() {
    for kind in [Kind::Vcsim, Kind::Lab] {
        let world = World::steady(kind).await;
        // No tools: 1. vCenter is fine all the same.
        let (exit, findings, text) = findings(&world, &[("PATH", "/nonexistent")]).await;
        assert_eq!(exit, 1, "{text}");
        assert_eq!(state(&findings, "tools", "packer"), "failed");
        assert_eq!(state(&findings, "tools", "tesseract"), "absent");
        assert_eq!(state(&findings, "environment", "PKR_VAR_vsphere_password"), "ok");
        assert_eq!(state(&findings, "vcenter", "folder"), "ok");
        assert_eq!(state(&findings, "privileges", "promote, rollback"), "ok");
        assert_eq!(state(&findings, "paths", "program log"), "ok");
        assert!(!text.contains(&world.account.1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_no_good_are_exit_2() {
    let world = World::steady(Kind::Lab).await;
    let (exit, found, text) = findings(&world, &[("PKR_VAR_vsphere_password", "hunter2")]).await;
    assert!(exit == 2 && text.contains("refused the password") && !text.contains("hunter2"), "{text}");
    assert!(found.iter().all(|finding| finding["area"] != "privileges"));
    let (exit, _, text) = findings(&world, &[("PKR_VAR_vsphere_username", "")]).await;
    assert!(exit == 2 && text.contains("PKR_VAR_vsphere_username (or GOVC_USERNAME)"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_is_named_and_refused_before_the_first_step() {
    let account = Account::new("svc-packer@lab.internal", "lab-password").without(&["VirtualMachine.Config.Rename"]);
    let options = Options { accounts: vec![account], task_scale: 0.0, ..Options::default() };
    let world = World::with(Kind::Lab, &["-prev", "", "-build"], options).await;
    let (exit, findings, text) = findings(&world, &[]).await;
    assert!(exit == 1 && text.contains("VirtualMachine.Config.Rename"), "{text}");
    assert_eq!(state(&findings, "privileges", "promote, rollback"), "failed");
    assert_eq!(state(&findings, "privileges", "sweep"), "ok");
    world.door.reset();
    world.run(&["promote", KEY]).await.is(3, "svc-packer@lab.internal lacks VirtualMachine.Config.Rename");
    assert!(world.changes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_build_needs_of_network_and_cluster_is_asked_there() {
    let lacks = ["Network.Assign", "Resource.AssignVMToPool"];
    let account = Account::new("svc-packer@lab.internal", "lab-password").without(&lacks);
    let world = World::with(Kind::Lab, &[""], Options { accounts: vec![account], ..Options::default() }).await;
    let named = [("PKR_VAR_vsphere_network", tmpl::lab::NETWORK), ("PKR_VAR_vsphere_cluster", tmpl::lab::CLUSTER)];
    let (exit, found, text) = findings(&world, &named).await;
    assert_eq!((exit, state(&found, "vcenter", "network"), state(&found, "vcenter", "cluster")), (1, "ok", "ok"));
    for id in lacks {
        assert!(text.contains(&format!("{id}; grant")), "{id}: {text}");
    }
    let (exit, _, text) = findings(&world, &[("PKR_VAR_vsphere_network", "elsewhere")]).await;
    assert!(exit == 1 && text.contains("network/elsewhere not found"), "{text}");
}

/// The privileges that README tells a team to grant: `Group.Sub One, Two; …`.
fn of_readme() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("**Privileges of that account**").unwrap();
    let (list, _) = rest.split_once("**Pictures**").unwrap();
    let (_, list) = list.split_once(':').unwrap();
    let groups = list.trim().trim_end_matches('.').split(';').map(|group| {
        let words: Vec<&str> = group.split([' ', ',', '\n']).map(|word| word.trim_matches('*')).collect();
        words.into_iter().filter(|word| word.starts_with(char::is_uppercase) && *word != "Windows" && *word != "TPM")
    });
    groups
        .flat_map(|mut words| {
            let group = words.next().unwrap();
            words.map(move |word| format!("{group}.{word}"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_for_every_privilege_that_readme_lists() {
    let listed = of_readme();
    assert!(listed.len() > 25 && listed.contains(&"Cryptographer.Encrypt".to_owned()), "{listed:?}");
    let lacks: Vec<&str> = listed.iter().map(String::as_str).collect();
    let account = Account::new("svc-packer@lab.internal", "lab-password").without(&lacks);
    let world = World::with(Kind::Lab, &[""], Options { accounts: vec![account], ..Options::default() }).await;
    let named = [
        ("PKR_VAR_vsphere_network", tmpl::lab::NETWORK),
        ("PKR_VAR_vsphere_cluster", tmpl::lab::CLUSTER),
        ("PKR_VAR_vsphere_datastore", tmpl::lab::DATASTORE),
    ];
    let (exit, _, text) = findings(&world, &named).await;
    assert_eq!(exit, 1);
    for id in listed {
        assert!(text.contains(&id), "{id}: {text}");
    }
}
