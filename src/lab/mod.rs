//! A simulated vCenter and a simulated packer, for `demo` and tests; it says so on screen.
//!
//! [`Lab`] speaks vCenter's SOAP and HTTP on a local port. Its guests boot through changing pictures, get tools and an
//! address or get stuck, as `assets/lab/guests.toml` says, on a clock that can run faster than real time.

mod clock;
mod collector;
#[cfg(feature = "testing")]
mod control;
mod devices;
mod effect;
mod environment;
mod fault;
mod frames;
pub mod github;
mod guest;
mod guests;
#[cfg(feature = "testing")]
mod hooks;
mod http;
mod inventory;
mod listen;
mod machine;
pub mod mirror;
mod node;
pub mod packer;
pub mod real;
mod screen;
mod service;
mod session;
pub mod showcase;
mod state;
mod store;
mod task;
mod tls;
mod updates;
mod value;
mod view;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::tls::Tls;

#[cfg(feature = "testing")]
pub use control::Trouble;
pub use fault::Fault;
pub use guest::{Book, Build, Family, Guest};
pub use inventory::{CLUSTER, DATACENTER, DATASTORE, FOLDER, NETWORK, Seed};
pub use session::Account;

use clock::Clock;
use http::Shared;
use session::Sessions;
use state::State;
use value::Moref;
use world::World;

/// How a lab is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// where to listen; port 0 = any free one
    pub listen: SocketAddr,
    /// lab seconds per real second
    pub speed: f64,
    /// duration of tasks relative to usual; 0 = at once
    pub task_scale: f64,
    /// who may log in; the first is the account of builds
    pub accounts: Vec<Account>,
    /// real time after which an unused session ends
    pub session_idle: Duration,
    /// guests wait for the boot command however late it is; otherwise one that comes too late misses its screen
    pub patient: bool,
    /// which guest the next build of a base name boots; others do what their family usually does
    pub guests: BTreeMap<String, String>,
    /// templates and VMs that are there from the start
    pub seeds: Vec<Seed>,
    /// guests are real ones, in QEMU; scenarios and speed are not for them
    pub real: Option<real::Wish>,
    /// it is reached over TLS, with a certificate that nobody vouches for: real packer speaks nothing else
    pub tls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            speed: 1.0,
            task_scale: 1.0,
            accounts: vec![Account::new("svc-packer@lab.internal", "lab-password")],
            session_idle: Duration::from_secs(1800),
            patient: false,
            guests: BTreeMap::new(),
            seeds: Vec::new(),
            real: None,
            tls: false,
        }
    }
}

/// A running lab. Dropping it ends it.
#[derive(Debug)]
pub struct Lab {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// what it is reached through, where that is not plain HTTP
    tls: Option<Tls>,
    account: Account,
    server: Mutex<Option<Server>>,
    ticker: JoinHandle<()>,
}

#[derive(Debug)]
struct Server {
    closed: CancellationToken,
    task: JoinHandle<()>,
}

/// How often guests and tasks are brought to the present when nobody asks.
const TICK: Duration = Duration::from_millis(50);

impl Lab {
    /// Starts a lab; call it inside a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on, no account is given, or real guests cannot be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let account = options.accounts.first().cloned().ok_or_else(|| io::Error::other("a lab needs an account"))?;
        let book = Book::shipped().map_err(io::Error::other)?;
        let mut world = World::new(book, Clock::new(options.speed), options.task_scale);
        world.guests = options.guests;
        world.patient = options.patient;
        if let Some(wish) = options.real {
            let folder = showcase::folder::create().await?;
            world.real = Some(real::Host::start(folder, wish).await.map_err(io::Error::other)?);
        }
        inventory::populate(&mut world);
        for seed in &options.seeds {
            inventory::add(&mut world, seed);
        }
        let state = State {
            world,
            sessions: Sessions::new(options.accounts, options.session_idle),
            filters: updates::Filters::default(),
            views: view::Views::default(),
            pages: BTreeMap::new(),
            #[cfg(feature = "testing")]
            control: control::Control::default(),
        };
        let shared = Arc::new(Shared::new(state));
        // TLS stands before it, where that is wanted.
        let plain = if options.tls { (Ipv4Addr::LOCALHOST, 0).into() } else { options.listen };
        let listener = TcpListener::bind(plain).await?;
        let mut address = listener.local_addr()?;
        let tls = if options.tls { Some(Tls::start(options.listen, address).await?) } else { None };
        address = tls.as_ref().map_or(address, Tls::address);
        if address.ip().is_unspecified() {
            // From here it is reached as what is on this machine.
            let here = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(here);
        }
        let server = serve(listener, &shared);
        let ticking = Arc::clone(&shared);
        let ticker = crate::task::spawn(async move {
            let mut interval = tokio::time::interval(TICK);
            loop {
                interval.tick().await;
                ticking.tick();
            }
        });
        Ok(Self { shared, address, tls, account, server: Mutex::new(Some(server)), ticker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Of a lab with real guests: what runs them, and the releases of Debian that can be installed.
    pub fn real(&self) -> Option<(real::Accelerator, Vec<String>)> {
        let state = self.shared.lock();
        state.world.real.as_ref().map(|host| (host.accelerator().clone(), host.releases()))
    }

    /// Puts a file of this size on a datastore: `[datastore] folder/name`.
    pub fn put_file(&self, path: &str, size: u64) {
        self.shared.lock().world.store.put(path, size, None);
    }

    /// Records that VMs were made from a template so many hours ago; nothing when there is none of that name.
    pub fn put_clones(&self, template: &str, names: &[&str], hours_ago: i64) {
        let mut state = self.shared.lock();
        let Some(source) = state.world.named("VirtualMachine", template).map(|source| source.moref.clone()) else {
            return;
        };
        let (by, at) = ("LAB\\mona".to_owned(), Timestamp::now() - SignedDuration::from_hours(hours_ago));
        for name in names {
            let made = (Moref::new("VirtualMachine", format!("vm-{}", state.world.number())), (*name).to_owned());
            let source = (source.clone(), template.to_owned());
            state.world.clones.push(world::Cloned { source, made, from_template: true, by: by.clone(), at });
        }
    }

    /// Stops listening and cuts every connection, as a vCenter that goes down; the state stays.
    pub async fn stop(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut server) = server {
            server.closed.cancel();
            if tokio::time::timeout(Duration::from_secs(2), &mut server.task).await.is_err() {
                server.task.abort();
            }
        }
        // Real guests end with their vCenter.
        self.shared.lock().world.real = None;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.ticker.abort();
        if let Some(server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            server.closed.cancel();
            server.task.abort();
        }
    }
}

fn serve(listener: TcpListener, shared: &Arc<Shared>) -> Server {
    let closed = CancellationToken::new();
    let door = listen::FaultyListener { listener, closed: closed.clone() };
    let service = http::router(Arc::clone(shared)).into_make_service_with_connect_info::<listen::Cut>();
    let until = closed.clone().cancelled_owned();
    let task = crate::task::spawn(async move {
        // Serving ends when the lab is stopped; there is nobody to tell of an error but the client that saw it.
        let _ = axum::serve(door, service).with_graceful_shutdown(until).await;
    });
    Server { closed, task }
}
