use inkling_assist::engine::Sampling;
use serde::{Deserialize, Serialize};

use crate::summary::{bits_per_byte, quantile};
use crate::{Format, Outcome};

/// What became of one problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProblemResult {
    /// The problem's name.
    pub task_id: String,
    /// What was asked for.
    pub format: Format,
    /// What stood there.
    pub wanted: String,
    /// What the model answered, each with what became of it.
    pub samples: Vec<Sample>,
    /// From the question to the last answer.
    pub latency_ms: f64,
    /// What the model gave the wanted text, in nats, and its bytes.
    pub nats: Option<(f64, usize)>,
}

/// An answer that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The answer.
    pub text: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl ProblemResult {
    /// Answers that pass the tests.
    pub fn n_passed(&self) -> usize {
        self.samples.iter().filter(|sample| sample.outcome == Outcome::Passed).count()
    }
}

/// Figures over problems; all shares are fractions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProblemFigures {
    /// Problems.
    pub n: usize,
    /// Answers to each, at least.
    pub n_samples: usize,
    /// Chance that one answer passes.
    pub pass_at_1: Option<f64>,
    /// Chance that one of ten does; known from ten answers on.
    pub pass_at_10: Option<f64>,
    /// Chance that one of a hundred does; known from a hundred answers on.
    pub pass_at_100: Option<f64>,
    /// Share of answers that are what stood there, but for space around them; not of whole bodies.
    pub exact_match: Option<f64>,
    /// Mean similarity (1 less normalized Levenshtein distance) of answer and what stood there.
    pub edit_similarity: f64,
    /// Bits the model needs for a byte of what stood there.
    pub bits_per_byte: Option<f64>,
    /// Share of answers that did not end in time.
    pub timed_out: f64,
    /// Half of the problems were answered within this.
    pub latency_ms_p50: f64,
    /// All but a twentieth were.
    pub latency_ms_p95: f64,
}

/// The figures of `results`.
pub fn summarize_problems(results: &[ProblemResult]) -> ProblemFigures {
    if results.is_empty() {
        return ProblemFigures::default();
    }
    let n_samples = results.iter().map(|result| result.samples.len()).min().unwrap_or(0);
    let pass_at = |k: usize| {
        let of = |result: &ProblemResult| pass_at_k(result.samples.len(), result.n_passed(), k);
        (n_samples >= k).then(|| results.iter().map(of).sum::<f64>() / results.len() as f64)
    };
    let pairs = || results.iter().flat_map(|result| result.samples.iter().map(move |one| (result, one)));
    let mean = |of: &dyn Fn(&ProblemResult, &Sample) -> f64| {
        pairs().map(|(result, sample)| of(result, sample)).sum::<f64>() / pairs().count().max(1) as f64
    };
    let is_exact = |result: &ProblemResult, sample: &Sample| {
        f64::from(u8::from(sample.text.trim_end() == result.wanted.trim_end()))
    };
    let mut latencies: Vec<f64> = results.iter().map(|result| result.latency_ms).collect();
    latencies.sort_by(f64::total_cmp);
    ProblemFigures {
        n: results.len(),
        n_samples,
        pass_at_1: pass_at(1),
        pass_at_10: pass_at(10),
        pass_at_100: pass_at(100),
        exact_match: (results[0].format != Format::Body).then(|| mean(&is_exact)),
        edit_similarity: mean(&|result, sample| {
            strsim::normalized_levenshtein(sample.text.trim_end(), result.wanted.trim_end())
        }),
        bits_per_byte: bits_per_byte(results.iter().filter_map(|result| result.nats)),
        timed_out: mean(&|_, sample| f64::from(u8::from(sample.outcome == Outcome::TimedOut))),
        latency_ms_p50: quantile(&latencies, 0.5),
        latency_ms_p95: quantile(&latencies, 0.95),
    }
}

/// The chance that one of `k` answers passes, estimated without bias from `n` answers of which `n_passed`
/// passed: 1 − C(n−c, k) / C(n, k) (Chen et al. 2021).
pub fn pass_at_k(n: usize, n_passed: usize, k: usize) -> f64 {
    if n - n_passed < k {
        return 1.0;
    }
    1.0 - (n - n_passed + 1..=n).map(|i| 1.0 - k as f64 / i as f64).product::<f64>()
}

/// How answers are drawn: above temperature 0 from the tokens that together reach 95 %.
pub fn sampling(temperature: f32, seed: u64) -> Sampling {
    match temperature > 0.0 {
        true => Sampling { temperature, top_k: 0, top_p: 0.95, seed },
        false => Sampling::GREEDY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pass_at_k_is_the_share_of_draws_that_hold_a_right_answer() {
        // Of the 10 pairs of 5 answers, 3 hold none of the 2 right ones.
        assert!((pass_at_k(5, 2, 2) - 0.7).abs() < 1e-12);
        assert!((pass_at_k(200, 7, 1) - 7.0 / 200.0).abs() < 1e-12);
        assert_eq!(pass_at_k(10, 0, 10), 0.0);
        assert_eq!(pass_at_k(10, 1, 10), 1.0);
    }

    #[test]
    fn what_there_are_too_few_answers_for_is_not_known() {
        let sample = |outcome| Sample { text: "x".into(), outcome };
        let result = |samples| ProblemResult {
            task_id: "SingleLineInfilling/1".into(),
            format: Format::SingleLine,
            wanted: "x\n".into(),
            samples,
            latency_ms: 1.0,
            nats: None,
        };
        let failed = || Outcome::Failed("AssertionError".into());
        let results =
            [result(vec![sample(Outcome::Passed), sample(failed())]), result(vec![sample(failed()); 2])];
        let figures = summarize_problems(&results);
        assert_eq!((figures.n, figures.n_samples), (2, 2));
        assert_eq!((figures.pass_at_1, figures.pass_at_10), (Some(0.25), None));
        assert_eq!((figures.exact_match, figures.timed_out), (Some(1.0), 0.0));
    }
}
