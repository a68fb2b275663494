//! What the files at hand say of what comes next, mixed with what the model expects.

use inkling_engine::{TokenId, Top};
use inkling_gguf::{Array, Gguf, Value};
use inkling_ngram::{Cache, Limits, Mixer, N_FEATURES};
use inkling_tokenizer::Tokenizer;
use rustc_hash::FxHashMap;

use crate::Remembered;

/// The GGUF key of the mixing weights: f32 [`N_FEATURES`], learned with the model.
pub const MIXER_KEY: &str = "inkling.cache.mixer";

/// A cache of the files at hand and how much it is believed.
pub(crate) struct Recall {
    cache: Cache,
    mixer: Mixer,
    /// The texts that are in the cache.
    known: FxHashMap<u64, String>,
}

impl Recall {
    /// For a model that comes with mixing weights.
    pub(crate) fn from_gguf(gguf: &Gguf) -> Option<Recall> {
        let Some(Value::Array(Array::F32(weights))) = gguf.metadata.get(MIXER_KEY) else { return None };
        Some(Recall::new(weights.as_slice().try_into().ok()?))
    }

    pub(crate) fn new(weights: [f32; N_FEATURES]) -> Recall {
        Recall { cache: Cache::new(Limits::STANDARD), mixer: Mixer { weights }, known: FxHashMap::default() }
    }

    pub(crate) fn remember(&mut self, text: &Remembered<'_>, tokenizer: &Tokenizer) {
        let known = self.known.entry(text.id).or_default();
        if known != text.text {
            *known = text.text.to_string();
            self.cache.set(text.id, &tokenizer.encode(text.text));
        }
    }

    /// `top` with the cache's tokens; of these only `allowed` ones.
    pub(crate) fn mix(&self, top: Top, history: &[TokenId], allowed: impl Fn(TokenId) -> bool) -> Top {
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
    /// What it gave it together with the cache.
    pub mixed_nats: f64,
    /// The cache's share of the token; `None` where it knew nothing.
    pub share: Option<f32>,
    /// What the cache is believed by, in the order of [`Mixer::features`].
    pub features: [f32; N_FEATURES],
    /// Bytes of the token.
    pub n_bytes: usize,
}

impl Observation {
    pub(crate) fn new(
        recall: Option<&Recall>,
        top: &Top,
        history: &[TokenId],
        token: TokenId,
        nats: f64,
        n_bytes: usize,
    ) -> Observation {
        let alone = Observation { nats, mixed_nats: nats, share: None, features: [0.0; N_FEATURES], n_bytes };
        let Some(recall) = recall else { return alone };
        let evidence = recall.cache.predict(history);
        if evidence.entries.is_empty() {
            return alone;
        }
        let model = probabilities(top);
        let share = evidence.entries.iter().find(|entry| entry.0 == token).map_or(0.0, |entry| entry.1);
        let weight = f64::from(recall.mixer.weight(&model, &evidence));
        let mixed = (1.0 - weight) * (-nats).exp() + weight * f64::from(share);
        Observation {
            mixed_nats: -mixed.ln(),
            share: Some(share),
            features: Mixer::features(&model, &evidence),
            ..alone
        }
    }
}
