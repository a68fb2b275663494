//! The tree as text.

use std::fmt::Write;
use std::ops::Range;

use tree_sitter::TreeCursor;

use crate::Source;
use crate::walk::{Step, walk};

/// How many nodes are written at most.
const MAX_LINES: usize = 400;

/// How deep lines are indented at most.
const MAX_INDENT: usize = 40;

/// How many characters of a node's text are shown at most.
const MAX_QUOTED_CHARS: usize = 40;

impl Source {
    /// The named nodes that touch `around`, one a line, indented by depth, as
    /// `kind start..end "text"`, or `field: kind …` where the parent names its parts. Bounded;
    /// empty without a tree.
    pub fn to_text(&self, around: Range<usize>) -> String {
        let Some(root) = self.root() else {
            return String::new();
        };
        let mut out = String::new();
        let mut n_lines = 0;
        walk(root, |cursor, depth| {
            let node = cursor.node();
            if node.start_byte() > around.end || node.end_byte() < around.start {
                return Step::Over;
            }
            if node.is_named() {
                self.write_node(&mut out, cursor, depth);
                n_lines += 1;
            }
            if n_lines < MAX_LINES { Step::Into } else { Step::Stop }
        });
        out
    }

    fn write_node(&self, out: &mut String, cursor: &TreeCursor, depth: usize) {
        let node = cursor.node();
        let indent = 2 * depth.min(MAX_INDENT / 2);
        let field = cursor.field_name().map_or(String::new(), |name| format!("{name}: "));
        let missing = if node.is_missing() { "MISSING " } else { "" };
        let Range { start, end } = node.byte_range();
        let text = self.node_text(node);
        let quoted: String = text.chars().take(MAX_QUOTED_CHARS).collect();
        let more = if quoted.len() < text.len() { "…" } else { "" };
        let kind = node.kind();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:indent$}{field}{missing}{kind} {start}..{end} {quoted:?}{more}", "");
    }
}
