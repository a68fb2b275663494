use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::CONFIDENCE_KEY;
use inkling_eval::{CaseResult, Measured, Point, curve, fit_confidence, measure, measure_typing_on, point};
use inkling_lsp::Configuration;
use serde_json::json;

use super::exam::{Exam, halves};
use crate::args::Learning;
use crate::commands::{print, print_json};
use crate::model;

/// Learns on one half of the packages, and says on the other what comes of it.
pub(crate) fn run(args: &Learning, json: bool) -> Result<()> {
    let exam = Exam::of_corpus(&args.corpus, &args.split, &args.except, args.limit, args.seed)?;
    let (mut model, path) = super::load(&args.file)?;
    let bar = model::steps_bar("Asking for lines", exam.len());
    let results = exam.each(Configuration::DEFAULT.options, &bar, |_, case, document, asking| {
        let first = block_on(measure(case, document, &mut model, asking, Measured::default()))?;
        let second = block_on(measure_typing_on(&first, case, document, &mut model, asking))?;
        Ok([Some(first), second].into_iter().flatten().collect::<Vec<CaseResult>>())
    })?;
    bar.finish_and_clear();
    let halves = halves(results)?.map(|half| half.concat());
    let confidence = fit_confidence(&halves[0]);
    let points = curve(&halves[1], &confidence);
    let chosen = point(&halves[1], &confidence, confidence.threshold);
    if let Some(out) = &args.write {
        super::rewrite(&path, &[(CONFIDENCE_KEY, confidence.to_value())], out)?;
    }
    if json {
        return print_json(&json!({
            "n": halves[1].len(), "weights": confidence.weights, "threshold": confidence.threshold,
            "chosen": chosen, "curve": points,
        }));
    }
    print("  from   shown   right    kept  chars saved   worth")?;
    points.iter().try_for_each(|point| print(&row(point)))?;
    print(&format!("{}   chosen\nweights {:?}", row(&chosen), confidence.weights))
}

fn row(Point { threshold, shown, right, kept, chars_saved, worth }: &Point) -> String {
    format!("{threshold:>6.2} {shown:>7.3} {right:>7.3} {kept:>7.3} {chars_saved:>12.2} {worth:>7.2}")
}
