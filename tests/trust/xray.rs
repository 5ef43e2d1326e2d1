//! An account that lacks one privilege: doctor names it, the console's key names it, and the verb is refused by its name
//! before anything is changed.

use serde_json::Value;
use tmpl::lab::{Account, Options};

use super::console::console;
use super::faults::{STAGE, desk_in};
use super::{BASE, KEY, Kind, World, figure};

const REASON: [&str; 2] = ["--reason", "x"];

/// The privilege, doctor's name of what needs it, the verb, its key.
const CASES: [(&str, &str, &[&str], &str); 7] = [
    ("VirtualMachine.Config.Rename", "promote, rollback", &["promote", KEY], "p"),
    ("VirtualMachine.Inventory.Delete", "promote, rollback", &["promote", KEY], "p"),
    ("VirtualMachine.Config.Rename", "promote, rollback", &["rollback", KEY, REASON[0], REASON[1]], "R"),
    ("VirtualMachine.Config.Annotation", "rollback, hold, release", &["rollback", KEY, REASON[0], REASON[1]], "R"),
    ("VirtualMachine.Config.Annotation", "rollback, hold, release", &["hold", KEY, REASON[0], REASON[1]], "H"),
    ("VirtualMachine.Inventory.Delete", "sweep", &["sweep", KEY], "S"),
    ("VirtualMachine.Interact.PowerOff", "sweep", &["sweep", KEY], "S"),
];

async fn poor(lacks: &[&str], suffixes: &[&str]) -> World {
    let account = Account::new("svc-packer@lab.internal", "lab-password").without(lacks);
    World::with(Kind::Lab, suffixes, Options { accounts: vec![account], task_scale: 0.0, ..Options::default() }).await
}

/// What doctor says of a privilege that is missing.
async fn doctor_names(world: &World, id: &str, verb: &str) {
    let output = world.run(&["doctor", "--json"]).await;
    let findings: Vec<Value> = serde_json::from_str(&output.out).unwrap();
    let told = findings.iter().any(|finding| {
        let detail = finding["detail"].as_str().unwrap();
        finding["name"] == verb
            && finding["state"] == "failed"
            && detail.contains(id)
            && detail.contains("svc-packer@lab.internal")
    });
    assert!(told, "{verb} {id}: {findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_lacks_is_named_everywhere() {
    for (id, name, verb, key) in CASES {
        // A VM that is on has to be powered off before it is swept.
        let on = id.ends_with("PowerOff");
        let world = poor(&[id], if on { &["-prev", "", "-build="] } else { &["-prev", "", "-build"] }).await;
        if on {
            let vm = world.names().await["-build"].clone();
            world.lab().power(&vm, true).unwrap();
        }
        doctor_names(&world, id, name).await;
        world.door.reset();
        let refused = world.run(verb).await;
        refused.is(3, &format!("svc-packer@lab.internal lacks {id}"));
        let mut pty = super::pty::Pty::start(console(&world), 140, 40);
        pty.wait_for("▸ debian-12");
        pty.wait("the templates, or the guest", |screen| {
            let text = screen.contents();
            let row = text.lines().find(|row| row.contains("▸ debian-12")).unwrap_or_default();
            let ages: Vec<&str> = row.split_whitespace().filter(|cell| ["1h", "2h"].contains(cell)).collect();
            if on { text.contains("linux-debian-12-main-build · on") } else { ages == ["1h", "2h"] }
        });
        pty.keys(key);
        pty.wait_for(&format!("lacks {id}"));
        assert!(world.changes().is_empty(), "{verb:?} without {id}: {:?}", world.changes());
    }
    figure(&format!(
        "privileges: {} verbs refused by the name of what is missing, in doctor, verb and console",
        CASES.len()
    ));
}

/// What is done with a guest or with media is refused by the name of what is missing, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_other_verbs_lack_is_named() {
    let id = "VirtualMachine.Interact.PutUsbScanCodes";
    let world = poor(&[id], &["", "-build="]).await;
    let vm = world.names().await["-build"].clone();
    world.lab().power(&vm, true).unwrap();
    doctor_names(&world, id, "console --type, --wake").await;
    let refused = world.run(&["console", KEY, "--type", "x", "--yes"]).await;
    assert!(refused.exit != 0 && refused.err.contains(id), "{} {}", refused.exit, refused.err);
    let mut pty = super::pty::Pty::start(console(&world), 140, 40);
    pty.wait("the guest", |screen| {
        screen.contents().lines().any(|row| row.contains("▸ debian-12") && row.contains(" on "))
    });
    pty.keys("i");
    pty.wait_for("PutUsbScanCodes");

    let id = "Datastore.FileManagement";
    let rich = Account::new("admin@lab.internal", "lab-password");
    let other = Account::new("svc-packer@lab.internal", "lab-password").without(&[id]);
    let world = World::with(Kind::Lab, &[], Options { accounts: vec![rich, other], ..Options::default() }).await;
    let (world, _mirror) = desk_in(world, &[7; 1000]).await;
    let mut program = world.program(&STAGE);
    let output = program.env("PKR_VAR_vsphere_username", "svc-packer@lab.internal").output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.code() == Some(1) && said.contains(id) && said.contains("svc-packer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_account_of_pictures_lacks_is_named() {
    let both = ["VirtualMachine.Interact.ConsoleInteract", "VirtualMachine.Interact.CreateScreenshot"];
    let world = poor(&both, &["", "-build="]).await;
    let vm = world.names().await["-build"].clone();
    world.lab().power(&vm, true).unwrap();
    doctor_names(&world, both[0], "pictures").await;
    let refused = world.run(&["console", "--vm", &format!("{BASE}-build"), "-o", "-"]).await;
    assert!(refused.exit != 0 && both.iter().all(|id| refused.err.contains(id)), "{} {}", refused.exit, refused.err);
}
