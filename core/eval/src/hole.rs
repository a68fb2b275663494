//! What can be cut out of a document: lines, and what its syntax tree calls statements and blocks.

use std::ops::Range;

use inkling_assist::syntax::{NodeKind, Source};

use crate::{Document, Kind};

/// What is cut out of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Lines and the rests of lines, in turn.
    Lines,
    /// The rests of lines, statements and what blocks hold, in turn.
    Syntax,
}

/// Lines of a statement or block, at most: nobody waits for longer ones.
const MAX_LINES: usize = 8;

/// Characters of a line that is asked for, without its indentation.
const LINE_LEN: Range<usize> = 6..121;

/// At most `n` holes of a document, in a random order; each begins and ends within the text of its lines.
pub(crate) fn holes(
    document: &Document,
    cut: Cut,
    n: usize,
    random: &mut fastrand::Rng,
) -> Vec<(Kind, Range<usize>)> {
    let mut lines = code_lines(document);
    random.shuffle(&mut lines);
    match cut {
        Cut::Lines => {
            let kinds = [Kind::NextLine, Kind::MidLine].into_iter().cycle();
            kinds.zip(lines).take(n).map(|(kind, line)| (kind, begun(document, kind, line, random))).collect()
        }
        Cut::Syntax => {
            let [mut statements, mut blocks] = nodes(document);
            random.shuffle(&mut statements);
            random.shuffle(&mut blocks);
            let rests: Vec<_> =
                lines.into_iter().take(n).map(|line| begun(document, Kind::MidLine, line, random)).collect();
            in_turn([(Kind::MidLine, rests), (Kind::Statement, statements), (Kind::Block, blocks)], n)
        }
    }
}

/// The first of each kind, then the second of each, and so on; none that overlaps an earlier one.
fn in_turn(kinds: [(Kind, Vec<Range<usize>>); 3], n: usize) -> Vec<(Kind, Range<usize>)> {
    let n_turns = kinds.iter().map(|(_, ranges)| ranges.len()).max().unwrap_or(0);
    let mut taken: Vec<(Kind, Range<usize>)> = Vec::new();
    for turn in 0..n_turns {
        for (kind, ranges) in &kinds {
            let Some(range) = ranges.get(turn) else { continue };
            let is_free = taken.iter().all(|(_, other)| range.end <= other.start || other.end <= range.start);
            if is_free && taken.len() < n {
                taken.push((*kind, range.clone()));
            }
        }
    }
    taken
}

/// What of a line is asked for.
fn begun(document: &Document, kind: Kind, line: Range<usize>, random: &mut fastrand::Rng) -> Range<usize> {
    match kind {
        Kind::MidLine => place_within(&document.text, &line, random)..line.end,
        _ => line,
    }
}

/// The lines that hold code, without indentation and trailing space.
fn code_lines(document: &Document) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in document.text.split_inclusive('\n') {
        let (content, indentation) = (line.trim(), line.len() - line.trim_start().len());
        if LINE_LEN.contains(&content.chars().count()) && is_code(content, document) {
            lines.push(start + indentation..start + indentation + content.len());
        }
        start += line.len();
    }
    lines
}

/// Statements that stand on lines of their own, and what stands on the lines of a block.
fn nodes(document: &Document) -> [Vec<Range<usize>>; 2] {
    let text = &document.text;
    let source = Source::new(text.clone(), document.language);
    let mut found = [Vec::new(), Vec::new()];
    for node in source.nodes() {
        let (which, range) = match node.kind {
            NodeKind::Statement => (0, with_end(text, node.range)),
            NodeKind::Block => (1, inside(text, node.range)),
            _ => continue,
        };
        let content = &text[range.clone()];
        let is_short = content.len() >= LINE_LEN.start && content.lines().count() <= MAX_LINES;
        if is_short && is_alone(text, &range) && is_code(content, document) && !found[which].contains(&range)
        {
            found[which].push(range);
        }
    }
    found
}

/// Some grammars leave what ends a statement to its parent.
fn with_end(text: &str, statement: Range<usize>) -> Range<usize> {
    let ends = text[statement.end..].starts_with([';', ',']);
    statement.start..statement.end + usize::from(ends)
}

/// A block without its braces and the space beside them.
fn inside(text: &str, block: Range<usize>) -> Range<usize> {
    let held = &text[block.clone()];
    let held = held.strip_prefix('{').and_then(|held| held.strip_suffix('}')).unwrap_or(held);
    let start = held.as_ptr() as usize - text.as_ptr() as usize;
    let (trimmed, indentation) = (held.trim(), held.len() - held.trim_start().len());
    start + indentation..start + indentation + trimmed.len()
}

/// Whether nothing else stands on the lines of `range`.
fn is_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].rsplit('\n').next().unwrap_or("");
    let behind = text[range.end..].split('\n').next().unwrap_or("");
    before.trim().is_empty() && behind.trim().is_empty()
}

/// No comment, and more than punctuation.
fn is_code(content: &str, document: &Document) -> bool {
    let comments = [document.language.line_comment(), "#", "//", "/*", "*", "\"\"\"", "'''", "<!--"];
    let is_comment = comments.iter().any(|mark| !mark.is_empty() && content.starts_with(mark));
    !is_comment && content.chars().filter(|c| c.is_alphanumeric()).count() >= 3
}

/// A place between two characters of the line.
fn place_within(text: &str, line: &Range<usize>, random: &mut fastrand::Rng) -> usize {
    let places: Vec<usize> =
        text[line.clone()].char_indices().skip(1).map(|(at, _)| line.start + at).collect();
    places[random.usize(..places.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkling_assist::syntax::Language;

    fn document(path: &str, text: &str) -> Document {
        Document { path: path.into(), language: Language::from_path(path), text: text.into() }
    }

    #[test]
    fn lines_of_code_are_found_without_their_indentation() {
        let document =
            document("a.py", "# a comment here\ndef total(items):\n    return sum(items)  \n    }\n\n");
        let lines: Vec<&str> = code_lines(&document).into_iter().map(|line| &document.text[line]).collect();
        assert_eq!(lines, ["def total(items):", "return sum(items)"]);
    }

    #[test]
    fn statements_and_blocks_are_found_without_what_stands_around_them() {
        let of = |path: &str, text: &str| {
            let document = document(path, text);
            nodes(&document).map(|ranges| -> Vec<String> {
                ranges.into_iter().map(|range| document.text[range].to_string()).collect()
            })
        };
        let [statements, blocks] = of("a.rs", "fn f(n: u32) {\n    grow(n);\n    if n > 1 { h(n) }\n}\n");
        assert!(statements.contains(&"grow(n);".to_string()), "{statements:?}");
        assert_eq!(blocks, ["grow(n);\n    if n > 1 { h(n) }"]);
        let [statements, blocks] = of("a.py", "def f(n):\n    g(n)\n    return n + 1\n\nf(1); f(2)\n");
        assert!(statements.contains(&"return n + 1".to_string()), "{statements:?}");
        assert_eq!(blocks, ["g(n)\n    return n + 1"]);
        assert!(!statements.iter().any(|text| text.starts_with("f(")), "they share a line: {statements:?}");
    }

    #[test]
    fn holes_are_of_every_kind_in_turn_and_do_not_overlap() {
        let text: String =
            (0..9).map(|n| format!("def f{n}(x):\n    y = g(x, {n})\n    return y\n\n")).collect();
        let document = document("a.py", &text);
        let holes = holes(&document, Cut::Syntax, 6, &mut fastrand::Rng::with_seed(1));
        let kinds: Vec<Kind> = holes.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds.len(), 6);
        assert!([Kind::MidLine, Kind::Statement, Kind::Block].iter().all(|kind| kinds.contains(kind)));
        let mut ranges: Vec<_> = holes.into_iter().map(|(_, range)| range).collect();
        ranges.sort_by_key(|range| range.start);
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
