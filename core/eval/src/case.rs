use std::collections::BTreeMap;
use std::ops::Range;

use inkling_assist::syntax::Language;
use serde::{Deserialize, Serialize};

use crate::hole::{Cut, holes};

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

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line, from behind its indentation.
    NextLine,
    /// What follows some place behind a line's first character.
    MidLine,
    /// A statement on lines of its own.
    Statement,
    /// What stands on the lines of a block.
    Block,
}

/// A hole to be filled, which ends with its line; what follows stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which document.
    pub document: usize,
    /// What it is.
    pub kind: Kind,
    /// The bytes of the document that are asked for, without trailing space.
    pub wanted: Range<usize>,
    /// Fewer than four characters, or nothing but keywords and punctuation.
    pub trivial: bool,
    /// Its whole lines stand again behind the cursor, where the prompt may show them.
    pub repeated: bool,
}

/// Holes in one document, at most: many files say more than much of one.
const MAX_OF_A_DOCUMENT: usize = 4;

/// Draws about `n_a_language` cases of every language, as many of each [`Kind`], in the documents' order.
///
/// The same documents, number and seed give the same cases.
pub fn draw(documents: &[Document], cut: Cut, n_a_language: usize, seed: u64) -> Vec<Case> {
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
            drawn.extend(draw_from(idx, &documents[idx], cut, &mut random));
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

fn draw_from(idx: usize, document: &Document, cut: Cut, random: &mut fastrand::Rng) -> Vec<Case> {
    let case = |(kind, wanted): (Kind, Range<usize>)| Case {
        document: idx,
        kind,
        trivial: is_trivial(&document.text[wanted.clone()]),
        repeated: is_repeated(&document.text, &wanted),
        wanted,
    };
    holes(document, cut, MAX_OF_A_DOCUMENT, random).into_iter().map(case).collect()
}

/// Whether the whole lines of `wanted` stand again behind it.
fn is_repeated(text: &str, wanted: &Range<usize>) -> bool {
    let start = text[..wanted.start].rfind('\n').map_or(0, |at| at + 1);
    let (lines, rest) = (text[start..wanted.end].trim(), &text[wanted.end..]);
    if lines.contains('\n') { rest.contains(lines) } else { rest.lines().any(|other| other.trim() == lines) }
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
    fn what_says_little_is_trivial() {
        assert!(["x):", "return", "} else {", "self, None):"].iter().all(|text| is_trivial(text)));
        assert!(["total", "return total", "f(x, y)"].iter().all(|text| !is_trivial(text)));
    }

    #[test]
    fn the_same_seed_draws_the_same_cases() {
        let text: String = (0..50).map(|n| format!("value_{n} = compute({n}, \"ä\")\n")).collect();
        let documents = vec![document(&text), document(&text)];
        let cases = draw(&documents, Cut::Lines, 6, 1);
        assert_eq!(cases.len(), 6);
        assert_eq!(cases, draw(&documents, Cut::Lines, 6, 1));
        assert_ne!(cases, draw(&documents, Cut::Lines, 6, 2));
        for case in &cases {
            assert!(!documents[case.document].text[case.wanted.clone()].contains('\n'));
            assert!(!case.repeated, "every line is there once");
        }
    }
}
