use std::collections::BTreeMap;
use std::ops::Range;

use inkling_assist::syntax::Language;
use serde::{Deserialize, Serialize};

/// A file to cut lines out of.
#[derive(Clone, Debug)]
pub struct Document {
    /// Relative to its workspace, with `/`.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its text.
    pub text: String,
}

/// Where in a line the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Behind the indentation: all of the line is asked for.
    NextLine,
    /// Anywhere behind the line's first character: its rest is asked for.
    MidLine,
}

/// A rest of a line to be foreseen; what follows the line stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which document.
    pub document: usize,
    /// Where in its line the cursor stands.
    pub kind: Kind,
    /// The bytes of the document that are asked for, without trailing space.
    pub wanted: Range<usize>,
    /// Fewer than four characters, or nothing but keywords and punctuation.
    pub trivial: bool,
    /// The whole line stands again behind the cursor, where the prompt may show it.
    pub repeated: bool,
}

/// Lines that are asked for in one document, at most: many files say more than many lines of one.
const MAX_OF_A_DOCUMENT: usize = 4;

/// Characters of a line that is asked for, without its indentation.
const LINE_LEN: Range<usize> = 6..121;

/// Draws about `n_a_language` cases of every language, as many of each [`Kind`], in the documents' order.
///
/// The same documents, number and seed give the same cases.
pub fn draw(documents: &[Document], n_a_language: usize, seed: u64) -> Vec<Case> {
    let mut by_language: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (idx, document) in documents.iter().enumerate() {
        by_language.entry(document.language.id()).or_default().push(idx);
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let mut cases = Vec::new();
    for mut indices in by_language.into_values() {
        random.shuffle(&mut indices);
        let mut drawn = Vec::new();
        for idx in indices {
            drawn.extend(draw_from(idx, &documents[idx], &mut random));
            if drawn.len() >= n_a_language {
                break;
            }
        }
        drawn.truncate(n_a_language);
        cases.extend(drawn);
    }
    cases.sort_by_key(|case| (case.document, case.wanted.start));
    cases
}

fn draw_from(idx: usize, document: &Document, random: &mut fastrand::Rng) -> Vec<Case> {
    let mut lines = code_lines(document);
    random.shuffle(&mut lines);
    lines.truncate(MAX_OF_A_DOCUMENT);
    let case = |(nth, line): (usize, Range<usize>)| {
        let kind = if nth % 2 == 0 { Kind::NextLine } else { Kind::MidLine };
        let start = match kind {
            Kind::NextLine => line.start,
            Kind::MidLine => place_within(&document.text, &line, random),
        };
        let text = document.text[line.clone()].trim();
        let wanted = start..line.end;
        Case {
            document: idx,
            kind,
            trivial: is_trivial(&document.text[wanted.clone()]),
            repeated: document.text[line.end..].lines().any(|other| other.trim() == text),
            wanted,
        }
    };
    lines.into_iter().enumerate().map(case).collect()
}

/// The lines that hold code, without indentation and trailing space.
fn code_lines(document: &Document) -> Vec<Range<usize>> {
    let comments = [document.language.line_comment(), "#", "//", "/*", "*", "\"\"\"", "'''", "<!--"];
    let mut start = 0;
    let mut lines = Vec::new();
    for line in document.text.split_inclusive('\n') {
        let (content, indentation) = (line.trim(), line.len() - line.trim_start().len());
        let is_comment = comments.iter().any(|mark| !mark.is_empty() && content.starts_with(mark));
        let n_letters = content.chars().filter(|c| c.is_alphanumeric()).count();
        if LINE_LEN.contains(&content.chars().count()) && n_letters >= 3 && !is_comment {
            lines.push(start + indentation..start + indentation + content.len());
        }
        start += line.len();
    }
    lines
}

/// A place between two characters of the line.
fn place_within(text: &str, line: &Range<usize>, random: &mut fastrand::Rng) -> usize {
    let places: Vec<usize> =
        text[line.clone()].char_indices().skip(1).map(|(at, _)| line.start + at).collect();
    places[random.usize(..places.len())]
}

/// Words that most of the languages have and that say nothing of what a program does.
const KEYWORDS: &[&str] = &[
    "break", "catch", "const", "continue", "default", "do", "else", "end", "finally", "for", "if", "in",
    "let", "new", "none", "null", "pass", "private", "public", "return", "self", "static", "this", "true",
    "false", "try", "val", "var", "void", "while",
];

fn is_trivial(wanted: &str) -> bool {
    let mut words = wanted.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    wanted.trim().chars().count() < 4 || words.all(|word| KEYWORDS.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document { path: "a.py".into(), language: Language::from_path("a.py"), text: text.into() }
    }

    #[test]
    fn lines_of_code_are_found_without_their_indentation() {
        let document = document("# a comment here\ndef total(items):\n    return sum(items)  \n    }\n\n");
        let lines: Vec<&str> = code_lines(&document).into_iter().map(|line| &document.text[line]).collect();
        assert_eq!(lines, ["def total(items):", "return sum(items)"]);
    }

    #[test]
    fn what_says_little_is_trivial() {
        assert!(["x):", "return", "} else {", "self, None):"].iter().all(|text| is_trivial(text)));
        assert!(["total", "return total", "f(x, y)"].iter().all(|text| !is_trivial(text)));
    }

    #[test]
    fn the_same_seed_draws_the_same_cases() {
        let text: String = (0..50).map(|n| format!("value_{n} = compute({n}, \"ä\")\n")).collect();
        let documents = vec![document(&text), document(&text)];
        let cases = draw(&documents, 6, 1);
        assert_eq!(cases.len(), 6);
        assert_eq!(cases, draw(&documents, 6, 1));
        assert_ne!(cases, draw(&documents, 6, 2));
        for case in &cases {
            assert!(!documents[case.document].text[case.wanted.clone()].contains('\n'));
            assert!(!case.repeated, "every line is there once");
        }
    }
}
