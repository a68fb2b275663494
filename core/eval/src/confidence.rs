//! From suggestions and whether they were right to a confidence, and what comes of showing only sure ones.

use inkling_assist::{Confidence, N_SIGNALS, Signals};
use serde::Serialize;

use crate::CaseResult;

/// Rounds of gradient ascent, and how far each goes.
const N_ROUNDS: usize = 2000;
const RATE: f64 = 0.5;

/// Keeps weights that hardly matter small.
const DECAY: f64 = 1e-3;

/// Characters that one could have typed in the time that it takes to read a wrong suggestion and think on.
const COST_OF_WRONG: f64 = 4.0;

/// What comes of showing only suggestions from a confidence on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// The least confidence that is shown.
    pub threshold: f32,
    /// Share of the cases in which something is shown.
    pub shown: f64,
    /// Share of the shown suggestions that are right.
    pub right: f64,
    /// Share of all right suggestions that are shown.
    pub kept: f64,
    /// Characters of right suggestions, a case.
    pub chars_saved: f64,
    /// Characters saved less what reading the wrong ones costs, a case.
    pub worth: f64,
}

/// The confidence that foresees best which of `results` are right, shown from where it is worth most.
pub fn fit_confidence(results: &[CaseResult]) -> Confidence {
    let labelled: Vec<(Signals, bool)> =
        results.iter().filter_map(|result| Some((result.signals?, result.is_exact()))).collect();
    let right = || results.iter().filter(|result| result.signals.is_some() && result.is_exact());
    let n_chars: usize = right().map(|result| result.wanted.chars().count()).sum();
    let saved = n_chars as f64 / right().count().max(1) as f64;
    // Where what a right one saves is worth what a wrong one costs.
    let threshold = COST_OF_WRONG / (COST_OF_WRONG + saved);
    Confidence { weights: fit(&labelled), threshold: threshold as f32 }
}

/// What comes of showing `results` from every twentieth of confidence on.
pub fn curve(results: &[CaseResult], confidence: &Confidence) -> Vec<Point> {
    (0..20).map(|step| point(results, confidence, step as f32 / 20.0)).collect()
}

/// What comes of showing `results` from a confidence on.
pub fn point(results: &[CaseResult], confidence: &Confidence, threshold: f32) -> Point {
    let suggested = || results.iter().filter_map(|result| Some((result, confidence.of(&result.signals?))));
    let is_right = |result: &&CaseResult| result.is_exact();
    let shown: Vec<&CaseResult> =
        suggested().filter(|(_, chance)| *chance >= threshold).map(|(result, _)| result).collect();
    let right: Vec<&CaseResult> = shown.iter().copied().filter(is_right).collect();
    let n_right = suggested().filter(|(result, _)| result.is_exact()).count();
    let n_chars: usize = right.iter().map(|result| result.wanted.chars().count()).sum();
    let share = |n: f64, of: usize| if of == 0 { 0.0 } else { n / of as f64 };
    let n_wrong = (shown.len() - right.len()) as f64;
    Point {
        threshold,
        shown: share(shown.len() as f64, results.len()),
        right: share(right.len() as f64, shown.len()),
        kept: share(right.len() as f64, n_right),
        chars_saved: share(n_chars as f64, results.len()),
        worth: share(n_chars as f64 - COST_OF_WRONG * n_wrong, results.len()),
    }
}

/// Logistic regression.
fn fit(labelled: &[(Signals, bool)]) -> Signals {
    let mut weights = [0.0f64; N_SIGNALS];
    let mut sums = [1e-8f64; N_SIGNALS];
    for _ in 0..N_ROUNDS {
        let mut gradient = weights.map(|weight| -DECAY * weight);
        for (signals, is_right) in labelled {
            let dot: f64 = weights.iter().zip(signals).map(|(w, s)| w * f64::from(*s)).sum();
            let error = f64::from(u8::from(*is_right)) - 1.0 / (1.0 + (-dot).exp());
            let scale = error / labelled.len() as f64;
            gradient.iter_mut().zip(signals).for_each(|(g, s)| *g += scale * f64::from(*s));
        }
        // Adagrad, as for the mixer.
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
    use crate::summary::tests::result;

    /// A suggestion of four characters that the model gave `nats`.
    fn suggestion(nats: f32, is_right: bool) -> CaseResult {
        let mut signals = [0.0; N_SIGNALS];
        signals[..3].copy_from_slice(&[1.0, -nats, -nats]);
        CaseResult { signals: Some(signals), ..result("abcd", if is_right { "abcd" } else { "abcx" }) }
    }

    #[test]
    fn what_is_mostly_wrong_is_not_shown() {
        let sure = (0..40).map(|n| suggestion(0.1, n % 8 != 0));
        let unsure = (0..60).map(|n| suggestion(2.0, n % 12 == 0));
        let results: Vec<CaseResult> = sure.chain(unsure).collect();
        let confidence = fit_confidence(&results);
        let chance = |nats: f32| confidence.of(&suggestion(nats, true).signals.unwrap());
        assert!((chance(0.1) - 7.0 / 8.0).abs() < 0.05, "calibrated: {}", chance(0.1));
        assert!((chance(2.0) - 1.0 / 12.0).abs() < 0.05, "calibrated: {}", chance(2.0));
        assert!(chance(2.0) < confidence.threshold && confidence.threshold <= chance(0.1));
        let shown = point(&results, &confidence, confidence.threshold);
        assert_eq!((shown.shown, shown.right, shown.kept), (0.4, 0.875, 35.0 / 40.0));
        assert_eq!((shown.chars_saved, shown.worth), (1.4, 1.2));
    }

    #[test]
    fn without_suggestions_there_is_nothing_to_show() {
        let results = [CaseResult { signals: None, ..result("abcd", "") }];
        let shown = point(&results, &fit_confidence(&results), 0.0);
        assert_eq!((shown.shown, shown.right, shown.chars_saved), (0.0, 0.0, 0.0));
    }
}
