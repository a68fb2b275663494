use crate::{TokenId, Top};

/// How to choose among the likely tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 0 is greedy; 1 leaves the model's distribution as it is.
    pub temperature: f32,
    /// Only the `top_k` most likely tokens; 0 for all that crossed the seam.
    pub top_k: usize,
    /// Only the most likely tokens that together reach this probability (Holtzman et al. 2020).
    pub top_p: f32,
    /// The same seed gives the same text.
    pub seed: u64,
}

impl Sampling {
    /// Always the most likely token.
    pub const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: 1, top_p: 1.0, seed: 0 };
}

/// Chooses one token after another.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
    random: fastrand::Rng,
}

impl Sampler {
    /// A sampler at the start of its random sequence.
    pub fn new(sampling: Sampling) -> Sampler {
        Sampler { sampling, random: fastrand::Rng::with_seed(sampling.seed) }
    }

    /// The chosen token and the probability that the model gave it (before temperature).
    pub fn choose(&mut self, top: &Top) -> (TokenId, f32) {
        let idx = if self.sampling.temperature <= 0.0 { 0 } else { self.draw(top) };
        (top.entries[idx].0, top.probability(idx))
    }

    fn draw(&mut self, top: &Top) -> usize {
        let weights = self.weights(top);
        let mut left = self.random.f32() * weights.iter().sum::<f32>();
        for (idx, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return idx;
            }
        }
        0
    }

    /// Unnormalised probabilities after temperature, of the entries that top-k and top-p leave.
    fn weights(&self, top: &Top) -> Vec<f32> {
        let Sampling { temperature, top_k, top_p, .. } = self.sampling;
        let n = if top_k == 0 { top.entries.len() } else { top_k.min(top.entries.len()) };
        let max = top.entries[0].1;
        let mut weights: Vec<f32> = top.entries[..n]
            .iter()
            .map(|entry| inkling_kernels::exp((entry.1 - max) / temperature))
            .collect();
        let enough = top_p * weights.iter().sum::<f32>();
        let mut sum = 0.0;
        let kept = weights
            .iter()
            .take_while(|&weight| {
                let more = sum < enough;
                sum += weight;
                more
            })
            .count();
        weights.truncate(kept.max(1));
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top() -> Top {
        let logits = [0.5f64, 0.3, 0.15, 0.05].map(|p| p.ln() as f32);
        Top { entries: logits.iter().enumerate().map(|(i, &l)| (i as u32, l)).collect(), log_sum_exp: 0.0 }
    }

    fn counts(sampling: Sampling) -> [usize; 4] {
        let mut sampler = Sampler::new(sampling);
        let mut counts = [0; 4];
        (0..10_000).for_each(|_| counts[sampler.choose(&top()).0 as usize] += 1);
        counts
    }

    #[test]
    fn greedy_takes_the_first_with_its_probability() {
        let (token, probability) = Sampler::new(Sampling::GREEDY).choose(&top());
        assert_eq!(token, 0);
        assert!((probability - 0.5).abs() < 1e-6);
    }

    #[test]
    fn draws_follow_the_distribution_and_its_cuts() {
        let plain = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 7 };
        let [a, b, c, d] = counts(plain);
        assert!(
            (4800..5200).contains(&a) && (2800..3200).contains(&b) && (1300..1700).contains(&c) && d > 300
        );
        assert_eq!(counts(Sampling { top_k: 2, ..plain })[2..], [0, 0]);
        assert_eq!(counts(Sampling { top_p: 0.6, ..plain })[2..], [0, 0]);
        assert_eq!(counts(plain), counts(plain), "the same seed gives the same draws");
        assert!(counts(Sampling { temperature: 0.3, ..plain })[0] > 8000, "a low temperature sharpens");
    }
}
