//! Programs that this one starts: all of them are made here. Each kind gets the variables that it needs and no others of
//! our environment, which holds tokens and passwords; what is only asked something has a bound of time and of what it may
//! say.

mod attended;
mod credential;
mod running;
mod variables;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

pub use self::attended::on_wait;
pub use self::credential::credential;
use self::running::Running;
pub use self::running::end_all;
use self::variables::{ASKED, BASE, DEMO, DESKTOP, GIT, KUBECTL, OURS, PROXY, TESSERACT};

/// What a program is started for, which decides what it may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// tells its version, a path, whether a module is there: packer, Ansible, its Python, mise
    Asked,
    /// git, in a checkout
    Git,
    /// reads a picture
    Tesseract,
    /// reaches a pod, with logins of its own
    Kubectl,
    /// runs a command in a clone that is tried, with the keys that its agent or its own files hold
    Ssh,
    /// packer at work: plugins, templates (`env()`) and playbooks read variables of any name, so that it gets everything
    /// but what is ours alone
    Packer,
    /// a command of the repository's `tmpl.toml` that the operator allowed: it fetches what connects us, with logins of
    /// its own
    Credential,
    /// speaks to the terminal for us
    Terminal,
    /// the console of `demo`: a terminal, and nothing of the real world
    Demo,
    /// a guest of the lab that is real, and what makes its disks
    Guest,
    /// the user's hook: hears of events, and needs to reach whatever it tells
    Hook,
    /// a command of the user's configuration
    Plugin,
    /// one that gets the terminal until it ends
    Interactive,
    /// this program again
    Ourselves,
}

impl Kind {
    /// Whether a program of this kind gets the variable.
    pub fn gets(self, name: &str) -> bool {
        match self {
            Self::Asked => BASE.has(name) || ASKED.has(name),
            Self::Guest => BASE.has(name),
            Self::Git => BASE.has(name) || GIT.has(name),
            Self::Tesseract => BASE.has(name) || TESSERACT.has(name),
            Self::Ssh => BASE.has(name) || name == "SSH_AUTH_SOCK",
            Self::Kubectl => BASE.has(name) || PROXY.has(name) || KUBECTL.has(name),
            Self::Demo | Self::Terminal => BASE.has(name) || DEMO.has(name),
            Self::Hook => BASE.has(name) || PROXY.has(name),
            Self::Plugin | Self::Interactive => BASE.has(name) || DEMO.has(name) || DESKTOP.has(name),
            Self::Packer | Self::Credential => !OURS.has(name),
            Self::Ourselves => true,
        }
    }

    /// Whether it is killed with everything that it started. Not what may ask at our terminal (git, for a passphrase),
    /// which a group of its own would keep from it.
    const fn leads_a_group(self) -> bool {
        matches!(
            self,
            Self::Asked | Self::Tesseract | Self::Kubectl | Self::Ssh | Self::Credential | Self::Hook | Self::Plugin
        )
    }
}

/// A program of this kind, with the variables that it gets; it reads nothing from us.
pub fn command(kind: Kind, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    if kind != Kind::Ourselves {
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|n| kind.gets(n))));
    }
    if kind == Kind::Hook {
        // The address of a proxy may hold an account.
        for (name, _) in std::env::vars_os().filter(|(_, value)| value.as_encoded_bytes().contains(&b'@')) {
            if name.to_str().is_some_and(|name| PROXY.has(name)) {
                command.env_remove(name);
            }
        }
    }
    if kind == Kind::Asked {
        // Packer: no call home.
        command.env("CHECKPOINT_DISABLE", "1");
    }
    if kind.leads_a_group() {
        command.process_group(0);
    }
    command
}

/// This program again, in place of this process, with other arguments and these changes of the environment (`None`: no
/// such variable). Returns only when that fails.
pub fn become_ourselves(arguments: &[OsString], changes: &[(String, Option<SecretString>)]) -> io::Error {
    use std::os::unix::process::CommandExt;

    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    end_all();
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value.expose_secret()),
            None => command.env_remove(name),
        };
    }
    command.exec()
}

/// How long a program may take and how much it may say on each of stdout and stderr.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// then it is killed
    pub time: Duration,
    /// with more it is killed
    pub bytes: usize,
}

/// How long a program's last words may take once it has ended: what it left at work may hold its streams open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// For a short answer: no healthy program needs longer.
pub const SHORT: Bound = Bound { time: Duration::from_secs(30), bytes: 1 << 20 };

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// it is not installed
    #[error("not found")]
    NotFound,
    /// it was killed for that
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// it was killed for that
    #[error("it printed more than {} KiB", .0 >> 10)]
    TooMuch(usize),
    /// it cannot be started or read
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::NotFound => Self::new(io::ErrorKind::NotFound, "not found"),
            Error::TimedOut(_) => Self::new(io::ErrorKind::TimedOut, error.to_string()),
            Error::TooMuch(_) => Self::other(error.to_string()),
        }
    }
}

/// Runs a program to its end and takes what it says; `input` is what it reads. However this ends, also when it is
/// dropped, the program does.
///
/// # Errors
/// [`Error`]; a program that fails has an answer all the same.
pub async fn output(mut command: Command, bound: Bound, input: Option<&[u8]>) -> Result<Output, Error> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        _ => Error::Io(error),
    })?;
    let mut running = Running::new(child);
    let (stdin, out, err) = (running.child.stdin.take(), running.child.stdout.take(), running.child.stderr.take());
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // One that ends early says why on stderr.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let work = async {
        let said = async {
            tokio::try_join!(feed, bounded(out, bound.bytes, &mut stdout), bounded(err, bound.bytes, &mut stderr))
        };
        let mut said = pin!(said);
        tokio::select! {
            all = &mut said => {
                all?;
                Ok(running.child.wait().await?)
            }
            status = running.child.wait() => {
                if let Ok(all) = tokio::time::timeout(LAST_WORDS, said).await {
                    all?;
                }
                Ok(status?)
            }
        }
    };
    let ended: Result<_, Error> =
        tokio::time::timeout(bound.time, work).await.map_err(|_| Error::TimedOut(bound.time))?;
    let status = ended?;
    running.forget();
    Ok(Output { status, stdout, stderr })
}

/// The same for who does not wait in a task.
///
/// # Errors
/// As [`output`].
pub fn output_blocking(command: Command, bound: Bound) -> Result<Output, Error> {
    // A thread of its own: ours may be one of a runtime, which must not run another.
    let thread = || -> Result<Output, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(output(command, bound, None))
    };
    std::thread::scope(|scope| scope.spawn(thread).join())
        .unwrap_or_else(|_| Err(io::Error::other("the wait for it broke off").into()))
}

async fn bounded(stream: Option<impl AsyncRead + Unpin>, bytes: usize, all: &mut Vec<u8>) -> Result<(), Error> {
    if let Some(stream) = stream {
        stream.take(bytes as u64 + 1).read_to_end(all).await?;
    }
    if all.len() > bytes { Err(Error::TooMuch(bytes)) } else { Ok(()) }
}

/// Where a program is that can be run by its name.
pub fn on_path(program: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let executable = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(executable)
}

/// How a program ended, for people: `exit status 3`, `SIGKILL`.
pub fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().and_then(|number| Signal::try_from(number).ok());
    match (status.code(), signal) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => signal.as_str().to_owned(),
        (None, None) => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 14] = [
        Kind::Asked,
        Kind::Git,
        Kind::Tesseract,
        Kind::Kubectl,
        Kind::Ssh,
        Kind::Packer,
        Kind::Credential,
        Kind::Terminal,
        Kind::Demo,
        Kind::Guest,
        Kind::Hook,
        Kind::Plugin,
        Kind::Interactive,
        Kind::Ourselves,
    ];
    const SECRET: [&str; 12] = [
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "TMPL_CONSOLE_USERNAME",
        "TMPL_CONSOLE_PASSWORD",
        "PKR_VAR_vsphere_password",
        "PKR_VAR_build_password",
        "GOVC_PASSWORD",
        "GOVC_URL",
        "VAULT_TOKEN",
        "ANSIBLE_BECOME_PASS",
    ];

    #[test]
    fn nobody_gets_a_secret_that_is_not_meant_for_him() {
        for kind in KINDS {
            let given: Vec<&str> = SECRET.into_iter().filter(|name| kind.gets(name)).collect();
            match kind {
                Kind::Packer | Kind::Credential => assert_eq!(given, SECRET[6..], "{kind:?}"),
                Kind::Ourselves => assert_eq!(given, SECRET, "{kind:?}"),
                Kind::Asked
                | Kind::Git
                | Kind::Tesseract
                | Kind::Kubectl
                | Kind::Ssh
                | Kind::Terminal
                | Kind::Hook
                | Kind::Plugin
                | Kind::Interactive
                | Kind::Demo
                | Kind::Guest => {
                    assert!(given.is_empty(), "{kind:?}: {given:?}");
                }
            }
            assert!(kind.gets("PATH") && kind.gets("HOME") && kind.gets("LC_ALL"), "{kind:?}");
        }
        assert!(
            Kind::Kubectl.gets("KUBECONFIG") && Kind::Kubectl.gets("AWS_PROFILE") && Kind::Kubectl.gets("HTTPS_PROXY")
        );
        assert!(Kind::Git.gets("GIT_AUTHOR_NAME") && !Kind::Git.gets("GIT_CONFIG_VALUE_0"));
        assert!(Kind::Packer.gets("SSH_AUTH_SOCK") && Kind::Packer.gets("TMPL_SIMULATED"));
    }

    fn shell(script: &str) -> Command {
        let mut shell = command(Kind::Asked, "sh");
        shell.args(["-c", script]);
        shell
    }

    #[tokio::test]
    async fn what_says_too_much_or_takes_too_long_is_killed_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let short = Bound { time: Duration::from_secs(20), bytes: 1000 };
        let loud = output(shell("yes"), short, None).await.unwrap_err();
        assert_eq!(loud.to_string(), "it printed more than 0 KiB");
        let pid = dir.path().join("pid");
        let slow = shell(&format!("sleep 600 & echo $! >{}; wait", pid.display()));
        let error = output(slow, Bound { time: Duration::from_secs(1), ..short }, None).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer within 1 s");
        let pid = std::fs::read_to_string(pid).unwrap();
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        let gone = || stat().map_or(true, |stat| stat.contains(") Z "));
        assert!(std::iter::repeat_with(std::thread::yield_now).take(10_000_000).any(|()| gone()), "{:?}", stat());
        assert!(matches!(output(command(Kind::Asked, "/nowhere/x"), SHORT, None).await, Err(Error::NotFound)));
    }

    /// A browser that a script opened holds its streams: the script has ended all the same.
    #[tokio::test]
    async fn what_a_program_leaves_at_work_is_not_waited_for() {
        let opens = output(shell("echo opened; sleep 600 & echo $! >&2"), SHORT, None).await.unwrap();
        assert_eq!((opens.status.code(), opens.stdout.as_slice()), (Some(0), b"opened\n".as_slice()));
        let left = String::from_utf8(opens.stderr).unwrap();
        let left = nix::unistd::Pid::from_raw(left.trim().parse().unwrap());
        nix::sys::signal::kill(left, Signal::SIGKILL).unwrap();
    }

    #[tokio::test]
    async fn what_is_said_comes_back_whether_one_waits_in_a_task_or_not() {
        let echo = output(shell("cat; echo err >&2; exit 3"), SHORT, Some(b"in")).await.unwrap();
        assert_eq!((echo.status.code(), echo.stdout, echo.stderr), (Some(3), b"in".to_vec(), b"err\n".to_vec()));
        assert_eq!(output_blocking(shell("echo $0"), SHORT).unwrap().stdout, b"sh\n");
    }
}
