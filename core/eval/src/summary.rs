use std::collections::BTreeMap;

use serde::Serialize;

use crate::{CaseResult, Kind};

/// Figures of some cases; all shares are fractions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Group {
    /// Cases.
    pub n: usize,
    /// Share of suggestions whose first line is what stood there.
    pub exact_match: f64,
    /// Mean similarity of first line and what stood there.
    pub edit_similarity: f64,
    /// Share of cases in which something was suggested.
    pub shown: f64,
    /// Share of cases in which it was sure enough to be shown to somebody who has not asked for it.
    pub shown_sure: f64,
    /// Share of those that are right.
    pub exact_match_sure: Option<f64>,
    /// Share of the wanted characters that exact suggestions would have written.
    pub ratio_completed: f64,
    /// Bits the model needs for a byte of what stood there.
    pub bits_per_byte: Option<f64>,
    /// Share of keys saved by a person who takes right lines and types the rest.
    pub keystrokes_saved: Option<f64>,
    /// Share of the prompts' tokens that were still computed from the prompt before while lines were typed.
    pub tokens_reused: Option<f64>,
    /// Half of the suggestions came within this.
    pub latency_ms_p50: f64,
    /// All but a twentieth did.
    pub latency_ms_p95: f64,
}

/// The figures of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Of all cases but the trivial ones and those repeated in the suffix.
    #[serde(flatten)]
    pub all: Group,
    /// The same by language.
    pub by_language: BTreeMap<String, Group>,
    /// The same by the cursor's place.
    pub by_kind: BTreeMap<Kind, Group>,
    /// Of the trivial cases.
    pub trivial: Group,
    /// Of those repeated in the suffix that are not trivial.
    pub repeated: Group,
    /// The share of all answers that each rule of refinement shortened.
    pub rules: BTreeMap<String, f64>,
}

/// A model among others that answer the same cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contestant {
    /// What people call it.
    pub model: String,
    /// Bytes of its file; unknown of a server's.
    pub file_bytes: Option<u64>,
    /// Bytes of memory it takes on a CPU; unknown of a server's.
    pub memory_bytes: Option<u64>,
    /// Its figures.
    #[serde(flatten)]
    pub group: Group,
}

/// The figures of `results`.
pub fn summarize(results: &[CaseResult]) -> Summary {
    let of = |keep: &dyn Fn(&CaseResult) -> bool| -> Vec<&CaseResult> {
        results.iter().filter(|result| keep(result)).collect()
    };
    let main = of(&|result| !result.trivial && !result.repeated);
    let mut by_language: BTreeMap<String, Vec<&CaseResult>> = BTreeMap::new();
    let mut by_kind: BTreeMap<Kind, Vec<&CaseResult>> = BTreeMap::new();
    for result in &main {
        by_language.entry(result.language.clone()).or_default().push(result);
        by_kind.entry(result.kind).or_default().push(result);
    }
    Summary {
        all: group(&main),
        by_language: by_language.into_iter().map(|(language, results)| (language, group(&results))).collect(),
        by_kind: by_kind.into_iter().map(|(kind, results)| (kind, group(&results))).collect(),
        trivial: group(&of(&|result| result.trivial)),
        repeated: group(&of(&|result| result.repeated && !result.trivial)),
        rules: rules(results),
    }
}

fn rules(results: &[CaseResult]) -> BTreeMap<String, f64> {
    let mut shares = BTreeMap::new();
    for rule in results.iter().flat_map(|result| &result.rules) {
        *shares.entry(rule.clone()).or_default() += 1.0 / results.len() as f64;
    }
    shares
}

fn group(results: &[&CaseResult]) -> Group {
    if results.is_empty() {
        return Group::default();
    }
    let n = results.len() as f64;
    let share =
        |keep: fn(&CaseResult) -> bool| results.iter().filter(|result| keep(result)).count() as f64 / n;
    let n_chars = |result: &CaseResult| result.wanted.chars().count();
    let n_wanted: usize = results.iter().map(|result| n_chars(result)).sum();
    let n_right: usize =
        results.iter().filter(|result| result.is_exact()).map(|result| n_chars(result)).sum();
    let mut latencies: Vec<f64> = results.iter().map(|result| result.latency_ms).collect();
    latencies.sort_by(f64::total_cmp);
    Group {
        n: results.len(),
        exact_match: share(CaseResult::is_exact),
        edit_similarity: results.iter().map(|result| result.similarity()).sum::<f64>() / n,
        shown: share(|result| !result.suggested.is_empty()),
        shown_sure: share(|result| result.is_sure),
        exact_match_sure: exact_match_sure(results),
        ratio_completed: n_right as f64 / n_wanted as f64,
        bits_per_byte: bits_per_byte(results.iter().filter_map(|result| result.nats)),
        keystrokes_saved: keystrokes_saved(results),
        tokens_reused: tokens_reused(results),
        latency_ms_p50: quantile(&latencies, 0.5),
        latency_ms_p95: quantile(&latencies, 0.95),
    }
}

fn exact_match_sure(results: &[&CaseResult]) -> Option<f64> {
    let sure = || results.iter().filter(|result| result.is_sure);
    let n_right = sure().filter(|result| result.is_exact()).count();
    (sure().count() > 0).then(|| n_right as f64 / sure().count() as f64)
}

/// Bits a byte of texts, each with what a model gave it in nats and its bytes; `None` of no bytes.
pub fn bits_per_byte(measured: impl Iterator<Item = (f64, usize)>) -> Option<f64> {
    let (nats, n_bytes) = measured.fold((0.0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (n_bytes > 0).then(|| nats / std::f64::consts::LN_2 / n_bytes as f64)
}

fn keystrokes_saved(results: &[&CaseResult]) -> Option<f64> {
    let typed = |result: &&CaseResult| Some((result.keystrokes?, result.wanted.chars().count()));
    let typed: Vec<(usize, usize)> = results.iter().filter_map(typed).collect();
    let (keys, chars) = typed.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (chars > 0).then(|| 1.0 - keys as f64 / chars as f64)
}

fn tokens_reused(results: &[&CaseResult]) -> Option<f64> {
    let sums = results.iter().filter_map(|result| result.reused);
    let (reused, all) = sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (all > 0).then(|| reused as f64 / all as f64)
}

/// Of ascending `values`, which are not empty: the nearest rank.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let rank = (share * values.len() as f64).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn result(wanted: &str, suggested: &str) -> CaseResult {
        CaseResult {
            path: "a.rs".into(),
            line: 1,
            language: "rust".into(),
            kind: Kind::NextLine,
            trivial: false,
            repeated: false,
            wanted: wanted.into(),
            suggested: suggested.into(),
            rules: vec!["one line".into()],
            probability: 0.5,
            signals: None,
            confidence: None,
            is_sure: true,
            latency_ms: 10.0,
            nats: Some((std::f64::consts::LN_2 * 8.0, 4)),
            keystrokes: Some(1),
            reused: Some((3, 4)),
        }
    }

    #[test]
    fn figures_are_shares_of_the_main_cases() {
        let trivial = CaseResult { trivial: true, ..result("x)", "x)") };
        let results = [result("abcd", "abcd  \nmore"), result("abcdef", "abcx"), result("abcd", ""), trivial];
        let summary = summarize(&results);
        assert_eq!((summary.all.n, summary.trivial.n, summary.repeated.n), (3, 1, 0));
        assert!((summary.all.exact_match - 1.0 / 3.0).abs() < 1e-9);
        assert!((summary.all.edit_similarity - (1.0 + 0.5) / 3.0).abs() < 1e-9);
        assert!((summary.all.shown - 2.0 / 3.0).abs() < 1e-9);
        assert!((summary.all.ratio_completed - 4.0 / 14.0).abs() < 1e-9);
        assert!((summary.all.bits_per_byte.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(summary.all.tokens_reused, Some(0.75));
        assert!((summary.all.keystrokes_saved.unwrap() - (1.0 - 3.0 / 14.0)).abs() < 1e-9);
        assert_eq!(summary.by_language.keys().collect::<Vec<_>>(), ["rust"]);
        assert_eq!(summary.rules, BTreeMap::from([("one line".to_string(), 1.0)]));
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.0, 0.5, 0.95, 1.0].map(|share| quantile(&values, share)), [1.0, 2.0, 4.0, 4.0]);
    }
}
