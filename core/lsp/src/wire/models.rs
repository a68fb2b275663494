//! The types about model files that a host keeps.

use serde::{Deserialize, Serialize};

/// `inkling/keepModel`: takes a model file into the host's store, from where an earlier try broke off. A progress bar
/// shows how it gets on and cancels it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct KeepModelParams {
    /// Where it is.
    pub url: String,
    /// What it is called, where the address does not say.
    #[serde(default)]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub name: Option<String>,
}

impl KeepModelParams {
    /// What the file is called: its name, or the last part of the address without `?` and what follows.
    pub fn file_name(&self) -> &str {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        self.name.as_deref().unwrap_or(last)
    }
}

/// A model file in the host's store, whole or not: result of `inkling/keepModel`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct KeptModel {
    /// What `inkling/loadModel` takes.
    pub uri: String,
    /// The file's name.
    pub name: String,
    /// Where it came from; none for a file of the user's.
    pub url: Option<String>,
    /// What is there of it.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub bytes: u64,
    /// What it has in all, as far as known.
    #[cfg_attr(feature = "codegen", ts(type = "number | null"))]
    pub total_bytes: Option<u64>,
    /// Whether all of it is there.
    pub is_whole: bool,
}

/// The result of `inkling/keptModels`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct KeptModels {
    /// By name.
    pub models: Vec<KeptModel>,
    /// What the store may still take, as far as known.
    #[cfg_attr(feature = "codegen", ts(type = "number | null"))]
    pub free_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_by_their_addresses() {
        let name = |url: &str| KeepModelParams { url: url.to_string(), name: None }.file_name().to_string();
        assert_eq!(name("https://example.org/a/b/tiny.gguf?download=true#top"), "tiny.gguf");
        assert_eq!(name("http://localhost:8080/"), "localhost:8080");
        let named = KeepModelParams { url: "blob:x/y".to_string(), name: Some("mine.gguf".to_string()) };
        assert_eq!(named.file_name(), "mine.gguf");
    }
}
