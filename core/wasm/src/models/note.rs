use serde::{Deserialize, Serialize};

/// What is added to a file's name for the note's.
pub(super) const SUFFIX: &str = ".json";

/// Where a file comes from and how much there is of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// None for a file of the user's.
    pub(super) url: Option<String>,
    /// By what the server tells this version of the file from others; without one nothing can go on.
    pub(super) version: Option<String>,
    pub(super) total_bytes: Option<u64>,
    pub(super) is_whole: bool,
}

/// The name of the note about `file`.
pub(super) fn name(file: &str) -> String {
    format!("{file}{SUFFIX}")
}

/// The `n`th name, from 1, for a file that is called `wanted`: one that file systems take.
pub(super) fn file_name(wanted: &str, n: usize) -> String {
    let stem = wanted.strip_suffix(".gguf").unwrap_or(wanted);
    let stem: String =
        stem.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let stem = if stem.trim_matches('.').is_empty() { "model" } else { &stem };
    if n == 1 { format!("{stem}.gguf") } else { format!("{stem}-{n}.gguf") }
}

/// A version's mark in an answer's headers: a strong `ETag`, which other origins seldom let a page see, or else
/// `Last-Modified`, which all do.
pub(super) fn version(etag: Option<String>, last_modified: Option<String>) -> Option<String> {
    // A weak mark says that two versions mean the same, not that they have the same bytes.
    etag.filter(|etag| !etag.starts_with("W/")).or(last_modified)
}

/// `bytes START-END/TOTAL`: the first and the last.
pub(super) fn content_range(header: &str) -> Option<(u64, u64)> {
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names_that_file_systems_take() {
        assert_eq!(file_name("tiny q4_0.gguf", 1), "tiny-q4_0.gguf");
        assert_eq!(file_name("tiny.gguf", 2), "tiny-2.gguf");
        assert_eq!(file_name("../../etc", 1), "..-..-etc.gguf");
        assert_eq!(file_name("..", 1), "model.gguf");
        assert_eq!(file_name("", 1), "model.gguf");
    }

    #[test]
    fn versions_are_told_apart_by_strong_marks() {
        let some = |mark: &str| Some(mark.to_string());
        assert_eq!(version(some("\"a\""), some("Monday")), some("\"a\""));
        assert_eq!(version(some("W/\"a\""), some("Monday")), some("Monday"));
        assert_eq!(version(some("W/\"a\""), None), None);
    }

    #[test]
    fn reads_where_an_answer_begins() {
        assert_eq!(content_range("bytes 7-9/10"), Some((7, 10)));
        assert_eq!(content_range("bytes */10"), None);
        assert_eq!(content_range("7-9/10"), None);
    }
}
