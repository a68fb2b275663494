//! What a model may be told about the place being completed: the file around the cursor, related
//! code and recent edits, before any budget is applied.
//!
//! [`gather`] makes a [`Context`] of a place. A [`Workspace`] holds the other files: an index that is changed
//! file by file, bounded, and never waited for. What comes from it is scored from 0 to 1: a declaration by how
//! it is used ([`Reason`]) times how surely it is the one that is meant, similar code by one and a half times
//! its weighted Jaccard index, at most 0.75.
//!
//! All offsets are UTF-8 bytes.

mod edits;
mod gather;
mod rank;
mod related;
mod secrets;
mod similar;
mod snippet;
mod terms;
mod viewed;
mod workspace;

use std::fmt::Write;

use inkling_syntax::Language;

pub use edits::RecentEdits;
pub use gather::{Config, Sources, gather};
pub use secrets::{SecretKind, Secrets, lines_without_secrets};
pub use workspace::{Declaration, File, Limits, Skipped, Workspace};

/// What the model may be told, before any budget is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The repository's name; empty where none is known.
    pub repository: String,
    /// The file being completed, relative to the workspace root, with `/`.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// The text before the cursor.
    pub prefix: Section,
    /// The text after the cursor.
    pub suffix: Section,
    /// Other code, the least relevant first.
    pub snippets: Vec<Snippet>,
    /// What changed lately, the oldest first.
    pub edits: Vec<Edit>,
}

/// The text on one side of the cursor, bounded by [`Config`], and where it may be shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The text, up to or from the cursor.
    pub text: String,
    /// Byte offsets in `text`, ascending, all at line starts, where an item or member begins: a
    /// prefix may keep what follows one of them, a suffix what precedes one. The nearest to the
    /// cursor is the last of a prefix and the first of a suffix. Where none fits, any line start
    /// may be taken.
    pub cuts: Vec<usize>,
}

/// A piece of other code.
#[derive(Clone, Debug, PartialEq)]
pub struct Snippet {
    /// The file it stands in, relative to the workspace root, with `/`.
    pub path: String,
    /// Whole lines, the last with its newline.
    pub text: String,
    /// How relevant it is, from 0 to 1; comparable within one context.
    pub score: f32,
    /// Why it is here.
    pub reason: Reason,
}

/// Why a snippet was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It resembles the text around the cursor.
    Similar,
    /// It declares what the cursor stands behind, as in `shop.`.
    Receiver,
    /// It declares a name that is imported and used near the cursor.
    Import,
    /// It declares the type whose member is being written.
    Enclosing,
    /// It declares what that type extends or implements.
    Supertype,
    /// It declares a parameter's or result's type of the function being written.
    Signature,
    /// It declares the type of a field beside that function.
    Field,
    /// It declares a function that is called near the cursor.
    Callee,
    /// It declares another name near the cursor.
    Use,
    /// It is what this test tests, or the test of this.
    Tested,
    /// The user looked at it lately.
    Viewed,
}

impl Reason {
    /// In lower case, as the plain-text form writes it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Similar => "similar",
            Reason::Receiver => "receiver",
            Reason::Import => "import",
            Reason::Enclosing => "enclosing",
            Reason::Supertype => "supertype",
            Reason::Signature => "signature",
            Reason::Field => "field",
            Reason::Callee => "callee",
            Reason::Use => "use",
            Reason::Tested => "tested",
            Reason::Viewed => "viewed",
        }
    }

    /// How much a declaration that is surely meant helps, from 0 to 1. Similar code is scored by its
    /// similarity instead.
    pub(crate) fn weight(self) -> f32 {
        match self {
            Reason::Receiver => 1.0,
            Reason::Import => 0.85,
            Reason::Enclosing | Reason::Signature | Reason::Callee => 0.8,
            Reason::Supertype => 0.75,
            Reason::Field => 0.65,
            Reason::Use => 0.5,
            Reason::Tested | Reason::Similar => 0.45,
            Reason::Viewed => 0.3,
        }
    }
}

/// A recent change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file that was changed, relative to the workspace root, with `/`.
    pub path: String,
    /// Lines that begin with `-`, `+` or a space, each ending with a newline.
    pub hunk: String,
}

impl Context {
    /// The whole as plain text: each part under a line that begins with `==`, cuts as `┄` lines.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "== {} ({})", self.path, self.language.name());
        for snippet in &self.snippets {
            let reason = snippet.reason.name();
            let _ = writeln!(out, "== snippet {} ({reason} {:.3})", snippet.path, snippet.score);
            push_lines(&mut out, &snippet.text);
        }
        for edit in &self.edits {
            let _ = writeln!(out, "== edit {}", edit.path);
            push_lines(&mut out, &edit.hunk);
        }
        for (name, section) in [("prefix", &self.prefix), ("suffix", &self.suffix)] {
            let _ = writeln!(out, "== {name} ({} bytes)", section.text.len());
            push_lines(&mut out, &section.with_cuts());
        }
        out
    }
}

impl Section {
    fn with_cuts(&self) -> String {
        let mut out = String::new();
        let mut done = 0;
        for &cut in &self.cuts {
            out.push_str(&self.text[done..cut]);
            out.push_str("┄\n");
            done = cut;
        }
        out + &self.text[done..]
    }
}

/// Appends `text`, and a newline where it lacks one.
fn push_lines(out: &mut String, text: &str) {
    out.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') {
        out.push('\n');
    }
}
