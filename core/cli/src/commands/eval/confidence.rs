use std::cell::RefCell;

use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::CONFIDENCE_KEY;
use inkling_assist::context::{Limits, Workspace};
use inkling_eval::{Asking, Cut, Measured, Point, curve, draw, fit_confidence, measure, point};
use inkling_lsp::Configuration;
use serde_json::json;

use crate::args::Learning;
use crate::commands::{print, print_json};
use crate::model;

/// Learns on one half of the cases, and says on the other what comes of it.
pub(crate) fn run(args: &Learning, json: bool) -> Result<()> {
    let documents = super::documents(&args.corpus, &args.split)?;
    let cases = draw(&documents, Cut::Lines, args.limit, args.seed);
    let (mut model, path) = super::load(&args.file)?;
    let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
    let clock = model::clock();
    let asking = Asking { workspace: &workspace, options: Configuration::DEFAULT.options, now_ms: &clock };
    let bar = model::steps_bar("Asking for lines", cases.len());
    let mut halves = [Vec::new(), Vec::new()];
    for case in &cases {
        let document = &documents[case.document];
        let result = block_on(measure(case, document, &mut model, asking, Measured::default()))?;
        halves[case.document % 2].push(result);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let confidence = fit_confidence(&halves[0]);
    let points = curve(&halves[1], &confidence);
    let chosen = point(&halves[1], &confidence, confidence.threshold);
    if let Some(out) = &args.write {
        super::rewrite(&path, CONFIDENCE_KEY, confidence.to_value(), out)?;
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
