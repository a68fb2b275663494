use anyhow::Result;
use futures::executor::block_on;
use inkling_assist::context::Sources;
use inkling_assist::gguf::{Array, Value};
use inkling_assist::ngram::{Mixer, N_FEATURES};
use inkling_assist::{LocalModel, MIXER_KEY, Observation, Options, WORKSPACE_MIXER_KEY};
use inkling_eval::{bits_per_byte, fit_mixer, observe};
use inkling_lsp::Configuration;
use serde_json::json;

use super::exam::{Exam, halves};
use crate::args::Learning;
use crate::commands::{print, print_json};
use crate::model;

/// Learns on one half of the packages, and says on the other what it is worth.
pub(crate) fn run(args: &Learning, json: bool) -> Result<()> {
    let exam = Exam::of_corpus(&args.corpus, &args.split, &args.except, args.limit, args.seed)?;
    let (mut model, path) = super::load(&args.file)?;

    // The workspace's share is taken of what model and own file say: theirs is learned first.
    model.recall_with([0.0; N_FEATURES], None);
    let own = learn(&exam, &mut model, 0)?;
    model.recall_with(own.weights, Some([0.0; N_FEATURES]));
    let workspace = learn(&exam, &mut model, 1)?;

    if let Some(out) = &args.write {
        let value = |weights: [f32; N_FEATURES]| Value::Array(Array::F32(weights.to_vec()));
        let values = [(MIXER_KEY, value(own.weights)), (WORKSPACE_MIXER_KEY, value(workspace.weights))];
        super::rewrite(&path, &values, out)?;
    }
    if json {
        return print_json(&json!({
            "weights": own.weights, "workspace_weights": workspace.weights,
            "bits_per_byte": own.before, "bits_per_byte_own": own.after,
            "bits_per_byte_mixed": workspace.after,
        }));
    }
    print(&format!(
        "model alone {:.3} bits a byte, with its own file {:.3}, with the workspace's others {:.3}",
        own.before, own.after, workspace.after
    ))?;
    print(&format!("weights {:?}\nof the workspace {:?}", own.weights, workspace.weights))
}

struct Learned {
    weights: [f32; N_FEATURES],
    /// Bits a byte of the other half before the cache is mixed in, and after.
    before: f64,
    after: f64,
}

/// How much to believe the `nth` cache.
fn learn(exam: &Exam, model: &mut LocalModel, nth: usize) -> Result<Learned> {
    let options =
        Options { sources: Sources { recalled: nth > 0, ..Sources::ALL }, ..Configuration::DEFAULT.options };
    let bar = model::steps_bar("Reading lines", exam.len());
    let observed = exam.each(options, &bar, |_, case, document, asking| {
        Ok(block_on(observe(case, document, model, asking))?)
    })?;
    bar.finish_and_clear();
    let [learned, measured] = halves(observed)?.map(|half| half.concat());
    let mixer = Mixer { weights: fit_mixer(learned.iter().map(|one| &one.mixtures[nth])) };
    let bits = |nats: &dyn Fn(&Observation) -> f64| {
        bits_per_byte(measured.iter().map(|one| (nats(one), one.n_bytes))).unwrap_or(f64::NAN)
    };
    Ok(Learned {
        before: bits(&|one| one.mixtures[nth].before),
        after: bits(&|one| one.mixtures[nth].nats_under(&mixer)),
        weights: mixer.weights,
    })
}
