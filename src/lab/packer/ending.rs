//! How a build ends: what is cleaned up and what packer says about it.

use std::time::{Duration, Instant};

use super::arguments::OnError;
use super::build::{Build, Failure};
use super::span;

/// Steps whose clean-up `-on-error=abort` leaves out, last one first.
const STEPS: &[&str] = &[
    "StepBootCommand",
    "StepRun",
    "StepHTTPServer",
    "StepHTTPIPDiscover",
    "StepAddFloppy",
    "StepCreateFloppy",
    "StepConfigParams",
    "StepAddCDRom",
    "StepAddFlag",
    "StepConfigureHardware",
    "StepCreateVM",
    "StepRemoteUpload",
    "StepCreateCD",
    "StepDownload",
    "StepResolveDatastore",
    "StepConnect",
];

/// The end of a good build.
pub fn succeeded(build: &Build, took: Duration) {
    let (log, name, took) = (&build.log, build.log.build().to_owned(), span::words(took));
    log.announce(&format!("Build '{name}' finished after {took}."));
    log.say_plain(&format!("\n==> Wait completed after {took}"));
    log.say_plain("\n==> Builds finished. The artifacts of successful builds are:");
    log.machine(&name, "artifact-count", &["1"]);
    for values in [
        &["0", "builder-id", "jetbrains.vsphere"] as &[&str],
        &["0", "id", &build.name],
        &["0", "string", &build.name],
        &["0", "files-count", "0"],
        &["0", "end"],
    ] {
        log.machine(&name, "artifact", values);
    }
    log.say_plain(&format!("--> {name}: {}", build.name));
    plugins_gone(build);
}

/// The end of a failed build.
pub async fn failed(build: &mut Build, failure: &Failure, started: Instant) {
    if failure.provisioning {
        build.log.say("Provisioning step had errors: Running the cleanup provisioner, if present...");
    }
    if build.arguments.on_error == OnError::Abort {
        for step in STEPS {
            build.log.fail(&format!("aborted: skipping cleanup of step {step:?}"));
        }
    } else {
        clean_up(build).await;
    }
    let (log, name) = (&build.log, build.log.build().to_owned());
    let (took, error) = (span::words(started.elapsed()), failure.text.as_str());
    log.announce_error(&format!("Build '{name}' errored after {took}: {error}"));
    log.say_plain(&format!("\n==> Wait completed after {took}"));
    log.debug("machine readable: error-count []string{\"1\"}");
    log.say_error("\n==> Some builds didn't complete successfully and had errors:");
    log.machine(&name, "error", &[error]);
    log.say_error(&format!("--> {name}: {error}"));
    log.say_plain("\n==> Builds finished but no artifacts were created.");
    plugins_gone(build);
}

/// The end of a build that was told to stop.
pub async fn cancelled(build: &mut Build, signal: &str, started: Instant) {
    build.log.say_error(&format!("Cancelling build after receiving {signal}"));
    build.log.debug("Cancelling builder after context cancellation context canceled");
    build.plugin("[WARN] Interrupt detected, quitting waiting for IP.");
    clean_up(build).await;
    build.log.debug("Build was cancelled. Skipping post-processors.");
    let (log, name, took) = (&build.log, build.log.build().to_owned(), span::words(started.elapsed()));
    log.announce_error(&format!("Build '{name}' errored after {took}: context canceled"));
    log.say_plain(&format!("\n==> Wait completed after {took}"));
    log.say_plain("Cleanly cancelled builds after being interrupted.");
    plugins_gone(build);
}

/// Destroys the VM and removes the generated CD. What goes wrong is said, and nothing stops the rest.
async fn clean_up(build: &mut Build) {
    if build.creating {
        // The id may be unknown when the build was stopped while the VM was being made.
        let path = build.path();
        let found = match (&build.vm, build.vsphere.as_mut()) {
            (Some(vm), _) => Ok(Some(vm.clone())),
            (None, Some(vsphere)) => vsphere.find(&path).await,
            (None, None) => Ok(None),
        };
        match found {
            Ok(Some(vm)) => {
                build.log.say("Powering off virtual machine...");
                build.log.say("Destroying VM...");
                if let Err(error) = build.destroy(&vm).await {
                    build.log.fail(&format!("error destroying VM: {error}"));
                }
            }
            Ok(None) => {}
            Err(error) => build.log.fail(&format!("error destroying VM: {error}")),
        }
    }
    if build.uploaded {
        build.log.say(&format!("Removing [{}] packer_cache/{}...", build.datastore, build.cd));
        if let Err(error) = build.remove_cd().await {
            build.log.fail(&format!("error removing cached image: {error}"));
        }
        build.plugin(&format!("Deleting CD disk: /tmp/{}", build.cd));
    }
    if build.vsphere.is_some() {
        build.log.say("Closing sessions...");
    }
}

fn plugins_gone(build: &Build) {
    build.log.debug("waiting for all plugin processes to complete...");
    let plugins = "/home/runner/.config/packer/plugins/github.com";
    build.log.debug(&format!(
        "{plugins}/vmware/vsphere/packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64: plugin process exited"
    ));
    build.log.debug(&format!(
        "{plugins}/hashicorp/ansible/packer-plugin-ansible_v1.1.7_x5.0_linux_amd64: plugin process exited"
    ));
}
