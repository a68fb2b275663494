//! Which documents come when: weights of languages, epochs, pieces.

use inkling_syntax::Language;
use rustc_hash::FxHashMap;

use crate::{Corpus, Document};

/// Documents that make one piece; the last piece of an epoch may have fewer.
pub const DOCUMENTS_A_PIECE: usize = 64;

/// A language of which there is little is not repeated more often than this in an epoch.
const MAX_PASSES: f64 = 4.0;

/// What a document is worth at most, in bytes: longer ones are sampled, not exhausted.
const MAX_DOCUMENT_BYTES: usize = 64 << 10;

const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// A piece's place in the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Passes over the corpus before this one.
    pub epoch: u32,
    /// From 0.
    pub piece: u32,
}

/// The wanted share of the tokens, in arbitrary units.
fn weight(language: Language) -> f64 {
    match language {
        Language::Python | Language::Rust => 4.0,
        Language::TypeScript | Language::Tsx | Language::Java => 3.0,
        Language::JavaScript => 2.0,
        Language::Go => 1.5,
        Language::Kotlin | Language::C | Language::Cpp | Language::CSharp => 1.0,
        Language::PlainText => 0.0,
    }
}

/// How many bytes of a document an epoch draws samples from.
pub(crate) fn worth(document: &Document) -> usize {
    document.text.len().min(MAX_DOCUMENT_BYTES)
}

/// How often each document comes, and in which order.
pub(crate) struct Schedule {
    seed: u64,
    /// For each document, how often it comes in an epoch, on average.
    passes: Vec<f64>,
    languages: Vec<(Language, f64)>,
}

impl Schedule {
    /// An epoch draws as many bytes as the corpus has, in the shares of [`weight`].
    pub(crate) fn new(corpus: &Corpus, seed: u64) -> Schedule {
        let mut n_bytes: FxHashMap<Language, f64> = FxHashMap::default();
        for document in corpus.documents() {
            *n_bytes.entry(document.language).or_default() += worth(document) as f64;
        }
        let by_language = passes(&n_bytes);
        let passes = corpus.documents().iter().map(|one| by_language[&one.language]).collect();
        let passes_of = |language| by_language.get(&language).map(|&passes| (language, passes));
        Schedule { seed, passes, languages: Language::ALL.into_iter().filter_map(passes_of).collect() }
    }

    pub(crate) fn languages(&self) -> impl Iterator<Item = (Language, f64)> {
        self.languages.iter().copied()
    }

    /// The documents of an epoch, by index, shuffled; one that comes twice is there twice.
    ///
    /// A document with 0.4 passes an epoch comes in two epochs of five, one with 2.4 two or three times.
    pub(crate) fn epoch(&self, epoch: u32) -> Vec<u32> {
        let mut documents = Vec::new();
        let first_phase = fastrand::Rng::with_seed(self.seed).f64();
        for (idx, passes) in self.passes.iter().enumerate() {
            // Evenly spread, so that every epoch has its share of every language.
            let phase = (first_phase + idx as f64 * GOLDEN_RATIO).fract();
            let until = |epoch: u32| (f64::from(epoch) * passes + phase).floor() as u64;
            documents.extend((until(epoch)..until(epoch + 1)).map(|_| idx as u32));
        }
        fastrand::Rng::with_seed(mix(&[self.seed, u64::from(epoch), 1])).shuffle(&mut documents);
        documents
    }
}

/// Passes over each language's documents in an epoch; what a language at its limit cannot take falls to the
/// others.
fn passes(n_bytes: &FxHashMap<Language, f64>) -> FxHashMap<Language, f64> {
    let mut passes: FxHashMap<Language, f64> = FxHashMap::default();
    loop {
        let is_open = |language: &&Language| !passes.contains_key(language);
        let taken: f64 = passes.iter().map(|(language, passes)| n_bytes[language] * passes).sum();
        let open_weight: f64 = n_bytes.keys().filter(is_open).map(|&language| weight(language)).sum();
        let left = n_bytes.values().sum::<f64>() - taken;
        let share = |language: Language| weight(language) / open_weight * left / n_bytes[&language];
        let full: Vec<Language> = n_bytes
            .keys()
            .filter(is_open)
            .copied()
            .filter(|&language| share(language) > MAX_PASSES)
            .collect();
        if full.is_empty() {
            let open: Vec<Language> = n_bytes.keys().filter(is_open).copied().collect();
            let shares: Vec<f64> = open.iter().map(|&language| share(language)).collect();
            passes.extend(open.into_iter().zip(shares));
            return passes;
        }
        passes.extend(full.into_iter().map(|language| (language, MAX_PASSES)));
    }
}

/// One seed of several numbers (SplitMix64 over each).
pub(crate) fn mix(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x1234_5678_9abc_def0, |state, &number| {
        let mut z = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(sizes: &[(Language, usize)]) -> Corpus {
        let document = |(idx, &(language, n_bytes)): (usize, &(Language, usize))| Document {
            package: "p".to_string(),
            path: format!("{idx}"),
            language,
            text: "x".repeat(n_bytes),
        };
        Corpus::new(sizes.iter().enumerate().map(document).collect())
    }

    /// Bytes of each language in an epoch.
    fn drawn(corpus: &Corpus, epoch: u32) -> FxHashMap<Language, usize> {
        let mut n_bytes = FxHashMap::default();
        for idx in Schedule::new(corpus, 7).epoch(epoch) {
            let document = &corpus.documents()[idx as usize];
            *n_bytes.entry(document.language).or_default() += document.text.len();
        }
        n_bytes
    }

    #[test]
    fn languages_have_their_shares_whatever_the_corpus_has() {
        let mut sizes = vec![(Language::Python, 1000); 100];
        sizes.extend([(Language::Go, 500); 400]);
        let drawn = drawn(&corpus(&sizes), 0);
        let ratio = drawn[&Language::Python] as f64 / drawn[&Language::Go] as f64;
        assert!((ratio - 4.0 / 1.5).abs() < 0.1, "{drawn:?}");
        assert!(drawn.values().sum::<usize>().abs_diff(300_000) < 3_000, "an epoch is as long as the corpus");
    }

    #[test]
    fn a_small_language_is_not_repeated_without_end() {
        let mut sizes = vec![(Language::Python, 1000); 100];
        sizes.push((Language::Kotlin, 100));
        let drawn = drawn(&corpus(&sizes), 3);
        assert_eq!(drawn[&Language::Kotlin], 400);
        assert!(drawn[&Language::Python].abs_diff(99_700) <= 1_000, "{drawn:?}");
    }

    #[test]
    fn a_share_of_a_pass_is_some_epochs() {
        let sizes = [vec![(Language::Python, 1000); 10], vec![(Language::C, 1000); 10]].concat();
        let corpus = corpus(&sizes);
        let schedule = Schedule::new(&corpus, 7);
        let epochs: Vec<u32> = (0..5).flat_map(|epoch| schedule.epoch(epoch)).collect();
        let n_times = |idx| epochs.iter().filter(|&&one| one == idx).count();
        assert!((0..10).all(|python| n_times(python) == 8), "1.6 passes an epoch");
        assert!((10..20).all(|c| n_times(c) == 2), "0.4 passes an epoch");
        assert_ne!(schedule.epoch(0), schedule.epoch(1));
    }
}
