use crate::{Evidence, TokenId};

/// Numbers that the mixing weight is a function of.
pub const N_FEATURES: usize = 7;

/// How much the cache is believed: the logistic function of weighted features of its evidence and of the
/// model's own confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixer {
    /// One weight a feature, in the order of [`Mixer::features`].
    pub weights: [f32; N_FEATURES],
}

impl Mixer {
    /// What the mixing weight is a function of, each about 0 to 1: a constant, the longest match, how many
    /// places have it, the share of the cache's first token, the model's largest probability, what the model
    /// gives the cache's first token, and whether the two agree on the first.
    pub fn features(model: &[(TokenId, f32)], evidence: &Evidence) -> [f32; N_FEATURES] {
        let (first, share) = evidence.entries.first().copied().unwrap_or((TokenId::MAX, 0.0));
        let (likeliest, largest) = model.first().copied().unwrap_or((TokenId::MAX, 0.0));
        let agreed = model.iter().find(|(token, _)| *token == first).map_or(0.0, |entry| entry.1);
        [
            1.0,
            libm::log1pf(evidence.longest as f32) / 3.5,
            libm::log1pf(evidence.n_longest as f32) / 5.0,
            share,
            largest,
            agreed,
            if first == likeliest { 1.0 } else { 0.0 },
        ]
    }

    /// The share of the cache in the mixture, 0 without evidence.
    pub fn weight(&self, model: &[(TokenId, f32)], evidence: &Evidence) -> f32 {
        if evidence.entries.is_empty() {
            return 0.0;
        }
        self.weight_of(&Self::features(model, evidence))
    }

    /// The share of a cache with these features.
    pub fn weight_of(&self, features: &[f32; N_FEATURES]) -> f32 {
        let sum: f32 = self.weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
        1.0 / (1.0 + libm::expf(-sum))
    }

    /// The mixture of `model`'s likeliest tokens with the cache's, likeliest first. `allowed` says which of
    /// the cache's may be chosen at all.
    pub fn mix(
        &self,
        model: &[(TokenId, f32)],
        evidence: &Evidence,
        allowed: impl Fn(TokenId) -> bool,
    ) -> Vec<(TokenId, f32)> {
        let weight = self.weight(model, evidence);
        let mut mixed: Vec<(TokenId, f32)> = model.iter().map(|&(id, p)| (id, (1.0 - weight) * p)).collect();
        for &(id, share) in evidence.entries.iter().filter(|entry| allowed(entry.0)) {
            match mixed.iter_mut().find(|entry| entry.0 == id) {
                Some(entry) => entry.1 += weight * share,
                None => mixed.push((id, weight * share)),
            }
        }
        mixed.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIDENCE: fn() -> Evidence =
        || Evidence { entries: vec![(7, 0.75), (1, 0.25)], longest: 6, n_longest: 2, n_places: 3 };

    #[test]
    fn both_count_by_the_weight() {
        let even = Mixer { weights: [0.0; N_FEATURES] };
        let mixed = even.mix(&[(1, 0.5), (2, 0.25)], &EVIDENCE(), |_| true);
        assert_eq!(mixed, [(1, 0.375), (7, 0.375), (2, 0.125)]);
    }

    #[test]
    fn without_evidence_the_model_is_left_as_it_is() {
        let mixer = Mixer { weights: [9.0; N_FEATURES] };
        assert_eq!(mixer.mix(&[(1, 0.5)], &Evidence::default(), |_| true), [(1, 0.5)]);
    }

    #[test]
    fn what_may_not_be_chosen_does_not_come_from_the_cache() {
        let even = Mixer { weights: [0.0; N_FEATURES] };
        let mixed = even.mix(&[(1, 1.0)], &EVIDENCE(), |id| id != 7);
        assert!(mixed.iter().all(|entry| entry.0 != 7));
    }
}
