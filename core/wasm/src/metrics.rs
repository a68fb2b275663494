//! What becomes of suggestions, in files that JavaScript keeps.

use inkling_lsp::Metrics;
use inkling_metrics::{Event, Files, Log, Store, since_s};
use js_sys::Date;
use wasm_bindgen::prelude::*;

use crate::blob::text;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = "
/** Two files: the current one, which is appended to, and the one before it. Each function may throw. */
export interface MetricsFiles {
  /** Appends to the current file, made where there is none; once it has `maxBytes` it takes the older one's place. */
  append(bytes: Uint8Array, maxBytes: number): void;
  /** The bytes of both, the older one's first; none of one that is not there. */
  read(): Uint8Array;
}
";

#[wasm_bindgen]
extern "C" {
    /// See `TYPES`.
    #[wasm_bindgen(typescript_type = "MetricsFiles")]
    pub type MetricsFiles;

    #[wasm_bindgen(method, catch, js_name = append)]
    fn js_append(this: &MetricsFiles, bytes: &[u8], max_bytes: f64) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = read)]
    fn js_read(this: &MetricsFiles) -> Result<Vec<u8>, JsValue>;
}

impl Files for MetricsFiles {
    fn append(&self, bytes: &[u8], max_bytes: u64) -> Result<(), String> {
        self.js_append(bytes, max_bytes as f64).map_err(|error| text(&error))
    }

    fn read(&self) -> Result<Vec<u8>, String> {
        self.js_read().map_err(|error| text(&error))
    }
}

/// A log by the wall clock.
pub(crate) struct JsMetrics(Log<MetricsFiles>);

impl JsMetrics {
    pub(crate) fn new(files: MetricsFiles) -> JsMetrics {
        JsMetrics(Log::new(files))
    }
}

impl Metrics for JsMetrics {
    fn record(&self, event: &Event) -> Result<(), String> {
        self.0.record(now_s(), event)
    }

    fn recorded(&self, days: Option<u32>) -> Result<Vec<(String, Event)>, String> {
        self.0.read(since_s(now_s(), days))
    }
}

/// Seconds since 1970 began (UTC).
fn now_s() -> i64 {
    (Date::now() / 1000.0) as i64
}
