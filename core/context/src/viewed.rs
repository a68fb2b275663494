//! What the user looked at lately in other files.

use std::ops::Range;

use crate::Reason;
use crate::gather::Here;
use crate::snippet::{Found, Piece};
use crate::workspace::Workspace;

/// How many of the places are offered.
const MAX_PLACES: usize = 3;

/// Each place is worth this part of the one after it.
const DECAY: f32 = 0.8;

/// The lines around the newest places in other files.
pub(crate) fn viewed(here: &Here<'_>, workspace: &Workspace, max_bytes: usize) -> Vec<Found> {
    let others = workspace.viewed().iter().rev().filter(|place| place.path != here.path);
    let mut score = Reason::Viewed.weight();
    let mut found = Vec::new();
    for place in others.take(MAX_PLACES) {
        let Some(file) = workspace.paths().get(&place.path) else { continue };
        let Some(text) = workspace.file(file).map(|file| file.text.as_str()) else { continue };
        let piece = Piece::Lines(lines_around(text, place.line, max_bytes));
        found.push(Found { file, piece, score, reason: Reason::Viewed });
        score *= DECAY;
    }
    found
}

/// Whole lines around line `line`, as many as fit `max_bytes`.
fn lines_around(text: &str, line: usize, max_bytes: usize) -> Range<usize> {
    let line_start = line.checked_sub(1).map_or(0, |before| {
        memchr::memchr_iter(b'\n', text.as_bytes()).nth(before).map_or(text.len(), |at| at + 1)
    });
    let first = text.ceil_char_boundary(line_start.saturating_sub(max_bytes / 2));
    let last = text.floor_char_boundary((line_start + max_bytes / 2).min(text.len()));
    let start = if first == 0 { 0 } else { text[first..].find('\n').map_or(text.len(), |at| first + at + 1) };
    let end = if last == text.len() { last } else { text[..last].rfind('\n').map_or(0, |at| at + 1) };
    start.min(end)..end
}
