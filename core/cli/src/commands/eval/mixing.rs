use std::cell::RefCell;

use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::MIXER_KEY;
use inkling_assist::context::{Limits, Workspace};
use inkling_assist::gguf::{Array, Value};
use inkling_assist::ngram::N_FEATURES;
use inkling_eval::{Asking, Cut, bits_per_byte, draw, fit_mixer, observe};
use inkling_lsp::Configuration;
use serde_json::json;

use crate::args::Learning;
use crate::commands::{print, print_json};
use crate::model;

/// Learns on one half of the cases, and says on the other what it is worth.
pub(crate) fn run(args: &Learning, json: bool) -> Result<()> {
    let documents = super::documents(&args.corpus, &args.split)?;
    let cases = draw(&documents, Cut::Lines, args.limit, args.seed);
    let (mut model, path) = super::load(&args.file)?;
    model.recall_with([0.0; N_FEATURES]);
    let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
    let clock = model::clock();
    let asking = Asking { workspace: &workspace, options: Configuration::DEFAULT.options, now_ms: &clock };
    let bar = model::steps_bar("Reading lines", cases.len());
    let mut halves = [Vec::new(), Vec::new()];
    for case in &cases {
        let observed = block_on(observe(case, &documents[case.document], &mut model, asking))?;
        halves[case.document % 2].extend(observed);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let weights = fit_mixer(&halves[0]);
    let [alone, mixed] = bits_per_byte(&halves[1], weights);
    if let Some(out) = &args.write {
        super::rewrite(&path, MIXER_KEY, Value::Array(Array::F32(weights.to_vec())), out)?;
    }
    if json {
        return print_json(
            &json!({ "weights": weights, "bits_per_byte": alone, "bits_per_byte_mixed": mixed }),
        );
    }
    print(&format!("model alone {alone:.3} bits a byte, mixed {mixed:.3}\nweights {weights:?}"))
}
