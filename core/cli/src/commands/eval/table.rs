use inkling_eval::{Group, Summary, fraction};

/// The figures of holes by language and kind, and what else `apart` has.
pub(crate) fn holes(summary: &Summary, apart: &[(String, Group)]) -> String {
    let languages = summary.by_language.iter().map(|(language, group)| (language.clone(), group));
    let kinds = summary.by_kind.iter().map(|(kind, group)| (format!("{kind:?}"), group));
    let rows = [("all".to_string(), &summary.all)]
        .into_iter()
        .chain(languages)
        .chain(kinds)
        .chain([("trivial".to_string(), &summary.trivial), ("repeated".to_string(), &summary.repeated)]);
    let figures = groups(rows.chain(apart.iter().map(|(name, group)| (name.clone(), group))));
    let rules = summary.rules.iter().map(|(rule, share)| format!("\n{share:>7.3} {rule}"));
    figures + "\n\nanswers shortened by a rule of refinement" + &rules.collect::<String>()
}

/// Names and figures, a line each.
fn groups<'a>(rows: impl Iterator<Item = (String, &'a Group)>) -> String {
    let mut text = format!(
        "{:<16} {:>5} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "", "n", "exact", "similar", "shown", "sure", "right", "bits/B", "saved", "p50 ms", "p95 ms"
    );
    for (name, group) in rows {
        text += &format!(
            "\n{name:<16} {:>5} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7} {:>7} {:>7} {:>7.0} {:>7.0}",
            group.n,
            group.exact_match,
            group.edit_similarity,
            group.shown,
            group.shown_sure,
            fraction(group.exact_match_sure),
            fraction(group.bits_per_byte),
            fraction(group.keystrokes_saved),
            group.latency_ms_p50,
            group.latency_ms_p95
        );
    }
    text
}
