//! What programs that we start are given.

use std::os::unix::fs::PermissionsExt;

use super::{Kind, World};

/// The one that reads what a guest shows gets no secret.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_pictures_gets_no_secret() {
    let world = World::new(Kind::Lab, &[""]).await;
    let (home, root) = (world.home.path(), std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    let given = home.join("given");
    let script = format!("#!/bin/sh\n/usr/bin/env >{}\ncat >/dev/null\necho text\n", given.display());
    std::fs::write(home.join("tesseract"), script).unwrap();
    std::fs::set_permissions(home.join("tesseract"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut program = world.program(&["triage", "--log", "/dev/null", "--screen"]);
    program.arg(root.join("assets/lab/screens/win-licensing-00.png"));
    program.env("PATH", format!("{}:/usr/bin:/bin", home.display())).env("GITHUB_TOKEN", "ghp_not_for_it");
    let output = program.output().await.unwrap();
    let given = std::fs::read_to_string(given);
    let given = given.unwrap_or_else(|_| panic!("it was not asked: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(given.contains("PATH="), "{given}");
    for secret in [world.account.1.as_str(), "ghp_not_for_it", "PKR_VAR"] {
        assert!(!given.contains(secret), "{given}");
    }
}
