use std::num::NonZero;

use anyhow::{Result, anyhow};
use inkling_metrics::{Report, Sums};
use serde_json::{Value, json};

use super::{print, print_json};
use crate::args::Metrics;
use crate::metrics::recorded;

/// `inkling metrics`.
pub(crate) fn run(metrics: &Metrics, json: bool) -> Result<()> {
    let Metrics::Report { days } = metrics;
    let events = recorded(days.map(NonZero::get)).map_err(|error| anyhow!(error))?;
    let report = Report::new(&events);
    if json {
        return print_json(&json!({
            "total": json_of(&report.total),
            "by_language": keyed(&report.by_language),
            "by_day": keyed(&report.by_day),
        }));
    }
    if events.is_empty() {
        return print("No suggestions were recorded.");
    }
    print(&header("Language"))?;
    report.by_language.iter().try_for_each(|(language, sums)| print(&row(language, sums)))?;
    print(&row("All", &report.total))?;
    print("")?;
    print(&header("Day (UTC)"))?;
    report.by_day.iter().try_for_each(|(day, sums)| print(&row(day, sums)))
}

fn header(key: &str) -> String {
    line([key, "shown", "accepted", "partly", "rate", "characters", "p50 ms", "p95 ms"])
}

fn row(key: &str, sums: &Sums) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_string());
    let latency = |percent| or_dash(sums.latency_ms(percent).map(|ms| ms.to_string()));
    line([
        key,
        &sums.shown.to_string(),
        &sums.accepted.to_string(),
        &sums.partly_accepted.to_string(),
        &or_dash(sums.acceptance_rate().map(|rate| format!("{:.1}%", rate * 100.0))),
        &sums.characters.to_string(),
        &latency(50),
        &latency(95),
    ])
}

fn line([key, shown, accepted, partly, rate, characters, p50, p95]: [&str; 8]) -> String {
    format!("{key:<12}{shown:>8}{accepted:>10}{partly:>8}{rate:>8}{characters:>12}{p50:>8}{p95:>8}")
}

fn keyed(groups: &[(String, Sums)]) -> Value {
    groups.iter().map(|(key, sums)| (key.clone(), json_of(sums))).collect::<serde_json::Map<_, _>>().into()
}

fn json_of(sums: &Sums) -> Value {
    json!({
        "shown": sums.shown, "accepted": sums.accepted, "partly_accepted": sums.partly_accepted,
        "dismissed": sums.dismissed, "acceptance_rate": sums.acceptance_rate(),
        "characters": sums.characters,
        "latency_ms": { "p50": sums.latency_ms(50), "p95": sums.latency_ms(95) },
    })
}
