//! From a place in a file to its context.

use std::ops::Range;

use inkling_syntax::{Language, Source};

use crate::related::related;
use crate::similar::similar;
use crate::viewed::viewed;
use crate::{Context, RecentEdits, Section, Snippet, Workspace, rank};

/// Where snippets and edits may come from; the cursor's own file always speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Code that resembles what stands around the cursor.
    pub similar: bool,
    /// Declarations of what is used around the cursor.
    pub related: bool,
    /// What was changed and looked at lately.
    pub recent: bool,
    /// The lines of other files, as evidence beside the prompt for how a line goes on.
    pub recalled: bool,
}

impl Sources {
    /// All of them.
    pub const ALL: Sources = Sources { similar: true, related: true, recent: true, recalled: true };
    /// The cursor's own file alone.
    pub const NONE: Sources = Sources { similar: false, related: false, recent: false, recalled: false };
}

/// How much [`gather`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where it looks.
    pub sources: Sources,
    /// How much of the text before the cursor is taken at most, in bytes.
    pub max_prefix_bytes: usize,
    /// How much of the text after the cursor is taken at most, in bytes.
    pub max_suffix_bytes: usize,
    /// How long a snippet is at most, in bytes; a little more where its last line is long.
    pub max_snippet_bytes: usize,
    /// How much all snippets are together at most, in bytes.
    pub max_snippets_bytes: usize,
}

impl Config {
    /// Enough for prompts of more than 10,000 tokens, and quick whatever the size of the file.
    pub const STANDARD: Config = Config {
        sources: Sources::ALL,
        max_prefix_bytes: 64 << 10,
        max_suffix_bytes: 16 << 10,
        max_snippet_bytes: 640,
        max_snippets_bytes: 8 << 10,
    };

    /// As much as a prompt of `n_tokens` may need: snippets that are small enough for several to fit.
    pub fn for_tokens(n_tokens: usize) -> Config {
        // A quarter of the prompt is for snippets, and a token of code is about four bytes: there is one byte
        // of snippets a token. Twice that is offered, for the tokenizer to choose from.
        let max_snippet_bytes = (n_tokens / 2).clamp(256, 2048);
        Config {
            max_snippet_bytes,
            max_snippets_bytes: (2 * n_tokens).clamp(1024, 64 << 10),
            ..Config::STANDARD
        }
    }
}

/// The cursor and its own file.
pub(crate) struct Here<'a> {
    pub(crate) source: &'a Source,
    pub(crate) path: &'a str,
    pub(crate) language: Language,
    pub(crate) offset: usize,
    pub(crate) prefix: Section,
    pub(crate) suffix: Section,
}

/// The context of the place `offset` in `source`, which the editor calls `path`: the file around it, what of
/// the workspace helps there, and the recent edits elsewhere.
///
/// A side that is longer than `config` allows ends at the last line start within the bound; where
/// a single line is longer than the bound, at a character. The workspace may hold an older text of `path`, or
/// none: nothing is taken from that.
pub fn gather(
    source: &Source,
    path: &str,
    offset: usize,
    workspace: &Workspace,
    edits: &RecentEdits,
    config: &Config,
) -> Context {
    let offset = source.clamp(offset);
    let line = memchr::memchr_iter(b'\n', &source.text().as_bytes()[..offset]).count();
    let prefix = section(source, prefix_start(source, offset, config.max_prefix_bytes)..offset);
    let suffix = section(source, offset..suffix_end(source, offset, config.max_suffix_bytes));
    let here = Here { source, path, language: source.language(), offset, prefix, suffix };
    let snippets = snippets(&here, workspace, config);
    let Here { language, prefix, suffix, .. } = here;
    let edits = if config.sources.recent { edits.hunks_except(path, line) } else { Vec::new() };
    let repository = workspace.name().to_string();
    Context { repository, path: path.to_string(), language, prefix, suffix, snippets, edits }
}

fn snippets(here: &Here<'_>, workspace: &Workspace, config: &Config) -> Vec<Snippet> {
    if workspace.is_empty() {
        return Vec::new();
    }
    let Config { sources, max_snippet_bytes, .. } = *config;
    let mut found = Vec::new();
    if sources.related {
        found.extend(related(here, workspace, max_snippet_bytes));
    }
    if sources.similar {
        found.extend(similar(here, workspace, max_snippet_bytes));
    }
    if sources.recent {
        found.extend(viewed(here, workspace, max_snippet_bytes));
    }
    rank::ranked(here, workspace, found, config)
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
