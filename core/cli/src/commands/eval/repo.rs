use anyhow::Result;
use inkling_assist::Options;
use inkling_assist::context::Sources;
use inkling_eval::{CaseResult, Group, Measured, Summary, holes_report, summarize};
use serde::Serialize;

use super::exam::Exam;
use super::log::Log;
use super::table;
use crate::args::Repo;
use crate::model;

/// What besides the file itself is told: the product's own choice last.
const CONTEXTS: [(&str, Sources); 5] = [
    ("none", Sources::NONE),
    ("similar", Sources { similar: true, ..Sources::NONE }),
    ("related", Sources { related: true, ..Sources::NONE }),
    ("recalled", Sources { recalled: true, ..Sources::NONE }),
    ("all", Sources::ALL),
];

/// `inkling eval repo`.
pub(crate) fn run(args: &Repo, json: bool) -> Result<()> {
    let exam = Exam::of_folders(&args.folders, args.parts.limit, args.parts.seed)?;
    let (mut model, options) = super::completer(&args.subject)?;
    let run = Run {
        model: model.name().to_string(),
        repositories: args.folders.iter().map(|folder| folder.display().to_string()).collect(),
        limit: args.parts.limit,
        seed: args.parts.seed,
        ablation: args.ablation,
        keystrokes: args.keystrokes,
    };
    let out = args.parts.out.as_deref();
    let mut log = Log::open(out, &run)?;
    let measured = Measured { likelihood: true, keystrokes: args.keystrokes };
    let contexts = if args.ablation { &CONTEXTS[..] } else { &CONTEXTS[CONTEXTS.len() - 1..] };
    let bar = model::steps_bar("Asking", exam.len() * contexts.len());
    let (mut by_context, mut results) = (Vec::new(), Vec::new());
    for &(name, sources) in contexts {
        let options = Options { sources, ..options };
        results = exam.sit(name, &mut *model, options, measured, &mut log, &bar)?;
        by_context.push(Named::new(name, results.iter().map(|(_, result)| result)));
    }
    bar.finish_and_clear();

    let of = |idx: usize| results.iter().filter(move |(of, _)| *of == idx).map(|(_, result)| result);
    let by_repository = exam.names().enumerate().map(|(idx, name)| Named::new(name, of(idx))).collect();
    let results: Vec<CaseResult> = results.iter().map(|(_, result)| result.clone()).collect();
    let figures = Figures { summary: summarize(&results), by_context, by_repository };
    let title = format!("Parts of repositories, by {}", run.model);
    let about = "Each part was taken out of its file, and asked for as the editor asks, with the repository's \
                 other files at hand.";
    let report = || holes_report([&title, about], &figures.summary, &figures.apart(), &results);
    super::publish(out, &run, &figures, report, || table::holes(&figures.summary, &figures.apart()), json)
}

/// What was asked of whom: a run goes on only with the same.
#[derive(Serialize)]
struct Run {
    model: String,
    repositories: Vec<String>,
    limit: usize,
    seed: u64,
    ablation: bool,
    keystrokes: bool,
}

/// Of the product's own context, and apart.
#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    summary: Summary,
    /// The same cases by what was told.
    by_context: Vec<Named>,
    /// Of the product's own context.
    by_repository: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    group: Group,
}

impl Named {
    fn new<'a>(name: &str, results: impl Iterator<Item = &'a CaseResult>) -> Named {
        let results: Vec<CaseResult> = results.cloned().collect();
        Named { name: name.to_string(), group: summarize(&results).all }
    }
}

impl Figures {
    /// What there is besides the summary, for a table.
    fn apart(&self) -> Vec<(String, Group)> {
        let contexts =
            self.by_context.iter().map(|one| (format!("context: {}", one.name), one.group.clone()));
        let repositories = self.by_repository.iter().map(|one| (one.name.clone(), one.group.clone()));
        contexts.chain(repositories).collect()
    }
}
