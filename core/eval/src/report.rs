use std::fmt::Write;

use crate::{CaseResult, Group, Summary};

/// Cases shown in a report, of those that went wrong and of those that went right.
const N_EXAMPLES: usize = 20;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: light-dark(#222, #ddd); --bar: light-dark(#5b5fb0, #a5a8f0);
        --line: light-dark(#ddd, #333); --page: light-dark(#fffef8, #16181d) }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: 1rem 0 .3rem }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left } code { font-size: 13px; white-space: pre-wrap }
.cases td { text-align: left; vertical-align: top } svg { width: 100%; height: auto } svg text { fill: var(--ink) }
svg rect { fill: var(--bar) }";

/// A page that shows a summary with a picture, and some of the cases.
pub fn html(title: &str, summary: &Summary, results: &[CaseResult]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{0}</title>\n<style>{STYLE}</style>\n<h1>{0}</h1>\n",
        escape(title)
    );
    let languages = || summary.by_language.iter().map(|(name, group)| (name.as_str(), group));
    page += &bars("Exact match by language", languages().map(|(name, group)| (name, group.exact_match)));
    let kinds = summary.by_kind.iter().map(|(kind, group)| (format!("{kind:?}"), group));
    let apart = [("trivial, apart", &summary.trivial), ("repeated in the suffix, apart", &summary.repeated)];
    page += &table(
        [("all".to_string(), &summary.all)]
            .into_iter()
            .chain(languages().map(|(name, group)| (name.to_string(), group)))
            .chain(kinds)
            .chain(apart.map(|(name, group)| (name.to_string(), group))),
    );
    let main = || results.iter().filter(|result| !result.trivial && !result.repeated);
    page += &cases("Right", main().filter(|result| result.is_exact()));
    page += &cases("Wrong", main().filter(|result| !result.is_exact() && !result.suggested.is_empty()));
    page
}

fn table<'a>(groups: impl Iterator<Item = (String, &'a Group)>) -> String {
    let mut rows = String::from(
        "<table><caption>Figures</caption>\n<tr><th><th>n<th>exact match<th>similarity<th>shown<th>completed\
         <th>bits/byte<th>keys saved<th>p50 ms<th>p95 ms\n",
    );
    let optional = |value: Option<f64>| value.map_or("–".to_string(), |value| format!("{value:.3}"));
    for (name, g) in groups {
        let _ = writeln!(
            rows,
            "<tr><td>{}<td>{}<td>{:.3}<td>{:.3}<td>{:.3}<td>{:.3}<td>{}<td>{}<td>{:.0}<td>{:.0}",
            escape(&name),
            g.n,
            g.exact_match,
            g.edit_similarity,
            g.shown,
            g.ratio_completed,
            optional(g.bits_per_byte),
            optional(g.keystrokes_saved),
            g.latency_ms_p50,
            g.latency_ms_p95
        );
    }
    rows + "</table>\n"
}

/// Horizontal bars from 0 to 1.
fn bars<'a>(title: &str, values: impl Iterator<Item = (&'a str, f64)>) -> String {
    let mut rows = String::new();
    let mut y = 0;
    for (name, value) in values {
        let width = 700.0 * value;
        let _ = writeln!(
            rows,
            "<text x=\"95\" y=\"{}\" text-anchor=\"end\" font-size=\"13\">{}</text><rect x=\"102\" y=\"{y}\" width=\"{width:.1}\" \
             height=\"16\" rx=\"2\"/><text x=\"{:.1}\" y=\"{0}\" font-size=\"12\">{value:.3}</text>",
            y + 13,
            escape(name),
            108.0 + width
        );
        y += 24;
    }
    format!(
        "<h2>{0}</h2>\n<svg viewBox=\"0 0 860 {y}\" role=\"img\" aria-label=\"{0}\">\n{rows}</svg>\n",
        escape(title)
    )
}

fn cases<'a>(title: &str, results: impl Iterator<Item = &'a CaseResult>) -> String {
    let mut rows = format!(
        "<table class=\"cases\"><caption>{title}</caption>\n<tr><th>place<th>stood there<th>suggested\n"
    );
    for result in results.take(N_EXAMPLES) {
        let _ = writeln!(
            rows,
            "<tr><td>{}:{}<td><code>{}</code><td><code>{}</code>",
            escape(&result.path),
            result.line,
            escape(&result.wanted),
            escape(&result.suggested)
        );
    }
    rows + "</table>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
