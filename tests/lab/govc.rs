//! Every govc command the pipeline's documentation names.

use serde_json::Value;
use tmpl::lab::Lab;

use super::{BASE, command, lab, quick, run};
use crate::tools::tool;

/// Runs govc; its standard output when it succeeded.
async fn govc(lab: &Lab, arguments: &[&str]) -> String {
    let mut govc = command(lab, &tool("govc"));
    govc.args(arguments);
    let output = run(govc).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "govc {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Runs govc, which must fail; what it says.
async fn refused(lab: &Lab, arguments: &[&str]) -> String {
    let mut govc = command(lab, &tool("govc"));
    govc.args(arguments);
    let output = run(govc).await;
    assert!(!output.status.success(), "govc {arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

async fn info(lab: &Lab, name: &str) -> Value {
    let json: Value = serde_json::from_str(&govc(lab, &["vm.info", "-json", name]).await).unwrap();
    json["virtualMachines"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_is_simulated() {
    let lab = lab(quick()).await;
    let about = govc(&lab, &["about"]).await;
    assert!(about.contains("tmpl-tui lab (simulated vCenter)"), "{about}");
    assert!(about.contains("VirtualCenter"), "{about}");
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_and_finding() {
    let lab = lab(quick()).await;
    assert_eq!(govc(&lab, &["ls"]).await, "/Lab/vm\n/Lab/host\n/Lab/datastore\n/Lab/network\n");
    assert_eq!(
        govc(&lab, &["ls", "vm/Templates"]).await,
        format!("/Lab/vm/Templates/{BASE}\n/Lab/vm/Templates/{BASE}-prev\n")
    );
    // The pipeline relies on this: a path that is not there lists as nothing.
    assert_eq!(govc(&lab, &["ls", "vm/Templates/nothing"]).await, "");
    assert_eq!(
        govc(&lab, &["find", ".", "-type", "m"]).await,
        format!("./vm/Templates/{BASE}\n./vm/Templates/{BASE}-prev\n")
    );
    let all = govc(&lab, &["find", "."]).await;
    for path in [
        "./host/vSAN Cluster/Resources",
        "./datastore/vsanDatastore",
        "./network/VM Network",
        "./host/vSAN Cluster/esx01.lab.internal",
    ] {
        assert!(all.lines().any(|line| line == path), "{path} is not in\n{all}");
    }
    let folder = govc(&lab, &["folder.info", "vm/Templates"]).await;
    assert!(folder.contains("Children:  2"), "{folder}");
    assert_eq!(
        govc(&lab, &["object.collect", "-s", &format!("vm/Templates/{BASE}"), "config.template"]).await,
        "true\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_vm_from_power_on_to_template_and_away() {
    let lab = lab(quick()).await;
    let template = info(&lab, BASE).await;
    assert_eq!(template["config"]["template"], true);
    assert_eq!(template["config"]["annotation"], "built by hand");
    assert_eq!(template["runtime"]["powerState"], "poweredOff");

    govc(&lab, &["vm.markasvm", "-pool", "*/Resources", BASE]).await;
    govc(&lab, &["vm.power", "-on", BASE]).await;
    let running = info(&lab, BASE).await;
    assert_eq!(running["runtime"]["powerState"], "poweredOn");
    assert_eq!(running["guest"]["toolsRunningStatus"], "guestToolsNotRunning");
    assert!(refused(&lab, &["vm.markastemplate", BASE]).await.contains("Powered on"));

    let picture = tempfile::NamedTempFile::new().unwrap();
    govc(&lab, &["vm.console", "-capture", picture.path().to_str().unwrap(), BASE]).await;
    let picture = image::load_from_memory(&std::fs::read(picture.path()).unwrap()).unwrap();
    assert!(picture.width() >= 640, "a console is at least 640 pixels wide");

    govc(&lab, &["vm.power", "-off", BASE]).await;
    assert!(refused(&lab, &["vm.console", "-capture", "-", BASE]).await.contains("not powered on"));
    govc(&lab, &["vm.markastemplate", BASE]).await;
    let renamed = format!("{BASE}-retired");
    govc(&lab, &["object.rename", &format!("vm/Templates/{BASE}"), &renamed]).await;
    let clash = refused(&lab, &["object.rename", &format!("vm/Templates/{renamed}"), &format!("{BASE}-prev")]).await;
    assert!(clash.contains(&format!("The name '{BASE}-prev' already exists.")), "{clash}");
    govc(&lab, &["vm.destroy", &renamed]).await;
    assert_eq!(lab.inventory().into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), [format!("{BASE}-prev")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_on_a_datastore() {
    let lab = lab(quick()).await;
    assert!(govc(&lab, &["datastore.ls"]).await.lines().any(|line| line == "iso"));
    let iso = govc(&lab, &["datastore.ls", "-l", "iso/linux/debian/12/amd64"]).await;
    assert!(iso.contains("3.0GB") && iso.contains("debian-12"), "{iso}");
    assert!(govc(&lab, &["datastore.ls", "-R", "iso/windows"]).await.contains("windows-server-2025.iso"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "what was uploaded").unwrap();
    govc(&lab, &["datastore.upload", file.path().to_str().unwrap(), "new/.a.partial"]).await;
    govc(&lab, &["datastore.mv", "new/.a.partial", "new/a.iso"]).await;
    assert_eq!(lab.file_size("[vsanDatastore] new/a.iso"), Some(17));
    assert_eq!(govc(&lab, &["datastore.download", "new/a.iso", "-"]).await, "what was uploaded");
    govc(&lab, &["datastore.rm", "new/a.iso"]).await;
    assert_eq!(lab.file_size("[vsanDatastore] new/a.iso"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused() {
    let lab = lab(quick()).await;
    let mut govc = command(&lab, &tool("govc"));
    govc.args(["about"]).env("GOVC_PASSWORD", "wrong");
    let output = run(govc).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("incorrect user name or password"), "{said}");
    assert_eq!(lab.open_sessions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_with_everything_in_it() {
    let lab = lab(quick()).await;
    govc(&lab, &["folder.create", "vm/Templates/old"]).await;
    let before = govc(&lab, &["find", ".", "-type", "m"]).await;
    govc(&lab, &["vm.clone", "-vm", BASE, "-folder", "vm/Templates/old", "-on=false", "copy"]).await;
    assert_ne!(govc(&lab, &["find", ".", "-type", "m"]).await, before);
    govc(&lab, &["object.destroy", "vm/Templates/old"]).await;
    assert_eq!(govc(&lab, &["find", ".", "-type", "m"]).await, before);
    assert_eq!(govc(&lab, &["ls", "vm/Templates/old"]).await, "");
    assert!(refused(&lab, &["object.destroy", "vm"]).await.contains("not supported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_and_answered() {
    let guests = [(BASE.to_owned(), "disk-full".to_owned())].into();
    let lab = lab(tmpl::lab::Options { guests, patient: true, speed: 500.0, ..quick() }).await;
    govc(&lab, &["vm.markasvm", "-pool", "*/Resources", BASE]).await;
    assert!(govc(&lab, &["vm.question", "-vm", BASE]).await.contains("No pending question"));
    govc(&lab, &["vm.power", "-on", BASE]).await;
    let mut asked = String::new();
    for _ in 0..200 {
        asked = govc(&lab, &["vm.question", "-vm", BASE]).await;
        if !asked.contains("No pending question") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(asked.contains("There is no more space") && asked.contains("0) Retry\n1) Cancel"), "{asked}");
    let room = govc(&lab, &["datastore.info", "vsanDatastore"]).await;
    assert!(room.contains("Free:      0.2 GB"), "the guest halts because its datastore is full: {room}");
    assert!(refused(&lab, &["vm.question", "-vm", BASE, "-answer", "7"]).await.contains("answerChoice"));
    govc(&lab, &["vm.question", "-vm", BASE, "-answer", "0"]).await;
    assert!(govc(&lab, &["vm.question", "-vm", BASE]).await.contains("No pending question"));
    assert!(!govc(&lab, &["datastore.info", "vsanDatastore"]).await.contains("Free:      0.2 GB"));
}
