use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::LocalModel;
use inkling_eval::{
    Case, CaseResult, Document, Group, Measured, Summary, draw, fraction, lines_report, measure, summarize,
};
use inkling_lsp::Configuration;
use serde::Serialize;

use super::log::Log;
use crate::args::Lines;
use crate::model;

/// `inkling eval lines`.
pub(crate) fn run(args: &Lines, json: bool) -> Result<()> {
    let documents = super::documents(&args.corpus, &args.split)?;
    let cases = draw(&documents, args.limit, args.seed);
    let (mut model, _) = super::load(&args.subject)?;
    let run = Run {
        model: model.summary().name.clone(),
        corpus: args.corpus.display().to_string(),
        split: args.split.clone(),
        limit: args.limit,
        seed: args.seed,
        keystrokes: args.keystrokes,
    };
    let out = args.out.as_deref();
    let log = Log::open(out, &run)?;
    let results = measure_all(&documents, &cases, &mut model, args.keystrokes, log)?;
    let summary = summarize(&results);
    let report = || lines_report(&run.model, &summary, &results);
    super::publish(out, &run, &summary, report, || table(&summary), json)
}

/// What was asked of whom: a run goes on only with the same.
#[derive(Serialize)]
struct Run {
    model: String,
    corpus: String,
    split: String,
    limit: usize,
    seed: u64,
    keystrokes: bool,
}

fn measure_all(
    documents: &[Document],
    cases: &[Case],
    model: &mut LocalModel,
    keystrokes: bool,
    mut log: Log<CaseResult>,
) -> Result<Vec<CaseResult>> {
    let (options, clock) = (Configuration::DEFAULT.options, model::clock());
    let bar = model::steps_bar("Asking for lines", cases.len());
    let measured = Measured { likelihood: true, keystrokes };
    let mut result_of = |case: &Case| {
        let document = &documents[case.document];
        let name = format!("{}:{}", document.path, case.wanted.start);
        let result =
            log.result(name, || Ok(block_on(measure(case, document, model, options, measured, &clock))?));
        bar.inc(1);
        result
    };
    let results = cases.iter().map(&mut result_of).collect();
    bar.finish_and_clear();
    results
}

fn table(summary: &Summary) -> String {
    let row = |name: &str, group: &Group| {
        format!(
            "{name:<12} {:>5} {:>7.3} {:>7.3} {:>7.3} {:>7} {:>7} {:>7.0} {:>7.0}\n",
            group.n,
            group.exact_match,
            group.edit_similarity,
            group.shown,
            fraction(group.bits_per_byte),
            fraction(group.keystrokes_saved),
            group.latency_ms_p50,
            group.latency_ms_p95
        )
    };
    let mut text = format!(
        "{:<12} {:>5} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n",
        "", "n", "exact", "similar", "shown", "bits/B", "saved", "p50 ms", "p95 ms"
    );
    text += &row("all", &summary.all);
    summary.by_language.iter().for_each(|(language, group)| text += &row(language, group));
    summary.by_kind.iter().for_each(|(kind, group)| text += &row(&format!("{kind:?}"), group));
    text += &row("trivial", &summary.trivial);
    text += &row("repeated", &summary.repeated);
    text.trim_end().to_string()
}
