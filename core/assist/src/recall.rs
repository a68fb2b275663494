//! What the files at hand say of what comes next, mixed with what the model expects.

use inkling_context::Workspace;
use inkling_engine::{TokenId, Top};
use inkling_gguf::{Array, Gguf, Value};
use inkling_ngram::{Cache, Limits, Mixer, N_FEATURES};
use inkling_syntax::Language;
use inkling_tokenizer::Tokenizer;
use rustc_hash::FxHashMap;

use crate::Remembered;
use crate::library::Library;

/// The GGUF key of how much the file being completed is believed: f32 [`N_FEATURES`], learned with the model.
pub const MIXER_KEY: &str = "inkling.cache.mixer";

/// The same for the workspace's other files, whose share is taken of what model and own file say together.
pub const WORKSPACE_MIXER_KEY: &str = "inkling.cache.workspace_mixer";

/// What the files at hand are believed by.
pub(crate) struct Recall {
    own: Shelf,
    /// The texts that are on it.
    known: FxHashMap<u64, String>,
    others: Option<Library>,
}

impl Recall {
    /// For a model that comes with mixing weights.
    pub(crate) fn from_gguf(gguf: &Gguf) -> Option<Recall> {
        let weights = |key| match gguf.metadata.get(key) {
            Some(Value::Array(Array::F32(weights))) => weights.as_slice().try_into().ok(),
            _ => None,
        };
        Some(Recall::new(weights(MIXER_KEY)?, weights(WORKSPACE_MIXER_KEY)))
    }

    pub(crate) fn new(own: [f32; N_FEATURES], workspace: Option<[f32; N_FEATURES]>) -> Recall {
        Recall {
            own: Shelf::new(own, Limits::STANDARD),
            known: FxHashMap::default(),
            others: workspace.map(Library::new),
        }
    }

    pub(crate) fn remember(&mut self, text: &Remembered<'_>, tokenizer: &Tokenizer) {
        let known = self.known.entry(text.id).or_default();
        if known != text.text {
            *known = text.text.to_string();
            self.own.cache.set(text.id, &tokenizer.encode(text.text));
        }
    }

    /// What followed the longest match of the end of `history` in any of the files, and how long that is: see
    /// [`Cache::continuation`].
    pub(crate) fn continuation(&self, history: &[TokenId], n_tokens: usize) -> (usize, &[TokenId]) {
        let continuations = self.shelves().map(|shelf| shelf.cache.continuation(history, n_tokens));
        continuations.max_by_key(|(match_len, _)| *match_len).unwrap_or_default()
    }

    /// See [`crate::Completer::study`].
    pub(crate) fn study(
        &mut self,
        workspace: &Workspace,
        place: (&str, Language),
        tokenizer: &Tokenizer,
        max_bytes: usize,
    ) -> bool {
        self.others.as_mut().is_some_and(|library| library.study(workspace, place, tokenizer, max_bytes))
    }

    /// `top` with the tokens of the files at hand; of these only `allowed` ones.
    pub(crate) fn mix(&self, top: Top, history: &[TokenId], allowed: impl Fn(TokenId) -> bool) -> Top {
        let mix = |top, shelf: &Shelf| shelf.mix(top, history, &allowed);
        self.shelves().fold(top, mix)
    }

    /// Which share of the places that look like the end of `history` go on with `token`, in the file or in the
    /// files that say most of it.
    pub(crate) fn share(&self, history: &[TokenId], token: TokenId) -> f32 {
        let shares = self.shelves().map(|shelf| shelf.cache.predict(history).share(token));
        shares.fold(0.0, f32::max)
    }

    /// In the order in which they are mixed in.
    fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        [&self.own].into_iter().chain(self.others.as_ref().map(Library::shelf))
    }
}

/// A cache of files and how much it is believed.
pub(crate) struct Shelf {
    pub(crate) cache: Cache,
    mixer: Mixer,
}

impl Shelf {
    pub(crate) fn new(weights: [f32; N_FEATURES], limits: Limits) -> Shelf {
        Shelf { cache: Cache::new(limits), mixer: Mixer { weights } }
    }

    fn mix(&self, top: Top, history: &[TokenId], allowed: impl Fn(TokenId) -> bool) -> Top {
        let evidence = self.cache.predict(history);
        if evidence.entries.is_empty() {
            return top;
        }
        let mixed = self.mixer.mix(&probabilities(&top), &evidence, allowed);
        let entries = mixed.into_iter().map(|(id, probability)| (id, libm::logf(probability))).collect();
        Top { entries, log_sum_exp: 0.0 }
    }
}

fn probabilities(top: &Top) -> Vec<(TokenId, f32)> {
    top.entries.iter().enumerate().map(|(idx, entry)| (entry.0, top.probability(idx))).collect()
}

/// A token that came, and what was expected in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What the model gave the token, in nats.
    pub nats: f64,
    /// What the files at hand made of it: first the own file, then the workspace's others where they are read.
    pub mixtures: Vec<Mixture>,
    /// Bytes of the token.
    pub n_bytes: usize,
}

/// What one cache said of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// What was expected of the token before, in nats.
    pub before: f64,
    /// What was expected afterwards.
    pub after: f64,
    /// The cache's share of the token; `None` where it knew nothing.
    pub share: Option<f32>,
    /// What the cache is believed by, in the order of [`Mixer::features`].
    pub features: [f32; N_FEATURES],
}

impl Observation {
    pub(crate) fn new(
        recall: Option<&Recall>,
        top: Top,
        history: &[TokenId],
        token: TokenId,
        nats: f64,
        n_bytes: usize,
    ) -> Observation {
        let (mut top, mut before) = (top, nats);
        let mut mixtures = Vec::new();
        for shelf in recall.into_iter().flat_map(Recall::shelves) {
            let mixture = Mixture::new(shelf, &top, history, token, before);
            before = mixture.after;
            top = shelf.mix(top, history, |_| true);
            mixtures.push(mixture);
        }
        Observation { nats, mixtures, n_bytes }
    }

    /// What model and files at hand together gave the token, in nats.
    pub fn mixed_nats(&self) -> f64 {
        self.mixtures.last().map_or(self.nats, |mixture| mixture.after)
    }
}

impl Mixture {
    fn new(shelf: &Shelf, top: &Top, history: &[TokenId], token: TokenId, before: f64) -> Mixture {
        let evidence = shelf.cache.predict(history);
        if evidence.entries.is_empty() {
            return Mixture { before, after: before, share: None, features: [0.0; N_FEATURES] };
        }
        let share = evidence.share(token);
        let features = Mixer::features(&probabilities(top), &evidence);
        let mixture = Mixture { before, after: before, share: Some(share), features };
        Mixture { after: mixture.nats_under(&shelf.mixer), ..mixture }
    }

    /// What would be expected of the token if the cache were believed by `mixer`, in nats.
    pub fn nats_under(&self, mixer: &Mixer) -> f64 {
        let Some(share) = self.share else { return self.before };
        let weight = f64::from(mixer.weight_of(&self.features));
        -((1.0 - weight) * (-self.before).exp() + weight * f64::from(share)).ln()
    }
}
