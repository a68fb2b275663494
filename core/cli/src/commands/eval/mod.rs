mod corpus;
mod lines;
mod log;
mod mixing;
mod problems;

use std::fs;
use std::path::Path;

use anyhow::Result;
use inkling_eval::Format;
use serde::Serialize;
use serde_json::json;

use super::{print, print_json};
use crate::args::Eval;

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
