//! The other files: pushed by the client, read by the host, kept in step with what is open.

use inkling_assist::context::File;
use inkling_assist::syntax::Language;

use super::{Server, State};
use crate::wire::FilesParams;

/// Files that are parsed for one document, the nearest first; then nothing runs.
const MAX_PARSED_NEAR: usize = 200;

/// Bytes of files that a model reads at a time in a pause: a key that comes meanwhile waits for them.
const STUDIED_BYTES: usize = 16 << 10;

/// Milliseconds after which parsing looks again whether a suggestion is being made.
const BUSY_MS: f64 = 50.0;

impl Server {
    /// Takes files into the index, or puts them in the place of older ones.
    pub fn add_files(&self, files: Vec<File>) {
        let state = self.state.borrow();
        let mut workspace = state.workspace.borrow_mut();
        for file in files {
            // What does not fit is left out: suggestions know less then.
            let _ = workspace.insert(file);
        }
    }

    /// `inkling/files`: the host has no file system of its own.
    pub(super) fn push_files(&self, params: FilesParams) {
        let mut added = Vec::new();
        for file in params.files {
            let new = file.text.map(|text| File::new(&file.path, text.into_bytes()));
            match new {
                Some(Ok(file)) => added.push(file),
                Some(Err(_)) | None => {
                    self.state.borrow().workspace.borrow_mut().remove(&file.path);
                }
            }
        }
        self.add_files(added);
        self.parse_near();
    }

    /// Has the host read the workspace's folder, if it can.
    pub(super) fn read_workspace(&self) {
        let Some(root) = self.state.borrow().documents.root().map(str::to_string) else { return };
        let server = self.clone();
        self.host.read_folder(
            &root,
            Box::new(move |files| {
                let is_end = files.is_empty();
                server.add_files(files);
                if is_end {
                    server.parse_near();
                }
            }),
        );
    }

    /// Brings the index up to date with the open documents but `path`, which is asked about itself.
    pub(super) fn sync_documents(&self, path: &str) {
        let mut state = self.state.borrow_mut();
        let changed = state.documents.take_changed_except(path);
        drop(state);
        let is_allowed = |path: &str| self.host.may_read(path);
        let files = changed.into_iter().filter(|(path, _)| is_allowed(path));
        self.add_files(files.filter_map(|(path, text)| File::new(&path, text.into_bytes()).ok()).collect());
    }

    /// Takes note that the user is at a place, and parses the files near it in the pauses.
    pub(super) fn view(&self, path: &str, line: usize) {
        let state = self.state.borrow();
        state.workspace.borrow_mut().view(path, line);
        let is_new = state.near.as_deref() != Some(path);
        drop(state);
        if is_new {
            self.state.borrow_mut().near = Some(path.to_string());
            self.parse_near();
        }
    }

    /// Parses the files near the last document, one at a time and only while no suggestion is made.
    fn parse_near(&self) {
        let mut state = self.state.borrow_mut();
        let Some(near) = state.near.clone() else { return };
        let mut paths = state.workspace.borrow().unparsed_near(&near);
        paths.truncate(MAX_PARSED_NEAR);
        paths.reverse();
        state.to_parse = paths;
        if std::mem::replace(&mut state.parses, true) {
            return;
        }
        drop(state);
        let server = self.clone();
        self.host.spawn(Box::pin(async move { server.parse_in_pauses().await }));
    }

    /// Parses what is wanted, then has the model read the files that it may know; then nothing runs.
    async fn parse_in_pauses(&self) {
        loop {
            self.host.pause().await;
            if !self.state.borrow().asked.is_empty() {
                self.host.sleep(BUSY_MS).await;
                continue;
            }
            let mut state = self.state.borrow_mut();
            if let Some(path) = state.to_parse.pop() {
                state.workspace.borrow_mut().parse(&path);
            } else if !state.study() {
                state.parses = false;
                return;
            }
        }
    }
}

impl State {
    /// Has the model read a little of the files near the last document; whether more is left. What a model
    /// that is busy misses, it reads on the way to an answer.
    fn study(&self) -> bool {
        let (Some(slot), Some(near)) = (&self.model, &self.near) else { return false };
        let Some(mut model) = slot.model.try_lock() else { return false };
        model.completer().study(&self.workspace.borrow(), near, Language::from_path(near), STUDIED_BYTES)
    }
}
