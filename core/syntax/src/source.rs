//! A text and its tree, kept in step.

use std::ops::{ControlFlow, Range};

use tree_sitter::{InputEdit, Node, ParseOptions, Parser, Point, Tree};

use crate::Language;
use crate::walk::{Step, walk};

/// Longer texts are kept without a tree: parsing them would stop the editor.
pub const MAX_TREE_BYTES: usize = 1 << 20;

/// Texts with a longer line are kept without a tree: they are minified or data.
pub const MAX_LINE_BYTES: usize = 100_000;

/// Trees of which a query takes longer, hundreds of times what real code of that size takes, are
/// not kept: see [`query_effort`].
const MAX_QUERY_EFFORT: usize = 1 << 26;

/// A text with its language and, where the language has a grammar and the text is within
/// [`MAX_TREE_BYTES`] and [`MAX_LINE_BYTES`], its syntax tree.
///
/// [`Source::edit`] keeps tree and text in step. Every other method answers for any offset: those
/// past the end mean the end, those within a character its start.
#[derive(Clone, Debug)]
pub struct Source {
    text: String,
    language: Language,
    tree: Option<Tree>,
    /// The tree is of a text with another last line; see [`disguise`].
    is_disguised: bool,
}

impl Source {
    /// Parses `text`.
    pub fn new(text: String, language: Language) -> Source {
        let disguise = disguise(&text, language);
        let tree = parse(&text, disguise.as_ref(), language, None);
        Source { text, language, tree, is_disguised: disguise.is_some() }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text alone.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The language that the text is read as.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Replaces the bytes `range`, clamped to the text and to characters, and parses what changed.
    pub fn edit(&mut self, range: Range<usize>, replacement: &str) {
        let start = self.clamp(range.start);
        let end = self.clamp(range.end).max(start);
        let start_position = point(&self.text, start);
        let old_end_position = point(&self.text, end);
        self.text.replace_range(start..end, replacement);
        let new_end = start + replacement.len();
        let edit = InputEdit {
            start_byte: start,
            old_end_byte: end,
            new_end_byte: new_end,
            start_position,
            old_end_position,
            new_end_position: point(&self.text, new_end),
        };
        if let Some(tree) = &mut self.tree {
            tree.edit(&edit);
        }
        let disguise = disguise(&self.text, self.language);
        // What is put on or taken off is a change that the tree does not know of.
        let is_kept = !self.is_disguised && disguise.is_none();
        let old_tree = self.tree.as_ref().filter(|_| is_kept);
        self.tree = parse(&self.text, disguise.as_ref(), self.language, old_tree);
        self.is_disguised = disguise.is_some();
    }

    /// The nearest place at or before `offset` that lies between characters.
    pub fn clamp(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The nearest place at or after `offset` that lies between characters, at most the end.
    pub fn ceil(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset += 1;
        }
        offset
    }

    pub(crate) fn root(&self) -> Option<Node<'_>> {
        self.tree.as_ref().map(Tree::root_node)
    }

    pub(crate) fn node_text(&self, node: Node) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }
}

/// A last line that the parser is shown in place of the true one, of the same length.
#[derive(Debug)]
struct Disguise {
    start: usize,
    line: String,
}

/// Kotlin's scanner looks for white space behind an annotation, and past the end of the text for ever
/// (tree-sitter-kotlin-ng 1.1, `scan_automatic_semicolon`). So on a last line without an end it gets none to see.
fn disguise(text: &str, language: Language) -> Option<Disguise> {
    let start = text.rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..];
    let is_endless = language == Language::Kotlin && line.contains('@');
    is_endless.then(|| Disguise { start, line: line.replace('@', "_") })
}

fn parse(
    text: &str,
    disguise: Option<&Disguise>,
    language: Language,
    old_tree: Option<&Tree>,
) -> Option<Tree> {
    let grammar = language.grammar()?;
    if text.len() > MAX_TREE_BYTES || text.lines().any(|line| line.len() > MAX_LINE_BYTES) {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&grammar).ok()?;
    let mut reports_left = max_progress_reports(text);
    let mut progress = |_: &_| match reports_left {
        0 => ControlFlow::Break(()),
        _ => {
            reports_left -= 1;
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let end = disguise.map_or(text.len(), |disguise| disguise.start);
    let mut read = |offset: usize, _: Point| match disguise {
        Some(Disguise { line, .. }) if offset >= end => &line.as_bytes()[offset - end..],
        _ => &text.as_bytes()[offset..end],
    };
    parser
        .parse_with_options(&mut read, old_tree, Some(options))
        .filter(|tree| query_effort(tree) <= MAX_QUERY_EFFORT)
}

/// How often the parser may report progress, which it does every hundred steps, before it is
/// stopped. Source code takes one report for 50 bytes or more; error recovery can take thousands
/// of steps a byte.
fn max_progress_reports(text: &str) -> usize {
    1_000 + text.len() / 16
}

/// About how long a query over the whole tree takes: what it costs to pass a node grows with the
/// node's depth, and with the run of tokens without a name that it stands in, as in `((((((`.
/// Counting stops soon after [`MAX_QUERY_EFFORT`], and does not begin where a tree is too small
/// for that.
fn query_effort(tree: &Tree) -> usize {
    let n_nodes = tree.root_node().descendant_count();
    if n_nodes.saturating_mul(n_nodes) <= MAX_QUERY_EFFORT {
        return 0;
    }
    let (mut effort, mut run, mut last_depth) = (0, 0, 0);
    walk(tree.root_node(), |cursor, depth| {
        let is_in_run = depth == last_depth && !cursor.node().is_named();
        run = if is_in_run { run + 1 } else { 0 };
        last_depth = depth;
        effort += depth + run;
        if effort > MAX_QUERY_EFFORT { Step::Stop } else { Step::Into }
    });
    effort
}

fn point(text: &str, offset: usize) -> Point {
    let before = &text.as_bytes()[..offset];
    let row = before.iter().filter(|&&byte| byte == b'\n').count();
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    Point { row, column: offset - line_start }
}
