use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{FileSystemFileHandle, FileSystemReadWriteOptions, FileSystemSyncAccessHandle};

use super::{Folder, MAKE_ROOM, Note, free_bytes, is, unusable, wait};

/// A file that is written; no other page has it meanwhile.
pub(super) struct Part {
    folder: Rc<Folder>,
    name: String,
    file: FileSystemSyncAccessHandle,
    pub(super) note: Note,
    pub(super) n_bytes: u64,
}

impl Part {
    /// Of the file `name` from `url`: what is there, or nothing.
    pub(super) async fn open(folder: Rc<Folder>, name: &str, url: Option<&String>) -> Result<Part, String> {
        let before = folder.note(name).await.unwrap_or_default();
        let handle = folder.handle(name, true).await.map_err(|error| unusable(&error))?;
        let file =
            writable(&handle).await.map_err(|error| match is(&error, "NoModificationAllowedError") {
                true => in_use(name),
                false => unusable(&error),
            })?;
        let n_bytes = file.get_size().map_err(|error| unusable(&error))? as u64;
        let note = Note { url: url.cloned(), is_whole: false, ..before };
        Ok(Part { folder, name: name.to_string(), file, note, n_bytes })
    }

    /// Whether the server can be asked for the rest.
    pub(super) fn is_resumable(&self) -> bool {
        self.n_bytes > 0 && self.note.url.is_some() && self.note.version.is_some()
    }

    /// Empties it, for a version of the file.
    pub(super) async fn restart(
        &mut self,
        version: Option<String>,
        total_bytes: Option<u64>,
    ) -> Result<(), String> {
        self.note = Note { version, total_bytes, ..self.note.clone() };
        self.n_bytes = 0;
        self.file.truncate_with_f64(0.0).map_err(|error| unusable(&error))?;
        self.folder.write_note(&self.name, &self.note).await.map_err(|error| unusable(&error))
    }

    /// # Errors
    /// When the browser gives this page no room for the rest.
    pub(super) async fn check_room(&self) -> Result<(), String> {
        let n_missing = self.note.total_bytes.unwrap_or(0).saturating_sub(self.n_bytes);
        match free_bytes().await {
            Some(n_free) if n_free < n_missing => Err(format!(
                "{} needs {} MB more, and this browser gives the page only {} MB; {MAKE_ROOM}",
                self.name,
                n_missing.div_ceil(1_000_000),
                n_free / 1_000_000
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn append(&mut self, bytes: &Uint8Array) -> Result<(), String> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(self.n_bytes as f64);
        let written = self.file.write_with_js_u8_array_and_options(bytes, &options);
        // A browser may say that there is no room by any other number.
        if written.map_err(|error| unusable(&error))? != f64::from(bytes.byte_length()) {
            return Err(format!("there is no room for the rest of {}; {MAKE_ROOM}", self.name));
        }
        self.n_bytes += u64::from(bytes.byte_length());
        Ok(())
    }

    /// Lets go of the file and answers with its note.
    pub(super) fn finish(self) -> Note {
        self.note.clone()
    }

    /// Lets go of it, and leaves nothing of it that cannot be gone on with. Whether something was left.
    pub(super) async fn leave(self) -> bool {
        let (is_left, folder, name) = (self.is_resumable(), Rc::clone(&self.folder), self.name.clone());
        drop(self);
        // What cannot be removed is listed, and can be deleted there.
        is_left || folder.remove(&name).await.is_err()
    }

    /// Leaves nothing of it.
    pub(super) async fn discard(self) -> Result<(), String> {
        let (folder, name) = (Rc::clone(&self.folder), self.name.clone());
        drop(self);
        folder.remove(&name).await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It closes whether or not the last bytes reach the disk, and its length says how many did.
        let _ = self.file.flush();
        self.file.close();
    }
}

/// The one way to write that keeps what was written when the Worker ends, and that every browser has.
pub(super) async fn writable(handle: &FileSystemFileHandle) -> Result<FileSystemSyncAccessHandle, JsValue> {
    wait(handle.create_sync_access_handle()).await
}

pub(super) fn in_use(name: &str) -> String {
    format!("{name} is being fetched in another tab; wait for it or cancel it there")
}
