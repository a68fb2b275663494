use std::cell::RefCell;

use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::context::{Limits, Workspace};
use inkling_assist::{Completer, Options};
use inkling_eval::{
    Asking, Case, CaseResult, Cut, Document, Measured, draw, holes_report, measure, summarize,
};
use serde::Serialize;

use super::log::Log;
use super::table;
use crate::args::Lines;
use crate::model;

/// `inkling eval lines`.
pub(crate) fn run(args: &Lines, json: bool) -> Result<()> {
    let documents = super::documents(&args.corpus, &args.split)?;
    let cases = draw(&documents, Cut::Lines, args.limit, args.seed);
    let (mut model, options) = super::completer(&args.subject)?;
    let run = Run {
        model: model.name().to_string(),
        corpus: args.corpus.display().to_string(),
        split: args.split.clone(),
        limit: args.limit,
        seed: args.seed,
        keystrokes: args.keystrokes,
    };
    let out = args.out.as_deref();
    let log = Log::open(out, &run)?;
    let results = measure_all(&documents, &cases, &mut *model, options, args.keystrokes, log)?;
    let summary = summarize(&results);
    let title = format!("Lines of held-out packages, by {}", run.model);
    let about = "Each line was taken out of its file, and asked for as the editor asks.";
    let report = || holes_report([&title, about], &summary, &[], &results);
    super::publish(out, &run, &summary, report, || table::holes(&summary, &[]), json)
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
    model: &mut dyn Completer,
    options: Options,
    keystrokes: bool,
    mut log: Log<CaseResult>,
) -> Result<Vec<CaseResult>> {
    // Each file by itself: what a model makes of its own file is what is compared.
    let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
    let clock = model::clock();
    let asking = Asking { workspace: &workspace, options, now_ms: &clock };
    let bar = model::steps_bar("Asking for lines", cases.len());
    let measured = Measured { likelihood: true, keystrokes };
    let mut result_of = |case: &Case| {
        let document = &documents[case.document];
        let name = format!("{}:{}", document.path, case.wanted.start);
        let result = log.result(name, || Ok(block_on(measure(case, document, model, asking, measured))?));
        bar.inc(1);
        result
    };
    let results = cases.iter().map(&mut result_of).collect();
    bar.finish_and_clear();
    results
}
