//! One running guest: its QEMU, what it shows, and the keys that wait for it.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::super::guest::Moment;
use super::PORT;
use super::console::{Console, KEY};
use super::firmware::Firmware;
use super::keys::Press;
use crate::packer_run::Process;

/// MiB at least. Debian 12's GRUB (2.06-13+deb12u2) gives the kernel an address whose upper half it never sets; with 2 GiB
/// that is a place where this firmware, unlike vSphere's, leaves a pattern, and the kernel dies before its first word.
const MEMORY: i32 = 3072;
/// Between two pictures.
const LOOK: Duration = Duration::from_secs(1);
/// Between two attempts to connect to it, and how long one may take.
const KNOCK: Duration = Duration::from_secs(3);

/// How long a killed QEMU may take to be gone: it gives back gigabytes.
const GONE: Duration = Duration::from_secs(5);

/// A guest to start.
#[derive(Debug)]
pub struct Spec {
    /// its files begin so
    pub base: PathBuf,
    /// ISO files
    pub drives: Vec<PathBuf>,
    /// processors
    pub cpus: i32,
    /// memory, MiB
    pub memory_mb: i32,
    /// hardware address
    pub mac: String,
    /// the address of this machine that leads to it
    pub address: Ipv4Addr,
    /// speaks WinRM rather than SSH
    pub windows: bool,
    /// options of its network when it may reach the mirror alone
    pub network: Option<String>,
}

#[derive(Debug, Default)]
struct Seen {
    ended: bool,
    answers: bool,
    picture: Option<Bytes>,
}

#[derive(Debug)]
enum Order {
    Type(Vec<Press>),
    PressPower,
}

/// A guest that runs; without it, it does not.
#[derive(Debug)]
pub struct Guest {
    seen: Arc<Mutex<Seen>>,
    orders: UnboundedSender<Order>,
    address: Ipv4Addr,
    tasks: [JoinHandle<()>; 2],
    qemu: Option<Process>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        // Its disk and its port are free when it is gone, and the next one needs them at once.
        if let Some(qemu) = &self.qemu {
            end(qemu);
        }
    }
}

/// Kills a QEMU and waits until it is gone.
pub fn end(qemu: &Process) {
    let _ = qemu.signal(Signal::SIGKILL);
    let end = Instant::now() + GONE;
    while qemu.alive() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Guest {
    /// Starts QEMU; call it inside a tokio runtime.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(firmware: &Firmware, spec: Spec) -> io::Result<Self> {
        let file = |ending: &str| spec.base.with_extension(ending);
        let log = std::fs::File::create(file("log"))?;
        let mut qemu = firmware.qemu(&file("fd"));
        qemu.args(["-smp", &spec.cpus.clamp(1, 2).to_string(), "-m", &spec.memory_mb.max(MEMORY).to_string()]);
        qemu.arg("-pidfile").arg(file("pid"));
        qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", file("qmp").display()));
        qemu.args(devices(&spec)).stdout(Stdio::null()).stderr(log);
        let child = qemu.spawn()?;
        let pid = child.id().unwrap_or_default();
        let qemu = Process::from_pid(pid).ok();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (orders, received) = unbounded_channel();
        let (address, windows) = (spec.address, spec.windows);
        let attended = crate::task::spawn(attend(child, pid, spec.base, Arc::clone(&seen), received));
        let knocking = crate::task::spawn(knock(address, windows, Arc::clone(&seen)));
        Ok(Self { seen, orders, address, tasks: [attended, knocking], qemu })
    }

    /// What tools would say: that they run and where, once something answers there; `None` when it ended.
    pub fn moment(&self) -> Option<Moment> {
        let seen = lock(&self.seen);
        let ip = seen.answers.then(|| self.address.to_string());
        (!seen.ended).then_some(Moment { tools: seen.answers, ip })
    }

    /// The last picture, PNG.
    pub fn picture(&self) -> Option<Bytes> {
        lock(&self.seen).picture.clone()
    }

    /// Types when the guest is ready for it.
    pub fn type_keys(&self, keys: Vec<Press>) {
        // A guest that has just ended takes none.
        let _ = self.orders.send(Order::Type(keys));
    }

    /// Presses its power button.
    pub fn press_power(&self) {
        let _ = self.orders.send(Order::PressPower);
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The hardware that vSphere gives the lines: PVSCSI, SATA drives, vmxnet3.
fn devices(spec: &Spec) -> Vec<String> {
    let disk = spec.base.with_extension("qcow2");
    let mut words = vec![
        "-device".into(),
        "pvscsi,id=scsi".into(),
        "-drive".into(),
        format!("if=none,id=disk,format=qcow2,discard=unmap,cache=unsafe,file={}", disk.display()),
        "-device".into(),
        "scsi-hd,drive=disk,bus=scsi.0,bootindex=0".into(),
    ];
    for (slot, iso) in spec.drives.iter().enumerate() {
        words.push("-drive".into());
        words.push(format!("if=none,id=cd{slot},media=cdrom,readonly=on,format=raw,file={}", iso.display()));
        words.push("-device".into());
        words.push(format!("ide-cd,drive=cd{slot},bus=ide.{slot},bootindex={}", slot + 1));
    }
    let inside = if spec.windows { 5985 } else { 22 };
    let confined = spec.network.as_deref().unwrap_or_default();
    words.push("-netdev".into());
    words.push(format!("user,id=net,hostfwd=tcp:{}:{PORT}-:{inside}{confined}", spec.address));
    words.push("-device".into());
    words.push(format!("vmxnet3,netdev=net,mac={}", spec.mac));
    words
}

/// Looks at the guest and types for it until it ends.
async fn attend(
    mut child: Child,
    pid: u32,
    base: PathBuf,
    seen: Arc<Mutex<Seen>>,
    mut orders: UnboundedReceiver<Order>,
) {
    let work = async {
        let mut console = Console::open(&base, pid).await?;
        let (mut look, mut key) = (tokio::time::interval(LOOK), tokio::time::interval(KEY));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        key.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Type(keys)) => console.queue(keys),
                    Some(Order::PressPower) => console.press_power().await?,
                    None => return Ok(()),
                },
                _ = look.tick() => {
                    // One that cannot be had is no reason to end it: the last one stays.
                    if let Ok(picture) = console.picture(&base.with_extension("png")).await {
                        lock(&seen).picture = Some(picture);
                    }
                }
                _ = key.tick(), if console.has_keys() => console.type_next().await?,
            }
        }
    };
    let outcome: io::Result<()> = tokio::select! {
        outcome = work => outcome,
        _ = child.wait() => Ok(()),
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "a real guest is ended: its QEMU does not answer");
    }
    // It may have ended by itself: a guest that shuts down takes its QEMU along.
    let _ = child.kill().await;
    lock(&seen).ended = true;
}

/// Whether something answers at the guest's address as SSH or WinRM does. QEMU itself takes every connection.
async fn knock(address: Ipv4Addr, windows: bool, seen: Arc<Mutex<Seen>>) {
    loop {
        tokio::time::sleep(KNOCK).await;
        let answered = tokio::time::timeout(KNOCK, async {
            let mut stream = TcpStream::connect((address, PORT)).await?;
            if windows {
                stream.write_all(b"GET /wsman HTTP/1.0\r\n\r\n").await?;
            }
            let mut beginning = [0; 4];
            stream.read_exact(&mut beginning).await?;
            io::Result::Ok(&beginning == if windows { b"HTTP" } else { b"SSH-" })
        });
        lock(&seen).answers = matches!(answered.await, Ok(Ok(true)));
    }
}
