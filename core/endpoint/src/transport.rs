use futures::future::LocalBoxFuture;
use futures::stream::LocalBoxStream;

use crate::Key;

/// What carries requests: a thread with a socket, or a browser's `fetch`.
pub trait Transport {
    /// Posts `request` and answers once the response's head is there. Who drops the future, or the response
    /// before its end, ends the exchange, so that the server stops its work.
    ///
    /// The error says why nobody answers.
    fn post(&self, request: HttpRequest) -> LocalBoxFuture<'static, Result<HttpResponse, String>>;

    /// Ends after `ms` milliseconds.
    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()>;
}

/// A POST of JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Names and values; `Content-Type` and the key's header are not among them.
    pub headers: Vec<(String, String)>,
    /// Sent as `Authorization: Bearer`.
    pub key: Option<Key>,
    /// JSON.
    pub body: String,
}

/// The head of a response, and what follows it.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, where it is a number.
    pub retry_after_s: Option<f64>,
    /// What follows.
    pub body: Body,
}

/// A body as it arrives; an error says why it broke off.
pub type Body = LocalBoxStream<'static, Result<Vec<u8>, String>>;
