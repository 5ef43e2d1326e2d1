//! Tasks: what was asked for, how long it takes, and what it does when it is due.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::clock::LabTime;
use super::effect::Effect;
use super::fault::Fault;
use super::value::{Moref, Object, Value};

/// One task.
#[derive(Debug)]
pub struct Task {
    moref: Moref,
    /// e.g. `Rename_Task`
    method: String,
    entity: Moref,
    entity_name: String,
    user: String,
    started: LabTime,
    takes: LabTime,
    queued: Timestamp,
    completed: Option<Timestamp>,
    progress: u8,
    effect: Option<Effect>,
    outcome: Option<Result<Option<Value>, Fault>>,
}

/// All tasks of the lab.
#[derive(Debug, Default)]
pub struct Tasks {
    tasks: BTreeMap<u64, Task>,
}

/// What a task is told when it is made.
#[derive(Debug)]
pub struct Order {
    /// e.g. `Rename_Task`
    pub method: String,
    /// on what
    pub entity: Moref,
    /// its name at that moment
    pub entity_name: String,
    /// by whom
    pub user: String,
    /// what it does in the end
    pub effect: Effect,
}

/// Tasks older than this many are forgotten, as vCenter does.
const KEPT: usize = 200;

impl Tasks {
    /// Queues a task; `number` makes its id.
    pub fn start(&mut self, number: u64, order: Order, now: LabTime, takes: LabTime) -> Moref {
        let moref = Moref::new("Task", format!("task-{number}"));
        let task = Task {
            moref: moref.clone(),
            method: order.method,
            entity: order.entity,
            entity_name: order.entity_name,
            user: order.user,
            started: now,
            takes,
            queued: Timestamp::now(),
            completed: None,
            progress: 0,
            effect: Some(order.effect),
            outcome: None,
        };
        self.tasks.insert(number, task);
        while self.tasks.len() > KEPT && self.tasks.first_key_value().is_some_and(|(_, task)| task.outcome.is_some()) {
            self.tasks.pop_first();
        }
        moref
    }

    fn get(&self, id: &str) -> Option<&Task> {
        self.tasks.get(&id.strip_prefix("task-")?.parse().ok()?)
    }

    /// Takes out the effects of all tasks that are due.
    pub fn due(&mut self, now: LabTime) -> Vec<(String, Effect)> {
        self.tasks
            .values_mut()
            .filter(|task| task.started + task.takes <= now)
            .filter_map(|task| Some((task.moref.id.clone(), task.effect.take()?)))
            .collect()
    }

    /// Records how a task ended.
    pub fn finish(&mut self, id: &str, outcome: Result<Option<Value>, Fault>) {
        let number = id.strip_prefix("task-").and_then(|number| number.parse::<u64>().ok());
        if let Some(task) = number.and_then(|number| self.tasks.get_mut(&number)) {
            task.completed = Some(Timestamp::now());
            task.outcome = Some(outcome);
        }
    }

    /// Moves the progress of running tasks on, in steps of ten. Returns whether any moved.
    pub fn progress(&mut self, now: LabTime) -> bool {
        let mut moved = false;
        for task in self.tasks.values_mut().filter(|task| task.outcome.is_none()) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=9")]
            let tenth = ((now - task.started) / task.takes.max(0.001) * 10.0).clamp(0.0, 9.0) as u8;
            moved |= task.progress != tenth * 10;
            task.progress = tenth * 10;
        }
        moved
    }

    /// References of an entity's tasks that are not long past.
    pub fn of_entity<'a>(&'a self, id: &'a str) -> impl Iterator<Item = Moref> + 'a {
        self.tasks.values().filter(move |task| task.entity.id == id).map(|task| task.moref.clone())
    }

    /// References of all tasks, newest last.
    pub fn all(&self) -> impl Iterator<Item = Moref> + '_ {
        self.tasks.values().map(|task| task.moref.clone())
    }

    /// `TaskInfo` of a task.
    pub fn info(&self, id: &str) -> Option<Object> {
        self.get(id).map(Task::info)
    }
}

impl Task {
    fn info(&self) -> Object {
        // `CloneVM_Task` is described as `VirtualMachine.clone`.
        let name = self.method.trim_end_matches("_Task").trim_end_matches("VM");
        let mut small = name.chars();
        let lower = small.next().map(|first| first.to_ascii_lowercase()).unwrap_or_default();
        let (state, error, result) = match &self.outcome {
            None if self.progress == 0 => ("queued", None, None),
            None => ("running", None, None),
            Some(Ok(result)) => ("success", None, result.clone()),
            Some(Err(fault)) => ("error", Some(fault.localized()), None),
        };
        Object::new("TaskInfo")
            .with("key", self.moref.id.as_str())
            .with("task", self.moref.clone())
            .with("name", self.method.as_str())
            .with("descriptionId", format!("{}.{lower}{}", self.entity.kind, small.as_str()))
            .with("entity", self.entity.clone())
            .with("entityName", self.entity_name.as_str())
            .with("state", Value::of("TaskInfoState", state))
            .with("cancelled", false)
            .with("cancelable", false)
            .maybe("error", error)
            .maybe("result", result)
            .maybe("progress", (state == "running").then_some(i32::from(self.progress)))
            .with("reason", Object::named("TaskReasonUser").with("userName", self.user.as_str()))
            .with("queueTime", self.queued)
            .maybe("startTime", (state != "queued").then_some(self.queued))
            .maybe("completeTime", self.completed)
            .with("eventChainId", 0)
    }
}
