//! What surrounds a place: block, statement, comment, string, error.

use std::ops::Range;

use tree_sitter::Node;

use crate::Source;
use crate::query::{Match, Role, Within, matches};
use crate::walk::{Step, walk};

impl Source {
    /// The innermost block, braces or indentation, in whose inside `offset` lies.
    pub fn block_at(&self, offset: usize) -> Option<Range<usize>> {
        let block = |source: &Source| source.block(&source.place(offset));
        self.ask_mended(offset, block, |block| block.iter_mut().collect())
    }

    fn block(&self, place: &Place) -> Option<Range<usize>> {
        let matches = self.matches_at(place);
        let mut blocks = matches.iter().filter(|one| one.role == Role::Block);
        let block = blocks.rfind(|one| place.is_inside(one))?.node.byte_range();
        // An indented block goes on to a cursor below it.
        let is_below = place.column != usize::MAX;
        Some(block.start..if is_below { block.end.max(place.cursor) } else { block.end })
    }

    /// The innermost statement or member that `offset` touches; a block counts as none.
    pub fn statement_at(&self, offset: usize) -> Option<Range<usize>> {
        let statement = |source: &Source| source.statement(source.clamp(offset));
        self.ask_mended(offset, statement, |statement| statement.iter_mut().collect())
    }

    fn statement(&self, offset: usize) -> Option<Range<usize>> {
        let matches = self.matches_touching(offset);
        let is_block = |node: Node| matches.iter().any(|one| one.role == Role::Block && one.node == node);
        let mut statements = matches.iter().filter(|one| one.role == Role::Statement);
        let touches = |range: &Range<usize>| range.start <= offset && offset <= range.end;
        statements
            .rfind(|one| touches(&one.node.byte_range()) && !one.node.is_extra() && !is_block(one.node))
            .map(|one| one.node.byte_range())
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
        let matches = self.matches_touching(offset);
        let is_inside = |one: &&Match| {
            let (start, end) = (one.node.start_byte(), one.node.end_byte());
            start < offset && (offset < end || offset == end && self.is_open(one))
        };
        matches
            .iter()
            .filter(|one| matches!(one.role, Role::Comment | Role::String | Role::Code))
            .rfind(is_inside)
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
    pub(crate) fn errors(&self, range: Range<usize>) -> Vec<Node<'_>> {
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
        let at_cursor = Place { cursor, offset: cursor, column: usize::MAX };
        if !self.language().is_indented() {
            return at_cursor;
        }
        let line_start = self.text()[..cursor].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text()[line_start..].lines().next().unwrap_or_default();
        if !line.trim().is_empty() {
            return at_cursor;
        }
        let above = self.text()[..line_start].split_inclusive('\n').rev();
        let comment = self.language().line_comment();
        let skipped: usize = above
            .take_while(|l| l.trim().is_empty() || l.trim_start().starts_with(comment))
            .map(str::len)
            .sum();
        let offset = self.text()[..line_start - skipped].trim_end().len();
        Place { cursor, offset, column: cursor - line_start }
    }

    /// The matches that may enclose a place, the outer before the inner.
    pub(crate) fn matches_at(&self, place: &Place) -> Vec<Match<'_>> {
        self.matches_touching(place.offset)
    }

    fn matches_touching(&self, offset: usize) -> Vec<Match<'_>> {
        let bytes = offset.saturating_sub(1)..offset + 1;
        self.root().map_or(Vec::new(), |root| matches(self, Within::bytes(root, bytes)))
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
