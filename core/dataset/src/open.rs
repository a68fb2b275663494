//! A document, parsed, while samples are drawn from it.

use std::ops::Range;

use inkling_syntax::{NodeKind, Source, SyntaxNode};

use crate::Document;

/// A parsed document.
pub(crate) struct Open<'c> {
    pub(crate) document: &'c Document,
    pub(crate) source: Source,
    /// Statements, blocks, arguments and parts, in the order of the text.
    pub(crate) nodes: Vec<SyntaxNode>,
    /// Comments and texts of several lines, which are prose too, in the order of the text.
    prose: Vec<Range<usize>>,
}

impl<'c> Open<'c> {
    pub(crate) fn new(document: &'c Document) -> Open<'c> {
        let source = Source::new(document.text.clone(), document.grammar());
        let (prose, nodes): (Vec<_>, Vec<_>) = source
            .nodes()
            .into_iter()
            .filter(|node| node.kind != NodeKind::String || source.text()[node.range.clone()].contains('\n'))
            .partition(|node| matches!(node.kind, NodeKind::Comment | NodeKind::String));
        Open { document, source, nodes, prose: prose.into_iter().map(|node| node.range).collect() }
    }

    pub(crate) fn text(&self) -> &str {
        self.source.text()
    }

    /// How many of the bytes `range` are prose.
    pub(crate) fn prose_in(&self, range: &Range<usize>) -> usize {
        let first = self.prose.partition_point(|one| one.end <= range.start);
        let within = self.prose[first..].iter().take_while(|one| one.start < range.end);
        within.map(|one| one.end.min(range.end) - one.start.max(range.start)).sum()
    }
}
