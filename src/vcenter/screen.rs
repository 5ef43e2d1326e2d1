//! A guest's console as a picture.
//!
//! `GET /screen?id=<moid>` on vCenter needs `VirtualMachine.Interact.ConsoleInteract`. Where that is refused or missing,
//! `CreateScreenshot_Task` puts a PNG beside the VM, which is downloaded and deleted; it needs
//! `VirtualMachine.Interact.CreateScreenshot` and access to files of that datastore.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::datastore::{self, DatastorePath};
use super::session::{ReadError, Session, read_body};
use super::{Error, Moid, PowerState, Vm, task};

/// Bytes of a picture that are read.
const MAX_PICTURE_BYTES: usize = 32 << 20;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long `CreateScreenshot_Task` may take.
const SCREENSHOT_TIMEOUT: Duration = Duration::from_secs(30);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Takes a picture of `vm`; `width` in pixels asks the server to scale.
pub(super) async fn take_picture(
    session: &Session,
    datacenter: &(Moid, String),
    vm: &Vm,
    width: Option<u32>,
) -> Result<Bytes, Error> {
    let none = |reason: String| Error::Picture { vm: vm.name.clone(), reason };
    match vm.power_state {
        PowerState::PoweredOn => {}
        PowerState::PoweredOff | PowerState::Suspended => return Err(none("it is powered off".into())),
        PowerState::Unknown => return Err(none("vCenter does not tell whether it runs".into())),
    }
    let refused = match request_screen(session, vm, width).await? {
        Ok(picture) => return Ok(picture),
        Err(refused) => refused,
    };
    match run_screenshot_task(session, datacenter, vm).await {
        Ok(picture) => Ok(picture),
        Err(Error::Permission { privilege, .. }) => Err(none(format!(
            "{} lacks VirtualMachine.Interact.ConsoleInteract (/screen: {refused}) and {privilege}; grant one, or set \
             TMPL_CONSOLE_USERNAME and TMPL_CONSOLE_PASSWORD",
            session.account()
        ))),
        Err(Error::Picture { reason, .. }) => Err(none(reason)),
        Err(error) => Err(none(format!("/screen answered {refused}; CreateScreenshot_Task: {error}"))),
    }
}

/// `/screen`. The inner error is the refusal that the other way may get round.
async fn request_screen(session: &Session, vm: &Vm, width: Option<u32>) -> Result<Result<Bytes, StatusCode>, Error> {
    let mut address = session.endpoint("/screen");
    address.query_pairs_mut().append_pair("id", &vm.moid.0);
    if let Some(width) = width {
        // Both are needed, and consoles are 4:3 until a guest says otherwise; the server keeps the proportions it has.
        let height = (width * 3 / 4).to_string();
        address.query_pairs_mut().append_pair("w", &width.to_string()).append_pair("h", &height);
    }
    let mut renewed = false;
    loop {
        let (request, number) = session.request(Method::GET, &address).await?;
        let sent = request.timeout(REQUEST_TIMEOUT).send().await;
        let response = sent.map_err(|error| session.transport_error("/screen", REQUEST_TIMEOUT, error))?;
        match response.status() {
            StatusCode::OK => return read_picture(session, vm, response).await.map(Ok),
            StatusCode::UNAUTHORIZED if !renewed => {
                renewed = true;
                session.expire(number).await;
            }
            status => return Ok(Err(status)),
        }
    }
}

async fn read_picture(session: &Session, vm: &Vm, response: reqwest::Response) -> Result<Bytes, Error> {
    let none = |reason: &str| Error::Picture { vm: vm.name.clone(), reason: reason.into() };
    let bytes = read_body(response, MAX_PICTURE_BYTES).await.map_err(|error| match error {
        ReadError::TooLarge => none("more than 32 MiB were sent"),
        ReadError::Broken(error) => session.transport_error("/screen", REQUEST_TIMEOUT, error),
    })?;
    if bytes.starts_with(PNG) || bytes.starts_with(JPEG) {
        return Ok(bytes);
    }
    Err(none("what was sent is not an image"))
}

/// `CreateScreenshot_Task`, then the file's download and removal.
async fn run_screenshot_task(session: &Session, datacenter: &(Moid, String), vm: &Vm) -> Result<Bytes, Error> {
    const METHOD: &str = "CreateScreenshot_Task";
    let making = task::run(session, METHOD, ("VirtualMachine", &vm.moid.0), task::NO_ARGUMENTS, &|_| {});
    let path = tokio::time::timeout(SCREENSHOT_TIMEOUT, making)
        .await
        .map_err(|_| Error::Timeout { what: METHOD, after: SCREENSHOT_TIMEOUT })??;
    let file = DatastorePath::parse(&path)
        .ok_or_else(|| Error::Protocol { call: METHOD, reason: "its result is no datastore path".into() })?;
    let downloaded = async {
        let response = datastore::download(session, &datacenter.1, &file).await?;
        read_picture(session, vm, response).await
    }
    .await;
    // Removed whether or not it could be read: one file per picture would fill the datastore.
    if let Err(error) = datastore::delete(session, &datacenter.0, &file).await {
        tracing::warn!(%error, file = %path, "a screenshot stays on the datastore");
    }
    downloaded
}
