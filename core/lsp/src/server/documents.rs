//! The open documents, kept in step with the editor.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, Position,
    TextDocumentContentChangeEvent,
};
use inkling_assist::context::RecentEdits;
use inkling_assist::syntax::{Language, Source};

use super::Server;
use crate::text::{byte_from_utf16, bytes_from_utf16, percent_decoded};

/// What the editor has open.
#[derive(Default)]
pub(super) struct Documents {
    open: HashMap<String, Document>,
    /// The workspace folder's URI, ending with `/`.
    root: Option<String>,
    edits: RecentEdits,
    /// The URIs whose texts the index does not have yet.
    changed: HashSet<String>,
}

/// One open document.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) source: Rc<Source>,
    pub(super) version: i32,
    /// Relative to the workspace, with `/`.
    pub(super) path: String,
}

impl Document {
    pub(super) fn offset(&self, position: Position) -> usize {
        byte_from_utf16(self.source.text(), position)
    }
}

impl Documents {
    pub(super) fn set_root(&mut self, uri: Option<&str>) {
        self.root = uri.map(|uri| format!("{}/", uri.strip_suffix('/').unwrap_or(uri)));
    }

    pub(super) fn get(&self, uri: &str) -> Option<&Document> {
        self.open.get(uri)
    }

    /// The workspace folder's URI, ending with `/`.
    pub(super) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// The paths and texts that changed since they were taken last, but for those of `path`.
    pub(super) fn take_changed_except(&mut self, path: &str) -> Vec<(String, String)> {
        let open = &self.open;
        let is_other = |uri: &String| open.get(uri).is_none_or(|document| document.path != path);
        let changed: Vec<String> = self.changed.extract_if(is_other).collect();
        let documents = changed.iter().filter_map(|uri| self.open.get(uri));
        documents.map(|document| (document.path.clone(), document.source.text().to_string())).collect()
    }

    pub(super) fn edits(&self) -> &RecentEdits {
        &self.edits
    }

    fn path(&self, uri: &str, language: Language) -> String {
        if let Some(path) = self.root.as_deref().and_then(|root| uri.strip_prefix(root)) {
            return percent_decoded(path);
        }
        match uri.split_once("://") {
            Some((_, path)) => percent_decoded(path.rsplit('/').next().unwrap_or(path)),
            None => format!("untitled.{}", language.extension()),
        }
    }

    fn change(&mut self, uri: &str, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let Some(document) = self.open.get_mut(uri) else { return };
        document.version = version;
        self.changed.insert(uri.to_string());
        let source = Rc::make_mut(&mut document.source);
        for change in changes {
            let before = source.text().to_string();
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change) => {
                    source.edit(bytes_from_utf16(source.text(), change.range), &change.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(change) => {
                    source.edit(0..source.text().len(), &change.text);
                }
            }
            self.edits.push(&document.path, &before, source.text());
        }
    }
}

impl Server {
    pub(super) fn did_open(&self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let uri = item.uri.0;
        let by_id = Language::from_id(&language_id(&item.language_id));
        let language = if by_id == Language::PlainText { Language::from_path(&uri) } else { by_id };
        let mut state = self.state.borrow_mut();
        let path = state.documents.path(&uri, language);
        let source = Rc::new(Source::new(item.text, language));
        // The first question of a language compiles its queries: better now than under the first key.
        source.calls();
        state.documents.changed.insert(uri.clone());
        state.documents.open.insert(uri, Document { source, version: item.version, path });
    }

    pub(super) fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let uri = document.text_document_identifier.uri.0;
        self.state.borrow_mut().documents.change(&uri, document.version, params.content_changes);
        self.follow_offer(&uri);
        self.edited();
    }

    pub(super) fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.state.borrow_mut().documents.open.remove(&params.text_document.uri.0);
        self.edited();
    }
}

/// The identifier as the client wrote it.
fn language_id(kind: &gen_lsp_types::LanguageKind) -> String {
    serde_json::to_value(kind).ok().and_then(|id| id.as_str().map(str::to_string)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_workspace_and_readable() {
        let mut documents = Documents::default();
        documents.set_root(Some("file:///home/me/my%20project"));
        let path = |uri: &str| documents.path(uri, Language::Python);
        assert_eq!(path("file:///home/me/my%20project/src/a%20b.py"), "src/a b.py");
        assert_eq!(path("file:///elsewhere/c.py"), "c.py");
        assert_eq!(path("untitled:Untitled-1"), "untitled.py");
        assert_eq!(path("file:///x/100%.py"), "100%.py");
        documents.set_root(Some("file:///"));
        assert_eq!(documents.path("file:///x/a.py", Language::Python), "x/a.py");
    }
}
