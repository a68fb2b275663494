use anyhow::Result;
use inkling_eval::{CaseResult, Measured, holes_report, summarize};
use serde::Serialize;

use super::exam::Exam;
use super::log::Log;
use super::table;
use crate::args::Lines;
use crate::model;

/// `inkling eval lines`.
pub(crate) fn run(args: &Lines, json: bool) -> Result<()> {
    let exam = Exam::of_corpus(&args.corpus, &args.split, &[], args.limit, args.seed)?;
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
    let mut log = Log::open(out, &run)?;
    let measured = Measured { likelihood: true, keystrokes: args.keystrokes };
    let bar = model::steps_bar("Asking for lines", exam.len());
    let results = exam.sit("", &mut *model, options, measured, &mut log, &bar)?;
    bar.finish_and_clear();
    let results: Vec<CaseResult> = results.into_iter().map(|(_, result)| result).collect();
    let summary = summarize(&results);
    let title = format!("Lines of held-out packages, by {}", run.model);
    let about = "Each line was taken out of its file, and asked for as the editor asks, with the package's other \
                 files at hand.";
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
