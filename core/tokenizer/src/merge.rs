use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use crate::TokenId;

/// What two neighbouring tokens become, and which pairs are joined first.
#[derive(Debug, Default)]
pub(crate) struct Merges(FxHashMap<u64, Merge>);

#[derive(Clone, Copy, Debug)]
struct Merge {
    /// Lower ranks are merged first, and of equal ones the leftmost.
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

/// Working memory, kept from word to word.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    symbols: Vec<Symbol>,
    /// Ranks and places of possible merges: the lowest rank first, then the leftmost. An entry is
    /// stale once its symbol's rank is another.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Merges {
    pub(crate) fn reserve(&mut self, n: usize) {
        self.0.reserve(n);
    }

    /// Of two rules for the same pair, the first stays.
    pub(crate) fn insert(&mut self, (left, right): (TokenId, TokenId), rank: u32, token: TokenId) {
        self.0.entry(pair(left, right)).or_insert(Merge { rank, token });
    }

    /// The token that two make, and its rank.
    #[cfg(test)]
    pub(crate) fn get(&self, left: TokenId, right: TokenId) -> Option<(u32, TokenId)> {
        self.0.get(&pair(left, right)).map(|merge| (merge.rank, merge.token))
    }

    /// Appends to `out` what a word's `tokens` merge into, in time n log n.
    pub(crate) fn apply(
        &self,
        tokens: impl Iterator<Item = TokenId>,
        scratch: &mut Scratch,
        out: &mut Vec<TokenId>,
    ) {
        self.start(tokens, scratch);
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

    /// One symbol a token, and every merge of two neighbours in the queue.
    fn start(&self, tokens: impl Iterator<Item = TokenId>, scratch: &mut Scratch) {
        let Scratch { symbols, queue } = scratch;
        symbols.clear();
        for token in tokens {
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
        let merge = self.0[&pair(left.token, right.token)];
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
        let merge = next.and_then(|next| self.0.get(&pair(symbol.token, next.token)));
        symbols[at as usize].rank = merge.map_or(NONE, |merge| merge.rank);
        queue.extend(merge.map(|merge| Reverse((merge.rank, at))));
    }
}

fn pair(left: TokenId, right: TokenId) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}
