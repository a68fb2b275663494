//! A test and the code that it tests, by the names of their files.

use crate::Reason;
use crate::gather::Here;
use crate::snippet::{Found, Piece};
use crate::workspace::{Workspace, split};

use super::skeleton::overview;

/// What a file's counterpart declares is of some use, less than what is referred to.
const SCORE: f32 = 0.45;

/// What the code that a test tests declares, or the test of some code.
pub(crate) fn counterpart(here: &Here<'_>, workspace: &Workspace, max_bytes: usize) -> Option<Found> {
    let names = if is_test(here.path) { tested_names(here.path) } else { test_names(here.path) };
    let own = workspace.paths().get(here.path);
    let mut ids = names.iter().filter_map(|name| workspace.paths().ending_with(name, here.path));
    let id = ids.find(|id| Some(*id) != own)?;
    let file = workspace.file(id)?;
    let text = overview(file, max_bytes);
    let piece = Piece::Skeleton(text, 0..file.text.len());
    Some(Found { file: id, piece, score: SCORE, reason: Reason::Tested })
}

/// Whether a file holds tests, by its path.
pub(crate) fn is_test(path: &str) -> bool {
    let (folder, name) = split(path);
    let in_tests = folder.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__" | "spec"));
    in_tests || bare(stem(name).0).is_some()
}

/// The ends of file names, before the extension, that tests have; beginnings end with `*`.
const MARKS: [&str; 10] =
    ["test_*", "_test", "_tests", ".test", ".spec", "_spec", "Tests", "Test", "Spec", "IT"];

/// The name of what is tested, of a test's.
fn bare(stem: &str) -> Option<&str> {
    let bare = MARKS.iter().find_map(|mark| match mark.strip_suffix('*') {
        Some(beginning) => stem.strip_prefix(beginning),
        None => stem.strip_suffix(mark),
    });
    bare.filter(|bare| !bare.is_empty())
}

fn tested_names(path: &str) -> Vec<String> {
    let (stem, extension) = stem(split(path).1);
    let bare = bare(stem).unwrap_or(stem);
    // Rust's `tests/shop.rs` tests `src/shop.rs`.
    vec![format!("src/{bare}.{extension}"), format!("{bare}.{extension}")]
}

fn test_names(path: &str) -> Vec<String> {
    let (stem, extension) = stem(split(path).1);
    let name = |mark: &&str| match mark.strip_suffix('*') {
        Some(beginning) => format!("{beginning}{stem}.{extension}"),
        None => format!("{stem}{mark}.{extension}"),
    };
    let mut names: Vec<String> = MARKS.iter().map(name).collect();
    names.push(format!("tests/{stem}.{extension}"));
    names
}

/// A file's name and its extension.
fn stem(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}
