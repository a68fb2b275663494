mod lines;
mod log;
mod mixing;
mod problems;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use inkling_assist::LocalModel;
use inkling_assist::syntax::Language;
use inkling_eval::{Document, Format};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{print, print_json};
use crate::args::{Eval, Runs, Subject};
use crate::{config, corpus, model};

/// `inkling eval …`.
pub(crate) fn run(command: &Eval, json: bool) -> Result<()> {
    match command {
        Eval::Lines(args) => lines::run(args, json),
        Eval::Infill(args) => {
            problems::run(args, &[Format::SingleLine, Format::MultiLine, Format::RandomSpan], json)
        }
        Eval::Humaneval(args) => problems::run(args, &[Format::Body], json),
        Eval::Mixing(args) => mixing::run(args, json),
    }
}

/// The model that is measured and its file, on the CPU, which gives the same figures everywhere.
fn load(subject: &Subject) -> Result<(LocalModel, PathBuf)> {
    let path = model::choose(subject.model.as_deref(), &config::read()?);
    Ok((model::load(&path, subject.threads, Runs::CPU)?, path))
}

/// A document of a corpus, as far as it is needed.
#[derive(Deserialize)]
struct Line {
    package: String,
    path: String,
    split: String,
    text: String,
}

/// The documents of a split.
fn documents(corpus: &Path, split: &str) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    corpus::read(corpus, |line: Line| {
        if line.split == split {
            let path = format!("{}/{}", line.package, line.path);
            let language = Language::from_path(&path);
            documents.push(Document { path, language, text: line.text });
        }
        Ok(())
    })?;
    if documents.is_empty() {
        bail!("{} has no document of the split \"{split}\"", corpus.display());
    }
    Ok(documents)
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
