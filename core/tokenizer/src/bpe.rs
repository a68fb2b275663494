use std::cmp::Reverse;
use std::collections::BinaryHeap;

use inkling_gguf::Strings;
use rustc_hash::FxHashMap;

use crate::vocab::{Kind, Vocab, char_of};
use crate::{Error, TokenId};

/// Byte-pair merges.
#[derive(Debug)]
pub(crate) struct Bpe {
    /// The token of each byte; `None` for bytes that the vocabulary lacks.
    of_byte: [Option<TokenId>; 256],
    /// What two neighbours become, by [`pair`].
    merges: FxHashMap<u64, Merge>,
    /// Words that merge into a single token, as most do: these are looked up.
    words: FxHashMap<Box<[u8]>, TokenId>,
}

#[derive(Clone, Copy, Debug)]
struct Merge {
    /// Lower ranks are merged first.
    rank: u32,
    token: TokenId,
}

/// A token in the making, linked to its neighbours; `NONE` at both ends of the word.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    token: TokenId,
    previous: u32,
    next: u32,
    /// Rank of the merge with `next`; `NONE` if there is none, or if the symbol was merged away.
    rank: u32,
}

const NONE: u32 = u32::MAX;

/// Longer tokens are runs of spaces, dashes and the like, which are rare enough to be merged.
const MAX_WORD_BYTES: usize = 32;

/// Working memory, kept from word to word.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    symbols: Vec<Symbol>,
    /// Ranks and places of possible merges: the lowest rank first, then the leftmost. An entry is
    /// stale once its symbol's rank is another.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Bpe {
    /// `merges` are in the order of their ranks; `ids` has the id of each token's text. Merges that make
    /// a special token are left out: no text that someone writes may become one.
    pub(crate) fn new(merges: &Strings, ids: &FxHashMap<&str, TokenId>, vocab: &Vocab) -> Result<Bpe, Error> {
        let of_byte = std::array::from_fn(|byte| {
            let token = ids.get(&char_of(byte as u8).to_string()[..]).copied();
            token.filter(|&token| !vocab.is_special(token))
        });
        let mut bpe = Bpe { of_byte, merges: FxHashMap::default(), words: FxHashMap::default() };
        bpe.merges.reserve(merges.len());
        for (idx, text) in merges.iter().enumerate() {
            let broken = || Error::Merge { idx, merge: text.to_owned() };
            let (pair, token) = resolve(text, ids).ok_or_else(broken)?;
            if !vocab.is_special(token) {
                bpe.merges.entry(pair).or_insert(Merge { rank: idx as u32, token });
            }
        }
        bpe.words = bpe.words_of(vocab);
        Ok(bpe)
    }

    /// Tokens that their own bytes merge into.
    fn words_of(&self, vocab: &Vocab) -> FxHashMap<Box<[u8]>, TokenId> {
        let mut words = FxHashMap::default();
        let (mut scratch, mut merged) = (Scratch::default(), Vec::new());
        for token in vocab.of_kind(Kind::Ordinary) {
            let bytes = vocab.bytes(token).unwrap_or_default();
            if bytes.len() <= MAX_WORD_BYTES {
                self.merge_word(bytes, &mut scratch, &mut merged);
                if merged == [token] {
                    words.insert(bytes.into(), token);
                }
                merged.clear();
            }
        }
        words
    }

    /// Appends the tokens of a word to `out`, in time n log n. Bytes that the vocabulary lacks are
    /// dropped, as by every other implementation.
    pub(crate) fn encode(&self, word: &str, scratch: &mut Scratch, out: &mut Vec<TokenId>) {
        match self.words.get(word.as_bytes()) {
            Some(&token) => out.push(token),
            None => self.merge_word(word.as_bytes(), scratch, out),
        }
    }

    fn merge_word(&self, word: &[u8], scratch: &mut Scratch, out: &mut Vec<TokenId>) {
        self.start(word, scratch);
        while let Some(Reverse((rank, at))) = scratch.queue.pop() {
            if scratch.symbols[at as usize].rank == rank {
                self.merge(at, scratch);
            }
        }
        let mut at = 0;
        while let Some(symbol) = scratch.symbols.get(at as usize) {
            out.push(symbol.token);
            at = symbol.next;
        }
    }

    /// One symbol a byte, and every merge of two neighbours in the queue.
    fn start(&self, word: &[u8], scratch: &mut Scratch) {
        let Scratch { symbols, queue } = scratch;
        symbols.clear();
        for token in word.iter().filter_map(|&byte| self.of_byte[usize::from(byte)]) {
            let at = symbols.len() as u32;
            symbols.push(Symbol { token, previous: at.wrapping_sub(1), next: at + 1, rank: NONE });
        }
        let Some(last) = symbols.last_mut() else {
            return;
        };
        last.next = NONE;
        for at in 0..symbols.len() as u32 - 1 {
            self.rank(at, symbols, queue);
        }
    }

    /// Merges the symbol at `at` with its next.
    fn merge(&self, at: u32, Scratch { symbols, queue }: &mut Scratch) {
        let left = symbols[at as usize];
        let right = &mut symbols[left.next as usize];
        let merge = self.merges[&pair(left.token, right.token)];
        right.rank = NONE;
        let next = right.next;
        symbols[at as usize] = Symbol { token: merge.token, next, ..left };
        if next != NONE {
            symbols[next as usize].previous = at;
        }
        self.rank(at, symbols, queue);
        if left.previous != NONE {
            self.rank(left.previous, symbols, queue);
        }
    }

    /// Queues the merge of the symbol at `at` with its next, if there is one.
    fn rank(&self, at: u32, symbols: &mut [Symbol], queue: &mut BinaryHeap<Reverse<(u32, u32)>>) {
        let symbol = symbols[at as usize];
        let next = symbols.get(symbol.next as usize);
        let merge = next.and_then(|next| self.merges.get(&pair(symbol.token, next.token)));
        symbols[at as usize].rank = merge.map_or(NONE, |merge| merge.rank);
        queue.extend(merge.map(|merge| Reverse((merge.rank, at))));
    }
}

/// Which pair a merge such as `l ow` joins, and the token that it makes.
fn resolve(merge: &str, ids: &FxHashMap<&str, TokenId>) -> Option<(u64, TokenId)> {
    let (left, right) = merge.split_once(' ')?;
    let pair = pair(*ids.get(left)?, *ids.get(right)?);
    Some((pair, *ids.get(&[left, right].concat()[..])?))
}

fn pair(left: TokenId, right: TokenId) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use inkling_gguf::Gguf;
    use proptest::prelude::*;

    use super::*;

    /// Merges as the definition says: time after time the lowest rank, and of equals the leftmost.
    fn encode_naively(bpe: &Bpe, word: &str) -> Vec<TokenId> {
        let of_byte = |byte: u8| bpe.of_byte[usize::from(byte)];
        let mut tokens: Vec<TokenId> = word.bytes().filter_map(of_byte).collect();
        loop {
            let merge = |at: usize| bpe.merges.get(&pair(tokens[at], tokens[at + 1]));
            let possible = (1..tokens.len()).filter_map(|end| Some((merge(end - 1)?, end - 1)));
            let Some((merge, at)) = possible.min_by_key(|(merge, at)| (merge.rank, *at)) else {
                return tokens;
            };
            tokens.splice(at..at + 2, [merge.token]);
        }
    }

    proptest! {
        #[test]
        fn merging_by_the_queue_is_merging_by_the_definition(
            joins in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
            words in proptest::collection::vec("[abc]{0,40}", 1..4),
        ) {
            let mut tokens: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
            let mut merges = Strings::default();
            for (left, right) in joins {
                let (left, right) = (left.get(&tokens).clone(), right.get(&tokens).clone());
                let joined = left.clone() + &right;
                if joined.len() <= 8 && !tokens.contains(&joined) {
                    merges = merges.iter().chain([&format!("{left} {right}")[..]]).collect();
                    tokens.push(joined);
                }
            }
            let ids = tokens.iter().zip(0..).map(|(token, id)| (&token[..], id)).collect();
            let texts = Strings::from_iter(&tokens);
            let metadata = [("tokenizer.ggml.tokens".to_owned(), texts.into())].into();
            let gguf = Gguf { version: 3, metadata, tensors: Vec::new() };
            let vocab = Vocab::from_gguf(&gguf).expect("well formed");
            let bpe = Bpe::new(&merges, &ids, &vocab).expect("well formed");
            let mut scratch = Scratch::default();
            for word in words {
                let mut out = Vec::new();
                bpe.encode(&word, &mut scratch, &mut out);
                prop_assert_eq!(out, encode_naively(&bpe, &word));
            }
        }
    }
}
