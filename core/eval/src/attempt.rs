use std::cell::RefCell;

use inkling_assist::context::{Limits, RecentEdits, Workspace};
use inkling_assist::engine::{Cancel, Sampling};
use inkling_assist::syntax::{Language, Source};
use inkling_assist::{Ask, AssistError, Completer, Options, Request, question};
use serde::{Deserialize, Serialize};

use crate::{Format, Problem};

/// Answers of a model to a problem, before anything of them has run.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The parts that count.
    pub answers: Vec<String>,
    /// Milliseconds from the question to the last answer.
    pub latency_ms: f64,
    /// What the model gave the text that stood there, in nats, and its bytes.
    pub nats: Option<(f64, usize)>,
}

/// How a problem is attempted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Answers wanted.
    pub n_samples: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Tokens of an answer, at most.
    pub max_tokens: usize,
}

/// What became of running an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    /// The tests passed.
    Passed,
    /// The program ended otherwise, with this last word.
    Failed(String),
    /// The program did not end in time.
    TimedOut,
    /// The system ended it, with this signal.
    Killed(i32),
}

/// Asks for a problem's missing text with the product's own prompt and takes what the model writes, unrefined.
///
/// # Errors
/// Those of the model.
pub async fn attempt(
    problem: &Problem,
    completer: &mut dyn Completer,
    options: Options,
    effort: Effort,
    now_ms: &dyn Fn() -> f64,
) -> Result<Attempt, AssistError> {
    let source = Source::new(problem.text(), Language::Python);
    let (workspace, edits) = (RefCell::new(Workspace::new(Limits::STANDARD)), RecentEdits::default());
    let request = Request {
        source: &source,
        path: "solution.py",
        offset: problem.prompt.len(),
        workspace: &workspace,
        edits: &edits,
        n_rejected: 0,
        options: Options { max_tokens: effort.max_tokens, ..options },
    };
    let started = now_ms();
    let question = question(request, completer, now_ms);
    let restored = |text: &str| question.secrets.restore(text);
    let ask = Ask {
        prompt: &question.prompt,
        max_tokens: effort.max_tokens,
        n_completions: effort.n_samples,
        sampling: effort.sampling,
        is_complete: &|text| problem.is_complete(&restored(text)),
        cancel: &Cancel::default(),
        now_ms,
    };
    let answer = completer.complete(ask).await?;
    let latency_ms = now_ms() - started;
    let answers =
        answer.completions.iter().map(|one| problem.cut(&restored(&one.text)).to_string()).collect();
    // Whole bodies have no one right text, and may be longer than the model's context.
    let wanted = &problem.canonical_solution;
    let fits = problem.format() != Format::Body && completer.count(wanted) <= effort.max_tokens;
    let nats = match fits {
        true => completer.likelihood(&question.prompt, wanted).await?,
        false => None,
    };
    Ok(Attempt { answers, latency_ms, nats })
}
