use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use futures::executor::block_on;
use inkling_assist::{Completer, Options};
use inkling_eval::{
    Attempt, Effort, Format, Outcome, Problem, ProblemFigures, ProblemResult, Sample, attempt, fraction,
    problems_report, sampling, summarize_problems,
};
use serde::Serialize;

use super::log::Log;
use crate::args::{Answers, Problems};
use crate::model;
use crate::sandbox::{Limits, Sandbox};

/// `inkling eval infill` and `inkling eval humaneval`: problems of these formats.
pub(crate) fn run(args: &Problems, formats: &[Format], json: bool) -> Result<()> {
    if args.samples > 1 && args.temperature <= 0.0 {
        bail!("at temperature 0 all answers are the same; give --temperature with --samples");
    }
    let problems = read(&args.data, formats)?;
    let problems = drawn(&problems, args.limit, args.seed);
    let sandbox = Sandbox::open(&args.python, Limits { seconds: args.seconds, memory: args.memory })?;
    let mut answerer = answerer(args)?;
    let run = Run {
        model: answerer.name(),
        data: args.data.display().to_string(),
        limit: args.limit,
        seed: args.seed,
        samples: args.samples,
        temperature: args.temperature,
        max_tokens: args.max_tokens,
        seconds: args.seconds,
        memory: args.memory,
    };
    let out = args.out.as_deref();
    let mut log = Log::open(out, &run)?;
    let bar = model::steps_bar("Solving problems", problems.len());
    let mut solve = |problem: &&Problem| {
        let solved = || solved(problem, answerer.attempt(problem, effort(args, problem))?, &sandbox);
        let result = log.result(problem.task_id.clone(), solved);
        bar.inc(1);
        result
    };
    let results: Vec<ProblemResult> = problems.iter().map(&mut solve).collect::<Result<_>>()?;
    bar.finish_and_clear();
    let figures = summarize_problems(&results);
    let title = format!("{}, by {}", title(formats), run.model);
    super::publish(
        out,
        &run,
        &figures,
        || problems_report(&title, &figures, &results),
        || table(&figures),
        json,
    )
}

/// What was asked of whom: a run goes on only with the same.
#[derive(Serialize)]
struct Run {
    model: String,
    data: String,
    limit: Option<usize>,
    seed: u64,
    samples: u16,
    temperature: f32,
    max_tokens: Option<usize>,
    seconds: u64,
    memory: u64,
}

fn title(formats: &[Format]) -> &'static str {
    if formats.contains(&Format::Body) { "Bodies of functions" } else { "Holes in functions" }
}

fn read(path: &Path, formats: &[Format]) -> Result<Vec<Problem>> {
    let context = || format!("cannot read {}", path.display());
    let mut text = String::new();
    let mut file = File::open(path).with_context(context)?;
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => MultiGzDecoder::new(file).read_to_string(&mut text),
        false => file.read_to_string(&mut text),
    }
    .with_context(context)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let problem = |(idx, line)| {
        let problem: Problem =
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), idx + 1))?;
        match formats.contains(&problem.format()) {
            true => Ok(problem),
            false => bail!(
                "{} is no problem for this command: `infill` is for holes, `humaneval` for whole bodies",
                problem.task_id
            ),
        }
    };
    lines.map(problem).collect()
}

/// Some of the problems, in their order.
fn drawn(problems: &[Problem], limit: Option<usize>, seed: u64) -> Vec<&Problem> {
    let mut indices: Vec<usize> = (0..problems.len()).collect();
    if let Some(limit) = limit {
        fastrand::Rng::with_seed(seed).shuffle(&mut indices);
        indices.truncate(limit);
        indices.sort_unstable();
    }
    indices.into_iter().map(|idx| &problems[idx]).collect()
}

fn effort(args: &Problems, problem: &Problem) -> Effort {
    let usual = if problem.format() == Format::SingleLine { 64 } else { 256 };
    Effort {
        n_samples: args.samples.into(),
        sampling: sampling(args.temperature, args.seed),
        max_tokens: args.max_tokens.unwrap_or(usual),
    }
}

fn answerer(args: &Problems) -> Result<Answerer> {
    Ok(match args.answers {
        Answers::Model => {
            let (model, options) = super::completer(&args.subject)?;
            Answerer::Model(model, options)
        }
        Answers::Nobody => Answerer::Nobody,
        Answers::Author => Answerer::Author,
    })
}

enum Answerer {
    Model(Box<dyn Completer>, Options),
    Nobody,
    Author,
}

impl Answerer {
    fn name(&self) -> String {
        match self {
            Answerer::Model(model, _) => model.name().to_string(),
            Answerer::Nobody => "nobody".to_string(),
            Answerer::Author => "the author".to_string(),
        }
    }

    fn attempt(&mut self, problem: &Problem, effort: Effort) -> Result<Attempt> {
        let always = |answer: &str| Attempt {
            answers: vec![answer.to_string(); effort.n_samples],
            latency_ms: 0.0,
            nats: None,
        };
        match self {
            Answerer::Model(model, options) => {
                let clock = model::clock();
                Ok(block_on(attempt(problem, &mut **model, *options, effort, &clock))?)
            }
            Answerer::Nobody => Ok(always("")),
            Answerer::Author => Ok(always(&problem.canonical_solution)),
        }
    }
}

fn solved(problem: &Problem, attempt: Attempt, sandbox: &Sandbox) -> Result<ProblemResult> {
    let programs: Vec<String> = attempt.answers.iter().map(|answer| problem.program(answer)).collect();
    let outcomes = run_all(&programs, sandbox)?;
    let samples = attempt.answers.into_iter().zip(outcomes);
    Ok(ProblemResult {
        task_id: problem.task_id.clone(),
        format: problem.format(),
        wanted: problem.canonical_solution.clone(),
        samples: samples.map(|(text, outcome)| Sample { text, outcome }).collect(),
        latency_ms: attempt.latency_ms,
        nats: attempt.nats,
    })
}

/// What becomes of each program, as many at once as there are processors.
fn run_all(programs: &[String], sandbox: &Sandbox) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for group in programs.chunks(model::all_threads()) {
        let ended: Result<Vec<Outcome>> = thread::scope(|scope| {
            let runs: Vec<_> = group.iter().map(|program| scope.spawn(|| sandbox.run(program))).collect();
            runs.into_iter().map(|run| run.join().unwrap_or_else(|_| bail!("a thread panicked"))).collect()
        });
        outcomes.extend(ended?);
    }
    Ok(outcomes)
}

fn table(figures: &ProblemFigures) -> String {
    [
        ("problems", figures.n.to_string()),
        ("answers to each", figures.n_samples.to_string()),
        ("pass@1", fraction(figures.pass_at_1)),
        ("pass@10", fraction(figures.pass_at_10)),
        ("pass@100", fraction(figures.pass_at_100)),
        ("exact match", fraction(figures.exact_match)),
        ("similarity", fraction(figures.edit_similarity)),
        ("bits/B", fraction(figures.bits_per_byte)),
        ("out of time", fraction(figures.timed_out)),
        ("p50 ms", format!("{:.0}", figures.latency_ms_p50)),
        ("p95 ms", format!("{:.0}", figures.latency_ms_p95)),
    ]
    .map(|(name, value)| format!("{name:<16} {value:>7}"))
    .join("\n")
}
