//! Where people stop typing, and what they would type next.

use std::ops::Range;

use inkling_syntax::NodeKind;

use crate::identifiers::is_word;
use crate::open::Open;
use crate::sample::Kind;
use crate::text::{line_end, line_start, skip_blanks};

/// A hole in a document: from the cursor to the end of what is wanted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// How often each kind is tried, in percent.
const KINDS: [(Kind, u8); 7] = [
    (Kind::Line, 46),
    (Kind::Lines, 6),
    (Kind::Statement, 16),
    (Kind::Block, 14),
    (Kind::Arguments, 8),
    (Kind::Part, 6),
    (Kind::Span, 4),
];

/// Shorter parts are typed faster than asked for.
const MIN_PART_BYTES: usize = 5;

/// How often a cut is drawn until one is worth learning.
const TRIES: usize = 12;

/// A hole that begins in `stratum`, if one is found there that is worth learning and at most `max_bytes`
/// long.
pub(crate) fn draw(
    open: &Open<'_>,
    stratum: &Range<usize>,
    max_bytes: usize,
    rng: &mut fastrand::Rng,
) -> Option<Cut> {
    for _ in 0..TRIES {
        let kind = draw_kind(rng);
        let max_bytes = max_bytes.min(longest(rng));
        let cut = Drawing { open, stratum, max_bytes, rng }.draw(kind);
        let Some(range) = cut.filter(|range| range.len() <= max_bytes) else { continue };
        if rng.f32() < usefulness(open, &range) {
            return Some(Cut { kind, range });
        }
    }
    None
}

fn draw_kind(rng: &mut fastrand::Rng) -> Kind {
    let mut left = rng.u8(..100);
    let kind = KINDS.iter().find(|(_, percent)| {
        let is_it = left < *percent;
        left = left.saturating_sub(*percent);
        is_it
    });
    kind.map_or(Kind::Line, |(kind, _)| *kind)
}

/// Answers are short most of the time: nobody waits for, or reads, long ones.
fn longest(rng: &mut fastrand::Rng) -> usize {
    match rng.u8(..20) {
        0 => 1200,
        1..=5 => 500,
        _ => 240,
    }
}

struct Drawing<'a, 'c> {
    open: &'a Open<'c>,
    stratum: &'a Range<usize>,
    max_bytes: usize,
    rng: &'a mut fastrand::Rng,
}

impl Drawing<'_, '_> {
    fn draw(mut self, kind: Kind) -> Option<Range<usize>> {
        match kind {
            Kind::Line => self.line(),
            Kind::Lines => self.lines(),
            Kind::Statement => self.statement(),
            Kind::Block => self.block(),
            Kind::Arguments => self.arguments(),
            Kind::Part => self.part(),
            Kind::Span => self.span(),
            Kind::Plain => None,
        }
    }

    /// From a pause to the end of the line, or to the brackets that an editor has put there.
    fn line(&mut self) -> Option<Range<usize>> {
        let text = self.open.text();
        let start = self.pause(self.stratum.clone())?;
        let end = start + text[start..line_end(text, start)].trim_end().len();
        let closers = if self.rng.u8(..4) == 0 { paired_closers(&text[start..end]) } else { 0 };
        Some(start..end - closers)
    }

    /// From a pause to the end of one of the next lines.
    fn lines(&mut self) -> Option<Range<usize>> {
        let text = self.open.text();
        let start = self.pause(self.stratum.clone())?;
        let mut end = line_end(text, start);
        for _ in 0..self.rng.usize(1..=4) {
            end = line_end(text, (end + 1).min(text.len()));
        }
        Some(start..start + text[start..end].trim_end().len())
    }

    /// A statement, or what is left of it after a pause in its first line.
    fn statement(&mut self) -> Option<Range<usize>> {
        let statement = self.node(NodeKind::Statement)?;
        // Some grammars leave what ends a statement to its parent.
        let ends = self.open.text()[statement.end..].starts_with([';', ',']);
        self.maybe_begun(statement.start..statement.end + usize::from(ends))
    }

    /// What a block holds, or what is left of it after a pause in one of its lines.
    fn block(&mut self) -> Option<Range<usize>> {
        let text = self.open.text();
        let block = self.node(NodeKind::Block)?;
        let has_braces = text[block.clone()].starts_with('{');
        let inside = if has_braces { block.start + 1..block.end.max(block.start + 2) - 1 } else { block };
        let end = inside.start + text[inside.clone()].trim_end().len();
        let start = end - text[inside.start..end].trim_start().len();
        let first_line = start..line_end(text, start).min(end);
        match self.rng.u8(..10) {
            // A fresh line in the block.
            0..4 => Some(start..end),
            // Right behind the brace, or at the end of the line above.
            4 => Some(inside.start..end),
            5..8 if start < end => Some(self.pause(start..end)?..end),
            _ => self.maybe_begun(first_line.start..end),
        }
        .filter(|range| range.start < range.end)
    }

    fn maybe_begun(&mut self, node: Range<usize>) -> Option<Range<usize>> {
        let first_line = node.start..line_end(self.open.text(), node.start).min(node.end);
        if self.rng.bool() {
            return Some(node);
        }
        let start = self.pause(first_line)?;
        (node.start <= start && start < node.end).then_some(start..node.end)
    }

    /// What stands between the parentheses of a call, with or without the closing one.
    fn arguments(&mut self) -> Option<Range<usize>> {
        let arguments = self.node(NodeKind::Arguments)?;
        let text = &self.open.text()[arguments.clone()];
        if !text.starts_with('(') || !text.ends_with(')') || text.len() < 3 {
            return None;
        }
        Some(arguments.start + 1..arguments.end - usize::from(self.rng.bool()))
    }

    fn part(&mut self) -> Option<Range<usize>> {
        self.node(NodeKind::Part).filter(|part| part.len() >= MIN_PART_BYTES)
    }

    /// Anything, as when a piece was deleted.
    fn span(&mut self) -> Option<Range<usize>> {
        let source = &self.open.source;
        let start = source.clamp(self.rng.usize(self.stratum.clone()));
        let n_bytes = 1usize << self.rng.u32(2..8);
        Some(start..source.clamp(start + self.rng.usize(1..=n_bytes)))
    }

    /// A node that begins in the stratum and is not too long.
    fn node(&mut self, kind: NodeKind) -> Option<Range<usize>> {
        let nodes = &self.open.nodes;
        let first = nodes.partition_point(|node| node.range.start < self.stratum.start);
        let last = nodes.partition_point(|node| node.range.start < self.stratum.end);
        let fits = |idx: &usize| nodes[*idx].kind == kind && nodes[*idx].range.len() <= self.max_bytes;
        // From a random one on, so that no list has to be made.
        let from = self.rng.usize(first..last.max(first + 1));
        let idx = (from..last).chain(first..from.min(last)).find(fits)?;
        Some(nodes[idx].range.clone())
    }

    /// A place where somebody who types the lines of `range` pauses.
    fn pause(&mut self, range: Range<usize>) -> Option<usize> {
        let source = &self.open.source;
        let text = source.text();
        let at = source.clamp(self.rng.usize(range.start..range.end.max(range.start + 1)));
        let start = skip_blanks(text, line_start(text, at)).max(range.start);
        let end = line_end(text, at).min(range.end.max(start));
        if start >= end {
            return None;
        }
        let places = || text[start..end].char_indices().map(|(idx, _)| start + idx);
        let weigh =
            |place| if place == start { fresh_line_weight(&text[start..end]) } else { weight(text, place) };
        let total: f32 = places().map(weigh).sum();
        let mut left = self.rng.f32() * total;
        places().find(|&place| {
            left -= weigh(place);
            left < 0.0
        })
    }
}

/// A third of the pauses in a line of usual length come before anything is typed.
fn fresh_line_weight(line: &str) -> f32 {
    0.3 * line.len().min(60) as f32
}

/// How likely a pause is right before the character at `place`, which is not the first of its line.
fn weight(text: &str, place: usize) -> f32 {
    let bytes = text.as_bytes();
    let (before, after) = (bytes[place - 1], bytes[place]);
    match before {
        b'(' | b'.' | b'[' | b'<' | b'{' => 3.0,
        b' ' if place > 1 && matches!(bytes[place - 2], b'=' | b',' | b':' | b'>' | b'(') => 3.0,
        b'=' | b',' | b':' | b'"' | b'\'' | b'!' | b'&' | b'|' => 1.0,
        b' ' | b'\t' => 1.5,
        _ if is_word(before) && is_word(after) => typed_weight(&bytes[..place]),
        _ if is_word(before) => 0.4,
        _ => 0.3,
    }
}

/// People look up after the first letters of a name.
fn typed_weight(before: &[u8]) -> f32 {
    match before.iter().rev().take(5).take_while(|&&byte| is_word(byte)).count() {
        1 => 1.0,
        2 | 3 => 1.5,
        4 => 0.6,
        _ => 0.2,
    }
}

/// How many bytes at the end of a line's rest an editor that closes brackets has written: those from the
/// first closing bracket on that is opened before the rest, if only punctuation follows it.
fn paired_closers(rest: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => continue,
        }
        if depth < 0 {
            let is_end = rest[at..].bytes().all(|byte| byte.is_ascii_punctuation() || byte == b' ');
            return if is_end && at > 0 { rest.len() - at } else { 0 };
        }
    }
    0
}

/// How likely it is that a hole teaches something, from 0 to 1.
fn usefulness(open: &Open<'_>, range: &Range<usize>) -> f32 {
    let middle = &open.text()[range.clone()];
    let n_letters = middle.chars().filter(|char| char.is_alphabetic()).count();
    let n_solid = middle.chars().filter(|char| !char.is_whitespace()).count();
    let line = &open.text()[line_start(open.text(), range.start)..];
    let begins = |words: &[&str]| words.iter().any(|word| line.trim_start().starts_with(word));
    if n_solid == 0 {
        0.0
    } else if open.prose_in(range) * 2 > middle.len() {
        0.06
    } else if n_letters == 0 {
        0.15
    } else if n_letters * 4 < n_solid && n_solid > 8 {
        0.1 // Tables of numbers.
    } else if begins(&["import ", "from ", "use ", "#include", "package ", "using ", "export * from"]) {
        0.35
    } else if n_solid == 1 {
        0.3
    } else {
        1.0
    }
}
