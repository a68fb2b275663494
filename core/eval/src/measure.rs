use std::cell::RefCell;

use inkling_assist::context::{RecentEdits, Workspace};
use inkling_assist::engine::Cancel;
use inkling_assist::prompt::Prompt;
use inkling_assist::syntax::Source;
use inkling_assist::{AssistError, Candidate, Completer, LocalModel, Observation, Options, Request, suggest};

use crate::{Case, CaseResult, Document};

/// What to measure of every case besides the suggestion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// What the model gives the wanted text.
    pub likelihood: bool,
    /// How many keys a person needs for it.
    pub keystrokes: bool,
}

/// How cases are asked for.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The files that suggestions may draw on; of the document itself nothing is taken.
    pub workspace: &'a RefCell<Workspace>,
    /// As the editor has them.
    pub options: Options,
    /// A steady clock in milliseconds.
    pub now_ms: &'a dyn Fn() -> f64,
}

/// Asks for what a case wants.
///
/// # Errors
/// Those of the model.
pub async fn measure(
    case: &Case,
    document: &Document,
    completer: &mut dyn Completer,
    asking: Asking<'_>,
    measured: Measured,
) -> Result<CaseResult, AssistError> {
    let wanted = &document.text[case.wanted.clone()];
    let mut asker = Asker { case, document, completer, asking };
    let answer = asker.ask(0, measured.likelihood.then_some(wanted)).await?;
    let keystrokes = match measured.keystrokes {
        true => Some(asker.type_line(answer.text()).await?),
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
        probability: answer.candidate.as_ref().map_or(0.0, |candidate| candidate.probability),
        signals: answer.candidate.as_ref().map(|candidate| candidate.signals),
        confidence: answer.candidate.as_ref().and_then(|candidate| candidate.confidence),
        is_sure: answer.candidate.as_ref().is_some_and(|candidate| candidate.is_sure),
        suggested: answer.candidate.map_or_else(String::new, |candidate| candidate.text),
        latency_ms: answer.latency_ms,
        nats: answer.nats,
        keystrokes,
    })
}

/// What model and files at hand expect at every token that a case wants and the line break behind it.
///
/// # Errors
/// Those of the model.
pub async fn observe(
    case: &Case,
    document: &Document,
    model: &mut LocalModel,
    asking: Asking<'_>,
) -> Result<Vec<Observation>, AssistError> {
    let asking = Asking { options: Options { max_tokens: 1, ..asking.options }, ..asking };
    let prompt = Asker { case, document, completer: model, asking }.ask(0, None).await?.prompt;
    model.observe(&prompt, &format!("{}\n", &document.text[case.wanted.clone()])).await
}

/// Asks at places of what a case wants, behind which nothing of it stands yet.
struct Asker<'a> {
    case: &'a Case,
    document: &'a Document,
    completer: &'a mut dyn Completer,
    asking: Asking<'a>,
}

struct Shown {
    prompt: Prompt,
    candidate: Option<Candidate>,
    latency_ms: f64,
    nats: Option<(f64, usize)>,
}

impl Shown {
    fn text(&self) -> &str {
        self.candidate.as_ref().map_or("", |candidate| &candidate.text)
    }
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
        let Asking { workspace, options, now_ms } = self.asking;
        let request = Request { source: &source, path, offset, workspace, edits: &edits, options };
        let outcome = suggest(request, self.completer, &Cancel::default(), now_ms).await?;
        let nats = match likelihood_of {
            Some(wanted) => self.completer.likelihood(&outcome.prompt, &format!("{wanted}\n")).await?,
            None => None,
        };
        Ok(Shown {
            prompt: outcome.prompt,
            candidate: outcome.candidates.into_iter().next(),
            latency_ms: outcome.timings.total_ms,
            nats,
        })
    }

    /// Keys for what is wanted, of a person who reads every suggestion, takes one whose first line is wholly right
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
                shown = self.ask(n_typed, None).await?.text().to_string();
            }
        }
        Ok(n_keys)
    }
}
