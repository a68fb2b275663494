//! Engines that JavaScript starts, and this module as one.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::mpsc::unbounded;
use futures::future::LocalBoxFuture;
use gloo_timers::future::TimeoutFuture;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Source;
use inkling_assist::remote::{EngineHost, Inbox, Incoming, Launcher, Link, Outgoing, Response, inbox, serve};
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::blob::{self, text};
use crate::host::{now, pause};

/// How often a client hears that this engine works.
const BEAT_MS: f64 = 1_000.0;

/// Starts engines by a function of the host's: see `LanguageServer`.
pub(crate) struct JsLauncher(pub(crate) Function);

impl Launcher for JsLauncher {
    fn launch(&self) -> LocalBoxFuture<'static, Result<Link, String>> {
        let launch = self.0.clone();
        Box::pin(async move {
            let (sender, incoming) = unbounded();
            let ended_sender = sender.clone();
            // After the link is dropped nobody listens.
            let receive = Closure::<dyn Fn(Uint8Array)>::new(move |bytes: Uint8Array| {
                let _ = sender.unbounded_send(Incoming::Bytes(bytes.to_vec()));
            });
            let ended = Closure::<dyn Fn(String)>::new(move |reason: String| {
                let _ = ended_sender.unbounded_send(Incoming::Ended(reason));
            });
            let (receive, ended) = (receive.into_js_value(), ended.into_js_value());
            let started = launch.call2(&JsValue::NULL, &receive, &ended).map_err(|error| text(&error))?;
            let engine = JsFuture::from(Promise::resolve(&started)).await.map_err(|error| text(&error))?;
            let method = |name: &str| {
                let found = Reflect::get(&engine, &name.into()).ok();
                let function = found.and_then(|found| found.dyn_into::<Function>().ok());
                function.ok_or_else(|| format!("the engine of this host has no function `{name}`"))
            };
            let outgoing = JsEngine { post: method("post")?, kill: method("kill")?, engine: engine.clone() };
            Ok(Link { incoming, outgoing: Box::new(outgoing) })
        })
    }

    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()> {
        Box::pin(TimeoutFuture::new(ms.max(0.0) as u32))
    }

    fn now_ms(&self) -> f64 {
        now()
    }
}

struct JsEngine {
    engine: JsValue,
    post: Function,
    kill: Function,
}

impl Outgoing for JsEngine {
    fn post(&self, bytes: Vec<u8>) {
        // An engine that is gone says so by `ended`.
        let _ = self.post.call1(&self.engine, &Uint8Array::from(&bytes[..]));
    }
}

impl Drop for JsEngine {
    fn drop(&mut self) {
        let _ = self.kill.call0(&self.engine);
    }
}

/// This module as the engine of another page or Worker.
///
/// ```js
/// const engine = new Engine((bytes) => port.postMessage(bytes), (uri) => fetch(uri));
/// port.onmessage = ({ data }) => engine.receive(data);
/// ```
#[wasm_bindgen]
pub struct Engine {
    inbox: Inbox,
}

#[wasm_bindgen]
impl Engine {
    /// An engine that calls `post` with the bytes for its client, and `open` with the URI of a model, as
    /// `LanguageServer` does.
    #[wasm_bindgen(constructor)]
    pub fn new(post: Function, open: Function) -> Engine {
        crate::ask_for_subgroups();
        let (inbox, requests) = inbox();
        let page = Page { post, open, works: Cell::new(false), told_at: Cell::new(0.0) };
        spawn_local(serve(Rc::new(page), requests));
        Engine { inbox }
    }

    /// Takes bytes of the client.
    ///
    /// # Errors
    /// When they are none of this protocol; the engine is of no more use then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        Ok(self.inbox.receive(bytes)?)
    }
}

struct Page {
    post: Function,
    open: Function,
    works: Cell<bool>,
    /// When the client was told something last.
    told_at: Cell<f64>,
}

impl EngineHost for Page {
    fn send(&self, frame: Vec<u8>) {
        self.told_at.set(now());
        // A client that is gone does not listen.
        let _ = self.post.call1(&JsValue::NULL, &Uint8Array::from(&frame[..]));
    }

    fn open(&self, uri: &str) -> LocalBoxFuture<'static, Result<Box<dyn Source>, String>> {
        let (open, uri) = (self.open.clone(), uri.to_string());
        Box::pin(async move {
            let source = blob::open(&open, &uri, Box::new(|_, _| {}), Cancel::default()).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }

    fn pause(&self) -> LocalBoxFuture<'static, ()> {
        if self.works.get() && now() - self.told_at.get() > BEAT_MS {
            self.send(Response::Working.frame(0));
        }
        pause()
    }

    fn n_threads(&self) -> usize {
        1
    }

    fn working(&self, works: bool) {
        self.works.set(works);
    }
}
