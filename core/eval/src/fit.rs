use inkling_assist::Mixture;
use inkling_assist::ngram::N_FEATURES;

/// Rounds of gradient ascent, and how far each goes.
const N_ROUNDS: usize = 2000;
const RATE: f64 = 0.5;

/// Keeps weights that hardly matter small.
const DECAY: f64 = 1e-4;

/// The mixing weights under which `mixtures` find the tokens that came likeliest: logistic regression in which
/// the two components' probabilities stand in place of labels.
pub fn fit_mixer<'a>(mixtures: impl Iterator<Item = &'a Mixture>) -> [f32; N_FEATURES] {
    let known: Vec<(&Mixture, f64)> =
        mixtures.filter_map(|mixture| Some((mixture, f64::from(mixture.share?)))).collect();
    let mut weights = [0.0f64; N_FEATURES];
    let mut sums = [1e-8f64; N_FEATURES];
    for _ in 0..N_ROUNDS {
        let mut gradient = weights.map(|weight| -DECAY * weight);
        for (one, share) in &known {
            let dot: f64 = weights.iter().zip(one.features).map(|(w, f)| w * f64::from(f)).sum();
            let cache = 1.0 / (1.0 + (-dot).exp());
            let before = (-one.before).exp();
            let mixed = ((1.0 - cache) * before + cache * share).max(1e-12);
            let slope = cache * (1.0 - cache) * (share - before) / mixed / known.len() as f64;
            gradient.iter_mut().zip(one.features).for_each(|(g, f)| *g += slope * f64::from(f));
        }
        // Adagrad: features of different size need no common rate.
        for ((weight, sum), slope) in weights.iter_mut().zip(&mut sums).zip(gradient) {
            *sum += slope * slope;
            *weight += RATE * slope / sum.sqrt();
        }
    }
    weights.map(|weight| weight as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixture(match_len: f32, share: f32, model: f64) -> Mixture {
        let features = [1.0, match_len, 0.0, 0.0, 0.0, 0.0, 0.0];
        Mixture { before: -model.ln(), after: 0.0, share: Some(share), features }
    }

    #[test]
    fn long_matches_that_are_right_are_believed_and_short_wrong_ones_are_not() {
        let right = vec![mixture(1.0, 0.9, 0.1); 50];
        let wrong = vec![mixture(0.0, 0.0, 0.5); 50];
        let weights = fit_mixer(right.iter().chain(&wrong));
        let belief = |match_len: f32| 1.0 / (1.0 + f64::from(-(weights[0] + weights[1] * match_len)).exp());
        assert!(belief(1.0) > 0.9 && belief(0.0) < 0.1, "{weights:?}");
    }
}
