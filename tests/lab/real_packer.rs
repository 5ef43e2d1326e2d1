//! A real packer builds on the lab: it speaks TLS, adds controllers and drives one after the other, types, waits, and makes
//! a template.

use std::path::Path;
use std::process::Stdio;

use tmpl::lab::{CLUSTER, DATACENTER, DATASTORE, FOLDER, Lab, NETWORK, Options};

use crate::tools::tool;
use crate::{BASE, lab, quick, run, until};

/// Nothing is asked of the guest: it is switched off from outside.
const TEMPLATE: &str = r#"
source "vsphere-iso" "linux" {
  vcenter_server       = "ENDPOINT"
  username             = "USER"
  password             = "lab-password"
  insecure_connection  = true
  datacenter           = "DATACENTER"
  cluster              = "CLUSTER"
  folder               = "FOLDER"
  datastore            = "DATASTORE"
  vm_name              = "BASE-build"
  guest_os_type        = "debian12_64Guest"
  CPUs                 = 1
  RAM                  = 512
  disk_controller_type = ["pvscsi"]
  storage {
    disk_size = 1024
  }
  network_adapters {
    network      = "NETWORK"
    network_card = "vmxnet3"
  }
  cdrom_type          = "sata"
  iso_paths           = ["[DATASTORE] iso/one.iso", "[DATASTORE] iso/two.iso"]
  remove_cdrom        = true
  boot_wait           = "1s"
  boot_command        = ["<esc>auto<enter>"]
  communicator        = "none"
  shutdown_timeout    = "5m"
  convert_to_template = true
}

build {
  sources = ["source.vsphere-iso.linux"]
}
"#;

fn packer(lab: &Lab, home: &Path) -> std::process::Command {
    let account = lab.account().name.clone();
    let endpoint = lab.environment().into_iter().find(|(name, _)| *name == "PKR_VAR_vsphere_endpoint").unwrap().1;
    let words = [
        ("ENDPOINT", endpoint.as_str()),
        ("USER", &account),
        ("DATACENTER", DATACENTER),
        ("CLUSTER", CLUSTER),
        ("FOLDER", FOLDER),
        ("DATASTORE", DATASTORE),
        ("NETWORK", NETWORK),
        ("BASE", BASE),
    ];
    let text = words.iter().fold(TEMPLATE.to_owned(), |text, (word, value)| {
        text.replace(&format!("\"{word}"), &format!("\"{value}")).replace(&format!("[{word}]"), &format!("[{value}]"))
    });
    std::fs::write(home.join("linux.pkr.hcl"), text).unwrap();
    let mut packer = std::process::Command::new("packer");
    packer.args(["build", "-color=false", "-force", "linux.pkr.hcl"]).current_dir(home).env("HOME", home);
    packer.stdout(std::fs::File::create(home.join("said")).unwrap()).stderr(Stdio::null());
    packer
}

/// What govc says of the build VM's devices, by way of the same TLS.
async fn devices(lab: &Lab) -> String {
    let mut govc = crate::command(lab, &tool("govc"));
    govc.args(["device.ls", "-vm", &format!("{BASE}-build")]);
    String::from_utf8(run(govc).await.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_makes_a_template() {
    let lab = lab(Options { tls: true, ..quick() }).await;
    for iso in ["one", "two"] {
        lab.put_file(&format!("[{DATASTORE}] iso/{iso}.iso"), 1 << 20);
    }
    let home = tempfile::tempdir().unwrap();
    let mut child = packer(&lab, home.path()).spawn().unwrap();
    let said = || std::fs::read_to_string(home.path().join("said")).unwrap();
    until("the boot command", || said().contains("Please shutdown")).await;
    assert!(lab.calls().iter().filter(|call| *call == "PutUsbScanCodes").count() >= 6, "every key is a call");
    let there = devices(&lab).await;
    assert_eq!(there.matches("VirtualCdrom").count(), 2, "{there}");
    assert!(there.contains("VirtualAHCIController") && there.contains("VirtualIDEController"), "{there}");
    let mut govc = crate::command(&lab, &tool("govc"));
    govc.args(["vm.power", "-off", &format!("{BASE}-build")]);
    let off = run(govc).await;
    assert!(off.status.success(), "{}", String::from_utf8_lossy(&off.stderr));
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    let said = said();
    assert!(status.success(), "{said}");
    assert!(lab.inventory().iter().any(|(name, _, template)| *name == format!("{BASE}-build") && *template), "{said}");
    let left = devices(&lab).await;
    assert!(!left.contains("VirtualCdrom"), "{left}");
}
