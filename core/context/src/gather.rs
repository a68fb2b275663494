//! From a place in a file to its context.

use std::ops::Range;

use inkling_syntax::Source;

use crate::{Context, RecentEdits, Section};

/// How much [`gather`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How much of the text before the cursor is taken at most, in bytes.
    pub max_prefix_bytes: usize,
    /// How much of the text after the cursor is taken at most, in bytes.
    pub max_suffix_bytes: usize,
}

impl Config {
    /// Enough for prompts of more than 10,000 tokens, and quick whatever the size of the file.
    pub const STANDARD: Config = Config { max_prefix_bytes: 64 << 10, max_suffix_bytes: 16 << 10 };
}

/// The context of the place `offset` in `source`, which the editor calls `path`, with the recent
/// edits elsewhere.
///
/// A side that is longer than `config` allows ends at the last line start within the bound; where
/// a single line is longer than the bound, at a character.
pub fn gather(source: &Source, path: &str, offset: usize, edits: &RecentEdits, config: &Config) -> Context {
    let offset = source.clamp(offset);
    let line = source.text()[..offset].matches('\n').count();
    Context {
        path: path.to_string(),
        language: source.language(),
        prefix: section(source, prefix_start(source, offset, config.max_prefix_bytes)..offset),
        suffix: section(source, offset..suffix_end(source, offset, config.max_suffix_bytes)),
        snippets: Vec::new(),
        edits: edits.hunks_except(path, line),
    }
}

fn prefix_start(source: &Source, offset: usize, max_bytes: usize) -> usize {
    let Some(before) = offset.checked_sub(max_bytes + 1) else {
        return 0;
    };
    // A line that starts at `before + 1` is whole.
    let start = source.clamp(before);
    match source.text()[start..offset].find('\n') {
        Some(newline) => start + newline + 1,
        None => source.ceil(before + 1),
    }
}

fn suffix_end(source: &Source, offset: usize, max_bytes: usize) -> usize {
    let end = source.clamp(offset.saturating_add(max_bytes));
    if end == source.text().len() {
        return end;
    }
    source.text()[offset..end].rfind('\n').map_or(end, |newline| offset + newline + 1)
}

fn section(source: &Source, range: Range<usize>) -> Section {
    let cuts = source.boundaries(range.clone()).into_iter().map(|cut| cut - range.start);
    Section { cuts: cuts.filter(|&cut| cut > 0).collect(), text: source.text()[range].to_string() }
}
