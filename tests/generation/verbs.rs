//! What each verb does, refuses and prints.

use jiff::Timestamp;
use serde_json::Value;
use tmpl::packer_run::Process;

use super::{BASE, KEY, Kind, World};

const NOTES: &str = "built by hand\r\n  <with> & \"marks\" – ü\n\nlast line\n";

async fn a_hold_is_honoured_until_released(kind: Kind) {
    let world = World::steady(kind).await;
    let before = world.names().await;
    world.govc(&["vm.change", "-vm", BASE, "-annotation", NOTES]).await;
    let notes = async || world.vms().await.into_iter().find(|vm| vm.name == BASE).unwrap().annotation;
    let original = notes().await;
    assert_eq!(original, NOTES, "as govc wrote them");

    // What a workflow that promotes by itself asks first: it changes nothing, and prints nothing that is in the way.
    let asked = async || world.run(&["promote", KEY, "--check-hold"]).await;
    world.door.reset();
    let free = asked().await;
    free.is(0, "");
    assert_eq!((free.out.as_str(), world.changes().len()), ("", 0));
    world.run(&["hold", KEY, "--reason", "clock drifts\non\u{7} clones "]).await.is(0, "write the hold");
    assert!(notes().await.starts_with(NOTES), "beside what stands there");
    world.run(&["hold", KEY, "--reason", "again"]).await.is(3, "held already");
    world.door.reset();
    asked().await.is(3, "is held since");
    let told = world.run(&["promote", KEY, "--check-hold", "--json"]).await;
    told.is(3, "is held since");
    assert_eq!(serde_json::from_str::<Value>(&told.out).unwrap()["reason"], "clock drifts on clones");
    world.run(&["promote", KEY]).await.is(3, "is held since");
    assert!(world.changes().is_empty());
    assert_eq!(world.names().await, before);
    let status = world.run(&["status", "--os", KEY, "--json"]).await;
    let rows: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(rows[0]["hold"]["reason"], "clock drifts on clones");
    assert_eq!(rows[0]["live"]["moid"], before[""]);

    world.run(&["release", KEY]).await.is(0, "remove the hold");
    assert_eq!(notes().await, NOTES, "byte for byte");
    world.run(&["release", KEY]).await.is(3, "is not held");
    asked().await.is(0, "");
    world.run(&["promote", KEY]).await.is(0, "5/5 destroy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_honoured_on_vcsim() {
    a_hold_is_honoured_until_released(Kind::Vcsim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_honoured_in_the_lab() {
    a_hold_is_honoured_until_released(Kind::Lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_into_the_notes_cannot_harm_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    let notes = r#"tmpl-tui hold: {"reason":"\u001b[31mred\nand more","by":"\u001b]0;x\u0007me","since":"2026-01-01T00:00:00Z"}"#;
    world.govc(&["vm.change", "-vm", BASE, "-annotation", notes]).await;
    let refused = world.run(&["promote", KEY]).await;
    refused.is(3, "red");
    let status = world.run(&["status"]).await;
    status.is(0, "");
    for text in [&refused.err, &status.out] {
        assert!(text.contains("held") && !text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }
    // A hold that cannot be read holds all the same.
    world.govc(&["vm.change", "-vm", BASE, "-annotation", "tmpl-tui hold: ask Jo first"]).await;
    world.run(&["promote", KEY]).await.is(3, "ask Jo first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_undoes_itself_and_its_hold_stays() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let rollback = async |reason: &str| world.run(&["rollback", KEY, "--reason", reason, "--yes"]).await;
    rollback("does not boot").await.is(0, "live becomes the image of ");
    assert_ne!(world.names().await, before);
    rollback("does not boot").await.is(3, "already");
    rollback("it was the network").await.is(0, "");
    assert_eq!(world.names().await, before);
    world.run(&["promote", KEY]).await.is(3, "it was the network");
    world.run(&["release", KEY]).await.is(0, "2/2");
    world.run(&["promote", KEY]).await.is(0, "");
    rollback(" ").await.is(3, "say why");
    world.run(&["rollback", KEY, "--reason", "x"]).await.is(2, "pass --yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_its_plan_goes_stale() {
    let world = World::steady(Kind::Vcsim).await;
    let before = world.names().await;
    let dry = world.run(&["promote", KEY, "--dry-run", "--json"]).await;
    let plan: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!((&plan["verb"], &plan["done"]), (&"promote".into(), &false.into()));
    let steps = plan["steps"].as_array().unwrap();
    let ids: Vec<&str> = steps.iter().map(|step| step["vm"]["moid"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        ["-prev", "-prev", "", "-build", "-prev"].map(|suffix| before[suffix].as_str()),
        "exact objects in order"
    );
    assert!(world.changes().is_empty());
    assert!(plan["outcome"].as_str().unwrap().starts_with("live becomes the image of "), "{plan}");
    assert!(dry.err.contains(plan["outcome"].as_str().unwrap()), "{}", dry.err);
    let text = world.run(&["promote", KEY, "--dry-run"]).await.out;
    let first: Vec<&str> = text.lines().take(2).collect();
    let prev = &before["-prev"];
    let expected =
        [format!("mark {BASE}-prev ({prev}) as retired"), format!("rename {BASE}-prev → {BASE}-retired ({prev})")];
    assert_eq!(first, expected);

    // Somebody else tidies up.
    world.govc(&["object.rename", &format!("vm/Templates/{BASE}-prev"), "kept-by-hand"]).await;
    world.door.reset();
    world.run(&["promote", KEY, "--plan", plan["plan"].as_str().unwrap()]).await.is(3, "has changed since");
    assert!(world.changes().is_empty());
    world.govc(&["object.rename", "vm/Templates/kept-by-hand", &format!("{BASE}-prev")]).await;
    world.run(&["promote", KEY, "--plan", plan["plan"].as_str().unwrap()]).await.is(0, "5/5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leftover_is_swept_and_nothing_else() {
    let world = World::new(Kind::Lab, &["", "-build="]).await;
    let id = world.names().await["-build"].clone();
    world.lab().power(&id, true).unwrap();
    world.run(&["sweep", KEY]).await.is(2, "pass --yes");
    world.run(&["promote", KEY]).await.is(3, "no template yet");
    assert!(world.run(&["sweep", KEY, "--dry-run"]).await.out.starts_with("power off and destroy"));
    world.run(&["sweep", KEY, "--yes"]).await.is(0, "power off and destroy");
    assert_eq!(world.listed().await, [""]);
    world.run(&["sweep", KEY, "--yes"]).await.is(0, "nothing to sweep");
    let report: serde_json::Value = serde_json::from_str(&world.run(&["sweep", KEY, "--json"]).await.out).unwrap();
    assert_eq!((&report["steps"], &report["plan"]), (&serde_json::json!([]), &serde_json::Value::Null));

    let only = World::new(Kind::Lab, &["-build"]).await;
    only.run(&["sweep", KEY, "--yes"]).await.is(3, "only template");
    only.run(&["promote", KEY]).await.is(0, "1/1");
    assert_eq!(only.listed().await, [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guard_forbids_is_refused_before_the_first_step() {
    let refused = async |world: &World, part: &str| {
        world.door.reset();
        let ended = world.run(&["promote", KEY]).await;
        ended.is(3, part);
        assert!(world.changes().is_empty(), "{part}: {:?}", world.changes());
    };
    refused(&World::new(Kind::Lab, &["-prev", ""]).await, "nothing to promote").await;
    refused(&World::new(Kind::Lab, &["-build", ""]).await, "before the live template").await;
    refused(&World::new(Kind::Lab, &["-prev", "=", "-build"]).await, "is a VM, not a template").await;
    let world = World::steady(Kind::Vcsim).await;
    world.govc(&["folder.create", &format!("vm/Templates/{BASE}-Retired")]).await;
    refused(&world, "has the name that is needed").await;
    let world = World::steady(Kind::Lab).await;
    world.door.reset();
    world.run(&["--read-only", "promote", KEY]).await.is(3, "read-only");
    assert!(world.door.calls().is_empty());
    world.run(&["promote", "debian-99"]).await.is(2, "debian-99");
}

/// A run of the line that is at work: this process is its supervisor.
pub fn being_built(world: &World, ended: Option<Timestamp>) {
    let dir = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).join("20260301T020304.000Z");
    std::fs::create_dir_all(&dir).unwrap();
    let supervisor = serde_json::to_value(Process::current().unwrap()).unwrap();
    let record = serde_json::json!({
        "key": KEY, "base_name": BASE, "state": if ended.is_some() { "failed" } else { "running" }, "exit": null,
        "reason": null, "started": "2026-03-01T02:03:04Z", "ended": ended, "supervisor": supervisor, "packer": null,
        "argv": ["packer", "build"], "packer_version": "1.11.2", "on_error": "cleanup", "promote": false,
        "log": dir.join("packer-build.log"), "temporary": dir.join("tmp"),
    });
    std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
}

/// What a run that ended well says of the build that is there: on record, or in its log alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_forgave_a_failure_is_promoted_only_with_consent() {
    const WHY: &str = "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]";
    const GOOD: &str = "2026/03/01 02:03:04 ui: ==> v.deb: Provisioning with shell script: a.sh\n";
    const END: &str = "2026/03/01 02:09:04 ui: Build 'v.deb' finished after 6 minutes.\n";
    let forgave = format!(
        "2026/03/01 02:08:04 ui error: ==> v.deb: Warning: Provisioner failed with \"{WHY}\", but continue_on_error is \
         set; continuing the build.\n"
    );
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let record = |log: Option<&str>, moid: &str, forgave: Option<&[&str]>| {
        being_built(&world, Some("2026-03-01T02:09:05Z".parse().unwrap()));
        let dir = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).join("20260301T020304.000Z");
        let mut record: Value = serde_json::from_str(&std::fs::read_to_string(dir.join("run.json")).unwrap()).unwrap();
        record["state"] = "succeeded".into();
        record["built"] = serde_json::json!({"moid": moid, "name": format!("{BASE}-build"), "instance_uuid": ""});
        forgave.into_iter().for_each(|forgave| record["forgave"] = forgave.into());
        std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
        let _ = std::fs::remove_file(dir.join("packer-build.log"));
        log.into_iter().for_each(|log| std::fs::write(dir.join("packer-build.log"), log).unwrap());
    };
    let build = before["-build"].as_str();
    let warned = format!("{GOOD}{forgave}{END}");
    for (log, on_record, said) in
        [(None, Some(&[WHY][..]), WHY), (Some(warned.as_str()), None, WHY), (None, None, "is not known")]
    {
        record(log, build, on_record);
        let refused = world.run(&["promote", KEY]).await;
        refused.is(3, said);
        refused.is(3, "--allow-warnings");
        world.run(&["promote", KEY, "--dry-run"]).await.is(3, said);
        world.run(&["promote", KEY, "--dry-run", "--allow-warnings"]).await.is(0, "");
    }
    assert_eq!((world.names().await, world.changes().len()), (before.clone(), 0));
    // A run that built another object, and one that forgave nothing, are in nobody's way.
    record(None, "vm-4711", Some(&[WHY]));
    world.run(&["promote", KEY, "--dry-run"]).await.is(0, "");
    record(Some(&format!("{GOOD}{END}")), build, None);
    world.run(&["promote", KEY, "--dry-run"]).await.is(0, "");
    // Nor does a newer run of another name say anything of it.
    record(None, build, Some(&[WHY]));
    let runs = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY);
    let (ours, newer) = (runs.join("20260301T020304.000Z/run.json"), runs.join("20260302T020304.000Z"));
    let mut other: Value = serde_json::from_str(&std::fs::read_to_string(&ours).unwrap()).unwrap();
    other["started"] = "2026-03-02T02:03:04Z".into();
    other["built"] = serde_json::json!({"moid": "vm-4711", "name": "linux-debian-12-fix2-build", "instance_uuid": ""});
    other["builds"] = "linux-debian-12-fix2-build".into();
    other["forgave"] = serde_json::json!([]);
    std::fs::create_dir_all(&newer).unwrap();
    std::fs::write(newer.join("run.json"), other.to_string()).unwrap();
    world.run(&["promote", KEY, "--dry-run"]).await.is(3, WHY);
    // A record that cannot be read may be that of the run that made it, if packer was at work there.
    std::fs::write(&ours, "").unwrap();
    world.run(&["promote", KEY, "--dry-run"]).await.is(0, "");
    std::fs::write(ours.with_file_name("packer-build.log"), GOOD).unwrap();
    world.run(&["promote", KEY, "--dry-run"]).await.is(3, "is not known");
    world.run(&["promote", KEY, "--dry-run", "--allow-warnings"]).await.is(0, "");
    std::fs::remove_dir_all(newer).unwrap();
    record(None, build, Some(&[WHY]));
    world.run(&["promote", KEY, "--allow-warnings"]).await.is(0, "5/5");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_packer_may_be_about_to_destroy_is_neither_promoted_nor_swept() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    being_built(&world, None);
    let said = format!("is being built since 2026-03-01 02:03 UTC (process {})", std::process::id());
    for verb in [&["promote", KEY][..], &["sweep", KEY, "--yes"]] {
        world.run(verb).await.is(3, &said);
    }
    assert!(world.door.calls().is_empty(), "vCenter was not even asked");
    // Holds and rollbacks do not touch the build.
    world.run(&["hold", KEY, "--reason", "wait"]).await.is(0, "");
    world.run(&["release", KEY]).await.is(0, "");
    assert_eq!(world.names().await, before);
    being_built(&world, Some(Timestamp::now()));
    world.run(&["promote", KEY]).await.is(0, "5/5");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_is_not_swapped_under_a_running_clone() {
    let world = World::with_tasks(Kind::Lab, &["-prev", "", "-build"], 5.0).await;
    let live = tmpl::vcenter::Moid(world.names().await[""].clone());
    let clone = async {
        world.govc(&["vm.clone", "-vm", BASE, "-ds", "vsanDatastore", "-folder", "vm", "-on=false", "web-01"]).await
    };
    let refused = async {
        while world.client.being_cloned(std::slice::from_ref(&live)).await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.run(&["promote", KEY]).await.is(3, "is being cloned right now");
    };
    // A clone takes minutes; this one goes with the lab.
    tokio::select! {
        text = clone => panic!("the clone ended: {text}"),
        () = refused => {}
    }
    assert!(world.changes().is_empty());
}

#[rstest::rstest]
#[tokio::test(flavor = "multi_thread")]
async fn status_is_five_questions(#[values(Kind::Vcsim, Kind::Lab)] kind: Kind) {
    let world = World::steady(kind).await;
    world.door.reset();
    world.run(&["status", "--json"]).await.is(0, "");
    let calls = world.door.calls();
    assert!(calls.len() <= 5 && calls.last().is_some_and(|call| call == "Logout"), "{calls:?}");
}

#[rstest::rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_live_template_nothing_but_the_next_name_is_waited_for(
    #[values(&["promote", KEY], &["rollback", KEY, "--reason", "x", "--yes"])] verb: &[&str],
) {
    let mut best = usize::MAX;
    // One look at the task that took the live name away; more where vcsim was still at it.
    for _ in 0..5 {
        let world = World::steady(Kind::Vcsim).await;
        world.door.reset();
        world.run(verb).await.is(0, "");
        let calls = world.door.calls();
        let renames: Vec<usize> = (0..calls.len()).filter(|index| calls[*index] == "Rename_Task").collect();
        best = renames.windows(2).map(|pair| pair[1] - pair[0] - 1).min().unwrap().min(best);
        if best == 1 {
            return;
        }
    }
    panic!("{best} calls between the renames");
}
