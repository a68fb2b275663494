use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use futures::executor::block_on;
use inkling_assist::LocalModel;
use inkling_assist::engine::{Cancel, Executor, TokenId, Want};
use inkling_assist::tokenizer::Tokenizer;
use serde_json::json;

use super::{info, list, print, print_json, pull, quantize};
use crate::args::{Lora, Model, Runs};
use crate::model;

/// Tokens of the bench's prompt and answer, and how often it runs.
#[derive(Clone, Copy)]
struct Bench {
    n_prompt: usize,
    n_decode: usize,
}

const N_RUNS: usize = 3;

/// `inkling model …`.
pub(crate) fn run(command: &Model, json: bool) -> Result<()> {
    match command {
        Model::List => list::run(json),
        Model::Info { model } => info::run(model, json),
        Model::Pull { name, sha256 } => pull::run(name, sha256.as_deref(), json),
        Model::Tokenize { model, decode: false, special } => tokenize(model, *special),
        Model::Tokenize { model, decode: true, .. } => detokenize(model),
        Model::Logits { model, ids, out, runs, lora } => logits(model, lora, ids, out, *runs, json),
        Model::Quantize { input, output, dtype } => quantize::run(input, output, dtype, json),
        Model::Bench { model, threads, prompt, decode, runs, lora } => {
            bench(model, lora, (*threads, *runs), Bench { n_prompt: *prompt, n_decode: *decode }, json)
        }
    }
}

fn tokenize(path: &Path, special: bool) -> Result<()> {
    let tokenizer = Tokenizer::from_gguf(&model::header(path)?)?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the text on standard input is not UTF-8")?;
    let ids = if special { tokenizer.encode_with_special(&text) } else { tokenizer.encode(&text) };
    print(&serde_json::to_string(&ids)?)
}

fn detokenize(path: &Path) -> Result<()> {
    let tokenizer = Tokenizer::from_gguf(&model::header(path)?)?;
    let ids: Vec<TokenId> = serde_json::from_reader(std::io::stdin())
        .context("standard input is not a JSON array of token ids")?;
    Ok(std::io::stdout().write_all(tokenizer.decode(&ids).as_bytes())?)
}

fn logits(path: &Path, lora: &Lora, ids: &[TokenId], out: &Path, runs: Runs, json: bool) -> Result<()> {
    let mut model = model::load(path, None, runs)?;
    model::adapt(&mut model, lora)?;
    let logits = block_on(model.executor().logits(ids, &Cancel::default()))?;
    let bytes: Vec<u8> = logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
    std::fs::write(out, bytes).with_context(|| format!("cannot write {}", out.display()))?;
    let (n_tokens, n_vocab) = (ids.len(), model.config().n_vocab);
    if json {
        return print_json(&json!({ "n_tokens": n_tokens, "n_vocab": n_vocab, "out": out }));
    }
    print(&format!("{} holds f32 [{n_tokens}, {n_vocab}]", out.display()))
}

fn bench(
    path: &Path,
    lora: &Lora,
    (threads, runs): (Option<usize>, Runs),
    bench: Bench,
    json: bool,
) -> Result<()> {
    let mut model = model::load(path, threads, runs)?;
    model::adapt(&mut model, lora)?;
    let mut runs: Vec<(f64, f64)> =
        (0..N_RUNS).map(|run| measure(&mut model, bench, run)).collect::<Result<_>>()?;
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let prefill = runs[N_RUNS / 2].0;
    runs.sort_by(|a, b| a.1.total_cmp(&b.1));
    let decode = runs[N_RUNS / 2].1;
    let summary = model.summary();
    if json {
        return print_json(&json!({
            "prefill_tok_s": prefill, "decode_tok_s": decode,
            "executor": summary.executor, "threads": summary.n_threads,
        }));
    }
    let threads = if summary.n_threads == 1 { "thread" } else { "threads" };
    print(&format!(
        "prefill {prefill:.1} tokens/s, decode {decode:.1} tokens/s ({}, {} {threads}; median of {N_RUNS})",
        summary.executor, summary.n_threads
    ))
}

/// Prefill and decode speed in tokens a second, on a prompt that no earlier run shares a beginning with.
fn measure(model: &mut LocalModel, bench: Bench, run: usize) -> Result<(f64, f64)> {
    let n_vocab = model.config().n_vocab as u32;
    let mut random = fastrand::Rng::with_seed(run as u64 + 1);
    let prompt: Vec<TokenId> = (0..bench.n_prompt.max(1)).map(|_| random.u32(0..n_vocab)).collect();
    let (want, cancel) = (Want { top_k: 1, masked: Vec::new() }, Cancel::default());
    let (clock, executor): (_, &mut dyn Executor) = (model::clock(), model.executor());
    let prefilled = block_on(executor.prefill(&prompt, &want, &cancel))?;
    let prefill_ms = clock();
    let token = prefilled.top.entries[0].0;
    block_on(executor.greedy(token, bench.n_decode, &[], &want, &cancel))?;
    let per_second = |n: usize, ms: f64| n as f64 * 1000.0 / ms.max(1e-3);
    Ok((per_second(prompt.len(), prefill_ms), per_second(bench.n_decode, clock() - prefill_ms)))
}
