//! Code that resembles the code around the cursor: weighted Jaccard over windows that begin and end at
//! syntax boundaries.

use std::ops::Range;

use inkling_syntax::Language;
use rustc_hash::FxHashMap;

use crate::snippet::{Found, Piece, lead_start};
use crate::terms::{Term, each_term};
use crate::workspace::{ChunkId, File, Workspace};
use crate::{Reason, gather::Here};

/// How many lines before and after the cursor are compared with.
const LINES_BEFORE: usize = 24;
const LINES_AFTER: usize = 8;

/// How many chunks are looked at closely.
const MAX_CHUNKS: usize = 24;

/// Terms that stand in more chunks than this say little and cost much.
const MAX_CHUNKS_OF_TERM: usize = 4096;

/// Windows less alike than this are chance.
const MIN_SIMILARITY: f32 = 0.06;

/// A unit of lines without a boundary is split here.
const MAX_UNIT_LINES: usize = 8;

/// The most similar windows of the workspace, at most one of each of the best chunks; `max_bytes` bounds a
/// window.
pub(crate) fn similar(here: &Here<'_>, workspace: &Workspace, max_bytes: usize) -> Vec<Found> {
    let weigh = |term| weight(workspace, term);
    let query = Query::new(around(&here.prefix.text, &here.suffix.text), &weigh);
    let mut found = Vec::new();
    for chunk in best_chunks(here, workspace, &query) {
        let Some((at, file)) = workspace.chunk(chunk) else { continue };
        let region = widened(file, file.chunk(at.idx as usize), max_bytes);
        if let Some((range, similarity)) = best_window(file, region, &query, &weigh, max_bytes) {
            let piece = Piece::Lines(range);
            found.push(Found { file: at.file, piece, score: score(similarity), reason: Reason::Similar });
        }
    }
    found
}

/// Jaccard indices of useful windows lie between a tenth and a half: stretched they compare with the scores of
/// declarations, the surest of which come first.
fn score(similarity: f32) -> f32 {
    (1.5 * similarity).min(0.75)
}

/// The lines next to the cursor on both sides.
fn around<'a>(prefix: &'a str, suffix: &'a str) -> [&'a str; 2] {
    let start = memchr::memrchr_iter(b'\n', prefix.as_bytes()).nth(LINES_BEFORE).map_or(0, |at| at + 1);
    let end = memchr::memchr_iter(b'\n', suffix.as_bytes()).nth(LINES_AFTER).unwrap_or(suffix.len());
    [&prefix[start..], &suffix[..end]]
}

/// What an occurrence of a term is worth, from 1 to 17: the rarer the more, as in tf-idf. Integers, so that
/// sums that slide along stay exact.
fn weight(workspace: &Workspace, term: Term) -> u32 {
    let n = workspace.n_chunks().max(1);
    let n_with = workspace.chunks_with(term).len().clamp(1, n);
    1 + (n / n_with).ilog2()
}

/// A weighted bag of terms.
struct Query {
    terms: FxHashMap<Term, Wanted>,
    /// The sum of all occurrences' weights.
    total: u64,
}

#[derive(Clone, Copy)]
struct Wanted {
    count: u32,
    weight: u32,
}

impl Query {
    fn new<'a>(texts: impl IntoIterator<Item = &'a str>, weigh: &impl Fn(Term) -> u32) -> Query {
        let mut query = Query { terms: FxHashMap::default(), total: 0 };
        for text in texts {
            each_term(text.as_bytes(), |term| {
                let wanted =
                    query.terms.entry(term).or_insert_with(|| Wanted { count: 0, weight: weigh(term) });
                wanted.count += 1;
                query.total += u64::from(wanted.weight);
            });
        }
        query
    }
}

/// A window that slides: adding and removing a term takes the same time whatever its size.
struct Window<'q> {
    query: &'q Query,
    /// How often the query's terms stand in it.
    counts: FxHashMap<Term, u32>,
    /// The sum of its terms' weights.
    total: u64,
    /// The sum of what it has in common with the query.
    shared: u64,
}

impl<'q> Window<'q> {
    fn new(query: &'q Query) -> Window<'q> {
        Window { query, counts: FxHashMap::default(), total: 0, shared: 0 }
    }

    fn add(&mut self, (term, weight): (Term, u32)) {
        self.total += u64::from(weight);
        if let Some(wanted) = self.query.terms.get(&term) {
            let count = self.counts.entry(term).or_default();
            self.shared += if *count < wanted.count { u64::from(weight) } else { 0 };
            *count += 1;
        }
    }

    /// Takes back an [`Window::add`].
    fn remove(&mut self, (term, weight): (Term, u32)) {
        self.total -= u64::from(weight);
        if let Some(wanted) = self.query.terms.get(&term)
            && let Some(count) = self.counts.get_mut(&term)
        {
            *count -= 1;
            self.shared -= if *count < wanted.count { u64::from(weight) } else { 0 };
        }
    }

    /// What both have, of what either has.
    fn jaccard(&self) -> f32 {
        let either = self.query.total + self.total - self.shared;
        if either == 0 { 0.0 } else { self.shared as f32 / either as f32 }
    }
}

/// The chunks with most of the query's weight, best first.
fn best_chunks(here: &Here<'_>, workspace: &Workspace, query: &Query) -> Vec<ChunkId> {
    let mut shared = vec![0_u32; workspace.n_chunks()];
    let mut touched = Vec::new();
    for (term, wanted) in &query.terms {
        let chunks = workspace.chunks_with(*term);
        if chunks.len() > MAX_CHUNKS_OF_TERM {
            continue;
        }
        for &chunk in chunks {
            let sum = &mut shared[chunk as usize];
            if *sum == 0 {
                touched.push(chunk);
            }
            *sum += wanted.weight;
        }
    }
    let mut ranked: Vec<(u32, ChunkId)> =
        touched.into_iter().map(|chunk| (shared[chunk as usize], chunk)).collect();
    // Most chunks share a word or two: only the best are worth looking at their files.
    let n_kept = (4 * MAX_CHUNKS).min(ranked.len());
    if n_kept < ranked.len() {
        ranked.select_nth_unstable_by(n_kept, |a, b| b.cmp(a));
        ranked.truncate(n_kept);
    }
    ranked.retain_mut(|(sum, chunk)| match workspace.chunk(*chunk) {
        Some((_, file)) if file.path != here.path && are_kin(file.language, here.language) => {
            *sum = *sum * nearness_percent(here, workspace, &file.path) / 100;
            true
        }
        _ => false,
    });
    ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.truncate(MAX_CHUNKS);
    ranked.into_iter().map(|(_, chunk)| chunk).collect()
}

/// Files that were looked at lately, or stand beside this one, are likelier to matter.
fn nearness_percent(here: &Here<'_>, workspace: &Workspace, path: &str) -> u32 {
    let folder = |path: &str| path.rfind('/').map_or(0, |at| at);
    let is_beside = path[..folder(path)] == here.path[..folder(here.path)];
    let is_viewed = workspace.viewed().iter().any(|place| place.path == path);
    100 + if is_viewed { 25 } else { 0 } + if is_beside { 15 } else { 0 }
}

/// Whether code of one language is of use in the other.
pub(crate) fn are_kin(a: Language, b: Language) -> bool {
    use Language::{C, Cpp, Java, JavaScript, Kotlin, Tsx, TypeScript};
    let family = |language| match language {
        Tsx | JavaScript => TypeScript,
        C => Cpp,
        Kotlin => Java,
        _ => language,
    };
    family(a) == family(b)
}

/// `range` and as much around it as a window may reach.
fn widened(file: &File, range: Range<usize>, max_bytes: usize) -> Range<usize> {
    let text = file.text.as_bytes();
    let start = range.start.saturating_sub(max_bytes);
    let start =
        if start == 0 { 0 } else { memchr::memchr(b'\n', &text[start..]).map_or(0, |at| start + at + 1) };
    let end = (range.end + max_bytes).min(text.len());
    let end = memchr::memrchr(b'\n', &text[..end]).map_or(end, |at| at + 1).max(range.end);
    start.min(range.start)..end
}

/// The window of whole units that is most similar, where it is similar at all.
fn best_window(
    file: &File,
    region: Range<usize>,
    query: &Query,
    weigh: &impl Fn(Term) -> u32,
    max_bytes: usize,
) -> Option<(Range<usize>, f32)> {
    let units = units(file, region);
    let mut terms = Vec::new();
    let ends: Vec<usize> = units
        .iter()
        .map(|unit| {
            each_term(&file.text.as_bytes()[unit.clone()], |term| terms.push((term, weigh(term))));
            terms.len()
        })
        .collect();
    let starts_at = |unit: usize| unit.checked_sub(1).map_or(0, |before| ends[before]);
    let mut window = Window::new(query);
    let mut best: Option<(Range<usize>, f32)> = None;
    let mut first = 0;
    for (last, unit) in units.iter().enumerate() {
        terms[starts_at(last)..ends[last]].iter().for_each(|&term| window.add(term));
        while first < last && unit.end - units[first].start > max_bytes {
            terms[starts_at(first)..ends[first]].iter().for_each(|&term| window.remove(term));
            first += 1;
        }
        let (similarity, range) = (window.jaccard(), units[first].start..unit.end);
        let is_better = best.as_ref().is_none_or(|(_, so_far)| similarity > *so_far);
        if is_better && range.len() <= 2 * max_bytes {
            best = Some((range, similarity));
        }
    }
    best.filter(|(_, similarity)| *similarity >= MIN_SIMILARITY)
}

/// The lines of `region` in groups that belong together: a declaration with what leads to it, a paragraph,
/// and never many lines.
fn units(file: &File, region: Range<usize>) -> Vec<Range<usize>> {
    let text = &file.text;
    let first = file.declarations.partition_point(|one| (one.range.start as usize) < region.start);
    let declared = file.declarations[first..].iter().map(|one| one.range.start as usize);
    let mut cuts =
        declared.take_while(|&start| start < region.end).map(|start| lead_start(text, start)).peekable();
    let mut units: Vec<Range<usize>> = Vec::new();
    let mut n_lines = 0;
    let mut after_blank = true;
    let mut start = region.start;
    for line in text[region.clone()].split_inclusive('\n') {
        let is_blank = line.trim_ascii().is_empty();
        while cuts.next_if(|&cut| cut < start).is_some() {}
        let begins =
            cuts.next_if_eq(&start).is_some() || after_blank && !is_blank || n_lines >= MAX_UNIT_LINES;
        match units.last_mut() {
            Some(unit) if !begins => unit.end += line.len(),
            _ => units.push(start..start + line.len()),
        }
        n_lines = if begins { 1 } else { n_lines + 1 };
        after_blank = is_blank;
        start += line.len();
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The weighted Jaccard index by its definition.
    fn jaccard(a: &[(Term, u32)], b: &[(Term, u32)]) -> f32 {
        let count = |bag: &[(Term, u32)], term: Term| bag.iter().filter(|(t, _)| *t == term).count() as u64;
        let mut terms: Vec<(Term, u32)> = a.iter().chain(b).copied().collect();
        terms.sort_unstable();
        terms.dedup();
        let sum = |of: fn(u64, u64) -> u64| -> u64 {
            terms.iter().map(|&(term, weight)| of(count(a, term), count(b, term)) * u64::from(weight)).sum()
        };
        let (shared, either) = (sum(u64::min), sum(u64::max));
        if either == 0 { 0.0 } else { shared as f32 / either as f32 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However a window slides, its index is that of the terms in it.
        #[test]
        fn sliding_is_recomputing(
            query in prop::collection::vec(0_u32..8, 0..20),
            terms in prop::collection::vec(0_u32..12, 1..60),
            width in 1_usize..15,
        ) {
            let weighed = |terms: &[u32]| -> Vec<(Term, u32)> { terms.iter().map(|&t| (t, 1 + t % 5)).collect() };
            let mut bag = Query { terms: FxHashMap::default(), total: 0 };
            for (term, weight) in weighed(&query) {
                bag.terms.entry(term).or_insert(Wanted { count: 0, weight }).count += 1;
                bag.total += u64::from(weight);
            }
            let (query, terms) = (weighed(&query), weighed(&terms));
            let mut window = Window::new(&bag);
            for end in 0..terms.len() {
                window.add(terms[end]);
                if end >= width {
                    window.remove(terms[end - width]);
                }
                let start = (end + 1).saturating_sub(width);
                prop_assert_eq!(window.jaccard(), jaccard(&query, &terms[start..=end]));
            }
        }

        /// Units are the region, in whole lines, in order.
        #[test]
        fn units_tile_the_region(text in "(fn a\\(\\) \\{\n|    b;\n|\n|\\}\n|/// c\n){0,40}") {
            let file = File::new("a.rs", text.clone().into_bytes()).unwrap();
            let units = units(&file, 0..text.len());
            let joined: String = units.iter().map(|unit| &text[unit.clone()]).collect();
            prop_assert_eq!(joined, text.clone());
            prop_assert!(units.iter().all(|unit| text[..unit.start].is_empty() || text[..unit.start].ends_with('\n')));
            prop_assert!(units.iter().all(|unit| text[unit.clone()].lines().count() <= MAX_UNIT_LINES));
        }
    }
}
