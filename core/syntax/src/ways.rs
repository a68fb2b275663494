//! How a place is best completed.

use std::ops::Range;

use crate::{ScopeKind, Source};

/// How much a suggestion at a place completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// The rest of the line, with what follows it.
    Inline,
    /// The rest of the body: behind what opens it, on its empty first line, or on an empty line at its end.
    InBlock,
    /// The next member or function: on an empty line behind one.
    AfterBlock,
}

impl Way {
    /// In lower case, as the plain-text forms write it.
    pub fn name(self) -> &'static str {
        match self {
            Way::Inline => "inline",
            Way::InBlock => "in block",
            Way::AfterBlock => "after block",
        }
    }
}

impl Source {
    /// How `offset` is best completed.
    pub fn way_at(&self, offset: usize) -> Way {
        let offset = self.clamp(offset);
        let (before, after) = self.text().split_at(offset);
        let line_after = after.split(['\n', '\r']).next().unwrap_or_default();
        let is_line_end = line_after.chars().all(|c| c.is_whitespace() || ")]};,".contains(c));
        if !is_line_end || self.is_in_comment(offset) || self.is_in_string(offset) {
            return Way::Inline;
        }
        if self.opens_body(before, after) {
            return Way::InBlock;
        }
        let line_before = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
        if !line_before.trim().is_empty() || !line_after.trim().is_empty() {
            return Way::Inline;
        }
        let block = self.block_at(offset);
        match block.filter(|block| !self.holds_members(block, offset)) {
            Some(block)
                if self.text()[offset..block.end]
                    .trim_end_matches(['}', ' ', '\t', '\r', '\n'])
                    .is_empty() =>
            {
                Way::InBlock
            }
            None if self.ends_declaration(before.trim_end().len()) => Way::AfterBlock,
            _ => Way::Inline,
        }
    }

    /// Whether the text before opens a body that is not written yet, at most one line above.
    fn opens_body(&self, before: &str, after: &str) -> bool {
        let opener = before.trim_end();
        let is_colon = opener.ends_with(':') && self.language().line_comment() == "#";
        let is_code = !self.is_in_comment(opener.len());
        let is_near = before[opener.len()..].matches('\n').count() <= 1;
        (opener.ends_with('{') || is_colon) && is_code && is_near && !has_body(opener, after)
    }

    /// Whether the block around `offset` is that of a type or a module.
    fn holds_members(&self, block: &Range<usize>, offset: usize) -> bool {
        self.scopes_at(offset).iter().any(|scope| {
            let is_code = !matches!(scope.kind, ScopeKind::Symbol(kind) if !kind.is_callable());
            // An indented block goes on to a cursor below it.
            !is_code && scope.body.as_ref().is_some_and(|body| body.start == block.start)
        })
    }

    /// Whether a function, or a type with members, ends at `end`.
    fn ends_declaration(&self, end: usize) -> bool {
        let end = self.text()[..end].trim_end_matches([';', ',']).len();
        self.outline_in(end.saturating_sub(1)..end).iter().any(|symbol| {
            let has_code = symbol.kind.is_callable() || symbol.kind.has_members();
            has_code && symbol.body.is_some() && symbol.range.end.abs_diff(end) <= 1
        })
    }
}

/// Whether the text below is already indented deeper than the line that opened the body.
fn has_body(opener: &str, after: &str) -> bool {
    let opener = &opener[opener.rfind('\n').map_or(0, |newline| newline + 1)..];
    let below = after.lines().skip(1).find(|line| !line.trim().is_empty());
    below.is_some_and(|line| indentation(line) > indentation(opener))
}

/// Columns of white space at the beginning of `line`, a tab counting as four.
fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}
