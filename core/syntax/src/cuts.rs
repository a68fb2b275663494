//! Where a text may be cut.

use std::ops::Range;

use tree_sitter::Node;

use crate::Source;
use crate::query::{Role, Within, matches};

impl Source {
    /// The line starts within `range` where a top-level item or a member begins, comments and
    /// attributes above it included; in text without a tree, where a paragraph begins. Ascending.
    pub fn boundaries(&self, range: Range<usize>) -> Vec<usize> {
        let range = self.clamp(range.start)..self.clamp(range.end);
        let mut found = match self.root() {
            Some(root) => self.item_starts(root, &range),
            None => paragraph_starts(self.text(), &range),
        };
        found.retain(|start| range.contains(start));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn item_starts(&self, root: Node, range: &Range<usize>) -> Vec<usize> {
        let bytes = range.start..range.end.max(range.start + 1);
        let bodies = matches(self, Within { bytes, ..Within::members(root) })
            .into_iter()
            .filter(|one| matches!(one.role, Role::Decl(kind) if !kind.is_callable()))
            .filter_map(|one| one.body);
        let mut starts = Vec::new();
        for body in std::iter::once(root).chain(bodies) {
            self.push_child_starts(body, range, &mut starts);
        }
        starts
    }

    /// Pushes the line starts of a node's children, each run of comments and attributes taken
    /// together with the child below it.
    fn push_child_starts(&self, parent: Node, range: &Range<usize>, starts: &mut Vec<usize>) {
        let mut leading = None;
        for child in parent.named_children(&mut parent.walk()) {
            if child.start_byte() > range.end {
                break;
            }
            // A comment behind something has no line of its own, and leads nothing.
            leading = leading.or(line_start(self.text(), child.start_byte()));
            if !child.is_extra() && !LEADING.contains(&child.kind()) {
                starts.extend(leading.take());
            }
        }
    }
}

/// Nodes that, like comments, belong to the sibling below them.
const LEADING: [&str; 3] = ["attribute_item", "decorator", "access_specifier"];

/// The start of the line on which `offset` is the first thing that is no space.
fn line_start(text: &str, offset: usize) -> Option<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..offset].trim().is_empty().then_some(start)
}

fn paragraph_starts(text: &str, range: &Range<usize>) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut offset = range.start;
    let mut after_blank = offset == 0;
    for line in text[range.clone()].split_inclusive('\n') {
        let is_blank = line.trim().is_empty();
        if after_blank && !is_blank {
            starts.push(offset);
        }
        after_blank = is_blank;
        offset += line.len();
    }
    starts
}
