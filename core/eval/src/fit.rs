use inkling_assist::Observation;
use inkling_assist::ngram::N_FEATURES;

/// Rounds of gradient ascent, and how far each goes.
const N_ROUNDS: usize = 2000;
const RATE: f64 = 0.5;

/// Keeps weights that hardly matter small.
const DECAY: f64 = 1e-4;

/// The mixing weights under which model and cache together find `observations` likeliest: logistic regression
/// in which the two components' probabilities stand in place of labels.
pub fn fit_mixer(observations: &[Observation]) -> [f32; N_FEATURES] {
    let known: Vec<(&Observation, f64)> =
        observations.iter().filter_map(|one| Some((one, f64::from(one.share?)))).collect();
    let mut weights = [0.0f64; N_FEATURES];
    let mut sums = [1e-8f64; N_FEATURES];
    for _ in 0..N_ROUNDS {
        let mut gradient = weights.map(|weight| -DECAY * weight);
        for (one, share) in &known {
            let dot: f64 = weights.iter().zip(one.features).map(|(w, f)| w * f64::from(f)).sum();
            let cache = 1.0 / (1.0 + (-dot).exp());
            let model = (-one.nats).exp();
            let mixed = ((1.0 - cache) * model + cache * share).max(1e-12);
            let slope = cache * (1.0 - cache) * (share - model) / mixed / known.len() as f64;
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

/// Bits a byte that the model alone needs for `observations`, and what it needs mixed with the cache under
/// `weights`.
pub fn bits_per_byte(observations: &[Observation], weights: [f32; N_FEATURES]) -> [f64; 2] {
    let mixed = |one: &Observation| match one.share {
        None => one.nats,
        Some(share) => {
            let dot: f32 = weights.iter().zip(one.features).map(|(w, f)| w * f).sum();
            let cache = 1.0 / (1.0 + f64::from(-dot).exp());
            -((1.0 - cache) * (-one.nats).exp() + cache * f64::from(share)).ln()
        }
    };
    let n_bits = observations.iter().map(|one| one.n_bytes as f64).sum::<f64>() * std::f64::consts::LN_2;
    [
        observations.iter().map(|one| one.nats).sum::<f64>() / n_bits,
        observations.iter().map(mixed).sum::<f64>() / n_bits,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(match_len: f32, share: f32, model: f64) -> Observation {
        let features = [1.0, match_len, 0.0, 0.0, 0.0, 0.0, 0.0];
        Observation { nats: -model.ln(), mixed_nats: 0.0, share: Some(share), features, n_bytes: 1 }
    }

    #[test]
    fn long_matches_that_are_right_are_believed_and_short_wrong_ones_are_not() {
        let right = std::iter::repeat_n(observation(1.0, 0.9, 0.1), 50);
        let wrong = std::iter::repeat_n(observation(0.0, 0.0, 0.5), 50);
        let weights = fit_mixer(&right.chain(wrong).collect::<Vec<_>>());
        let belief = |match_len: f32| 1.0 / (1.0 + f64::from(-(weights[0] + weights[1] * match_len)).exp());
        assert!(belief(1.0) > 0.9 && belief(0.0) < 0.1, "{weights:?}");
    }
}
