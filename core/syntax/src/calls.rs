//! Calls and references.

use std::ops::Range;

use tree_sitter::Node;

use crate::Source;
use crate::query::{Role, Within, matches};
use crate::walk::{Step, walk};

/// A call of a function, method, macro or constructor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name of what is called, without what it is called on.
    pub name: String,
    /// That name.
    pub name_range: Range<usize>,
    /// The whole call, with its arguments.
    pub range: Range<usize>,
}

impl Source {
    /// The calls in the order of their names.
    pub fn calls(&self) -> Vec<Call> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let mut calls: Vec<Call> = matches(self, Within::all(root))
            .into_iter()
            .filter(|one| one.role == Role::Call)
            .map(|one| Call {
                name: self.node_text(one.name_node()).to_string(),
                name_range: one.name_node().byte_range(),
                range: one.node.byte_range(),
            })
            .collect();
        calls.sort_by_key(|call| call.name_range.start);
        calls.dedup_by(|b, a| a.name_range == b.name_range);
        calls
    }

    /// Where `name` stands as an identifier, its declaration included; in text without a tree,
    /// where it stands as a word.
    pub fn references(&self, name: &str) -> Vec<Range<usize>> {
        if name.is_empty() {
            return Vec::new();
        }
        let found = self.text().match_indices(name);
        let found = found.map(|(start, _)| start..start + name.len());
        match self.root() {
            Some(root) => identifiers(root, found),
            None => found.filter(|range| is_word(self.text(), range)).collect(),
        }
    }
}

/// Those of the ascending `ranges` that are identifiers.
fn identifiers(root: Node, ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges = ranges.peekable();
    let mut found = Vec::new();
    walk(root, |cursor, _| {
        let node = cursor.node();
        while ranges.next_if(|range| range.start < node.start_byte()).is_some() {}
        match ranges.peek() {
            None => Step::Stop,
            Some(range) if range.start >= node.end_byte() => Step::Over,
            Some(range) if *range == node.byte_range() && node.kind().ends_with("identifier") => {
                found.extend(ranges.next());
                Step::Over
            }
            Some(_) => Step::Into,
        }
    });
    found
}

fn is_word(text: &str, range: &Range<usize>) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !text[..range.start].ends_with(is_part) && !text[range.end..].starts_with(is_part)
}
