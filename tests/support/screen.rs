//! A vCenter whose `/screen` sends what a test wants: everything else is passed on to the lab.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use tmpl::lab::Lab;

struct Behind {
    lab: String,
    client: reqwest::Client,
    screen: Vec<u8>,
}

/// Its address, as `http://127.0.0.1:PORT`. It ends with the runtime.
pub async fn sending(screen: Vec<u8>, lab: &Lab) -> String {
    // The program installs its own; a test process may be first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let behind = Behind { lab: format!("http://{}", lab.address()), client: reqwest::Client::new(), screen };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(answer).with_state(Arc::new(behind));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(State(behind): State<Arc<Behind>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/screen" {
        return Response::new(Body::from(behind.screen.clone()));
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a request");
    let url = format!("{}{}", behind.lab, parts.uri);
    let sent = behind.client.request(parts.method, url).headers(parts.headers).body(body).send().await;
    let came = sent.expect("the lab answers");
    let mut response = Response::builder().status(came.status());
    for (name, value) in came.headers() {
        response = response.header(name, value);
    }
    response.body(Body::from(came.bytes().await.expect("the lab answers"))).expect("a response")
}

/// A PNG that claims to be 30,000 pixels square, in 45 bytes.
pub fn bomb() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\x06\0\0\0".to_vec();
    let crc = crc32(&bytes[12..]);
    bytes.extend(crc.to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT");
    bytes.extend(crc32(b"IDAT").to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
