//! What surrounds a place: block, statement, comment, string, error.

use std::ops::Range;

use tree_sitter::Node;

use crate::Source;
use crate::query::{Match, Role, Within, matches};
use crate::walk::{Step, walk};

impl Source {
    /// The innermost block, braces or indentation, in whose inside `offset` lies.
    pub fn block_at(&self, offset: usize) -> Option<Range<usize>> {
        let place = self.place(offset);
        self.matches_at(&place)
            .into_iter()
            .filter(|one| one.role == Role::Block && place.is_inside(one))
            .map(|one| one.node.byte_range())
            .min_by_key(Range::len)
            .map(|block| {
                block.start..block.end.max(if self.language().is_indented() {
                    place.cursor
                } else {
                    0
                })
            })
    }

    /// The innermost statement or declaration that `offset` touches.
    pub fn statement_at(&self, offset: usize) -> Option<Range<usize>> {
        let offset = self.clamp(offset);
        let around = Within::bytes(self.root()?, offset.saturating_sub(1)..offset + 1);
        matches(self, around)
            .into_iter()
            .filter(|one| matches!(one.role, Role::Statement | Role::Decl(_)))
            .map(|one| one.node.byte_range())
            .filter(|range| range.start <= offset && offset <= range.end)
            .min_by_key(Range::len)
    }

    /// Whether what is typed at `offset` becomes part of a comment.
    pub fn is_in_comment(&self, offset: usize) -> bool {
        self.lexical_at(offset) == Some(Role::Comment)
    }

    /// Whether what is typed at `offset` becomes part of a string or character literal; the code
    /// interpolated in a string is no part of it.
    pub fn is_in_string(&self, offset: usize) -> bool {
        self.lexical_at(offset) == Some(Role::String)
    }

    fn lexical_at(&self, offset: usize) -> Option<Role> {
        let offset = self.clamp(offset);
        let around = Within::bytes(self.root()?, offset.saturating_sub(1)..offset + 1);
        matches(self, around)
            .into_iter()
            .filter(|one| matches!(one.role, Role::Comment | Role::String | Role::Code))
            .filter(|one| {
                let (start, end) = (one.node.start_byte(), one.node.end_byte());
                start < offset && (offset < end || offset == end && self.is_open(one))
            })
            .min_by_key(|one| one.node.byte_range().len())
            .map(|one| one.role)
    }

    /// Whether text put right behind the node belongs to it: true of comments that end with
    /// their line.
    fn is_open(&self, one: &Match) -> bool {
        let text = self.node_text(one.node);
        one.role == Role::Comment && !text.starts_with("/*") && !text.ends_with('\n')
    }

    /// Whether a syntax error, or something missing, lies in or touches `range`.
    pub fn has_error_in(&self, range: Range<usize>) -> bool {
        let range = self.clamp(range.start)..self.clamp(range.end);
        !self.errors(range).is_empty()
    }

    /// How many syntax errors and missing tokens the text has.
    pub fn error_count(&self) -> usize {
        self.errors(0..self.text().len()).len()
    }

    /// The outermost ERROR and the MISSING nodes that touch `range`.
    fn errors(&self, range: Range<usize>) -> Vec<Node<'_>> {
        let mut errors = Vec::new();
        let Some(root) = self.root() else {
            return errors;
        };
        walk(root, |cursor, _| {
            let node = cursor.node();
            let touches = node.start_byte() <= range.end && range.start <= node.end_byte();
            if !touches || !node.has_error() {
                return Step::Over;
            }
            if node.is_error() || node.is_missing() {
                errors.push(node);
                return Step::Over;
            }
            Step::Into
        });
        errors
    }

    /// Where in the tree a cursor at `offset` is.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let cursor = self.clamp(offset);
        let at_cursor = Place {
            cursor,
            offset: cursor,
            column: usize::MAX,
        };
        if !self.language().is_indented() {
            return at_cursor;
        }
        let line_start = self.text()[..cursor]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line = self.text()[line_start..].lines().next().unwrap_or_default();
        if !line.trim().is_empty() {
            return at_cursor;
        }
        let above = self.text()[..line_start].lines().rev();
        let comment = self.language().line_comment();
        let skipped: usize = above
            .take_while(|l| l.trim().is_empty() || l.trim_start().starts_with(comment))
            .map(|l| l.len() + 1)
            .sum();
        let offset = self.text()[..line_start.saturating_sub(skipped)]
            .trim_end()
            .len();
        Place {
            cursor,
            offset,
            column: cursor - line_start,
        }
    }

    pub(crate) fn matches_at(&self, place: &Place) -> Vec<Match<'_>> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        matches(
            self,
            Within::bytes(root, place.offset.saturating_sub(1)..place.offset + 1),
        )
    }
}

/// Where in the tree a cursor is. In an indented language a cursor on a blank line belongs to
/// the blocks of the code above that are no deeper than it, although their nodes end before.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) cursor: usize,
    /// The cursor, or the end of the code above it.
    pub(crate) offset: usize,
    /// Only what begins left of this column encloses the place.
    pub(crate) column: usize,
}

impl Place {
    /// Whether the place is between the node's first and its last character; at the end of the
    /// code above, also behind the last.
    pub(crate) fn is_inside(&self, one: &Match) -> bool {
        let (start, end) = (one.node.start_byte(), one.node.end_byte());
        if self.column == usize::MAX {
            return start < self.offset && self.offset < end;
        }
        let column = one.node.start_position().column;
        let is_left = column < self.column || column == self.column && one.role == Role::Block;
        start < self.offset && self.offset <= end && is_left
    }
}
