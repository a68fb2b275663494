use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use inkling_assist::gguf::{Array, Builder, Value};
use inkling_assist::ngram::N_FEATURES;
use inkling_assist::syntax::Language;
use inkling_assist::{LocalModel, MIXER_KEY};
use inkling_eval::{
    Case, CaseResult, Document, Group, Measured, Summary, bits_per_byte, draw, fit_mixer, html, measure,
    observe, summarize,
};
use inkling_lsp::Configuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{print, print_json};
use crate::args::{Eval, Lines, Mixing, Runs};
use crate::{config, files, model};

/// `inkling eval …`.
pub(crate) fn run(command: &Eval, json: bool) -> Result<()> {
    match command {
        Eval::Lines(args) => lines(args, json),
        Eval::Mixing(args) => mixing(args, json),
    }
}

fn lines(args: &Lines, json: bool) -> Result<()> {
    let documents = read_corpus(&args.corpus, &args.split)?;
    let cases = draw(&documents, args.limit, args.seed);
    let settings = config::read()?;
    // The CPU gives the same figures everywhere.
    let path = model::choose(args.model.as_deref(), &settings);
    let mut model = model::load(&path, args.threads, Runs::CPU)?;
    let run = Run {
        model: model.summary().name.clone(),
        corpus: args.corpus.display().to_string(),
        split: args.split.clone(),
        limit: args.limit,
        seed: args.seed,
        keystrokes: args.keystrokes,
    };
    let mut log = args.out.as_deref().map(|folder| CaseLog::open(folder, &run)).transpose()?;
    let results = measure_all(&documents, &cases, &mut model, args.keystrokes, log.as_mut())?;
    let summary = summarize(&results);
    let figures = json!({ "run": run, "figures": summary });
    if let Some(folder) = &args.out {
        fs::write(folder.join("summary.json"), serde_json::to_string_pretty(&figures)? + "\n")?;
        let title = format!("Lines of held-out packages, by {}", run.model);
        fs::write(folder.join("report.html"), html(&title, &summary, &results))?;
    }
    if json { print_json(&flat(&figures)) } else { print(&table(&summary)) }
}

/// Learns on one half of the cases, and says on the other what it is worth.
fn mixing(args: &Mixing, json: bool) -> Result<()> {
    let documents = read_corpus(&args.corpus, &args.split)?;
    let cases = draw(&documents, args.limit, args.seed);
    let settings = config::read()?;
    let path = model::choose(args.model.as_deref(), &settings);
    let mut model = model::load(&path, args.threads, Runs::CPU)?;
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

/// With the figures at the top level.
fn flat(figures: &serde_json::Value) -> serde_json::Value {
    let mut top = figures["figures"].clone();
    top["run"] = figures["run"].clone();
    top
}

fn measure_all(
    documents: &[Document],
    cases: &[Case],
    model: &mut LocalModel,
    keystrokes: bool,
    mut log: Option<&mut CaseLog>,
) -> Result<Vec<CaseResult>> {
    let (options, clock) = (Configuration::DEFAULT.options, model::clock());
    let bar = model::steps_bar("Asking for lines", cases.len());
    let measured = Measured { likelihood: true, keystrokes };
    let mut results = Vec::new();
    for case in cases {
        let known = log.as_ref().and_then(|log| log.results.get(&key(case)).cloned());
        let result = match known {
            Some(result) => result,
            None => {
                let document = &documents[case.document];
                let result = block_on(measure(case, document, model, options, measured, &clock))?;
                if let Some(log) = log.as_mut() {
                    log.append(case, &result)?;
                }
                result
            }
        };
        results.push(result);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(results)
}

/// What was asked of whom: a run goes on only with the same.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    model: String,
    corpus: String,
    split: String,
    limit: usize,
    seed: u64,
    keystrokes: bool,
}

/// `cases.jsonl`: the run, then a line for each case that is done, so that a stopped run goes on.
struct CaseLog {
    file: File,
    results: HashMap<(usize, usize), CaseResult>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    document: usize,
    offset: usize,
    #[serde(flatten)]
    result: CaseResult,
}

fn key(case: &Case) -> (usize, usize) {
    (case.document, case.wanted.start)
}

impl CaseLog {
    fn open(folder: &Path, run: &Run) -> Result<CaseLog> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let path = folder.join("cases.jsonl");
        let text = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        let mut lines = text.lines();
        if let Some(first) = lines.next() {
            let known: Option<Run> = serde_json::from_str(first).ok();
            if known.as_ref() != Some(run) {
                bail!("{} is of another run; choose another folder with --out, or delete it", path.display());
            }
        }
        // A line that a killed run left unfinished is asked for again.
        let rows: Vec<Row> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut whole = serde_json::to_string(run)? + "\n";
        for row in &rows {
            whole += &(serde_json::to_string(row)? + "\n");
        }
        fs::write(&path, whole)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        let results = rows.into_iter().map(|row| ((row.document, row.offset), row.result)).collect();
        Ok(CaseLog { file, results })
    }

    fn append(&mut self, case: &Case, result: &CaseResult) -> Result<()> {
        let row = Row { document: case.document, offset: case.wanted.start, result: result.clone() };
        Ok(writeln!(self.file, "{}", serde_json::to_string(&row)?)?)
    }
}

/// A line of the corpus, as far as it is needed.
#[derive(Deserialize)]
struct Line {
    package: String,
    path: String,
    split: String,
    text: String,
}

fn read_corpus(path: &Path, split: &str) -> Result<Vec<Document>> {
    let file = File::open(path).with_context(|| format!("cannot open the corpus {}", path.display()))?;
    let mut documents = Vec::new();
    for (idx, line) in BufReader::new(file).lines().enumerate() {
        let context = || format!("{}, line {}", path.display(), idx + 1);
        let line = line.with_context(context)?;
        let line: Line = serde_json::from_str(&line).with_context(context)?;
        if line.split == split {
            let path = format!("{}/{}", line.package, line.path);
            let language = Language::from_path(&path);
            documents.push(Document { path, language, text: line.text });
        }
    }
    if documents.is_empty() {
        bail!("{} has no document of the split \"{split}\"", path.display());
    }
    Ok(documents)
}

fn table(summary: &Summary) -> String {
    let row = |name: &str, group: &Group| {
        let optional = |value: Option<f64>| value.map_or("–".to_string(), |value| format!("{value:.3}"));
        format!(
            "{name:<12} {:>5} {:>7.3} {:>7.3} {:>7.3} {:>7} {:>7} {:>7.0} {:>7.0}\n",
            group.n,
            group.exact_match,
            group.edit_similarity,
            group.shown,
            optional(group.bits_per_byte),
            optional(group.keystrokes_saved),
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
