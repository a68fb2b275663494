//! A model file on its way from a server, or from the user's disk, into the store.

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Gguf;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit, Response,
};

use super::note::{Note, content_range, version};
use super::part::Part;
use crate::blob::text;
use crate::fetch::{Exchange, FORBIDDEN, fetch, is_there};

/// How long a server may say nothing in the middle of a file.
const STALL_MS: u32 = 60_000;

const CANCELLED: &str = "cancelled";

/// How a request ended.
enum End {
    Whole,
    /// The part goes with nothing that the server has.
    Other,
    /// In the middle, with the reason.
    Broken(String),
}

/// Fetches until the part is whole: as long as bytes arrive, a broken connection is only made anew. `progress` hears
/// bytes had and bytes in all.
pub(super) async fn receive(
    url: &str,
    mut part: Part,
    progress: &dyn Fn(u64, u64),
    cancel: &Cancel,
) -> Result<Note, String> {
    loop {
        let n_before = part.n_bytes;
        let reason = match request(url, &mut part, progress, cancel).await {
            Ok(End::Whole) => return Ok(part.finish()),
            Ok(End::Other) => {
                part.restart(None, None).await?;
                continue;
            }
            Ok(End::Broken(_)) if part.is_resumable() && part.n_bytes > n_before => continue,
            Ok(End::Broken(reason)) => format!("the connection broke off ({reason})"),
            Err(Failure::NoModel(reason)) => {
                part.discard().await?;
                return Err(reason);
            }
            Err(Failure::Other(reason)) => reason,
        };
        let megabytes = part.n_bytes as f64 / 1e6;
        let is_left = part.leave().await;
        return Err(match is_left {
            true => format!("{reason}; {megabytes:.1} MB of it are kept, and fetching goes on from there"),
            false => reason,
        });
    }
}

enum Failure {
    /// What arrives is no model file.
    NoModel(String),
    Other(String),
}

impl From<String> for Failure {
    fn from(reason: String) -> Failure {
        Failure::Other(reason)
    }
}

/// One request, for the rest of the part or for all.
async fn request(
    url: &str,
    part: &mut Part,
    progress: &dyn Fn(u64, u64),
    cancel: &Cancel,
) -> Result<End, Failure> {
    let exchange = Exchange::new()?;
    let resumes = part.is_resumable();
    let init = init(&exchange, resumes.then_some(part.n_bytes)).map_err(|error| text(&error))?;
    let answer = heard(JsFuture::from(fetch(url, &init)), cancel).await?;
    let response: Response = match answer {
        Ok(response) => response.unchecked_into(),
        Err(error) => return Err(unreachable(url, &error).await.into()),
    };
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let length = header("content-length").and_then(|length| length.parse::<u64>().ok());
    let found = version(header("etag"), header("last-modified"));
    match response.status() {
        206 if resumes => {
            // Other origins may hide the range, but not the length.
            let range = header("content-range").and_then(|range| content_range(&range));
            let range = range.or(length.map(|length| (part.n_bytes, part.n_bytes + length)));
            let expected = part.note.total_bytes.map(|total| (part.n_bytes, total));
            if found != part.note.version || range.is_none() || range != expected {
                return Ok(End::Other);
            }
        }
        416 if resumes && part.note.total_bytes == Some(part.n_bytes) => return Ok(End::Whole),
        416 if resumes => return Ok(End::Other),
        200 => part.restart(found, length).await?,
        status => return Err(refusal(status).into()),
    }
    part.check_room().await?;
    append(&response, part, progress, cancel).await
}

fn init(exchange: &Exchange, start: Option<u64>) -> Result<RequestInit, JsValue> {
    let init = RequestInit::new();
    init.set_signal(Some(&exchange.signal()));
    init.set_credentials(RequestCredentials::Omit);
    // The file is kept here, once.
    init.set_cache(RequestCache::NoStore);
    if let Some(start) = start {
        // Whether it is still the same file is seen by the answer: `If-Range` would have the server asked whether
        // it allows that header.
        let headers = Headers::new()?;
        headers.set("Range", &format!("bytes={start}-"))?;
        init.set_headers(&headers);
    }
    Ok(init)
}

/// Appends the answer's body to the part.
async fn append(
    response: &Response,
    part: &mut Part,
    progress: &dyn Fn(u64, u64),
    cancel: &Cancel,
) -> Result<End, Failure> {
    let Some(body) = response.body() else { return Ok(End::Broken("the answer is empty".to_string())) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        progress(part.n_bytes, part.note.total_bytes.unwrap_or(0).max(part.n_bytes));
        let read = match heard(JsFuture::from(reader.read()), cancel).await? {
            Ok(read) => read,
            Err(error) => return Ok(End::Broken(text(&error))),
        };
        let value = Reflect::get(&read, &"value".into()).unwrap_or_default();
        let Ok(chunk) = value.dyn_into::<Uint8Array>() else {
            let is_short = part.note.total_bytes.is_some_and(|total| part.n_bytes < total);
            return Ok(if is_short { End::Broken("it ended too early".to_string()) } else { End::Whole });
        };
        if part.n_bytes == 0 {
            check_start(&chunk).await?;
        }
        part.append(&chunk)?;
    }
}

/// Gigabytes of something else should not arrive before anyone looks.
async fn check_start(chunk: &Uint8Array) -> Result<(), Failure> {
    let start = chunk.subarray(0, 64).to_vec();
    match Gguf::read(&start).await {
        Err(error @ inkling_assist::gguf::Error::NotGguf { .. }) => Err(Failure::NoModel(error.to_string())),
        _ => Ok(()),
    }
}

/// What a promise comes to, unless somebody cancels or nothing is heard for too long.
async fn heard(promise: JsFuture, cancel: &Cancel) -> Result<Result<JsValue, JsValue>, String> {
    let given_up = select(cancel.cancelled(), TimeoutFuture::new(STALL_MS));
    match select(promise, given_up).await {
        Either::Left((result, _)) if !cancel.is_cancelled() => Ok(result),
        Either::Right((Either::Right(_), _)) => {
            Ok(Err(js_sys::Error::new("the server says nothing more").into()))
        }
        _ => Err(CANCELLED.to_string()),
    }
}

async fn unreachable(url: &str, error: &JsValue) -> String {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).unwrap_or_default();
    if Reflect::get(&navigator, &"onLine".into()).is_ok_and(|online| online == JsValue::FALSE) {
        return "this browser is offline; the models that are kept here work without a network".to_string();
    }
    if is_there(url).await {
        return FORBIDDEN.to_string();
    }
    format!("it cannot be reached ({}); check the address", text(error))
}

fn refusal(status: u16) -> String {
    match status {
        401 | 403 => {
            format!(
                "the server does not give this file to everyone ({status}); download it and open it from your disk"
            )
        }
        404 | 410 => format!("there is no such file ({status}); check the address"),
        429 | 500.. => format!("the server cannot answer now ({status}); try again later"),
        _ => format!("the server answers with {status}; check the address"),
    }
}
