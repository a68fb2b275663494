//! The one way through a tree, which needs no stack: trees of hostile text are deep.

use tree_sitter::{Node, TreeCursor};

/// Where to go from a node.
pub(crate) enum Step {
    /// To its first child.
    Into,
    /// To its next sibling.
    Over,
    /// Nowhere.
    Stop,
}

/// Visits nodes from `root` on, parents first, each with its depth below `root`.
pub(crate) fn walk<'t>(root: Node<'t>, mut visit: impl FnMut(&TreeCursor<'t>, usize) -> Step) {
    let mut cursor = root.walk();
    let mut depth = 0;
    loop {
        let step = visit(&cursor, depth);
        match step {
            Step::Into if cursor.goto_first_child() => {
                depth += 1;
                continue;
            }
            Step::Stop => return,
            Step::Into | Step::Over => {}
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
            depth -= 1;
        }
    }
}
