//! What the user changed lately.

use std::ops::Range;

use inkling_syntax::MAX_TREE_BYTES;

use crate::Edit;

/// How many edits are remembered.
const MAX_EDITS: usize = 8;

/// Changes of more bytes, old and new together, are pastes, reloads and reformats: they say little
/// of what the user is about to do.
const MAX_EDIT_BYTES: usize = 2_000;

/// A bounded log of edits, as hunks of whole lines. Changes that touch, such as those of a word
/// being typed, are one edit; a change that is undone is none.
#[derive(Clone, Debug, Default)]
pub struct RecentEdits {
    /// The oldest first. The regions of one file neither overlap nor touch.
    regions: Vec<Region>,
}

/// Lines that were replaced.
#[derive(Clone, Debug)]
struct Region {
    path: String,
    /// The first of them, in the text as it is now.
    line: usize,
    old: Vec<String>,
    new: Vec<String>,
}

impl RecentEdits {
    /// Takes note that the text of `path` changed from `before` to `after`.
    pub fn push(&mut self, path: &str, before: &str, after: &str) {
        if before.len().max(after.len()) > MAX_TREE_BYTES {
            self.regions.retain(|region| region.path != path);
            return;
        }
        let before: Vec<&str> = before.lines().collect();
        let after: Vec<&str> = after.lines().collect();
        let Some((changed, n_new)) = changed_lines(&before, &after) else {
            return;
        };
        let touched = self.take_touched(path, &changed);
        self.shift(path, &changed, n_new);
        let region = Region::new(path, &before, &after, &changed, &touched);
        if region.old != region.new && region.n_bytes() <= MAX_EDIT_BYTES {
            self.regions.push(region);
        }
        if self.regions.len() > MAX_EDITS {
            self.regions.remove(0);
        }
    }

    /// The edits, the oldest first, without the one that touches line `line`, from 0, of `path`:
    /// that is what is being typed.
    pub fn hunks_except(&self, path: &str, line: usize) -> Vec<Edit> {
        self.regions
            .iter()
            .filter(|region| region.path != path || !touch(&region.lines(), &(line..line + 1)))
            .map(Region::to_edit)
            .collect()
    }

    /// Removes and returns the regions of `path` that touch `changed`, in the order of the text.
    fn take_touched(&mut self, path: &str, changed: &Range<usize>) -> Vec<Region> {
        let is_touched = |region: &mut Region| region.path == path && touch(&region.lines(), changed);
        let mut touched: Vec<Region> = self.regions.extract_if(.., is_touched).collect();
        touched.sort_by_key(|region| region.line);
        touched
    }

    /// Moves the regions below the lines `changed`, which became `n_new`.
    fn shift(&mut self, path: &str, changed: &Range<usize>, n_new: usize) {
        let below = |region: &&mut Region| region.path == path && region.line >= changed.end;
        for region in self.regions.iter_mut().filter(below) {
            region.line = region.line - changed.len() + n_new;
        }
    }
}

impl Region {
    /// The lines `changed` of `before` and the regions that they touch, as one.
    fn new(
        path: &str,
        before: &[&str],
        after: &[&str],
        changed: &Range<usize>,
        touched: &[Region],
    ) -> Region {
        let start = touched.first().map_or(changed.start, |first| first.line.min(changed.start));
        let end = touched.last().map_or(changed.end, |last| last.lines().end.max(changed.end));
        let mut old = Vec::new();
        let mut line = start;
        for region in touched {
            old.extend(owned(before, line..region.line));
            old.extend(region.old.iter().cloned());
            line = region.lines().end;
        }
        old.extend(owned(before, line..end));
        let new_end = (end + after.len()).saturating_sub(before.len());
        Region { path: path.to_string(), line: start, old, new: owned(after, start..new_end) }
    }

    /// Where its new lines are.
    fn lines(&self) -> Range<usize> {
        self.line..self.line + self.new.len()
    }

    fn n_bytes(&self) -> usize {
        self.old.iter().chain(&self.new).map(String::len).sum()
    }

    fn to_edit(&self) -> Edit {
        let (old, new) = (&self.old, &self.new);
        let n_before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let after = old[n_before..].iter().rev().zip(new[n_before..].iter().rev());
        let n_after = after.take_while(|(a, b)| a == b).count();
        let removed = old[n_before..old.len() - n_after].iter().map(|line| hunk_line('-', line));
        let added = new[n_before..new.len() - n_after].iter().map(|line| hunk_line('+', line));
        Edit { path: self.path.clone(), hunk: removed.chain(added).collect() }
    }
}

/// The lines of `before` that changed, and how many lines of `after` they became.
fn changed_lines(before: &[&str], after: &[&str]) -> Option<(Range<usize>, usize)> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &after[start..]);
    let n_same = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (n_old, n_new) = (old.len() - n_same, new.len() - n_same);
    (n_old + n_new > 0).then_some((start..start + n_old, n_new))
}

/// Whether two runs of lines overlap or follow each other.
fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start <= b.end && b.start <= a.end
}

/// The lines of `range`, as far as there are any.
fn owned(lines: &[&str], range: Range<usize>) -> Vec<String> {
    let end = range.end.min(lines.len());
    lines[range.start.min(end)..end].iter().map(|line| line.to_string()).collect()
}

fn hunk_line(sign: char, line: &str) -> String {
    format!("{sign}{line}\n")
}
