//! Requests to servers that run models, by the `fetch` of the page's Worker or of Node.

use futures::future::LocalBoxFuture;
use futures::{StreamExt, stream};
use gloo_timers::future::TimeoutFuture;
use inkling_endpoint::{Body, HttpRequest, HttpResponse, Transport};
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStreamDefaultReader, RequestCredentials, RequestInit,
    RequestMode, RequestRedirect, Response, ResponseType,
};

use crate::blob::text;

/// What a browser says of a server that did answer, only not to this page.
pub(crate) const FORBIDDEN: &str = "it is there, but does not let this page read its answers; have it send CORS headers that allow this page";

/// HTTP as the browser or Node has it, proxies and certificates included.
pub(crate) struct Fetch;

impl Transport for Fetch {
    fn post(&self, request: HttpRequest) -> LocalBoxFuture<'static, Result<HttpResponse, String>> {
        Box::pin(async move {
            let exchange = Exchange::new()?;
            let init = init(&request, &exchange).map_err(|error| text(&error))?;
            let response = match JsFuture::from(fetch(&request.url, &init)).await {
                Ok(response) => response.unchecked_into::<Response>(),
                Err(_) if is_there(&request.url).await => return Err(FORBIDDEN.to_string()),
                Err(error) => return Err(reason(&error)),
            };
            if response.type_() == ResponseType::Opaqueredirect {
                return Err("it sends us to another address".to_string());
            }
            let retry_after = response.headers().get("retry-after").ok().flatten();
            let retry_after_s = retry_after.and_then(|value| value.trim().parse().ok());
            Ok(HttpResponse { status: response.status(), retry_after_s, body: body(&response, exchange) })
        })
    }

    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()> {
        Box::pin(TimeoutFuture::new(ms.max(0.0) as u32))
    }
}

/// A request under way, which ends with this.
pub(crate) struct Exchange(AbortController);

impl Exchange {
    pub(crate) fn new() -> Result<Exchange, String> {
        AbortController::new().map(Exchange).map_err(|error| text(&error))
    }

    /// What ends the request that is made with it.
    pub(crate) fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A redirect would send code, and a key, to whom the user did not name, and so would cookies.
fn init(request: &HttpRequest, exchange: &Exchange) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    headers.set("Content-Type", "application/json")?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    if let Some(key) = &request.key {
        headers.set("Authorization", &format!("Bearer {}", key.0))?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&request.body.as_str().into());
    init.set_signal(Some(&exchange.signal()));
    init.set_redirect(RequestRedirect::Manual);
    init.set_credentials(RequestCredentials::Omit);
    Ok(init)
}

/// Whether anyone answers at an address, asked in the one way that browsers always allow: without a body, and
/// without seeing the answer.
pub(crate) async fn is_there(url: &str) -> bool {
    let init = RequestInit::new();
    init.set_mode(RequestMode::NoCors);
    init.set_credentials(RequestCredentials::Omit);
    JsFuture::from(fetch(url, &init)).await.is_ok()
}

/// Node says why in the error's cause; browsers tell nobody.
fn reason(error: &JsValue) -> String {
    let cause = Reflect::get(error, &"cause".into()).ok().filter(|cause| cause.is_object());
    cause.map_or_else(|| text(error), |cause| text(&cause))
}

fn body(response: &Response, exchange: Exchange) -> Body {
    let Some(body) = response.body() else { return stream::empty().boxed_local() };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let open = Some((reader, exchange));
    let pieces = stream::unfold(open, async |open| {
        let (reader, exchange) = open?;
        match read(&reader).await {
            Ok(None) => None,
            Ok(Some(piece)) => Some((Ok(piece), Some((reader, exchange)))),
            Err(error) => Some((Err(reason(&error)), None)),
        }
    });
    pieces.boxed_local()
}

/// The next piece of a body; none at its end.
async fn read(reader: &ReadableStreamDefaultReader) -> Result<Option<Vec<u8>>, JsValue> {
    let read = JsFuture::from(reader.read()).await?;
    if Reflect::get(&read, &"done".into())?.is_truthy() {
        return Ok(None);
    }
    let piece: Uint8Array = Reflect::get(&read, &"value".into())?.unchecked_into();
    Ok(Some(piece.to_vec()))
}

#[wasm_bindgen]
extern "C" {
    pub(crate) fn fetch(url: &str, init: &RequestInit) -> Promise;
}
