//! The browser's door to the core: a language server in a Worker, of a page or of Node.
//!
//! ```js
//! await init();
//! const server = new LanguageServer((message) => postMessage(message), (uri) => fetch(uri));
//! onmessage = ({ data }) => server.receive(data);
//! ```

mod blob;
mod engine;
mod fetch;
mod host;
mod metrics;
mod models;

use std::rc::Rc;

use inkling_lsp::Server;
use js_sys::Function;
use serde_json::Value;
use wasm_bindgen::prelude::*;

pub use engine::Engine;
use host::Worker;
use metrics::MetricsFiles;

/// The core, spoken to in JSON-RPC messages of the Language Server Protocol, as plain JS objects.
#[wasm_bindgen]
pub struct LanguageServer {
    server: Server,
}

#[wasm_bindgen]
impl LanguageServer {
    /// A server that calls `post` with every message for the client, and `open` with the URI of a model: that
    /// answers with the promise of a `Response`, as `fetch` does, or of a `Blob`, which is read in ranges. Models of
    /// the browser's store (`inkling/keepModel`) are opened without it.
    ///
    /// Where models are to run elsewhere (setting `engine: "process"`), `engine` starts an engine: called with
    /// `receive`, which takes the bytes that it says as a `Uint8Array`, and `ended`, which takes the reason why
    /// it says no more, it answers with `{ post(bytes), kill() }` or the promise of that.
    ///
    /// Where `metrics` are two files, what becomes of suggestions is kept in them, unless the settings forbid it.
    #[wasm_bindgen(constructor)]
    pub fn new(
        post: Function,
        open: Function,
        engine: Option<Function>,
        metrics: Option<MetricsFiles>,
    ) -> LanguageServer {
        std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
        ask_for_subgroups();
        LanguageServer { server: Server::new(Rc::new(Worker::new(post, open, engine, metrics))) }
    }

    /// Takes one message of the client.
    pub fn receive(&self, message: JsValue) {
        // What is no JSON has no id to answer to; the server answers it as any other malformed message.
        self.server.receive(serde_wasm_bindgen::from_value(message).unwrap_or(Value::Null));
    }
}

#[wasm_bindgen(module = "/src/subgroups.js")]
extern "C" {
    #[wasm_bindgen(js_name = askForSubgroups)]
    pub(crate) fn ask_for_subgroups();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}
