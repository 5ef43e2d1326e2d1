//! The Ansible provisioner: a play of data (`assets/lab/plays.toml`), printed as Ansible prints it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::build::{Build, Failure};
use super::log::Plugin;

/// A playbook.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    name: String,
    playbook: String,
    task: Vec<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    /// `role : name`
    name: String,
    /// lab seconds it takes
    seconds: f64,
    /// it changes something
    #[serde(default)]
    changed: bool,
    /// one line per item
    #[serde(default)]
    items: Vec<String>,
    /// what it says when it is the one that fails
    fails_with: Option<String>,
}

static PLAYS: LazyLock<Result<BTreeMap<String, Play>, String>> =
    LazyLock::new(|| toml::from_str(include_str!("../../../assets/lab/plays.toml")).map_err(|error| error.to_string()));

/// Ansible fills its headings to this width.
const WIDTH: usize = 80;

/// What has been counted so far.
#[derive(Debug, Default)]
struct Recap {
    ok: usize,
    changed: usize,
    failed: usize,
}

impl Build {
    /// Runs the play of the communicator's kind.
    pub async fn provision(&mut self) -> Result<(), Failure> {
        if super::real::guests() {
            // It would be a play of nothing on a machine that is something.
            self.log.say("The lab's packer provisions no real guest; packer itself does, with `tmpl-tui lab --real`.");
            return Ok(());
        }
        let plays = PLAYS.as_ref().map_err(|error| Failure::from(error.clone()))?;
        let Some(play) = plays.get(self.family.communicator.as_str()) else { return Ok(()) };
        let failing = self.guest.and_then(|guest| guest.build.failing_task.as_deref());
        self.log.plugin(Plugin::Ansible, "ansible-playbook version: 2.19.14");
        self.log.say("Provisioning with Ansible...");
        if self.family.communicator == "ssh" {
            self.log.say("Setting up proxy adapter for Ansible....");
            self.log.plugin(Plugin::Ansible, "Creating inventory file for Ansible run...");
            self.log.plugin(Plugin::Ansible, "SSH proxy: serving on 127.0.0.1:39413");
        } else {
            self.log.say(&format!(
                "Not using Proxy adapter for Ansible run:\n==> {}: \tUsing WinRM Password from Packer communicator...",
                self.log.build()
            ));
        }
        let source = self.log.build().rsplit('.').next().unwrap_or_default();
        self.log.say(&format!(
            "Executing Ansible: ansible-playbook -e packer_build_name=\"{source}\" -e packer_builder_type=vsphere-iso \
             -i /tmp/packer-provisioner-ansible1480632672 {}",
            play.playbook
        ));
        self.log.say("");
        self.heading("PLAY", &play.name);
        let mut recap = Recap::default();
        let mut failed = false;
        for task in &play.task {
            if self.task(task, failing == Some(task.name.as_str()), &mut recap).await {
                failed = true;
                break;
            }
        }
        self.log.say("");
        self.log.say(&format!("{:*<WIDTH$}", "PLAY RECAP "));
        self.log.say(&format!(
            "default                    : ok={:<4} changed={:<4} unreachable=0    failed={:<4} skipped=0    rescued=0    ignored=0",
            recap.ok, recap.changed, recap.failed
        ));
        self.log.say("");
        self.log.plugin(Plugin::Ansible, "shutting down the SSH proxy");
        if failed {
            let text = "Error executing Ansible: Non-zero exit status: exit status 2";
            return Err(Failure { text: text.into(), provisioning: true });
        }
        Ok(())
    }

    fn heading(&self, kind: &str, name: &str) {
        let heading = format!("{kind} [{name}] ");
        self.log.say(&format!("{heading:*<WIDTH$}"));
    }

    /// One task; returns whether it failed.
    async fn task(&self, task: &Task, fails: bool, recap: &mut Recap) -> bool {
        self.pause(task.seconds).await;
        self.log.plugin(Plugin::Ansible, "new env request: LANG=C.UTF-8");
        self.plugin("[DEBUG] Opening new ssh session");
        self.log.say("");
        self.heading("TASK", &task.name);
        if fails {
            recap.failed += 1;
            self.task_failed(task);
            return true;
        }
        recap.ok += 1;
        recap.changed += usize::from(task.changed);
        let verb = if task.changed { "changed" } else { "ok" };
        if task.items.is_empty() {
            self.log.say(&format!("{verb}: [default]"));
        }
        for item in &task.items {
            self.log.say(&format!("{verb}: [default] => (item={item})"));
        }
        false
    }

    fn task_failed(&self, task: &Task) {
        let said = task.fails_with.as_deref().unwrap_or("the lab wants this task to fail");
        let name = task.name.rsplit(" : ").next().unwrap_or(&task.name);
        for line in [
            "[ERROR]: Task failed: Module failed: non-zero return code",
            "Origin: ansible/roles/configure/tasks/main.yml:8:3",
            "",
            &format!("8 - name: {name}"),
            "    ^ column 3",
            "",
        ] {
            self.log.say(line);
        }
        let json = serde_json::json!({
            "changed": true, "msg": "non-zero return code", "rc": 100, "stderr": said, "stderr_lines": [said], "stdout": "",
        });
        self.log.say(&format!("fatal: [default]: FAILED! => {json}"));
        self.plugin("[ERROR] Remote command exited with '1': /bin/sh -c '/usr/bin/python3 && sleep 0'");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_play_and_failing_tasks_exist() {
        let plays = PLAYS.as_ref().unwrap();
        let book = crate::lab::Book::shipped().unwrap();
        assert!(book.family.values().all(|family| plays.contains_key(&family.communicator)));
        let tasks: Vec<&str> = plays.values().flat_map(|play| &play.task).map(|task| task.name.as_str()).collect();
        for failing in book.guests().iter().filter_map(|guest| guest.build.failing_task.as_deref()) {
            assert!(tasks.contains(&failing), "no task {failing}");
        }
    }
}
