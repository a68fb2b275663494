use std::ops::Range;

use rustc_hash::FxHashMap;

/// An index into the model's vocabulary.
pub type TokenId = u32;

/// Whatever the caller tells its documents apart by.
pub type DocumentId = u64;

/// What a cache may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tokens of all documents; the oldest go first. Each takes 8 bytes, and each different
    /// pair of tokens about 24 more.
    pub n_tokens: usize,
    /// Earlier places that one prediction looks at, the newest first.
    pub n_places: usize,
}

impl Limits {
    /// For the files of a workspace: at most about 32 MB.
    pub const STANDARD: Limits = Limits { n_tokens: 1 << 20, n_places: 128 };
}

/// What followed the last tokens elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Tokens that followed and their shares, which add up to 1; the largest first.
    pub entries: Vec<(TokenId, f32)>,
    /// Tokens of the longest match.
    pub longest: usize,
    /// Places with a match of that length.
    pub n_longest: usize,
    /// Places that were looked at.
    pub n_places: usize,
}

impl Evidence {
    /// The share of the places that `token` followed.
    pub fn share(&self, token: TokenId) -> f32 {
        self.entries.iter().find(|entry| entry.0 == token).map_or(0.0, |entry| entry.1)
    }
}

/// Documents as token ids, and for every pair of tokens the places where it stood.
///
/// The places of a pair are a chain from the newest to the oldest, as in an LZ77 match finder: adding a
/// token is one write, and a removed document is left in the chains as [`GAP`]s until there are too many.
#[derive(Clone, Debug)]
pub struct Cache {
    limits: Limits,
    /// All documents, each with a gap behind it.
    tokens: Vec<TokenId>,
    /// For every place the one before it with the same two tokens in front; `NONE` at the end.
    chain: Vec<u32>,
    /// The newest place by the two tokens in front of it.
    newest: FxHashMap<(TokenId, TokenId), u32>,
    documents: FxHashMap<DocumentId, Range<usize>>,
    n_gaps: usize,
}

/// No token: between documents, and where one was removed.
const GAP: TokenId = TokenId::MAX;

/// No place.
const NONE: u32 = u32::MAX;

/// Tokens that a place must share with the context to be looked at.
const MIN_MATCH: usize = 2;

/// A match that is longer says nothing more.
const MAX_MATCH: usize = 32;

/// How much more a place counts for each token that its match is longer.
const WEIGHT_OF_A_TOKEN: f32 = 3.0;

impl Cache {
    /// An empty cache.
    pub fn new(limits: Limits) -> Cache {
        Cache {
            limits,
            tokens: Vec::new(),
            chain: Vec::new(),
            newest: FxHashMap::default(),
            documents: FxHashMap::default(),
            n_gaps: 0,
        }
    }

    /// Adds a document, or replaces it, as the newest one. What a document has beyond the limit is left out.
    pub fn set(&mut self, document: DocumentId, tokens: &[TokenId]) {
        self.remove(document);
        let tokens = &tokens[..tokens.len().min(self.limits.n_tokens.saturating_sub(1))];
        self.make_room(tokens.len() + 1);
        self.append(document, tokens);
    }

    /// Forgets a document.
    pub fn remove(&mut self, document: DocumentId) {
        if let Some(range) = self.documents.remove(&document) {
            self.n_gaps += range.len();
            self.tokens[range].fill(GAP);
        }
    }

    /// Tokens of all documents.
    pub fn n_tokens(&self) -> usize {
        self.documents.values().map(Range::len).sum()
    }

    /// What followed the last tokens of `context` in the documents.
    pub fn predict(&self, context: &[TokenId]) -> Evidence {
        let mut votes = Votes::default();
        for at in self.places(context) {
            votes.add(self.tokens[at], self.match_len(context, at));
        }
        votes.evidence()
    }

    /// The longest match with the last tokens of `context`, the newest where there are several: its length, and at
    /// most `n_tokens` of what followed there.
    pub fn continuation(&self, context: &[TokenId], n_tokens: usize) -> (usize, &[TokenId]) {
        let matches = self.places(context).map(|at| (self.match_len(context, at), at));
        let Some((match_len, at)) = longest(matches) else { return (0, &[]) };
        let followed = &self.tokens[at..self.tokens.len().min(at + n_tokens)];
        let end = followed.iter().position(|&token| token == GAP).unwrap_or(followed.len());
        (match_len, &followed[..end])
    }

    /// Where the last two tokens of `context` stand, the newest first.
    fn places(&self, context: &[TokenId]) -> impl Iterator<Item = usize> {
        let newest = match *context {
            [.., before, last] => self.newest.get(&(before, last)).copied(),
            _ => None,
        };
        let older = |&place: &u32| Some(self.chain[place as usize]).filter(|&older| older != NONE);
        let places = std::iter::successors(newest, older).map(|place| place as usize);
        places.filter(|&at| self.tokens[at] != GAP).take(self.limits.n_places)
    }

    /// How many tokens before `at` are the context's last ones.
    fn match_len(&self, context: &[TokenId], at: usize) -> usize {
        n_common(context, &self.tokens[..at])
    }

    fn append(&mut self, document: DocumentId, tokens: &[TokenId]) {
        let start = self.tokens.len();
        for (idx, &token) in tokens.iter().chain([&GAP]).enumerate() {
            let at = self.tokens.len();
            let older = match idx.checked_sub(MIN_MATCH).map(|_| (self.tokens[at - 2], self.tokens[at - 1])) {
                Some(pair) if token != GAP => self.newest.insert(pair, at as u32).unwrap_or(NONE),
                _ => NONE,
            };
            self.tokens.push(token);
            self.chain.push(older);
        }
        self.n_gaps += 1;
        self.documents.insert(document, start..start + tokens.len());
    }

    /// Forgets the oldest documents, and the gaps when they are more than the tokens.
    fn make_room(&mut self, n_tokens: usize) {
        let mut n_kept = self.n_tokens() + self.documents.len();
        let full = n_kept + n_tokens > self.limits.n_tokens;
        if !full && self.n_gaps <= n_kept.max(self.limits.n_tokens / 8) {
            return;
        }
        let mut documents: Vec<(DocumentId, Range<usize>)> = self.documents.drain().collect();
        documents.sort_unstable_by_key(|(_, range)| range.start);
        // A little more than needed, so that the next document does not move everything again.
        let goal = if full { (self.limits.n_tokens * 7 / 8).saturating_sub(n_tokens) } else { usize::MAX };
        let tokens = std::mem::take(&mut self.tokens);
        (self.chain, self.newest, self.n_gaps) = (Vec::new(), FxHashMap::default(), 0);
        for (document, range) in documents {
            if n_kept > goal {
                n_kept -= range.len() + 1;
            } else {
                self.append(document, &tokens[range]);
            }
        }
    }
}

/// As [`Cache::continuation`], in the context itself.
pub fn repetition(context: &[TokenId], n_tokens: usize) -> (usize, &[TokenId]) {
    let places = (MIN_MATCH..context.len()).rev();
    let matches = places.map(|at| (n_common(context, &context[..at]), at));
    match longest(matches.filter(|&(match_len, _)| match_len >= MIN_MATCH)) {
        Some((match_len, at)) => (match_len, &context[at..context.len().min(at + n_tokens)]),
        None => (0, &[]),
    }
}

/// The first of the longest matches.
fn longest(matches: impl Iterator<Item = (usize, usize)>) -> Option<(usize, usize)> {
    matches.reduce(|best, other| if other.0 > best.0 { other } else { best })
}

/// How many tokens both end with, as far as that says anything.
fn n_common(a: &[TokenId], b: &[TokenId]) -> usize {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs.take(MAX_MATCH).take_while(|(a, b)| a == b).count()
}

/// What the places say, each for the token that followed there.
#[derive(Default)]
struct Votes {
    weights: Vec<(TokenId, f32)>,
    longest: usize,
    n_longest: usize,
    n_places: usize,
}

impl Votes {
    fn add(&mut self, token: TokenId, match_len: usize) {
        self.n_places += 1;
        if match_len > self.longest {
            (self.longest, self.n_longest) = (match_len, 0);
        }
        self.n_longest += usize::from(match_len == self.longest);
        // Not `powi`, which is not the same to the last bit everywhere.
        let weight = (0..match_len).fold(1.0, |weight, _| weight * WEIGHT_OF_A_TOKEN);
        match self.weights.iter_mut().find(|(known, _)| *known == token) {
            Some((_, sum)) => *sum += weight,
            None => self.weights.push((token, weight)),
        }
    }

    fn evidence(self) -> Evidence {
        let sum: f32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut entries: Vec<(TokenId, f32)> =
            self.weights.into_iter().map(|(token, weight)| (token, weight / sum)).collect();
        entries.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Evidence { entries, longest: self.longest, n_longest: self.n_longest, n_places: self.n_places }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cache(documents: &[&[TokenId]]) -> Cache {
        let mut cache = Cache::new(Limits::STANDARD);
        documents.iter().enumerate().for_each(|(id, tokens)| cache.set(id as DocumentId, tokens));
        cache
    }

    #[test]
    fn the_longer_match_counts_more() {
        let cache = cache(&[&[1, 2, 3, 4], &[9, 2, 3, 5], &[8, 2, 3, 5]]);
        let evidence = cache.predict(&[0, 1, 2, 3]);
        assert_eq!(evidence.entries[0].0, 4);
        assert_eq!((evidence.longest, evidence.n_longest, evidence.n_places), (3, 1, 3));
        assert!((evidence.entries.iter().map(|entry| entry.1).sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn matches_do_not_reach_from_one_document_into_another() {
        let cache = cache(&[&[1, 2], &[3, 4]]);
        assert_eq!(cache.predict(&[1, 2]), Evidence::default());
        assert_eq!(cache.predict(&[2, 3]), Evidence::default());
    }

    #[test]
    fn a_replaced_document_is_the_newest() {
        let mut cache = Cache::new(Limits { n_places: 1, ..Limits::STANDARD });
        cache.set(1, &[1, 2, 3]);
        cache.set(2, &[1, 2, 4]);
        assert_eq!(cache.predict(&[1, 2]).entries, [(4, 1.0)]);
        cache.set(1, &[1, 2, 3]);
        assert_eq!(cache.predict(&[1, 2]).entries, [(3, 1.0)]);
        cache.remove(1);
        cache.remove(1);
        assert_eq!(cache.predict(&[1, 2]).entries, [(4, 1.0)]);
    }

    #[test]
    fn the_longest_match_goes_on_to_the_end_of_its_document() {
        let cache = cache(&[&[1, 2, 3, 4, 5], &[9, 2, 3, 6, 7], &[8, 2, 3, 6]]);
        assert_eq!(cache.continuation(&[1, 2, 3], 9), (3, &[4, 5][..]));
        assert_eq!(cache.continuation(&[1, 2, 3], 1), (3, &[4][..]));
        assert_eq!(cache.continuation(&[0, 2, 3], 9), (2, &[6][..]), "the newest of several");
        assert_eq!(cache.continuation(&[3, 9], 9), (0, &[][..]));
    }

    #[test]
    fn a_context_may_repeat_itself() {
        assert_eq!(repetition(&[1, 2, 3, 4, 1, 2, 3], 9), (3, &[4, 1, 2, 3][..]));
        assert_eq!(repetition(&[1, 2, 5, 1, 2, 6, 1, 2], 1), (2, &[6][..]), "the newest of several");
        assert_eq!(repetition(&[1, 2, 3], 9), (0, &[][..]));
        assert_eq!(repetition(&[4, 4, 4], 9), (2, &[4][..]), "matches may overlap");
    }

    /// All places of `documents` that match the context's last two tokens or more, by definition.
    fn expected(documents: &[(DocumentId, Vec<TokenId>)], context: &[TokenId]) -> (usize, usize, usize) {
        let mut lengths = Vec::new();
        for (_, tokens) in documents {
            for at in 0..tokens.len() {
                let same = context.iter().rev().zip(tokens[..at].iter().rev());
                lengths.push(same.take_while(|(a, b)| a == b).count());
            }
        }
        lengths.retain(|&length| length >= MIN_MATCH);
        let longest = lengths.iter().copied().max().unwrap_or(0);
        (longest, lengths.iter().filter(|&&length| length == longest).count(), lengths.len())
    }

    proptest! {
        #[test]
        fn evidence_is_what_a_search_of_all_documents_finds(
            changes in prop::collection::vec((0u64..4, prop::collection::vec(0u32..3, 0..12)), 0..30),
            context in prop::collection::vec(0u32..3, 0..8),
        ) {
            let mut cache = Cache::new(Limits { n_tokens: 400, n_places: usize::MAX });
            let mut documents: Vec<(DocumentId, Vec<TokenId>)> = Vec::new();
            for (id, tokens) in changes {
                documents.retain(|(known, _)| *known != id);
                cache.set(id, &tokens);
                documents.push((id, tokens));
            }
            let evidence = cache.predict(&context);
            let found = (evidence.longest, evidence.n_longest, evidence.n_places);
            prop_assert_eq!(found, expected(&documents, &context));
        }

        #[test]
        fn the_limits_hold(lengths in prop::collection::vec(0usize..40, 1..60)) {
            let limits = Limits { n_tokens: 100, n_places: 4 };
            let mut cache = Cache::new(limits);
            for (id, length) in lengths.into_iter().enumerate() {
                let tokens: Vec<TokenId> = (0..length as TokenId).map(|idx| idx % 5).collect();
                cache.set(id as DocumentId, &tokens);
                prop_assert!(cache.n_tokens() <= limits.n_tokens);
                prop_assert!(cache.tokens.len() <= 4 * limits.n_tokens);
                prop_assert_eq!(cache.documents[&(id as DocumentId)].len(), length, "the newest stays");
                prop_assert!(cache.predict(&[0, 1]).n_places <= 4);
            }
        }
    }
}
