//! Changes that somebody might have made just before.

use std::ops::Range;

use inkling_context::RecentEdits;

use crate::identifiers::{common, identifier_set, identifiers};
use crate::text::line_start;

/// How far from the cursor changes are made, in lines, and how near.
const FARTHEST: usize = 60;
const NEAREST: usize = 3;

/// How many lines are looked at for one that has to do with what is typed next.
const TRIES: usize = 12;

/// One to three changes to `text` around the cursor, most often to lines that name what `middle` names too.
pub(crate) fn draw(
    path: &str,
    text: &str,
    cursor: usize,
    middle: &str,
    rng: &mut fastrand::Rng,
) -> RecentEdits {
    let mut edits = RecentEdits::default();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let here = text[..line_start(text, cursor)].matches('\n').count();
    let wanted = identifier_set(middle);
    for _ in 0..rng.usize(1..=3) {
        if let Some(line) = draw_line(&lines, here, &wanted, rng) {
            edits.push(path, &undo(&lines, line, &wanted, rng), text);
        }
    }
    edits
}

/// A line that is not blank, neither at the cursor nor far from it; of some the one with most wanted names.
fn draw_line(lines: &[&str], here: usize, wanted: &[u32], rng: &mut fastrand::Rng) -> Option<usize> {
    let (first, last) = (here.saturating_sub(FARTHEST), (here + FARTHEST).min(lines.len()));
    let drawn: Vec<usize> = (0..TRIES).map(|_| rng.usize(first..last.max(first + 1))).collect();
    let is_useful = |line: &&usize| {
        lines.get(**line).is_some_and(|text| text.trim().len() > 3) && line.abs_diff(here) >= NEAREST
    };
    let n_wanted = |line: &&usize| common(&identifier_set(lines[**line]), wanted);
    drawn.iter().filter(is_useful).max_by_key(n_wanted).copied()
}

/// The text before a change to `line`: a name in it was another, a piece of it was missing, or there was no
/// such line.
fn undo(lines: &[&str], line: usize, wanted: &[u32], rng: &mut fastrand::Rng) -> String {
    let old = match rng.u8(..10) {
        0..4 => rename(lines[line], wanted, rng),
        4..6 => drop_piece(lines[line], rng),
        _ => None,
    };
    // Lines are often added together.
    let n_lines = if old.is_none() { rng.usize(1..=3).min(lines.len() - line) } else { 1 };
    [&lines[..line], &[old.unwrap_or_default().as_str()], &lines[line + n_lines..]].concat().concat()
}

/// The line with an older name in place of one of its names.
fn rename(line: &str, wanted: &[u32], rng: &mut fastrand::Rng) -> Option<String> {
    let mut names: Vec<Range<usize>> = identifiers(line).collect();
    rng.shuffle(&mut names);
    let n_wanted = |name: &Range<usize>| common(&identifier_set(&line[name.clone()]), wanted);
    names.sort_by_key(|name| std::cmp::Reverse(n_wanted(name)));
    names.into_iter().find_map(|name| {
        let old = shorter(&line[name.clone()])?;
        Some(format!("{}{old}{}", &line[..name.start], &line[name.end..]))
    })
}

/// A name without its last word: `user_name` was `user`, `userName` too.
fn shorter(name: &str) -> Option<String> {
    let at = name.char_indices().rev().find(|(_, char)| *char == '_' || char.is_ascii_uppercase())?.0;
    let short = name[..at].trim_end_matches('_');
    (short.len() >= 3).then(|| short.to_string())
}

/// The line without an argument, or without one of its words.
fn drop_piece(line: &str, rng: &mut fastrand::Rng) -> Option<String> {
    let commas: Vec<usize> = line.match_indices(',').map(|(at, _)| at).collect();
    let (start, end) = if commas.is_empty() {
        let names: Vec<_> = identifiers(line).collect();
        let name = names.get(rng.usize(..names.len().max(1)))?;
        (name.start, name.end)
    } else {
        let start = commas[rng.usize(..commas.len())];
        let rest = &line[start + 1..];
        (start, start + 1 + rest.find([',', ')', ']', '}', '\n']).unwrap_or(rest.len()))
    };
    (start < end).then(|| format!("{}{}", &line[..start], &line[end..]))
}
