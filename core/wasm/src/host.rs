use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Source;
use inkling_assist::remote::Launcher;
use inkling_endpoint::Transport;
use inkling_lsp::{Future, Host, Metrics, Models};
use js_sys::Function;
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MessageChannel;

use crate::blob;
use crate::engine::JsLauncher;
use crate::fetch::Fetch;
use crate::metrics::{JsMetrics, MetricsFiles};
use crate::models::Opfs;

/// The Worker that this module runs in.
pub(crate) struct Worker {
    post: Function,
    open: Function,
    engine: Option<Rc<dyn Launcher>>,
    metrics: Option<JsMetrics>,
    models: Rc<Opfs>,
}

impl Worker {
    pub(crate) fn new(
        post: Function,
        open: Function,
        engine: Option<Function>,
        metrics: Option<MetricsFiles>,
    ) -> Worker {
        let engine = engine.map(|launch| Rc::new(JsLauncher(launch)) as Rc<dyn Launcher>);
        Worker { post, open, engine, metrics: metrics.map(JsMetrics::new), models: Rc::default() }
    }
}

impl Host for Worker {
    fn send(&self, message: Value) {
        // Maps become plain objects and absent values null, as JSON has them.
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        if let Ok(message) = message.serialize(&serializer) {
            // A page that is gone does not listen.
            let _ = self.post.call1(&JsValue::NULL, &message);
        }
    }

    fn spawn(&self, task: Future<()>) {
        spawn_local(task);
    }

    fn now_ms(&self) -> f64 {
        now()
    }

    fn sleep(&self, ms: f64) -> Future<()> {
        Box::pin(TimeoutFuture::new(ms.max(0.0) as u32))
    }

    fn pause(&self) -> Future<()> {
        pause()
    }

    fn open(
        &self,
        uri: &str,
        progress: Box<dyn Fn(u64, u64)>,
        cancel: Cancel,
    ) -> Future<Result<Box<dyn Source>, String>> {
        let (open, uri) = (self.open.clone(), uri.to_string());
        Box::pin(async move {
            let source = blob::open(&open, &uri, progress, cancel).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }

    fn engine(&self) -> Option<Rc<dyn Launcher>> {
        self.engine.clone()
    }

    fn transport(&self) -> Option<Rc<dyn Transport>> {
        Some(Rc::new(Fetch))
    }

    fn metrics(&self) -> Option<&dyn Metrics> {
        self.metrics.as_ref().map(|metrics| metrics as &dyn Metrics)
    }

    fn models(&self) -> Option<Rc<dyn Models>> {
        Some(Rc::clone(&self.models) as Rc<dyn Models>)
    }

    fn default_model(&self) -> Option<String> {
        None
    }

    fn n_threads(&self) -> usize {
        1
    }
}

/// Ends after the messages that have arrived were received.
///
/// A message to oneself comes after those that wait already; a timer would be held back for milliseconds once
/// it is nested.
pub(crate) fn pause() -> Future<()> {
    Box::pin(async {
        let Ok(channel) = MessageChannel::new() else { return };
        let arrived = js_sys::Promise::new(&mut |resolve, _| {
            channel.port1().set_onmessage(Some(&resolve));
        });
        if channel.port2().post_message(&JsValue::NULL).is_ok() {
            let _ = JsFuture::from(arrived).await;
        }
        channel.port1().close();
    })
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;
}
