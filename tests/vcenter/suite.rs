//! What the client must do, whoever the server is.

use std::time::Duration;

use futures_util::StreamExt;
use tmpl::vcenter::audit::AuditLog;
use tmpl::vcenter::datastore::DatastorePath;
use tmpl::vcenter::gate::{Gate, GateError, Mode};
use tmpl::vcenter::{Account, Client, Error, FolderEvent, LinkState, Moid, PowerState, ToolsStatus, Vm, Watch};

use crate::proxy::Trouble;
use crate::{BUILD, LIVE, PREV, Server};

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_vcsim {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(crate::vcsim().await).await; })*
        }
        mod on_the_lab {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(crate::lab().await).await; })*
        }
    };
}

on_both!(
    about_and_the_folder,
    a_wrong_password_is_tried_once,
    an_expired_session_is_renewed_once,
    broken_answers_are_errors_and_the_next_call_works,
    few_round_trips,
    a_slow_answer_holds_up_nobody_else,
    names_power_notes_and_templates_change_through_the_gate,
    a_taken_name_is_refused,
    a_cut_during_a_task_does_not_start_it_again,
    the_gate_refuses_what_is_not_ours,
    the_watch_tells_what_changes,
    the_watch_survives_a_server_that_goes_away,
    the_watch_tells_that_an_answer_is_overdue,
    pictures,
    privileges,
    files_on_a_datastore,
    nobody_is_cloning,
    a_question_is_shown_answered_and_gone,
    clones_are_counted_by_the_object,
    datastores_and_hosts,
    a_host_in_maintenance_is_told,
);

fn named<'a>(vms: &'a [Vm], name: &str) -> &'a Vm {
    vms.iter().find(|vm| vm.name == name).unwrap_or_else(|| panic!("no {name} in {vms:#?}"))
}

async fn find(client: &Client, name: &str) -> Vm {
    named(&client.vms().await.unwrap(), name).clone()
}

/// A gate, and the folder that holds its audit log.
fn gate(client: &Client, mode: Mode) -> (Gate, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let audit = AuditLog::new(state.path().join("audit.jsonl"), "svc", "vc");
    (Gate::new(client.clone(), mode, [LIVE.to_owned()], audit), state)
}

fn audited(state: &tempfile::TempDir) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(state.path().join("audit.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The build VM, powered on and up.
async fn running(client: &Client) -> Vm {
    let vm = find(client, BUILD).await;
    if vm.power_state != PowerState::PoweredOn {
        gate(client, Mode::ReadWrite).0.power("test", &vm, true, &|_| {}).await.unwrap();
    }
    find(client, BUILD).await
}

async fn about_and_the_folder(server: Server) {
    let client = server.client();
    let about = client.about().await.unwrap();
    assert_eq!(about.api_type, "VirtualCenter");
    assert!(!about.full_name.is_empty() && !about.version.is_empty());
    let vms = client.vms().await.unwrap();
    let mut names: Vec<_> = vms.iter().map(|vm| vm.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, [LIVE, BUILD, PREV]);
    assert!(named(&vms, LIVE).template && !named(&vms, BUILD).template);
    assert_eq!(client.vm(&named(&vms, LIVE).moid).await.unwrap().as_ref(), Some(named(&vms, LIVE)));
    assert_eq!(client.vm(&Moid("vm-does-not-exist".into())).await.unwrap(), None);
    assert!(client.user(Account::Builder).await.unwrap().contains("svc-packer"));

    let elsewhere = |name, value| Client::new(server.settings_with(&[(name, value)])).unwrap();
    let error = elsewhere("PKR_VAR_vsphere_folder", "Nowhere").vms().await.unwrap_err();
    assert!(matches!(&error, Error::Settings(what) if what.contains("/vm/Nowhere")), "{error}");
    let error = elsewhere("PKR_VAR_vsphere_datacenter", "DC9").vms().await.unwrap_err();
    assert!(matches!(&error, Error::Settings(what) if what.contains("DC9")), "{error}");
    client.logout().await;
}

async fn a_wrong_password_is_tried_once(server: Server) {
    let client = Client::new(server.settings_with(&[("PKR_VAR_vsphere_password", "hunter2")])).unwrap();
    for _ in 0..3 {
        let error = client.vms().await.unwrap_err();
        assert!(matches!(error, Error::Login { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let logins = || server.door.calls().iter().filter(|call| *call == "Login").count();
    assert_eq!(logins(), 1, "accounts lock out");
    client.settings().retry_login();
    client.vms().await.unwrap_err();
    assert_eq!(logins(), 2, "a person asked for it");
    // The watch has a session of its own, and what was refused once is not tried by that either.
    let mut watch = client.watch();
    let stopped = wait(&mut watch, |event| matches!(event, FolderEvent::Link(LinkState::Stopped { .. }))).await;
    assert!(format!("{stopped:?}").contains("password"), "{stopped:?}");
    assert_eq!(logins(), 2);
}

async fn an_expired_session_is_renewed_once(server: Server) {
    let client = server.client();
    client.vms().await.unwrap();
    server.door.reset();
    server.door.at_method("RetrievePropertiesEx", 1, Trouble::Expire);
    assert_eq!(client.vms().await.unwrap().len(), 3);
    assert_eq!(server.door.calls(), ["RetrievePropertiesEx", "Login", "RetrievePropertiesEx"]);
    // Eight callers meet one expiry: one login.
    server.door.reset();
    server.door.expire();
    let calls = (0..8).map(|_| client.vms());
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(server.door.calls().iter().filter(|call| *call == "Login").count(), 1);
}

async fn broken_answers_are_errors_and_the_next_call_works(server: Server) {
    let client = server.client();
    client.vms().await.unwrap();
    for trouble in [Trouble::CutBefore, Trouble::CutAfter, Trouble::Half, Trouble::Garble] {
        server.door.at(1, trouble);
        // A kept-alive connection that broke may be retried by the HTTP library; either way no panic and no lie.
        match client.vms().await {
            Ok(vms) => assert_eq!(vms.len(), 3, "{trouble:?}"),
            Err(Error::Unreachable { .. } | Error::Protocol { .. } | Error::Timeout { .. }) => {}
            Err(other) => panic!("{trouble:?}: {other}"),
        }
        assert_eq!(client.vms().await.unwrap().len(), 3, "after {trouble:?}");
    }
}

async fn few_round_trips(server: Server) {
    let client = server.client();
    client.vms().await.unwrap();
    let calls = server.door.calls();
    assert!(calls.len() <= 5, "{calls:?}");
    client.vms().await.unwrap();
    assert_eq!(server.door.calls().len(), calls.len() + 1, "the folder is found once");
}

async fn a_slow_answer_holds_up_nobody_else(server: Server) {
    let client = server.client();
    client.vms().await.unwrap();
    server.door.at(1, Trouble::HoldAfter);
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.vms().await }
    });
    assert!(tokio::task::block_in_place(|| server.door.wait_held()));
    assert_eq!(client.vms().await.unwrap().len(), 3);
    assert!(server.door.held() && !slow.is_finished());
    server.door.let_go();
    assert_eq!(slow.await.unwrap().unwrap().len(), 3);
}

async fn names_power_notes_and_templates_change_through_the_gate(server: Server) {
    let client = server.client();
    let (gate, state) = gate(&client, Mode::ReadWrite);
    let live = find(&client, LIVE).await;
    let notes = "first line\nwith <markup> & \"quotes\"\n";
    gate.annotate("test", &live, notes, &|_| {}).await.unwrap();
    assert_eq!(find(&client, LIVE).await.annotation, notes);
    gate.rename("test", &live, &format!("{LIVE}-retired"), &|_| {}).await.unwrap();
    let retired = find(&client, &format!("{LIVE}-retired")).await;
    assert_eq!((&retired.moid, retired.template), (&live.moid, true));
    let build = running(&client).await;
    assert_eq!(build.power_state, PowerState::PoweredOn);
    gate.power("test", &build, false, &|_| {}).await.unwrap();
    gate.mark_as_template("test", &build).await.unwrap();
    assert!(find(&client, BUILD).await.template);
    gate.destroy("test", &retired, &|_| {}).await.unwrap();
    assert_eq!(client.vm(&retired.moid).await.unwrap(), None);
    assert_eq!(client.vms().await.unwrap().len(), 2);
    let log = audited(&state);
    let calls: Vec<_> =
        log.iter().map(|line| (line["call"].as_str().unwrap(), line["outcome"].as_str().unwrap())).collect();
    assert_eq!(
        calls,
        [
            ("ReconfigVM_Task", "started"),
            ("ReconfigVM_Task", "done"),
            ("Rename_Task", "started"),
            ("Rename_Task", "done"),
            ("PowerOffVM_Task", "started"),
            ("PowerOffVM_Task", "done"),
            ("MarkAsTemplate", "started"),
            ("MarkAsTemplate", "done"),
            ("Destroy_Task", "started"),
            ("Destroy_Task", "done"),
        ]
    );
    assert_eq!((&log[2]["name"], &log[2]["detail"]), (&LIVE.into(), &format!("{LIVE}-retired").into()));
}

async fn a_taken_name_is_refused(server: Server) {
    let client = server.client();
    let (gate, state) = gate(&client, Mode::ReadWrite);
    let prev = find(&client, PREV).await;
    let error = gate.rename("test", &prev, LIVE, &|_| {}).await.unwrap_err();
    assert!(matches!(&error, GateError::VCenter(Error::Fault { call: "Rename_Task", .. })), "{error}");
    assert_eq!(client.vms().await.unwrap().len(), 3);
    assert!(audited(&state)[1]["outcome"].as_str().unwrap().starts_with("failed: "));
}

async fn a_cut_during_a_task_does_not_start_it_again(server: Server) {
    let client = server.client();
    let (gate, _state) = gate(&client, Mode::ReadWrite);
    let prev = find(&client, PREV).await;
    let to = format!("{LIVE}-retired");
    server.door.reset();
    // Looking at the object, starting, asking how it goes: the question is cut.
    server.door.at_method("RetrievePropertiesEx", 2, Trouble::CutAfter);
    gate.rename("test", &prev, &to, &|_| {}).await.unwrap();
    assert_eq!(server.door.calls().iter().filter(|call| *call == "Rename_Task").count(), 1);
    assert_eq!(find(&client, &to).await.moid, prev.moid);
}

async fn the_gate_refuses_what_is_not_ours(server: Server) {
    let client = server.client();
    let (gate_ro, state) = gate(&client, Mode::asked(true));
    let live = find(&client, LIVE).await;
    let error = gate_ro.destroy("test", &live, &|_| {}).await.unwrap_err();
    assert!(matches!(error, GateError::ReadOnly(_)), "{error}");
    let (gate, _kept) = gate(&client, Mode::ReadWrite);
    let error = gate.rename("test", &live, "production-database", &|_| {}).await.unwrap_err();
    assert!(matches!(error, GateError::ForeignName(_)), "{error}");
    // Somebody renamed it since it was read.
    let renamed = Vm { name: PREV.into(), ..live.clone() };
    let error = gate.rename("test", &renamed, &format!("{LIVE}-retired"), &|_| {}).await.unwrap_err();
    assert!(matches!(&error, GateError::Stale { found, .. } if found.contains(LIVE)), "{error}");
    let gone = Vm { moid: Moid("vm-999999".into()), ..live };
    let error = gate.destroy("test", &gone, &|_| {}).await.unwrap_err();
    assert!(matches!(&error, GateError::Stale { found, .. } if found.contains("gone")), "{error}");
    let elsewhere = DatastorePath { datastore: server.datastore.into(), path: "iso/other.iso".into() };
    let error = gate.delete_file("test", &elsewhere).await.unwrap_err();
    assert!(matches!(error, GateError::ForeignName(_)), "{error}");
    assert_eq!(client.vms().await.unwrap().len(), 3);
    assert!(audited(&state).is_empty(), "nothing was begun");
}

async fn wait(watch: &mut Watch, wanted: impl Fn(&FolderEvent) -> bool) -> FolderEvent {
    let found = async {
        while let Some(event) = watch.next().await {
            if wanted(&event) {
                return event;
            }
        }
        panic!("the watch ended");
    };
    tokio::time::timeout(Duration::from_secs(180), found).await.expect("it is found")
}

async fn the_watch_tells_what_changes(server: Server) {
    let client = server.client();
    let (gate, _state) = gate(&client, Mode::ReadWrite);
    let mut watch = client.watch();
    let FolderEvent::Reset(vms) = wait(&mut watch, |event| matches!(event, FolderEvent::Reset(_))).await else {
        panic!()
    };
    assert_eq!(vms.len(), 3);
    let prev = named(&vms, PREV).clone();
    let to = format!("{LIVE}-retired");
    gate.rename("test", &prev, &to, &|_| {}).await.unwrap();
    wait(&mut watch, |event| matches!(event, FolderEvent::Changed(vm) if vm.moid == prev.moid && vm.name == to)).await;
    // Not every server pushes what stands in notes.
    let live = find(&client, LIVE).await;
    gate.annotate("test", &live, "held by somebody else", &|_| {}).await.unwrap();
    let held =
        |event: &FolderEvent| matches!(event, FolderEvent::Changed(vm) if vm.annotation == "held by somebody else");
    wait(&mut watch, held).await;
    running(&client).await;
    // The guest comes up by itself.
    let up = |event: &FolderEvent| {
        matches!(event, FolderEvent::Changed(vm) if vm.name == BUILD && vm.ip_address.is_some()
            && vm.tools_running_status == Some(ToolsStatus::GuestToolsRunning))
    };
    if find(&client, BUILD).await.ip_address.is_none() {
        wait(&mut watch, up).await;
    }
    let retired = find(&client, &to).await;
    gate.destroy("test", &retired, &|_| {}).await.unwrap();
    wait(&mut watch, |event| *event == FolderEvent::Gone(prev.moid.clone())).await;
}

async fn the_watch_survives_a_server_that_goes_away(server: Server) {
    let client = server.client();
    let mut watch = client.watch();
    wait(&mut watch, |event| matches!(event, FolderEvent::Reset(_))).await;
    server.door.shut();
    wait(&mut watch, |event| matches!(event, FolderEvent::Link(LinkState::Lost { .. }))).await;
    server.door.open();
    wait(&mut watch, |event| *event == FolderEvent::Link(LinkState::Live)).await;
    let FolderEvent::Reset(vms) = wait(&mut watch, |event| matches!(event, FolderEvent::Reset(_))).await else {
        panic!()
    };
    assert_eq!(vms.len(), 3);
}

async fn the_watch_tells_that_an_answer_is_overdue(server: Server) {
    let client = server.client();
    let mut watch = client.watch();
    wait(&mut watch, |event| matches!(event, FolderEvent::Reset(_))).await;
    server.door.at_method("WaitForUpdatesEx", 2, Trouble::HoldAfter);
    assert!(server.door.wait_held());
    wait(&mut watch, |event| *event == FolderEvent::Silent).await;
    server.door.let_go();
    // It is the same connection: nothing has to be read anew.
    let next = wait(&mut watch, |event| *event != FolderEvent::Silent).await;
    assert!(!matches!(next, FolderEvent::Link(_)), "{next:?}");
}

async fn pictures(server: Server) {
    let client = server.client();
    let off = find(&client, LIVE).await;
    let error = client.screenshot(&off, None).await.unwrap_err();
    assert!(matches!(&error, Error::Picture { reason, .. } if reason.contains("powered off")), "{error}");
    let build = running(&client).await;
    let bytes = client.screenshot(&build, None).await.unwrap();
    tmpl::guest::picture::Picture::decode(bytes).unwrap();
    client.screenshot(&build, Some(320)).await.unwrap();
    // Its session ends between two pictures.
    server.door.at_method("/screen", 1, Trouble::Expire);
    client.screenshot(&build, None).await.unwrap();
    server.door.at_method("/screen", 1, Trouble::Garble);
    let error = client.screenshot(&build, None).await;
    assert!(error.is_ok() || matches!(error, Err(Error::Picture { .. })), "{error:?}");
}

async fn privileges(server: Server) {
    let client = server.client();
    let live = find(&client, LIVE).await.moid;
    let ids = ["VirtualMachine.Config.Rename", "VirtualMachine.Inventory.Delete"];
    let held = client.privileges(Account::Builder, std::slice::from_ref(&live), &ids).await.unwrap();
    assert_eq!(held.len(), 2, "{held:?}");
    assert!(held.iter().all(|privilege| privilege.granted && privilege.entity == live), "{held:?}");
}

async fn files_on_a_datastore(server: Server) {
    let client = server.client();
    let file =
        |name: &str| DatastorePath { datastore: server.datastore.into(), path: format!("iso/tests/amd64/{name}") };
    let folder = DatastorePath { datastore: server.datastore.into(), path: "iso/tests/amd64".into() };
    let state = tempfile::tempdir().unwrap();
    let audit = AuditLog::new(state.path().join("audit.jsonl"), "svc", "vc");
    let gate = Gate::new(client.clone(), Mode::ReadWrite, [], audit).with_media([folder.clone()]);
    assert_eq!(client.files(&folder.datastore, &folder.path).await.unwrap(), []);
    gate.make_folder("test", &folder).await.unwrap();
    gate.make_folder("test", &folder).await.unwrap();
    let body = vec![7_u8; 100_000];
    gate.upload("test", &file(".a.iso.partial"), 100_000, body.clone().into()).await.unwrap();
    gate.move_file("test", &file(".a.iso.partial"), &file("a.iso")).await.unwrap();
    let files = client.files(&folder.datastore, &folder.path).await.unwrap();
    assert_eq!(files.iter().map(|f| (f.name.as_str(), f.size)).collect::<Vec<_>>(), [("a.iso", 100_000)]);
    assert_eq!(client.download(&file("a.iso")).await.unwrap().bytes().await.unwrap(), body);
    gate.delete_file("test", &file("a.iso")).await.unwrap();
    gate.delete_file("test", &file("a.iso")).await.unwrap();
    assert_eq!(client.files(&folder.datastore, &folder.path).await.unwrap(), []);
    let error = client.files("no-such-store", "iso").await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

async fn nobody_is_cloning(server: Server) {
    let client = server.client();
    let vms: Vec<Moid> = client.vms().await.unwrap().into_iter().map(|vm| vm.moid).collect();
    assert_eq!(client.being_cloned(&vms).await.unwrap(), []);
    assert_eq!(client.being_cloned(&[]).await.unwrap(), []);
}

async fn a_question_is_shown_answered_and_gone(server: Server) {
    let client = server.client();
    let mut watch = client.watch();
    let asked = |event: &FolderEvent| match event {
        FolderEvent::Reset(vms) => vms.iter().any(|vm| vm.question.is_some()),
        FolderEvent::Changed(vm) => vm.question.is_some(),
        _ => false,
    };
    running(&client).await;
    server.ask();
    wait(&mut watch, asked).await;
    let vm = find(&client, BUILD).await;
    let question = vm.question.clone().unwrap();
    assert!(!question.text.is_empty() && !question.text.starts_with("msg."), "{question:?}");
    assert_eq!((question.choices.len(), question.default.is_some()), (2, true), "{question:?}");
    // What is answered is what was read, and nothing else.
    let (gate, state) = gate(&client, Mode::ReadWrite);
    let other = tmpl::vcenter::Question { id: "other".into(), ..question.clone() };
    let stale = gate.answer("answer", &vm, &other, &question.choices[0]).await;
    assert!(matches!(stale, Err(GateError::Stale { .. })), "{stale:?}");
    let read_only = self::gate(&client, Mode::asked(true)).0;
    let refused = read_only.answer("answer", &vm, &question, &question.choices[0]).await;
    assert!(matches!(refused, Err(GateError::ReadOnly(_))), "{refused:?}");
    gate.answer("answer", &vm, &question, &question.choices[0]).await.unwrap();
    let gone =
        |event: &FolderEvent| matches!(event, FolderEvent::Changed(vm) if vm.question.is_none() && vm.name == BUILD);
    wait(&mut watch, gone).await;
    assert_eq!(find(&client, BUILD).await.question, None);
    let records = audited(&state);
    assert_eq!(records.iter().map(|record| &record["call"]).collect::<Vec<_>>(), ["AnswerVM", "AnswerVM"]);
    assert!(records[0]["detail"].as_str().unwrap().contains(&question.choices[0].label), "{records:?}");
}

async fn clones_are_counted_by_the_object(server: Server) {
    let client = server.client();
    let live = find(&client, LIVE).await;
    let before = client.current_time().await.unwrap() - jiff::SignedDuration::from_mins(5);
    assert_eq!(client.clones_of(&live.moid, before).await.unwrap(), tmpl::vcenter::Clones::default());
    server.clone_of(LIVE, "web-1").await;
    let clones = client.clones_of(&live.moid, before).await.unwrap();
    let names: Vec<_> = clones.made.iter().map(|clone| clone.name.as_str()).collect();
    assert_eq!((names, clones.more), (vec!["web-1"], false));
    assert!(clones.made[0].at.is_some(), "{clones:?}");
    let other = find(&client, PREV).await;
    assert_eq!(client.clones_of(&other.moid, before).await.unwrap().made, []);
    let later = client.current_time().await.unwrap() + jiff::SignedDuration::from_mins(5);
    assert_eq!(client.clones_of(&live.moid, later).await.unwrap().made, []);
}

async fn datastores_and_hosts(server: Server) {
    let client = server.client();
    let stores = client.datastore_states().await.unwrap();
    let store = stores.iter().find(|store| store.name == server.datastore).unwrap_or_else(|| panic!("{stores:?}"));
    assert!(store.capacity >= store.free && store.free > 0 && store.accessible && !store.maintenance, "{store:?}");
    let hosts = client.host_states(server.cluster).await.unwrap();
    assert!(hosts.len() >= 2 && hosts.iter().all(|host| host.trouble().is_none()), "{hosts:?}");
    let missing = client.host_states("no such cluster").await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    let vm = running(&client).await;
    let (beneath, host) = client.resources_of(&vm.moid).await.unwrap();
    assert!(beneath.iter().any(|store| store.capacity > 0), "{beneath:?}");
    assert_eq!(host.map(|host| (host.connection, host.maintenance)), Some(("connected".to_owned(), false)));
}

async fn a_host_in_maintenance_is_told(server: Server) {
    let client = server.client();
    let in_trouble = async || {
        let hosts = client.host_states(server.cluster).await.unwrap();
        hosts.iter().filter_map(|host| host.trouble()).collect::<Vec<_>>()
    };
    let hosts = client.host_states(server.cluster).await.unwrap();
    let name = &hosts[0].name;
    server.maintain(name, true).await;
    assert_eq!(in_trouble().await, [format!("host {name} is in maintenance mode")]);
    server.maintain(name, false).await;
    assert_eq!(in_trouble().await, Vec::<String>::new());
}

// vcsim has no keyboard.
#[tokio::test(flavor = "multi_thread")]
async fn a_console_is_woken_by_a_key_that_types_nothing() {
    let server = crate::lab().await;
    let client = server.client();
    let vm = running(&client).await;
    let (gate, state) = gate(&client, Mode::ReadWrite);
    gate.wake("wake", &vm).await.unwrap();
    let records = audited(&state);
    assert_eq!((&records[0]["call"], &records[0]["detail"]), (&"PutUsbScanCodes".into(), &"shift".into()));
}
