//! The nodes of a tree, by what they are to somebody who writes code.

use std::ops::Range;

use crate::Source;
use crate::query::{Role, Within, matches};
use crate::walk::{Step, walk};

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxNode {
    /// What it is.
    pub kind: NodeKind,
    /// The whole of it, with its braces or parentheses.
    pub range: Range<usize>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A statement or a member.
    Statement,
    /// Braces, or an indented block.
    Block,
    /// The arguments of a call, in their parentheses.
    Arguments,
    /// Any other part of code: an expression, a type, a parameter, a name.
    Part,
    /// A comment.
    Comment,
    /// A string or character literal.
    String,
}

impl Source {
    /// Every node that has a name in the grammar, in the order of the text, the outer before the
    /// inner; none of a text without a tree. Nodes with syntax errors in them are left out.
    pub fn nodes(&self) -> Vec<SyntaxNode> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let mut nodes: Vec<SyntaxNode> = Vec::new();
        for one in matches(self, Within::all(root)) {
            let kind = match one.role {
                Role::Statement if !one.node.is_extra() => NodeKind::Statement,
                Role::Block => NodeKind::Block,
                Role::Comment => NodeKind::Comment,
                Role::String => NodeKind::String,
                _ => continue,
            };
            if !one.node.has_error() {
                nodes.push(SyntaxNode { kind, range: one.node.byte_range() });
            }
        }
        walk(root, |cursor, depth| {
            let node = cursor.node();
            if node.is_named() && depth > 0 && !node.has_error() && !node.is_extra() {
                let kind =
                    if ARGUMENTS.contains(&node.kind()) { NodeKind::Arguments } else { NodeKind::Part };
                nodes.push(SyntaxNode { kind, range: node.byte_range() });
            }
            Step::Into
        });
        // Of what stands for the same text the more telling one stays.
        nodes.sort_by_key(|node| {
            (node.range.start, std::cmp::Reverse(node.range.end), node.kind == NodeKind::Part)
        });
        nodes.dedup_by(|b, a| a.range == b.range && (b.kind == NodeKind::Part || a.kind == b.kind));
        nodes
    }
}

/// What the grammars call arguments.
const ARGUMENTS: [&str; 3] = ["argument_list", "arguments", "value_arguments"];
