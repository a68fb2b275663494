use std::path::Path;

use anyhow::Result;
use inkling_assist::engine::MemoryPlan;
use inkling_assist::{Completer, Options};
use inkling_eval::{CaseResult, Contestant, Measured, comparison_report, fraction, megabytes, summarize};
use inkling_lsp::Configuration;
use serde::Serialize;

use super::exam::Exam;
use super::log::Log;
use crate::args::Compare;
use crate::{endpoint, files, model};

/// Context that memory is planned for, where a model has as long a one.
const N_CONTEXT: usize = 4096;

/// `inkling eval compare`.
pub(crate) fn run(args: &Compare, json: bool) -> Result<()> {
    let exam = Exam::of_folders(&args.folders, args.parts.limit, args.parts.seed)?;
    let server = endpoint::named(&args.server);
    let run = Run {
        models: args.models.iter().map(|model| model.display().to_string()).collect(),
        server: server.as_ref().map(|server| server.url.clone()),
        repositories: args.folders.iter().map(|folder| folder.display().to_string()).collect(),
        limit: args.parts.limit,
        seed: args.parts.seed,
    };
    let out = args.parts.out.as_deref();
    let mut log = Log::open(out, &run)?;
    let bar = model::steps_bar("Asking", exam.len() * (args.models.len() + usize::from(server.is_some())));
    let mut sit = |name: &str, place: &str, (model, options): (&mut dyn Completer, Options), size| {
        let measured = Measured { likelihood: true, keystrokes: false };
        let results = exam.sit(place, model, options, measured, &mut log, &bar)?;
        let results: Vec<CaseResult> = results.into_iter().map(|(_, result)| result).collect();
        Ok::<_, anyhow::Error>(contestant(name, size, &results))
    };
    let mut contestants = Vec::new();
    for (path, place) in args.models.iter().zip(&run.models) {
        let size = size(path)?;
        // One at a time, so that each has the memory to itself.
        let mut model = model::load(path, args.threads, args.runs)?;
        let asked = (&mut model as &mut dyn Completer, Configuration::DEFAULT.options);
        contestants.push(sit(&name_of(path), place, asked, Some(size))?);
    }
    if let Some(settings) = server {
        let place = settings.url.clone();
        let (mut model, options) = super::server(settings)?;
        let name = model.name().to_string();
        contestants.push(sit(&name, &place, (&mut *model, options), None)?);
    }
    bar.finish_and_clear();
    let figures = Figures { n: contestants.first().map_or(0, |first| first.group.n), models: contestants };
    let report = || comparison_report(&figures.models);
    super::publish(out, &run, &figures, report, || table(&figures.models), json)
}

/// What was asked of whom: a run goes on only with the same.
#[derive(Serialize)]
struct Run {
    models: Vec<String>,
    server: Option<String>,
    repositories: Vec<String>,
    limit: usize,
    seed: u64,
}

#[derive(Serialize)]
struct Figures {
    n: usize,
    models: Vec<Contestant>,
}

/// Bytes of a model file, and of the memory it takes where it runs.
#[derive(Clone, Copy)]
struct Size {
    file: u64,
    memory: u64,
}

fn size(path: &Path) -> Result<Size> {
    let header = model::header(path)?;
    let plan = MemoryPlan::new(&header)?;
    let memory = plan.on_cpu(N_CONTEXT.min(plan.n_context())).total();
    Ok(Size { file: files::open(path)?.len(), memory })
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn contestant(name: &str, size: Option<Size>, results: &[CaseResult]) -> Contestant {
    Contestant {
        model: name.to_string(),
        file_bytes: size.map(|size| size.file),
        memory_bytes: size.map(|size| size.memory),
        group: summarize(results).all,
    }
}

fn table(contestants: &[Contestant]) -> String {
    let width = contestants.iter().map(|one| one.model.chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!(
        "{:<width$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>9}",
        "model", "exact", "similar", "bits/B", "p50 ms", "p95 ms", "file MB", "memory MB"
    );
    for Contestant { model, file_bytes, memory_bytes, group } in contestants {
        text += &format!(
            "\n{model:<width$} {:>7.3} {:>7.3} {:>7} {:>7.0} {:>7.0} {:>8} {:>9}",
            group.exact_match,
            group.edit_similarity,
            fraction(group.bits_per_byte),
            group.latency_ms_p50,
            group.latency_ms_p95,
            megabytes(*file_bytes),
            megabytes(*memory_bytes)
        );
    }
    text
}
