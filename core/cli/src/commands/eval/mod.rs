mod compare;
mod confidence;
mod exam;
mod lines;
mod log;
mod mixing;
mod problems;
mod repo;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use inkling_assist::gguf::{Builder, Value};
use inkling_assist::{Completer, LocalModel, Options};
use inkling_endpoint::EndpointModel;
use inkling_eval::Format;
use inkling_lsp::Configuration;
use inkling_lsp::wire::{EndpointSettings, Settings};
use serde::Serialize;
use serde_json::json;

use super::{print, print_json};
use crate::args::{Eval, ModelFile, Runs, Subject};
use crate::http::Http;
use crate::{config, endpoint, files, model};

/// `inkling eval …`.
pub(crate) fn run(command: &Eval, json: bool) -> Result<()> {
    match command {
        Eval::Lines(args) => lines::run(args, json),
        Eval::Infill(args) => {
            problems::run(args, &[Format::SingleLine, Format::MultiLine, Format::RandomSpan], json)
        }
        Eval::Humaneval(args) => problems::run(args, &[Format::Body], json),
        Eval::Repo(args) => repo::run(args, json),
        Eval::Compare(args) => compare::run(args, json),
        Eval::Mixing(args) => mixing::run(args, json),
        Eval::Confidence(args) => confidence::run(args, json),
    }
}

/// Whoever is measured, and how the editor would ask.
fn completer(subject: &Subject) -> Result<(Box<dyn Completer>, Options)> {
    match endpoint::named(&subject.server) {
        Some(_) if subject.file.model.is_some() => bail!("measure one at a time: --model or --endpoint"),
        Some(settings) => server(settings),
        None => Ok((Box::new(load(&subject.file)?.0), Configuration::DEFAULT.options)),
    }
}

/// The model that is measured and its file, on the CPU, which gives the same figures everywhere.
fn load(file: &ModelFile) -> Result<(LocalModel, PathBuf)> {
    let path = model::choose(file.model.as_deref(), &config::read()?);
    Ok((model::load(&path, file.threads, Runs::CPU)?, path))
}

/// A server and how the editor would ask it.
fn server(settings: EndpointSettings) -> Result<(Box<dyn Completer>, Options)> {
    let mut settings = Settings { endpoint: Some(settings), ..Settings::default() };
    endpoint::add_key(&mut settings);
    let mut configuration = Configuration::DEFAULT;
    configuration.apply(settings);
    let server = configuration.endpoint.context("the server has no address")?;
    let options = Options { prompt_tokens: server.prompt_tokens, ..configuration.options };
    Ok((Box::new(EndpointModel::new(server, Rc::<Http>::default())?), options))
}

/// Writes a model again with other values of metadata keys.
fn rewrite(model: &Path, values: &[(&str, Value)], out: &Path) -> Result<()> {
    let (gguf, source) = (model::header(model)?, files::open(model)?);
    let is_kept = |key: &str| values.iter().all(|(other, _)| *other != key);
    let others =
        gguf.metadata.iter().filter(|(key, _)| is_kept(key)).map(|(key, value)| (key.as_str(), value));
    let all = others.chain(values.iter().map(|(key, value)| (*key, value)));
    let mut file = all.fold(Builder::new(), |file, (key, value)| file.metadata(key, value.clone()));
    for tensor in &gguf.tensors {
        let data = block_on(source.read(tensor.range.clone()))?;
        file = file.tensor(&tensor.name, &tensor.shape, tensor.dtype, &data);
    }
    fs::write(out, file.build()).with_context(|| format!("cannot write {}", out.display()))
}

/// Writes figures and report into the folder for results, if there is one, and prints the figures.
fn publish(
    out: Option<&Path>,
    run: &impl Serialize,
    figures: &impl Serialize,
    report: impl Fn() -> String,
    table: impl Fn() -> String,
    json: bool,
) -> Result<()> {
    // With the figures at the top level.
    let mut summary = serde_json::to_value(figures)?;
    summary["run"] = json!(run);
    if let Some(folder) = out {
        fs::write(folder.join("summary.json"), serde_json::to_string_pretty(&summary)? + "\n")?;
        fs::write(folder.join("report.html"), report())?;
    }
    if json { print_json(&summary) } else { print(&table()) }
}
