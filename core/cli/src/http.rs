//! Requests to servers that run models: a thread for each, which ends with its request.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::channel::{mpsc, oneshot};
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use futures::{SinkExt, StreamExt};
use inkling_endpoint::{HttpRequest, HttpResponse, Transport};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::WithoutBody;
use ureq::{Agent, RequestBuilder};

/// Longest wait for a name or a connection, which nothing interrupts.
const CONNECT: Duration = Duration::from_secs(10);

/// Servers that a request for a file may be sent on to.
const MAX_REDIRECTS: u32 = 10;

/// Bytes that are read at once, and pieces that may wait to be heard.
const PIECE: usize = 16 << 10;
const MAX_PIECES: usize = 16;

/// HTTP by blocking sockets. Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY` …), root
/// certificates from the system.
#[derive(Default)]
pub(crate) struct Http {
    /// Agents with a connection that may still be open.
    idle: Arc<Mutex<Vec<Agent>>>,
}

impl Transport for Http {
    fn post(&self, request: HttpRequest) -> LocalBoxFuture<'static, Result<HttpResponse, String>> {
        let idle = Arc::clone(&self.idle);
        let agent = lock(&idle).pop().unwrap_or_else(new_agent);
        let exchange = Exchange { agent: agent.clone(), is_over: Arc::default() };
        let is_over = Arc::clone(&exchange.is_over);
        let (head_sender, head) = oneshot::channel();
        let (pieces_sender, pieces) = mpsc::channel(MAX_PIECES);
        std::thread::spawn(move || {
            if exchange_blocking(&agent, &request, head_sender, pieces_sender) {
                // A connection that was shut ends like one that was read to its end.
                if !is_over.swap(true, Ordering::Relaxed) {
                    lock(&idle).push(agent);
                }
            }
        });
        Box::pin(async move {
            let Head { status, retry_after_s } =
                head.await.unwrap_or_else(|_| Err("the request was broken off".to_string()))?;
            let body = pieces.map(move |piece| {
                // Who drops the body ends the exchange.
                let _ = &exchange;
                piece
            });
            Ok(HttpResponse { status, retry_after_s, body: body.boxed_local() })
        })
    }

    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()> {
        Box::pin(futures_timer::Delay::new(Duration::from_secs_f64(ms.max(0.0) / 1000.0)))
    }
}

struct Head {
    status: u16,
    retry_after_s: Option<f64>,
}

/// A request under way; dropped before its end, it takes the connection along.
struct Exchange {
    agent: Agent,
    /// Whoever sets it decides what becomes of the agent.
    is_over: Arc<AtomicBool>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.agent.clone().shutdown();
        }
    }
}

/// Whether the connection can serve another request: everything was heard.
fn exchange_blocking(
    agent: &Agent,
    request: &HttpRequest,
    head: oneshot::Sender<Result<Head, String>>,
    mut pieces: mpsc::Sender<Result<Vec<u8>, String>>,
) -> bool {
    let mut response = match send(agent, request) {
        Ok(response) => response,
        Err(error) => {
            let _ = head.send(Err(reason(error)));
            return false;
        }
    };
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|value| value.trim().parse().ok());
    if head.send(Ok(Head { status: response.status().as_u16(), retry_after_s })).is_err() {
        return false;
    }
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match body.read(&mut buffer) {
            Ok(0) => return true,
            Ok(n) => Ok(buffer[..n].to_vec()),
            Err(error) => Err(error.to_string()),
        };
        let is_broken = piece.is_err();
        if block_on(pieces.send(piece)).is_err() || is_broken {
            return false;
        }
    }
}

fn send(agent: &Agent, request: &HttpRequest) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let builder = agent.post(&request.url).content_type("application/json");
    let mut builder = prepared(builder, &request.url, request.url.starts_with("https:"));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(key) = &request.key {
        builder = builder.header("Authorization", format!("Bearer {}", key.0));
    }
    builder.send(&request.body)
}

/// A request for a file, which may be somewhere else.
pub(crate) fn get(agent: &Agent, url: &str) -> RequestBuilder<WithoutBody> {
    let request = prepared(agent.get(url), url, true);
    request.config().max_redirects(MAX_REDIRECTS).max_redirects_will_error(true).build()
}

/// A request for what a server says of a file, before it says where else to look.
pub(crate) fn head(agent: &Agent, url: &str) -> RequestBuilder<WithoutBody> {
    prepared(agent.head(url), url, true)
}

fn prepared<B>(mut request: RequestBuilder<B>, url: &str, encrypted: bool) -> RequestBuilder<B> {
    if is_loopback(url) {
        request = request.config().proxy(None).build();
    }
    if encrypted {
        request = request.config().tls_config(tls()).build();
    }
    request
}

/// A redirect would send code, and a key, to whom the user did not name: it is an answer like any other.
pub(crate) fn new_agent() -> Agent {
    let config = Agent::config_builder()
        .user_agent(concat!("inkling/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT));
    config.build().new_agent()
}

/// The system's certificates, read when they are first needed.
fn tls() -> TlsConfig {
    static TLS: OnceLock<TlsConfig> = OnceLock::new();
    let read = || {
        let found = rustls_native_certs::load_native_certs().certs;
        let roots = found.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        // Another part of the process may have chosen already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).build()
    };
    TLS.get_or_init(read).clone()
}

/// No proxy can reach this machine's own servers.
fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["localhost", "127.", "[::1]"].iter().any(|host| rest.starts_with(host))
}

fn reason(error: ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn lock(idle: &Mutex<Vec<Agent>>) -> std::sync::MutexGuard<'_, Vec<Agent>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
