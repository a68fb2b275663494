//! Model files in the browser's memory, outside of WASM's: read in ranges.

use std::ops::Range;

use inkling_assist::engine::Cancel;
use inkling_assist::gguf::{ReadFuture, Source, SourceError};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

use crate::models;

/// A file that the browser holds.
pub(crate) struct BlobSource(pub(crate) Blob);

impl Source for BlobSource {
    fn len(&self) -> u64 {
        self.0.size() as u64
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        Box::pin(async move {
            let part =
                self.0.slice_with_f64_and_f64(range.start as f64, range.end as f64).map_err(unreadable)?;
            let buffer = JsFuture::from(part.array_buffer()).await.map_err(unreadable)?;
            Ok(Uint8Array::new(&buffer).to_vec())
        })
    }
}

fn unreadable(error: JsValue) -> SourceError {
    SourceError(format!("the browser cannot read the model: {}; choose the file again", text(&error)))
}

/// Opens a file of this module's store, or else what `open` (which is `fetch` in a browser) answers with: a file is read where it lies; a response is
/// fetched as a whole, and `progress` hears bytes had and bytes in all, `cancel` ends it between two chunks.
pub(crate) async fn open(
    open: &Function,
    uri: &str,
    progress: Box<dyn Fn(u64, u64)>,
    cancel: Cancel,
) -> Result<BlobSource, String> {
    if let Some(name) = models::name_in(uri) {
        return models::open(name).await;
    }
    let failed = |error: JsValue| {
        format!("cannot open {uri}: {}; check that it is there and can be reached", text(&error))
    };
    let answer: Promise = open.call1(&JsValue::NULL, &uri.into()).map_err(failed)?.unchecked_into();
    let answer = JsFuture::from(answer).await.map_err(failed)?;
    let response: Response = match answer.dyn_into::<Blob>() {
        Ok(file) => return Ok(BlobSource(file)),
        Err(answer) => answer.unchecked_into(),
    };
    if !response.ok() {
        return Err(format!(
            "cannot fetch {uri}: the server answers {} {}",
            response.status(),
            response.status_text()
        ));
    }
    let length = response.headers().get("content-length").ok().flatten();
    let total = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let Some(body) = response.body() else { return Err(format!("cannot fetch {uri}: the answer is empty")) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let chunks = Array::new();
    let mut n_bytes = 0;
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(failed)?;
        if Reflect::get(&read, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            break;
        }
        if cancel.is_cancelled() {
            let _ = reader.cancel();
            return Err("cancelled".to_string());
        }
        let chunk: Uint8Array = Reflect::get(&read, &"value".into()).map_err(failed)?.unchecked_into();
        n_bytes += u64::from(chunk.byte_length());
        chunks.push(&chunk);
        progress(n_bytes, total.max(n_bytes));
    }
    Blob::new_with_u8_array_sequence(&chunks).map(BlobSource).map_err(failed)
}

pub(crate) fn text(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}
