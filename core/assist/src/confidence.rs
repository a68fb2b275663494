//! How likely a suggestion is right: a logistic regression over what the model gave its tokens, learned with the
//! model.

use inkling_gguf::{Array, Gguf, Value};

use crate::Completion;

/// The GGUF key: f32 [`N_SIGNALS`] + 1, the weights of the signals and the confidence from which on a
/// suggestion is worth showing unasked.
pub const CONFIDENCE_KEY: &str = "inkling.confidence";

/// How many signals there are.
pub const N_SIGNALS: usize = 11;

/// What a suggestion is judged by.
pub type Signals = [f32; N_SIGNALS];

/// Less than this of a probability says nothing more.
const MIN_PROBABILITY: f32 = 1e-4;

/// How much the signals of a model's suggestions say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// By signal.
    pub weights: Signals,
    /// The confidence from which on a suggestion is worth showing unasked.
    pub threshold: f32,
}

impl Confidence {
    /// That of a model which comes with weights for it.
    pub(crate) fn from_gguf(gguf: &Gguf) -> Option<Confidence> {
        let Some(Value::Array(Array::F32(values))) = gguf.metadata.get(CONFIDENCE_KEY) else { return None };
        let (threshold, weights) = values.split_last()?;
        Some(Confidence { weights: weights.try_into().ok()?, threshold: *threshold })
    }

    /// The value of [`CONFIDENCE_KEY`].
    pub fn to_value(&self) -> Value {
        Value::Array(Array::F32(self.weights.into_iter().chain([self.threshold]).collect()))
    }

    /// The chance that a suggestion with these signals is right, from 0 to 1.
    pub fn of(&self, signals: &Signals) -> f32 {
        let dot: f32 = self.weights.iter().zip(signals).map(|(weight, signal)| weight * signal).sum();
        1.0 / (1.0 + libm::expf(-dot))
    }
}

/// Where a suggestion would stand, as far as it says how likely one is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Nothing but space stands before it in its line.
    pub(crate) begins_line: bool,
    /// A word's beginning stands before it.
    pub(crate) goes_on_word: bool,
    /// The file parses with it.
    pub(crate) parses: bool,
    /// Suggestions that the user has typed away from in this line.
    pub(crate) n_rejected: usize,
}

/// The signals of `text`, which was made of `completion`. Each is about 1 in size.
pub(crate) fn signals(completion: &Completion, text: &str, standing: Standing) -> Signals {
    let ln = |probability: f32| libm::logf(probability.max(MIN_PROBABILITY));
    let flag = |is_set: bool| f32::from(u8::from(is_set));
    let free: Vec<_> = completion.steps.iter().filter(|step| step.n_bytes > 0).collect();
    let mut n_bytes = 0;
    let is_within = |step: &&&crate::Step| {
        let is_needed = n_bytes < text.len();
        n_bytes += step.n_bytes;
        is_needed
    };
    let n_within = free.iter().take_while(is_within).count();
    let within: Vec<f32> = free[..n_within].iter().map(|step| ln(step.probability)).collect();
    let recalled: f32 = free[..n_within].iter().map(|step| step.recalled).sum();
    let end = free.get(n_within).map(|step| step.probability).or(completion.end_probability);
    let n_chars = text.chars().count() as f32;
    [
        1.0,
        within.iter().sum::<f32>() / 4.0,
        within.iter().copied().fold(0.0, f32::min) / 2.0,
        within.first().copied().unwrap_or(0.0) / 2.0,
        end.map_or(-1.0, ln) / 2.0,
        libm::logf(1.0 + n_chars) / 3.0,
        flag(standing.begins_line),
        recalled / n_within.max(1) as f32,
        flag(standing.parses),
        flag(standing.goes_on_word),
        standing.n_rejected.min(2) as f32 / 2.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Step;

    fn completion(steps: &[(&str, f32)]) -> Completion {
        let step = |&(text, probability): &(&str, f32)| Step {
            id: 0,
            text: text.to_string(),
            n_bytes: text.len(),
            probability,
            recalled: probability,
            alternatives: Vec::new(),
        };
        let text = steps.iter().map(|(text, _)| *text).collect();
        Completion { text, steps: steps.iter().map(step).collect(), ..Completion::default() }
    }

    #[test]
    fn the_tokens_of_the_suggestion_and_the_one_that_ends_it_count() {
        let e = |nats: f32| libm::expf(-nats);
        let completion =
            completion(&[("", 0.001), ("ab", e(1.0)), ("c", e(2.0)), ("\n", e(0.5)), ("d", 0.001)]);
        let standing = Standing { begins_line: true, goes_on_word: false, parses: true, n_rejected: 5 };
        let signals = signals(&completion, "abc", standing);
        let recalled = (e(1.0) + e(2.0)) / 2.0;
        let expected = [1.0, -0.75, -1.0, -0.5, -0.25, libm::logf(4.0) / 3.0, 1.0, recalled, 1.0, 0.0, 1.0];
        assert!(signals.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{signals:?}");
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut weights = [0.25; N_SIGNALS];
        weights[..2].copy_from_slice(&[0.5, 3.0]);
        let confidence = Confidence { weights, threshold: 0.3 };
        let file = inkling_gguf::Builder::new().metadata(CONFIDENCE_KEY, confidence.to_value()).build();
        let gguf = futures::executor::block_on(Gguf::read(&file)).unwrap();
        assert_eq!(Confidence::from_gguf(&gguf), Some(confidence));
        let mut signals = [0.0; N_SIGNALS];
        signals[..2].fill(1.0);
        let sure = confidence.of(&signals);
        assert!((sure - 1.0 / (1.0 + libm::expf(-3.5))).abs() < 1e-6);
    }
}
