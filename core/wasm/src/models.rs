//! Model files that the browser keeps for the page, in its origin private file system.
//!
//! `NAME` is a file, or the part of it that has arrived; `NAME.json` is the note about it.

mod arrival;
mod note;
mod part;

use std::rc::Rc;

use futures::lock::Mutex;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Gguf;
use inkling_lsp::wire::{KeepModelParams, KeptModel, KeptModels};
use inkling_lsp::{Future, Models};
use js_sys::{IteratorNext, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, StorageEstimate, StorageManager,
};

use crate::blob::{BlobSource, text};
use note::Note;
use part::Part;

/// The folder of the file system, and what its URIs begin with.
const FOLDER: &str = "models";
const PREFIX: &str = "opfs:models/";

/// What to do about a file that is too large.
const MAKE_ROOM: &str = "delete another model or make room on the disk";

/// The store of this origin: other pages of it share it. It takes in one file at a time.
#[derive(Default)]
pub(crate) struct Opfs {
    turn: Rc<Mutex<()>>,
}

impl Models for Opfs {
    fn list(&self) -> Future<Result<KeptModels, String>> {
        Box::pin(async {
            let mut models = Folder::open().await?.models().await.map_err(|error| unusable(&error))?;
            models.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(KeptModels { models, free_bytes: free_bytes().await })
        })
    }

    fn keep(
        &self,
        params: KeepModelParams,
        progress: Box<dyn Fn(u64, u64)>,
        cancel: Cancel,
    ) -> Future<Result<KeptModel, String>> {
        let turn = Rc::clone(&self.turn);
        Box::pin(async move {
            // One that was cancelled still lets go of its file.
            let _turn = turn.lock().await;
            keep(&params, &progress, &cancel).await
        })
    }

    fn delete(&self, uri: &str) -> Future<Result<(), String>> {
        let name = name_in(uri).unwrap_or(uri).to_string();
        Box::pin(async move { Folder::open().await?.remove(&name).await })
    }
}

/// The file's name, if `uri` is of this store.
pub(crate) fn name_in(uri: &str) -> Option<&str> {
    uri.strip_prefix(PREFIX)
}

/// A file of this store, which is read where it lies.
pub(crate) async fn open(name: &str) -> Result<BlobSource, String> {
    let folder = Folder::open().await?;
    match (folder.note(name).await, folder.file(name).await) {
        (Some(Note { is_whole: true, .. }), Ok(file)) => Ok(BlobSource(file.into())),
        (Some(_), Ok(_)) => Err(format!("{name} is not all here yet; fetch the rest of it")),
        _ => Err(format!("{name} is no longer kept in this browser; fetch it again")),
    }
}

async fn keep(
    params: &KeepModelParams,
    progress: &dyn Fn(u64, u64),
    cancel: &Cancel,
) -> Result<KeptModel, String> {
    let folder = Folder::open().await?;
    // The page's own address for a file of the user's, which another file may have tomorrow.
    let url = Some(&params.url).filter(|url| !url.starts_with("blob:"));
    let name = folder.name_for(params.file_name(), url).await;
    if url.is_some()
        && let Some(kept) = folder.model(&name).await
        && kept.is_whole
    {
        return Ok(kept);
    }
    let part = Part::open(Rc::clone(&folder), &name, url).await?;
    let mut note = arrival::receive(&params.url, part, progress, cancel).await?;
    let file = folder.file(&name).await.map_err(|error| unusable(&error))?;
    if let Err(error) = Gguf::read(&BlobSource(Blob::from(file))).await {
        folder.remove(&name).await?;
        return Err(format!("{}: {error}", params.file_name()));
    }
    note.is_whole = true;
    folder.write_note(&name, &note).await.map_err(|error| unusable(&error))?;
    folder.model(&name).await.ok_or_else(|| format!("{name} was deleted meanwhile"))
}

/// The store's folder.
struct Folder(FileSystemDirectoryHandle);

impl Folder {
    async fn open() -> Result<Rc<Folder>, String> {
        let open = async {
            let options = FileSystemGetDirectoryOptions::new();
            options.set_create(true);
            let root: FileSystemDirectoryHandle = wait(storage()?.get_directory()).await?;
            wait(root.get_directory_handle_with_options(FOLDER, &options)).await
        };
        let folder = open.await.map_err(|error: JsValue| unusable(&error))?;
        Ok(Rc::new(Folder(folder)))
    }

    /// A name by which files from other places are not overwritten.
    async fn name_for(&self, wanted: &str, url: Option<&String>) -> String {
        for n in 1.. {
            let name = note::file_name(wanted, n);
            match self.note(&name).await {
                Some(note) if note.url.as_ref() != url => {}
                _ => return name,
            }
        }
        unreachable!("there are fewer files than numbers")
    }

    async fn models(&self) -> Result<Vec<KeptModel>, JsValue> {
        let names = self.0.keys();
        let mut models = Vec::new();
        loop {
            let next: IteratorNext = wait(names.next()?).await?;
            if next.done() {
                return Ok(models);
            }
            let name = next.value().as_string().unwrap_or_default();
            if let Some(name) = name.strip_suffix(note::SUFFIX)
                && let Some(model) = self.model(name).await
            {
                models.push(model);
            }
        }
    }

    async fn model(&self, name: &str) -> Option<KeptModel> {
        let Note { url, total_bytes, is_whole, .. } = self.note(name).await?;
        let bytes = self.file(name).await.ok()?.size() as u64;
        Some(KeptModel {
            uri: format!("{PREFIX}{name}"),
            name: name.to_string(),
            url,
            bytes,
            total_bytes,
            is_whole,
        })
    }

    async fn note(&self, name: &str) -> Option<Note> {
        let file = self.file(&note::name(name)).await.ok()?;
        let json = JsFuture::from(file.text()).await.ok()?.as_string()?;
        serde_json::from_str(&json).ok()
    }

    async fn write_note(&self, name: &str, note: &Note) -> Result<(), JsValue> {
        let json = serde_json::to_vec(note).map_err(|error| error.to_string())?;
        let file = part::writable(&self.handle(&note::name(name), true).await?).await?;
        file.truncate_with_f64(0.0)?;
        let n_written = file.write_with_u8_array(&json);
        file.close();
        n_written.map(|_| ())
    }

    async fn file(&self, name: &str) -> Result<File, JsValue> {
        wait(self.handle(name, false).await?.get_file()).await
    }

    async fn handle(&self, name: &str, create: bool) -> Result<FileSystemFileHandle, JsValue> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        wait(self.0.get_file_handle_with_options(name, &options)).await
    }

    /// The note goes last: without one nobody would know of the file.
    async fn remove(&self, name: &str) -> Result<(), String> {
        for name in [name.to_string(), note::name(name)] {
            match JsFuture::from(self.0.remove_entry(&name)).await {
                Err(error) if is(&error, "NoModificationAllowedError") => return Err(part::in_use(&name)),
                Err(error) if !is(&error, "NotFoundError") => return Err(unusable(&error)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Bytes that the browser lets this origin still have, if it says so.
async fn free_bytes() -> Option<u64> {
    let estimate: StorageEstimate = wait(storage().ok()?.estimate().ok()?).await.ok()?;
    Some((estimate.get_quota()? - estimate.get_usage()?).max(0.0) as u64)
}

/// Absent on plain HTTP but for this machine, and in Node.
fn storage() -> Result<StorageManager, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let storage = Reflect::get(&navigator, &"storage".into())?;
    if storage.is_undefined() {
        return Err("this page has no storage".into());
    }
    Ok(storage.unchecked_into())
}

fn unusable(error: &JsValue) -> String {
    if is(error, "QuotaExceededError") {
        return format!("the browser gives this page no more room; {MAKE_ROOM}");
    }
    let reason = error.as_string().unwrap_or_else(|| text(error));
    format!("this browser keeps no files for this page: {reason}; a private window or plain HTTP may be why")
}

/// Whether an error is the DOM's of this name.
fn is(error: &JsValue, name: &str) -> bool {
    Reflect::get(error, &"name".into()).is_ok_and(|found| found == name)
}

async fn wait<T: JsCast>(promise: Promise) -> Result<T, JsValue> {
    Ok(JsFuture::from(promise).await?.unchecked_into())
}
