//! Commands of the user's own: what they hear of the selection, and what becomes of them.

use super::change::confirm;
use super::confirm::Action;
use super::effect::Effect;
use super::message::RequestId;
use super::overlay::Overlay;
use super::own::Own;
use super::refusal::Refusal;
use super::state::Console;
use super::toast::Tone;
use crate::config::Plugin;
use crate::ops::Operation;
use crate::ops::plugin::Selection;
use crate::vcenter::Vm;
use crate::vcenter::gate::Mode;

impl Console {
    /// Whether it may be run.
    pub(super) fn allows_plugin(&self, number: u8) -> Result<(), Refusal> {
        match self.keymap.plugin(number) {
            // Who presses the key again wants to know whether it works.
            Some(plugin) if self.plugins.iter().any(|(_, name)| *name == plugin.name) => {
                Err(Refusal::Screen(format!("{} is still at work", plugin.name).into()))
            }
            Some(plugin) => match self.session.mode {
                Mode::ReadOnly(_) if !plugin.read_only => Err(Refusal::Screen(
                    format!("read-only: {:?} is not run (read_only = true in its [[plugins]] allows it)", plugin.name)
                        .into(),
                )),
                Mode::ReadOnly(_) | Mode::ReadWrite => Ok(()),
            },
            None => Err(Refusal::Screen("no such plugin".into())),
        }
    }

    /// Runs it, or asks first.
    pub(super) fn plugin(&mut self, number: u8, effects: &mut Vec<Effect>) {
        let Some(plugin) = self.keymap.plugin(number) else { return };
        let request = self.request();
        let selection = self.selection();
        if !plugin.confirm {
            return self.run_plugin(plugin, selection, request, effects);
        }
        let line = self.lines.selected().map(|row| row.line.key.clone());
        let title = line.as_ref().map_or_else(|| plugin.name.clone(), |key| format!("{} {key}", plugin.name));
        let action = Action::Plugin(number, selection);
        let mut confirm = confirm((Operation::Plugin, line), request, title, "run it", action);
        confirm.command = Some(plugin.command.clone());
        confirm.steps.push("run this command of your configuration".into());
        self.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    }

    /// A person agreed to it; the selection is the one that was shown.
    pub(super) fn plugin_confirmed(&mut self, number: u8, selection: Selection, effects: &mut Vec<Effect>) {
        if let Err(refusal) = self.allows_plugin(number) {
            return self.notice(Tone::Info, refusal.to_string());
        }
        let request = self.request();
        if let Some(plugin) = self.keymap.plugin(number) {
            self.run_plugin(plugin, selection, request, effects);
        }
    }

    fn run_plugin(
        &mut self,
        plugin: &'static Plugin,
        selection: Selection,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) {
        self.errands.push(request);
        self.plugins.push((request, &plugin.name));
        effects.push(Effect::Own(Own::RunPlugin { request, plugin, selection }));
    }

    /// What a plugin finds in its environment; a variable without a value is empty.
    fn selection(&self) -> Selection {
        let row = self.lines.selected();
        let run = row.and_then(|row| row.run.as_ref());
        let guest = row.and_then(|row| row.generations.build.as_ref().or(row.generations.live.as_ref()));
        let verdict = row.and_then(|row| self.verdicts.of(row)).and_then(|case| case.verdict());
        let of_guest = |what: fn(&Vm) -> String| guest.map(what).unwrap_or_default();
        let live = row.and_then(|row| row.generations.live.as_ref()).map(|vm| vm.name.clone());
        let dir = run.map(|run| run.dir.as_path());
        let id = dir.and_then(|dir| dir.file_name()).map(|name| name.to_string_lossy().into_owned());
        vec![
            ("TMPL_KEY", row.map(|row| row.line.key.0.clone()).unwrap_or_default()),
            ("TMPL_BASE_NAME", row.map(|row| row.line.base_name.clone()).unwrap_or_default()),
            ("TMPL_LIVE", live.unwrap_or_default()),
            ("TMPL_GUEST", of_guest(|vm| vm.name.clone())),
            ("TMPL_GUEST_ID", of_guest(|vm| vm.moid.0.clone())),
            ("TMPL_GUEST_IP", of_guest(|vm| vm.ip_address.clone().unwrap_or_default())),
            ("TMPL_RUN", id.unwrap_or_default()),
            ("TMPL_RUN_DIR", dir.map(|dir| dir.display().to_string()).unwrap_or_default()),
            ("TMPL_RUN_LOG", run.map(|run| run.log.display().to_string()).unwrap_or_default()),
            ("TMPL_RUN_STATE", run.map(|run| run.state.word().to_owned()).unwrap_or_default()),
            ("TMPL_RUN_URL", run.and_then(|run| run.origin.clone()).unwrap_or_default()),
            ("TMPL_CLASS", verdict.map(|(verdict, _)| verdict.class.clone()).unwrap_or_default()),
            ("TMPL_CAUSE", verdict.map(|(verdict, _)| verdict.cause.clone()).unwrap_or_default()),
            ("TMPL_REPO", self.repo.display().to_string()),
            ("TMPL_CONTEXT", self.session.context.clone().unwrap_or_default()),
            ("TMPL_VCENTER", self.session.vcenter.clone()),
        ]
    }
}
