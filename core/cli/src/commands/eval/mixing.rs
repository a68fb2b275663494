use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use futures::executor::block_on;
use inkling_assist::MIXER_KEY;
use inkling_assist::gguf::{Array, Builder, Value};
use inkling_assist::ngram::N_FEATURES;
use inkling_eval::{bits_per_byte, draw, fit_mixer, observe};
use inkling_lsp::Configuration;
use serde_json::json;

use crate::args::Mixing;
use crate::commands::{print, print_json};
use crate::{files, model};

/// Learns on one half of the cases, and says on the other what it is worth.
pub(crate) fn run(args: &Mixing, json: bool) -> Result<()> {
    let documents = super::documents(&args.corpus, &args.split)?;
    let cases = draw(&documents, args.limit, args.seed);
    let (mut model, path) = super::load(&args.subject)?;
    model.recall_with([0.0; N_FEATURES]);
    let (options, clock) = (Configuration::DEFAULT.options, model::clock());
    let bar = model::steps_bar("Reading lines", cases.len());
    let mut halves = [Vec::new(), Vec::new()];
    for case in &cases {
        let observed = block_on(observe(case, &documents[case.document], &mut model, options, &clock))?;
        halves[case.document % 2].extend(observed);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let weights = fit_mixer(&halves[0]);
    let [alone, mixed] = bits_per_byte(&halves[1], weights);
    if let Some(out) = &args.write {
        fs::write(out, with_weights(&path, weights)?)
            .with_context(|| format!("cannot write {}", out.display()))?;
    }
    if json {
        return print_json(
            &json!({ "weights": weights, "bits_per_byte": alone, "bits_per_byte_mixed": mixed }),
        );
    }
    print(&format!("model alone {alone:.3} bits a byte, mixed {mixed:.3}\nweights {weights:?}"))
}

/// The model file with these mixing weights in its metadata.
fn with_weights(path: &Path, weights: [f32; N_FEATURES]) -> Result<Vec<u8>> {
    let (gguf, source) = (model::header(path)?, files::open(path)?);
    let others = gguf.metadata.iter().filter(|(key, _)| *key != MIXER_KEY);
    let mut file = others.fold(Builder::new(), |file, (key, value)| file.metadata(key, value.clone()));
    file = file.metadata(MIXER_KEY, Value::Array(Array::F32(weights.to_vec())));
    for tensor in &gguf.tensors {
        let data = block_on(source.read(tensor.range.clone()))?;
        file = file.tensor(&tensor.name, &tensor.shape, tensor.dtype, &data);
    }
    Ok(file.build())
}
