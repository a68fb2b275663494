//! The workspace's files as evidence: read a little at a time, those nearest to the cursor's file first.

use inkling_context::{File, Workspace, lines_without_secrets};
use inkling_ngram::{Limits, N_FEATURES};
use inkling_syntax::Language;
use inkling_tokenizer::Tokenizer;
use rustc_hash::FxHashMap;

use crate::recall::Shelf;

/// Bytes of files that are wanted at a place: about as many as the cache holds.
const MAX_BYTES: usize = 2 << 20;

/// Of a file, the first bytes: one large file shall not keep the others out.
const MAX_FILE_BYTES: usize = 128 << 10;

/// Names that a workspace shares stand in many places.
const LIMITS: Limits = Limits { n_places: 512, ..Limits::STANDARD };

/// What of a workspace's files is known, and what is wanted.
pub(crate) struct Library {
    shelf: Shelf,
    /// Where files were chosen for: the workspace's membership, and the file that is being completed.
    place: Option<(u64, String)>,
    /// The paths of the chosen files, the nearest first.
    wanted: Vec<String>,
    known: FxHashMap<String, Known>,
    n_taken: u64,
}

/// A text that the cache has.
struct Known {
    id: u64,
    version: u64,
}

impl Library {
    pub(crate) fn new(weights: [f32; N_FEATURES]) -> Library {
        Library {
            shelf: Shelf::new(weights, LIMITS),
            place: None,
            wanted: Vec::new(),
            known: FxHashMap::default(),
            n_taken: 0,
        }
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Reads about `max_bytes` of what is wanted for a file and not known; whether more is left.
    pub(crate) fn study(
        &mut self,
        workspace: &Workspace,
        (path, language): (&str, Language),
        tokenizer: &Tokenizer,
        max_bytes: usize,
    ) -> bool {
        let chosen = self
            .place
            .as_ref()
            .is_some_and(|(membership, of)| *membership == workspace.membership() && of == path);
        if !chosen {
            self.choose(workspace, path, language);
        }
        let mut n_bytes = 0;
        for idx in 0..self.wanted.len() {
            let Some(file) = workspace.get(&self.wanted[idx]) else { continue };
            if self.known.get(&file.path).is_some_and(|known| known.version == file.version()) {
                continue;
            }
            if n_bytes >= max_bytes {
                return true;
            }
            n_bytes += self.take(file, tokenizer);
        }
        false
    }

    /// Chooses files for a place, and forgets all others.
    fn choose(&mut self, workspace: &Workspace, path: &str, language: Language) {
        self.place = Some((workspace.membership(), path.to_string()));
        let nearest = workspace.nearest(path, language, MAX_BYTES);
        self.wanted = nearest.into_iter().map(|file| file.path.clone()).collect();
        let mut before = std::mem::take(&mut self.known);
        for path in &self.wanted {
            if let Some((path, known)) = before.remove_entry(path) {
                self.known.insert(path, known);
            }
        }
        before.into_values().for_each(|known| self.shelf.cache.remove(known.id));
    }

    /// Takes a file in, in the place of its older text; the bytes that were read.
    fn take(&mut self, file: &File, tokenizer: &Tokenizer) -> usize {
        let n_taken = &mut self.n_taken;
        let known = self.known.entry(file.path.clone()).or_insert_with(|| {
            *n_taken += 1;
            Known { id: *n_taken, version: 0 }
        });
        known.version = file.version();
        let text = &file.text[..file.text.floor_char_boundary(MAX_FILE_BYTES)];
        self.shelf.cache.set(known.id, &tokenizer.encode(&lines_without_secrets(text)));
        text.len()
    }
}
