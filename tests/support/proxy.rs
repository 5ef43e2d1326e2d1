//! A door between client and server that can be shut, slow, or break at a chosen call. Both servers are behind the same
//! one, so that the same trouble befalls both.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// the connection breaks before the server hears of it
    CutBefore,
    /// the server does it, the answer is lost
    CutAfter,
    /// half of the answer arrives
    Half,
    /// the server does it, and the answer waits until [`Proxy::let_go`]
    HoldAfter,
    /// the server is told a cookie it does not know
    Expire,
    /// another program's page instead of an answer
    Garble,
    /// the same as if all were well: a portal or a maintenance page that says 200
    Portal,
    /// the server does it, the answer is late
    Late,
    /// the server does it, nobody hears of it, and the connection stays
    Never,
    /// something on the way delivers it twice, and hands back the second answer
    Twice,
}

/// How late a late answer is: longer than anything that is waited for briefly, shorter than any call's own patience.
const LATE: Duration = Duration::from_secs(2);

/// After how long a call is delivered once more.
const RETRY: Duration = Duration::from_millis(100);

#[derive(Default)]
struct State {
    open: bool,
    calls: Vec<String>,
    planned: BTreeMap<usize, Trouble>,
    planned_by_name: Vec<(String, usize, Trouble)>,
    holding: bool,
    expiring: bool,
    /// a session that the server is not told of any more
    expired: Option<String>,
    connections: Vec<TcpStream>,
    /// what answers hold is in them so many times, and each says that there is more
    copies: Option<usize>,
    /// the last such page
    page: Option<Vec<u8>>,
}

/// The door. Closed when dropped.
pub struct Proxy {
    state: Arc<(Mutex<State>, Condvar)>,
    address: SocketAddr,
}

impl Proxy {
    /// A door to `host:port`.
    pub fn to(server: &str) -> Self {
        let server = server.trim_start_matches("http://").trim_end_matches("/sdk").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new((Mutex::new(State { open: true, ..State::default() }), Condvar::new()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (shared, server) = (Arc::clone(&shared), server.clone());
                if shared.0.lock().unwrap().open {
                    std::thread::spawn(move || {
                        let _ = pass(client, &server, &shared);
                    });
                }
            }
        });
        Self { state, address }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Methods called so far, in order; paths for plain HTTP.
    pub fn calls(&self) -> Vec<String> {
        self.state.0.lock().unwrap().calls.clone()
    }

    /// Forgets the calls and the trouble so far.
    pub fn reset(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.calls.clear();
        state.planned.clear();
        state.planned_by_name.clear();
    }

    /// Trouble at the `n`th call from now on (1 = the next).
    pub fn at(&self, n: usize, trouble: Trouble) {
        let mut state = self.state.0.lock().unwrap();
        let number = state.calls.len() + n;
        state.planned.insert(number, trouble);
    }

    /// Trouble at the `n`th call of this method from now on.
    pub fn at_method(&self, method: &str, n: usize, trouble: Trouble) {
        self.state.0.lock().unwrap().planned_by_name.push((method.into(), n, trouble));
    }

    /// The session of the next call has expired, for everybody who has it.
    pub fn expire(&self) {
        self.state.0.lock().unwrap().expiring = true;
    }

    /// From now on answers of properties never end, and have what they hold so many times on each page.
    pub fn never_ending(&self, copies: usize) {
        self.state.0.lock().unwrap().copies = Some(copies);
    }

    /// Waits until a call is being held.
    pub fn wait_held(&self) -> bool {
        let (lock, changed) = &*self.state;
        let state = lock.lock().unwrap();
        let (state, _) = changed.wait_timeout_while(state, Duration::from_secs(180), |state| !state.holding).unwrap();
        state.holding
    }

    /// Whether an answer is being held now.
    pub fn held(&self) -> bool {
        self.state.0.lock().unwrap().holding
    }

    /// Lets held answers go.
    pub fn let_go(&self) {
        self.state.0.lock().unwrap().holding = false;
        self.state.1.notify_all();
    }

    /// Breaks every connection and takes no new one.
    pub fn shut(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.open = false;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub fn open(&self) {
        self.state.0.lock().unwrap().open = true;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.let_go();
        self.shut();
    }
}

/// One request and its answer, whole.
struct Message {
    head: String,
    body: Vec<u8>,
}

fn read(stream: &mut TcpStream) -> std::io::Result<Option<Message>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let mut body = Vec::new();
    if field("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        while !body.ends_with(b"0\r\n\r\n") {
            if stream.read(&mut byte)? == 0 {
                break;
            }
            body.push(byte[0]);
        }
    } else if let Some(length) = field("content-length").and_then(|value| value.parse().ok()) {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    }
    Ok(Some(Message { head, body }))
}

fn name(message: &Message) -> String {
    let path = message.head.split_whitespace().nth(1).unwrap_or_default();
    if path != "/sdk" {
        return path.split('?').next().unwrap_or_default().to_owned();
    }
    let body = String::from_utf8_lossy(&message.body);
    let inside = body.split_once("Body>").map(|(_, rest)| rest).unwrap_or_default();
    inside.trim_start().trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default().to_owned()
}

fn pass(mut client: TcpStream, server: &str, shared: &(Mutex<State>, Condvar)) -> std::io::Result<()> {
    shared.0.lock().unwrap().connections.push(client.try_clone()?);
    let mut upstream = TcpStream::connect(server)?;
    // Head and body are written one after the other; neither waits for the other's acknowledgement.
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    shared.0.lock().unwrap().connections.push(upstream.try_clone()?);
    while let Some(mut request) = read(&mut client)? {
        let trouble = record(&mut shared.0.lock().unwrap(), name(&request));
        if trouble == Some(Trouble::CutBefore) {
            return client.shutdown(Shutdown::Both);
        }
        if trouble == Some(Trouble::Expire) || expired(&mut shared.0.lock().unwrap(), &request.head) {
            request.head = request.head.replace("vmware_soap_session=", "vmware_soap_session=gone-");
        }
        upstream.write_all(request.head.as_bytes())?;
        upstream.write_all(&request.body)?;
        if trouble == Some(Trouble::Twice) {
            read(&mut upstream)?;
            // What retries does so when it has waited: by then the first one is done.
            std::thread::sleep(RETRY);
            upstream.write_all(request.head.as_bytes())?;
            upstream.write_all(&request.body)?;
        }
        let Some(mut answer) = read(&mut upstream)? else { return client.shutdown(Shutdown::Both) };
        let copies = shared.0.lock().unwrap().copies;
        if let Some(copies) = copies {
            answer = never_ending(&mut shared.0.lock().unwrap(), &name(&request), copies, answer);
        }
        match trouble {
            Some(Trouble::CutAfter) => return client.shutdown(Shutdown::Both),
            Some(Trouble::HoldAfter) => hold(shared),
            Some(Trouble::Half) => {
                client.write_all(answer.head.as_bytes())?;
                client.write_all(&answer.body[..answer.body.len() / 2])?;
                return client.shutdown(Shutdown::Both);
            }
            Some(Trouble::Garble) => answer = page("502 Bad Gateway"),
            Some(Trouble::Portal) => answer = page("200 OK"),
            Some(Trouble::Late) => std::thread::sleep(LATE),
            Some(Trouble::Never) => {
                // Until the client has had enough.
                let _ = client.read(&mut [0]);
                return Ok(());
            }
            _ => {}
        }
        client.write_all(answer.head.as_bytes())?;
        client.write_all(&answer.body)?;
    }
    Ok(())
}

fn page(status: &str) -> Message {
    with_body(status, format!("<html><body>{status}</body></html>").into_bytes())
}

fn with_body(status: &str, body: Vec<u8>) -> Message {
    Message { head: format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()), body }
}

fn never_ending(state: &mut State, method: &str, copies: usize, answer: Message) -> Message {
    match method {
        "RetrievePropertiesEx" => {
            let text = String::from_utf8(answer.body).unwrap();
            let (before, rest) = text.split_once("<returnval>").unwrap();
            let (held, after) = rest.rsplit_once("</returnval>").unwrap();
            let held = held.repeat(copies);
            let body = format!("{before}<returnval><token>more</token>{held}</returnval>{after}").into_bytes();
            state.page = Some(body.clone());
            with_body("200 OK", body)
        }
        "ContinueRetrievePropertiesEx" => with_body("200 OK", state.page.clone().unwrap()),
        _ => answer,
    }
}

fn expired(state: &mut State, head: &str) -> bool {
    let cookie = head.lines().find(|line| line.contains("vmware_soap_session=")).map(str::to_owned);
    if cookie.is_some() && std::mem::take(&mut state.expiring) {
        state.expired.clone_from(&cookie);
    }
    cookie.is_some() && state.expired == cookie
}

fn record(state: &mut State, method: String) -> Option<Trouble> {
    state.calls.push(method.clone());
    let number = state.calls.len();
    let mut found = state.planned.remove(&number);
    for (_, left, trouble) in state.planned_by_name.iter_mut().filter(|(name, left, _)| *name == method && *left > 0) {
        *left -= 1;
        if *left == 0 {
            found = Some(*trouble);
        }
    }
    found
}

fn hold((lock, changed): &(Mutex<State>, Condvar)) {
    let mut state = lock.lock().unwrap();
    state.holding = true;
    changed.notify_all();
    let _released = changed.wait_while(state, |state| state.holding).unwrap();
}
