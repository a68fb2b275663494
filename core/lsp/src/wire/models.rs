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

/// `inkling/catalogue`: models that one might take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct CatalogueParams {
    /// The memory of the machine that would run them, where the client knows.
    #[cfg_attr(feature = "codegen", ts(optional, type = "number"))]
    pub memory_bytes: Option<u64>,
}

/// A model of the result of `inkling/catalogue`, a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct CatalogueItem {
    /// What people call it.
    pub name: String,
    /// Where the file is.
    pub url: String,
    /// The licence of its weights.
    pub licence: String,
    /// The size of the file.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub bytes: u64,
    /// What it takes in memory on the CPU.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub cpu_bytes: u64,
    /// What it takes on a graphics processor.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub gpu_bytes: u64,
    /// Whether the CPU can run it beside what else is open; none where the memory is not known.
    pub fits: Option<bool>,
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
