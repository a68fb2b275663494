//! Half-typed code, read as it will be once it is typed.

use std::ops::Range;

use crate::Source;
use crate::walk::{Step, walk};

/// Longer texts are read as they are.
const MAX_MENDED_BYTES: usize = 1 << 18;

/// Errors farther from the place than this are none of its own.
const NEAR_BYTES: usize = 1 << 12;

/// Stands for what is about to be typed.
const NAME: &str = "x";

impl Source {
    /// Asks about the place `offset`. Where there are syntax errors that a name at the place, the
    /// brackets still to be closed, or both would lessen, the text with these is asked instead:
    /// in `a.` at the end of a function there is no function for the grammar. `ranges` gives
    /// those in the answer, which are put right.
    pub(crate) fn ask_mended<T>(
        &self,
        offset: usize,
        ask: impl Fn(&Source) -> T,
        ranges: fn(&mut T) -> Vec<&mut Range<usize>>,
    ) -> T {
        let offset = self.clamp(offset);
        let Some((mended, n_inserted)) = self.mended(offset) else {
            return ask(self);
        };
        let mut answer = ask(&mended);
        for range in ranges(&mut answer) {
            for end in [&mut range.start, &mut range.end] {
                *end -= end.saturating_sub(offset).min(n_inserted);
            }
        }
        answer
    }

    /// The least broken of the text with a name, with closing brackets, and with both, and how
    /// many bytes were inserted; nothing where the text itself is no worse.
    fn mended(&self, offset: usize) -> Option<(Source, usize)> {
        let near = offset.saturating_sub(NEAR_BYTES)..offset + NEAR_BYTES;
        if self.text().len() > MAX_MENDED_BYTES || !self.has_error_in(near) {
            return None;
        }
        let closers = self.missing_closers(offset);
        let is_after_name = self.text()[..offset].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let names: &[&str] = if is_after_name { &[""] } else { &["", NAME] };
        let candidates = names.iter().map(|name| format!("{name}{closers}"));
        let mended = candidates.filter(|inserted| !inserted.is_empty()).map(|inserted| {
            let mut source = self.clone();
            source.edit(offset..offset, &inserted);
            (source, inserted.len())
        });
        mended
            .filter(|(source, _)| source.root().is_some())
            .min_by_key(|(source, _)| source.n_broken_bytes())
            .filter(|(source, _)| source.n_broken_bytes() < self.n_broken_bytes())
    }

    /// How much of the text is in errors; a missing token counts as one byte.
    fn n_broken_bytes(&self) -> usize {
        let errors = self.errors(0..self.text().len());
        errors.iter().map(|node| node.byte_range().len().max(1)).sum()
    }

    /// What closes the brackets that are open at `offset` and not closed after it, the innermost
    /// first.
    fn missing_closers(&self, offset: usize) -> String {
        let mut open: Vec<(usize, char)> = Vec::new();
        let mut unclosed: Vec<(usize, char)> = Vec::new();
        for (start, bracket) in self.brackets() {
            if let Some(closer) = closer(bracket) {
                open.push((start, closer));
            } else if let Some(depth) = open.iter().rposition(|&(_, closer)| closer == bracket) {
                // Those within the pair that is closed here were forgotten before.
                unclosed.extend(open.drain(depth..).skip(1).filter(|_| start >= offset));
            }
        }
        unclosed.append(&mut open);
        unclosed.retain(|&(start, _)| start < offset);
        unclosed.sort_unstable();
        unclosed.into_iter().rev().map(|(_, closer)| closer).collect()
    }

    /// The tokens that open or close something, with where they start.
    fn brackets(&self) -> Vec<(usize, char)> {
        let mut brackets = Vec::new();
        if let Some(root) = self.root() {
            walk(root, |cursor, _| {
                let node = cursor.node();
                if node.child_count() == 0 && !node.is_named() && !node.is_missing() {
                    // The last character also of tokens such as `${`.
                    let last = node.kind().chars().last().filter(|c| "()[]{}".contains(*c));
                    brackets.extend(last.map(|bracket| (node.start_byte(), bracket)));
                }
                Step::Into
            });
        }
        brackets
    }
}

fn closer(bracket: char) -> Option<char> {
    match bracket {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        _ => None,
    }
}
