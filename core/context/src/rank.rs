//! From everything that was found to the snippets of a context.

use rustc_hash::FxHashSet;

use crate::Snippet;
use crate::gather::{Config, Here};
use crate::snippet::{Found, Piece};
use crate::workspace::{File, Workspace};

/// The best of `found` that `config` has room for, the least relevant first. Nothing comes twice, and nothing
/// that stands next to the cursor already.
pub(crate) fn ranked(
    here: &Here<'_>,
    workspace: &Workspace,
    mut found: Vec<Found>,
    config: &Config,
) -> Vec<Snippet> {
    found.sort_by(|a, b| {
        let place = |one: &Found| (one.file, one.piece.range().start);
        b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b)))
    });
    let mut taken: Vec<&Found> = Vec::new();
    let mut texts = FxHashSet::default();
    let mut snippets: Vec<Snippet> = Vec::new();
    let mut left = config.max_snippets_bytes;
    for one in &found {
        let Some(file) = workspace.file(one.file) else { continue };
        let text = text_of(one, file);
        let is_new = !text.trim().is_empty() && taken.iter().all(|other| !overlap(one, other));
        if !is_new || text.len() > left || is_at_cursor(here, &text) || !texts.insert(text.clone()) {
            continue;
        }
        left -= text.len();
        taken.push(one);
        snippets.push(Snippet { path: file.path.clone(), text, score: one.score, reason: one.reason });
    }
    snippets.reverse();
    snippets
}

fn text_of(found: &Found, file: &File) -> String {
    match &found.piece {
        Piece::Skeleton(text, _) => text.clone(),
        Piece::Lines(range) => {
            let text = file.text[range.clone()].trim_start_matches(['\n', '\r']).trim_ascii_end();
            if text.is_empty() { String::new() } else { format!("{text}\n") }
        }
    }
}

/// Whether both stand for the same lines, to a good part.
fn overlap(a: &Found, b: &Found) -> bool {
    let (one, other) = (a.piece.range(), b.piece.range());
    let shared = one.end.min(other.end).saturating_sub(one.start.max(other.start));
    a.file == b.file && 2 * shared > one.len().min(other.len())
}

/// Whether the cursor's own surroundings say the same.
fn is_at_cursor(here: &Here<'_>, text: &str) -> bool {
    here.prefix.text.contains(text) || here.suffix.text.contains(text)
}
