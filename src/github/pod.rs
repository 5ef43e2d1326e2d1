//! The log of a leg at work, from its runner's pod: GitHub gives none before the leg is over. Needs `kubectl` and a
//! kubeconfig that reaches the scale set; which namespace that is in, the environment says (`TMPL_ARC_NAMESPACE`).

use std::process::Stdio;

use tokio::process::Child;

use super::{Lacking, Leg, Refusal, Repository};
use crate::child::{self, Kind};

/// The program that reaches into a pod.
const KUBECTL: &str = "kubectl";

/// Where the scale set's pods are, when the environment says so.
///
/// # Errors
/// [`Refusal::NoNamespace`] when what it says is no name.
pub fn namespace() -> Result<Option<String>, Refusal> {
    let Some(name) = std::env::var("TMPL_ARC_NAMESPACE").ok().filter(|name| !name.is_empty()) else { return Ok(None) };
    match is_kubernetes_name(&name) {
        true => Ok(Some(name)),
        false => Err(Refusal::NoNamespace),
    }
}

/// A name of Kubernetes: it becomes an argument, which must be no option.
fn is_kubernetes_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    !name.is_empty() && name.len() <= 253 && !name.starts_with(['-', '.']) && name.bytes().all(inner)
}

/// `kubectl` and its arguments that print the leg's packer log from its first line on, and what is added.
///
/// On ARC a runner's name is its pod's. The runner has a repository's checkout in `_work/NAME/NAME`.
///
/// # Errors
/// [`Refusal::NoPod`] naming what is lacking.
pub fn command(leg: &Leg, repository: &Repository, namespace: Option<&str>) -> Result<Vec<String>, Refusal> {
    let no_pod = |lacking| Refusal::NoPod { leg: leg.name.clone(), lacking };
    let namespace = namespace.ok_or_else(|| no_pod(Lacking::Namespace))?;
    let pod = leg.runner.as_deref().ok_or_else(|| no_pod(Lacking::Runner))?;
    if !is_kubernetes_name(pod) || !is_kubernetes_name(namespace) {
        return Err(no_pod(Lacking::Pod));
    }
    let name = &repository.name;
    let file = format!("/home/runner/_work/{name}/{name}/packer-build.log");
    let words = [KUBECTL, "exec", "--namespace", namespace, pod, "--container", "runner", "--"];
    let tail = ["tail", "-n", "+1", "-F", &file];
    Ok(words.iter().chain(&tail).map(|word| (*word).to_owned()).collect())
}

/// Starts it; its output is the log as it stands in the pod, unscrubbed, and so is what it says on stderr.
///
/// # Errors
/// [`Refusal::NoKubectl`] where there is none.
pub fn follow(argv: &[String]) -> Result<Child, Refusal> {
    let mut command = child::command(Kind::Kubectl, KUBECTL);
    command.args(argv.iter().skip(1)).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().map_err(|error| Refusal::NoKubectl { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::State;

    fn leg(runner: Option<&str>) -> Leg {
        Leg {
            id: 1,
            name: "build (debian-12)".into(),
            key: None,
            state: State::Running,
            step: None,
            created: jiff::Timestamp::UNIX_EPOCH,
            started: None,
            ended: None,
            runner: runner.map(str::to_owned),
            labels: Vec::new(),
            url: String::new(),
        }
    }

    #[test]
    fn a_pod_is_read_with_kubectl_and_what_is_lacking_is_named() {
        let repository = Repository { owner: "acme".into(), name: "images".into() };
        let argv = command(&leg(Some("packer-vsphere-x7-runner-4q")), &repository, Some("arc-runners")).unwrap();
        let told = "kubectl exec --namespace arc-runners packer-vsphere-x7-runner-4q --container runner -- \
            tail -n +1 -F /home/runner/_work/images/images/packer-build.log";
        assert_eq!(argv.join(" "), told);
        let said = |leg: &Leg, namespace| command(leg, &repository, namespace).unwrap_err().to_string();
        assert!(said(&leg(Some("pod")), None).contains("TMPL_ARC_NAMESPACE"));
        assert!(said(&leg(None), Some("arc")).contains("no runner has taken it"));
        assert!(said(&leg(Some("--kubeconfig=/evil")), Some("arc")).contains("no pod"));
    }
}
