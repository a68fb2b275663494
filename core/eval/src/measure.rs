use std::cell::RefCell;

use inkling_assist::context::{Limits, RecentEdits, Workspace};
use inkling_assist::engine::Cancel;
use inkling_assist::prompt::Prompt;
use inkling_assist::syntax::Source;
use inkling_assist::{AssistError, Completer, LocalModel, Observation, Options, Request, suggest};

use crate::{Case, CaseResult, Document};

/// What to measure of every case besides the suggestion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// What the model gives the wanted text.
    pub likelihood: bool,
    /// How many keys a person needs for the line.
    pub keystrokes: bool,
}

/// Asks for a case's line.
///
/// # Errors
/// Those of the model.
pub async fn measure(
    case: &Case,
    document: &Document,
    completer: &mut dyn Completer,
    options: Options,
    measured: Measured,
    now_ms: &dyn Fn() -> f64,
) -> Result<CaseResult, AssistError> {
    let wanted = &document.text[case.wanted.clone()];
    let mut asker = Asker { case, document, completer, options, now_ms };
    let answer = asker.ask(0, measured.likelihood.then_some(wanted)).await?;
    let keystrokes = match measured.keystrokes {
        true => Some(asker.type_line(&answer.text).await?),
        false => None,
    };
    Ok(CaseResult {
        path: document.path.clone(),
        line: document.text[..case.wanted.start].matches('\n').count() + 1,
        language: document.language.id().to_string(),
        kind: case.kind,
        trivial: case.trivial,
        repeated: case.repeated,
        wanted: wanted.to_string(),
        suggested: answer.text,
        probability: answer.probability,
        latency_ms: answer.latency_ms,
        nats: answer.nats,
        keystrokes,
    })
}

/// What model and files at hand expect at every token of a case's line and the line break behind it.
///
/// # Errors
/// Those of the model.
pub async fn observe(
    case: &Case,
    document: &Document,
    model: &mut LocalModel,
    options: Options,
    now_ms: &dyn Fn() -> f64,
) -> Result<Vec<Observation>, AssistError> {
    let options = Options { max_tokens: 1, ..options };
    let prompt = Asker { case, document, completer: model, options, now_ms }.ask(0, None).await?.prompt;
    model.observe(&prompt, &format!("{}\n", &document.text[case.wanted.clone()])).await
}

/// Asks at places of a case's line, behind which nothing of the line stands yet.
struct Asker<'a> {
    case: &'a Case,
    document: &'a Document,
    completer: &'a mut dyn Completer,
    options: Options,
    now_ms: &'a dyn Fn() -> f64,
}

struct Shown {
    prompt: Prompt,
    text: String,
    probability: f32,
    latency_ms: f64,
    nats: Option<(f64, usize)>,
}

impl Asker<'_> {
    /// What is shown once the first `n_typed` bytes of the wanted text are typed.
    async fn ask(&mut self, n_typed: usize, likelihood_of: Option<&str>) -> Result<Shown, AssistError> {
        let offset = self.case.wanted.start + n_typed;
        let text = &self.document.text;
        let rest = format!("{}{}", &text[..offset], &text[self.case.wanted.end..]);
        let source = Source::new(rest, self.document.language);
        let edits = RecentEdits::default();
        let path = &self.document.path;
        // Each file by itself: what a model makes of its own file is what is compared.
        let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
        let options = self.options;
        let request =
            Request { source: &source, path, offset, workspace: &workspace, edits: &edits, options };
        let outcome = suggest(request, self.completer, &Cancel::default(), self.now_ms).await?;
        let nats = match likelihood_of {
            Some(wanted) => self.completer.likelihood(&outcome.prompt, &format!("{wanted}\n")).await?,
            None => None,
        };
        let first = outcome.candidates.first();
        Ok(Shown {
            prompt: outcome.prompt,
            text: first.map_or_else(String::new, |candidate| candidate.text.clone()),
            probability: first.map_or(0.0, |candidate| candidate.probability),
            latency_ms: outcome.timings.total_ms,
            nats,
        })
    }

    /// Keys for the line of a person who reads every suggestion, takes one whose first line is wholly right
    /// with one key, and otherwise types the next character.
    async fn type_line(&mut self, first: &str) -> Result<usize, AssistError> {
        let wanted = self.document.text[self.case.wanted.clone()].to_string();
        let (mut n_typed, mut n_keys, mut shown) = (0, 0, first.to_string());
        while n_typed < wanted.len() {
            let (rest, line) = (&wanted[n_typed..], shown.lines().next().unwrap_or("").trim_end());
            n_keys += 1;
            if !line.is_empty() && rest.starts_with(line) {
                n_typed += line.len();
                shown.clear();
            } else {
                let typed = rest.chars().next().map_or(1, char::len_utf8);
                // Typing what is shown keeps the rest of it on the screen.
                shown = shown.strip_prefix(&rest[..typed]).unwrap_or("").to_string();
                n_typed += typed;
            }
            if shown.is_empty() && n_typed < wanted.len() {
                shown = self.ask(n_typed, None).await?.text;
            }
        }
        Ok(n_keys)
    }
}
