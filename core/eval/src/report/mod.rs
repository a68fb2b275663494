//! What was measured, as pages for people.

mod page;

use crate::{CaseResult, Contestant, Group, Outcome, ProblemFigures, ProblemResult, Summary};
use page::Page;
pub use page::{fraction, megabytes};

/// Figures of holes by language, kind and what else `apart` has, and some of the holes.
pub fn holes_report(
    [title, about]: [&str; 2],
    summary: &Summary,
    apart: &[(String, Group)],
    results: &[CaseResult],
) -> String {
    let languages = || summary.by_language.iter().map(|(name, group)| (name.clone(), group));
    let bars: Vec<(String, f64)> = languages().map(|(name, group)| (name, group.exact_match)).collect();
    let kinds = summary.by_kind.iter().map(|(kind, group)| (format!("{kind:?}"), group));
    let left_out =
        [("trivial, apart", &summary.trivial), ("repeated in the suffix, apart", &summary.repeated)];
    let rows: Vec<Vec<String>> = [("all".to_string(), &summary.all)]
        .into_iter()
        .chain(languages())
        .chain(kinds)
        .chain(left_out.map(|(name, group)| (name.to_string(), group)))
        .chain(apart.iter().map(|(name, group)| (name.clone(), group)))
        .map(|(name, group)| group_row(name, group))
        .collect();
    let rules: Vec<Vec<String>> =
        summary.rules.iter().map(|(rule, share)| vec![rule.clone(), fraction(Some(*share))]).collect();
    let main = || results.iter().filter(|result| !result.trivial && !result.repeated);
    let row = |result: &CaseResult| {
        [format!("{}:{}", result.path, result.line), result.wanted.clone(), result.suggested.clone()]
    };
    let wrong = main().filter(|result| !result.is_exact() && !result.suggested.is_empty());
    let header = ["place", "stood there", "suggested"];
    Page::new(title, about)
        .bars("Exact match by language", &bars)
        .table("Figures", &GROUP_HEADER, &rows)
        .table("Rules that shortened answers", &["", "share"], &rules)
        .cases("Right", header, main().filter(|result| result.is_exact()).map(row))
        .cases("Wrong", header, wrong.map(row))
        .into_html()
}

/// Quality, speed and size of models that answered the same cases.
pub fn comparison_report(contestants: &[Contestant]) -> String {
    let bars: Vec<(String, f64)> =
        contestants.iter().map(|one| (one.model.clone(), one.group.exact_match)).collect();
    let points: Vec<(String, [f64; 2])> = contestants
        .iter()
        .map(|one| (one.model.clone(), [one.group.latency_ms_p50, one.group.exact_match]))
        .collect();
    let row = |one: &Contestant| {
        let sizes = [megabytes(one.file_bytes), megabytes(one.memory_bytes)];
        group_row(one.model.clone(), &one.group).into_iter().chain(sizes).collect()
    };
    let rows: Vec<Vec<String>> = contestants.iter().map(row).collect();
    let header: Vec<&str> = GROUP_HEADER.into_iter().chain(["file MB", "memory MB"]).collect();
    Page::new("Models compared", "Every model was asked for the same parts of the same files.")
        .points("Quality and speed", ["milliseconds to a suggestion, half of them", "exact match"], &points)
        .bars("Exact match", &bars)
        .table("Figures", &header, &rows)
        .into_html()
}

/// Figures of problems with tests, and some of the answers.
pub fn problems_report(title: &str, figures: &ProblemFigures, results: &[ProblemResult]) -> String {
    let passes = [("pass@1", figures.pass_at_1), ("pass@10", figures.pass_at_10)];
    let passes = passes.into_iter().chain([("pass@100", figures.pass_at_100)]);
    let bars: Vec<(String, f64)> =
        passes.filter_map(|(name, share)| Some((name.to_string(), share?))).collect();
    let rows: Vec<Vec<String>> = [
        ("problems", figures.n.to_string()),
        ("answers to each", figures.n_samples.to_string()),
        ("exact match", fraction(figures.exact_match)),
        ("similarity", fraction(figures.edit_similarity)),
        ("bits a byte", fraction(figures.bits_per_byte)),
        ("answers that did not end in time", fraction(figures.timed_out)),
        ("p50 ms", format!("{:.0}", figures.latency_ms_p50)),
        ("p95 ms", format!("{:.0}", figures.latency_ms_p95)),
    ]
    .map(|(name, value)| vec![name.to_string(), value])
    .to_vec();
    let of = |passed: bool| {
        results.iter().filter_map(move |result| {
            let is_wanted = |outcome: &Outcome| (*outcome == Outcome::Passed) == passed;
            let sample = result.samples.iter().find(|sample| is_wanted(&sample.outcome))?;
            let place = match &sample.outcome {
                Outcome::Failed(reason) => format!("{}: {reason}", result.task_id),
                Outcome::TimedOut => format!("{}: out of time", result.task_id),
                Outcome::Killed(signal) => format!("{}: ended by signal {signal}", result.task_id),
                Outcome::Passed => result.task_id.clone(),
            };
            Some([place, result.wanted.clone(), sample.text.clone()])
        })
    };
    let header = ["problem", "stood there", "answer"];
    Page::new(title, "Each answer was put into its program, which then ran its tests.")
        .bars("Problems solved", &bars)
        .table("Figures", &["", ""], &rows)
        .cases("Passed", header, of(true))
        .cases("Failed", header, of(false))
        .into_html()
}

const GROUP_HEADER: [&str; 13] = [
    "",
    "n",
    "exact match",
    "similarity",
    "shown",
    "sure",
    "sure and right",
    "completed",
    "bits/byte",
    "keys saved",
    "tokens reused",
    "p50 ms",
    "p95 ms",
];

fn group_row(name: String, group: &Group) -> Vec<String> {
    vec![
        name,
        group.n.to_string(),
        fraction(group.exact_match),
        fraction(group.edit_similarity),
        fraction(group.shown),
        fraction(group.shown_sure),
        fraction(group.exact_match_sure),
        fraction(group.ratio_completed),
        fraction(group.bits_per_byte),
        fraction(group.keystrokes_saved),
        fraction(group.tokens_reused),
        format!("{:.0}", group.latency_ms_p50),
        format!("{:.0}", group.latency_ms_p95),
    ]
}
