//! Lines that live in another folder or another vCenter than the rest: each is shown, judged and swept where it is.

use std::collections::BTreeMap;
use std::path::Path;

use tmpl::lab::{Lab, Options, Seed};
use tmpl::vcenter::{Client, Settings};

use super::pty::Pty;
use super::vcsim::Vcsim;
use super::{BASE, KEY, Kind, World};

/// A repository with three lines: one where the environment says, one in another folder, one in another vCenter.
fn repository(root: &Path, far: &str) {
    let template = root.join("packer/linux");
    std::fs::create_dir_all(&template).unwrap();
    std::fs::create_dir_all(root.join("ci/config")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packer/linux");
    for entry in std::fs::read_dir(source).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), template.join(entry.file_name())).unwrap();
    }
    let lines = [
        (KEY, BASE, String::new()),
        ("beside", "beside-main", "vsphere_folder = \"Beside\"\n".into()),
        ("far", "far-main", format!("vsphere_endpoint = \"{far}\"\n")),
    ];
    let entries = lines.each_ref().map(|(key, base, text)| {
        std::fs::write(root.join(format!("ci/config/{key}.pkrvars.hcl")), format!("vm_base_name = \"{base}\"\n{text}"))
            .unwrap();
        serde_json::json!({
            "key": key, "enabled": true, "os": "Linux", "dist": "Debian", "version": "12", "build_dir": "packer/linux",
            "config": format!("{key}.pkrvars.hcl"), "base_name": base, "iso_datastore_path": "iso",
        })
    });
    std::fs::write(root.join("ci/matrix.json"), serde_json::to_string_pretty(&entries).unwrap()).unwrap();
    for shared in ["vsphere", "build", "ansible", "proxy", "common", "network", "linux-storage"] {
        std::fs::write(root.join(format!("ci/config/{shared}.pkrvars.hcl")), "").unwrap();
    }
}

/// Names and ids in the folder of templates of another vCenter.
async fn names(world: &World, url: &str) -> BTreeMap<String, String> {
    let mut environment = world.environment();
    environment.insert("PKR_VAR_vsphere_endpoint", url.to_owned());
    let settings = Settings::from_env(&|name| environment.get(name).cloned()).unwrap();
    let client = Client::new(settings).unwrap();
    let vms = client.vms().await.unwrap();
    client.logout().await;
    vms.into_iter().map(|vm| (vm.name, vm.moid.0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_where_its_var_files_put_it() {
    let mut world = World::steady(Kind::Vcsim).await;
    // Ids of both are alike: one taken for the other's would hit what is live here.
    let far = Vcsim::start(&["-templates", "far-main-prev,far-main,far-main-build"]);
    world.govc(&["folder.create", "vm/Beside"]).await;
    let clone =
        ["vm.clone", "-vm", BASE, "-ds", "LocalDS_1", "-pool", "DC0_C0/Resources", "-folder", "vm/Beside", "-on=false"];
    world.govc(&[&clone[..], &["-template=true", "beside-main"]].concat()).await;
    let repo = tempfile::tempdir().unwrap();
    repository(repo.path(), &far.url);
    world.repo = repo.path().to_owned();
    let (before, there) = (world.names().await, names(&world, &far.url).await);
    assert!(there.values().any(|moid| before.values().any(|other| other == moid)), "{before:?} {there:?}");

    let status = world.run(&["status", "--json"]).await;
    status.is(0, "");
    let rows: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let live = |at: usize| rows[at]["live"]["name"].as_str().map(str::to_owned);
    assert_eq!([live(0), live(1), live(2)].map(Option::unwrap_or_default), [BASE, "beside-main", "far-main"]);
    assert_eq!(rows[2]["live"]["moid"].as_str(), there.get("far-main").map(String::as_str));

    let mut console = Pty::start(world.console("far"), 140, 40);
    console.wait_for("lives in 127.0.0.1:");
    console.wait_for("R rolls back to it");
    console.keys("S");
    console.wait_for("vCenter does not object");
    console.answer("far-main-build\r");
    console.wait_for("far-main-build destroyed");
    assert_eq!(names(&world, &far.url).await.keys().collect::<Vec<_>>(), ["far-main", "far-main-prev"]);
    assert_eq!(world.names().await, before, "the other vCenter is as it was");
    console.keys("k");
    console.wait_for("/Beside");

    // One vCenter that is gone takes nothing from the others.
    drop(far);
    console.keys("j");
    console.wait_for("out of reach");
    console.keys("kk");
    console.wait_for("▸ debian-12");
    console.wait_for("R rolls back to it");
}

/// Two lines of the same state; the guest of one is on, elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_figures_of_a_line_come_from_where_it_lives() {
    let mut world = World::new(Kind::Lab, &["-prev", ""]).await;
    let seeds = vec![Seed::template("far-main", 30 * 24), Seed::vm("far-main-build", 0)];
    let far = Lab::start(Options { seeds, task_scale: 0.0, speed: 600.0, ..Options::default() }).await.unwrap();
    let url = far.environment().into_iter().find(|(name, _)| *name == "GOVC_URL").unwrap().1;
    let repo = tempfile::tempdir().unwrap();
    repository(repo.path(), &url);
    world.repo = repo.path().to_owned();
    let (guest, ..) = far.inventory().into_iter().find(|(name, ..)| name == "far-main-build").unwrap();
    let moid = names(&world, &url).await[&guest].clone();
    far.power(&moid, true).unwrap();

    let picture = repo.path().join("far.png");
    world.run(&["console", "far", "-o", picture.to_str().unwrap()]).await.is(0, "");
    assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"));
    world.run(&["console", KEY, "-o", "-"]).await.is(1, BASE);

    let figures = world.run(&["metrics", "--no-mirrors"]).await;
    figures.is(0, "");
    let figure = |key: &str, name: &str| {
        let start = format!("{name}{{line=\"{key}\"}} ");
        figures.out.lines().find_map(|line| line.strip_prefix(&start)?.parse::<f64>().ok())
    };
    let age = |key| figure(key, "tmpl_live_age_seconds");
    assert!(age("far").unwrap() > 29.0 * 86_400.0 && age(KEY).unwrap() < 86_400.0, "{}", figures.out);
    assert_eq!(
        (age("beside"), figure("beside", "tmpl_live_missing")),
        (None, None),
        "its folder is not there: {}",
        figures.out
    );

    // Figures of the others do not wait for a vCenter that is gone.
    drop(far);
    let figures = world.run(&["metrics", "--no-mirrors"]).await;
    assert!(
        figures.out.contains(&format!("tmpl_live_age_seconds{{line=\"{KEY}\"}}")),
        "{}{}",
        figures.out,
        figures.err
    );
    assert!(!figures.out.contains("tmpl_live_age_seconds{line=\"far\"}"), "{}", figures.out);
}
