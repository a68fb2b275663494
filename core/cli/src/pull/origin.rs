//! The note beside a file, or a part of one: where it comes from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a file comes from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) url: String,
    /// By which the server knows this version.
    pub(super) etag: Option<String>,
    /// Of a whole file, in hexadecimal.
    pub(super) sha256: Option<String>,
}

impl Origin {
    /// Of `file`; empty where there is no note that can be read.
    pub(super) fn read(file: &Path) -> Origin {
        let bytes = std::fs::read(note(file)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(super) fn write(&self, file: &Path) -> std::io::Result<()> {
        std::fs::write(note(file), serde_json::to_vec_pretty(self)?)
    }

    /// The version's mark, if it comes from this address.
    pub(super) fn etag_of(self, url: &str) -> Option<String> {
        self.etag.filter(|_| self.url == url)
    }
}

/// The path of a file's note.
pub(super) fn note(file: &Path) -> PathBuf {
    file.with_added_extension("json")
}
