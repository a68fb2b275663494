//! Names in text, whatever the language.

use std::cmp::Ordering;
use std::hash::Hasher;
use std::ops::Range;

use rustc_hash::FxHasher;

/// Shorter names say nothing of what a text is about.
const MIN_BYTES: usize = 3;

/// Where the names of `text` stand: words of letters, digits and `_` that don't begin with a digit and have
/// at least three bytes.
pub(crate) fn identifiers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += 1;
            if !is_word(bytes[start]) {
                continue;
            }
            while at < bytes.len() && is_word(bytes[at]) {
                at += 1;
            }
            if at - start >= MIN_BYTES && !bytes[start].is_ascii_digit() {
                return Some(start..at);
            }
        }
        None
    })
}

/// Whether a byte can be part of a name; those of characters beyond ASCII can.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The names of `text` as sorted hashes, each once.
pub(crate) fn identifier_set(text: &str) -> Vec<u32> {
    let mut hashes: Vec<u32> = identifiers(text).map(|range| hash(&text[range])).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// How many names two sets have in common.
pub(crate) fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut n_common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => (i, j, n_common) = (i + 1, j + 1, n_common + 1),
        }
    }
    n_common
}

fn hash(name: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    (hasher.finish() >> 16) as u32
}
