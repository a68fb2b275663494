//! Code from other files of a package that resembles what stands around the cursor.

use std::ops::Range;

use inkling_context::{Reason, Snippet};

use crate::identifiers::{common, identifier_set};
use crate::{Corpus, Document};

/// Neighbours looked at on each side, in the order of paths, and files from anywhere in the package.
const N_NEAR: usize = 3;
const N_FAR: usize = 4;

/// How much of a file is looked at.
const MAX_FILE_BYTES: usize = 16 << 10;

/// Snippets offered to the prompt, which takes those that fit.
const MAX_SNIPPETS: usize = 4;

/// Snippets of `n_lines` lines that have names in common with `around`, best first.
///
/// The product's own search takes this one's place as soon as there is one.
pub(crate) fn related(
    corpus: &Corpus,
    document: &Document,
    around: &str,
    n_lines: usize,
    rng: &mut fastrand::Rng,
) -> Vec<Snippet> {
    let wanted = identifier_set(around);
    let mut found: Vec<(f32, &Document, Range<usize>)> = Vec::new();
    for other in neighbours(corpus, document, rng) {
        let best = windows(&other.text, n_lines).map(|window| {
            let score = similarity(&wanted, &identifier_set(&other.text[window.clone()]));
            (score, other, window)
        });
        found.extend(best.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, ..)| *score > 0.0));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(MAX_SNIPPETS);
    let snippet = |(score, other, window): (f32, &Document, Range<usize>)| Snippet {
        path: other.path.clone(),
        text: whole_lines(&other.text[window]),
        score,
        reason: Reason::Similar,
    };
    found.into_iter().map(snippet).collect()
}

/// Files near `document`, and some from anywhere in its package.
pub(crate) fn neighbours<'c>(
    corpus: &'c Corpus,
    document: &Document,
    rng: &mut fastrand::Rng,
) -> Vec<&'c Document> {
    let members = corpus.package_of(document);
    let at = |&idx: &u32| &corpus.documents()[idx as usize];
    let here = members.partition_point(|idx| at(idx).path < document.path);
    let near = here.saturating_sub(N_NEAR)..(here + N_NEAR + 1).min(members.len());
    let mut indices: Vec<usize> = near.chain((0..N_FAR).map(|_| rng.usize(..members.len().max(1)))).collect();
    indices.sort_unstable();
    indices.dedup();
    let others = indices.into_iter().filter_map(|idx| members.get(idx)).map(at);
    others.filter(|other| other.path != document.path).collect()
}

/// Runs of `n_lines` lines, each beginning in the middle of the one before.
fn windows(text: &str, n_lines: usize) -> impl Iterator<Item = Range<usize>> {
    let mut starts: Vec<usize> = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1).take_while(|&at| at < MAX_FILE_BYTES));
    let n = starts.len();
    let end = *starts.last().unwrap_or(&0);
    (0..n).step_by((n_lines / 2).max(1)).filter_map(move |first| {
        let until = if first + n_lines < n { starts[first + n_lines] } else { end };
        (starts[first] < until).then(|| starts[first]..until)
    })
}

/// Names in both of the names in either, from 0 to 1.
fn similarity(a: &[u32], b: &[u32]) -> f32 {
    let n_common = common(a, b);
    n_common as f32 / (a.len() + b.len() - n_common).max(1) as f32
}

/// Without blank lines around it, with a newline at its end.
fn whole_lines(text: &str) -> String {
    let start = text.len() - text.trim_start().len();
    let start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    format!("{}\n", text[start..].trim_end())
}
