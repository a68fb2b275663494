use std::cell::RefCell;

use inkling_assist::context::{RecentEdits, Workspace};
use inkling_assist::engine::Cancel;
use inkling_assist::prompt::Prompt;
use inkling_assist::syntax::Source;
use inkling_assist::{
    AssistError, Candidate, Completer, LocalModel, Observation, Options, Request, question, suggest,
};

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
    measure_after(0, case, document, completer, asking, measured).await
}

/// The same for what is left of a case once the user has typed away from what was suggested first: up to the
/// first character that is another, and it. `None` where nothing is left, or nothing was typed away from.
///
/// # Errors
/// Those of the model.
pub async fn measure_typing_on(
    first: &CaseResult,
    case: &Case,
    document: &Document,
    completer: &mut dyn Completer,
    asking: Asking<'_>,
) -> Result<Option<CaseResult>, AssistError> {
    let suggested = first.suggested.chars().map(Some).chain(std::iter::repeat(None));
    let typed =
        first.wanted.char_indices().zip(suggested).find(|((_, wanted), other)| Some(*wanted) != *other);
    let Some(((at, other), _)) = typed.filter(|_| !first.suggested.is_empty()) else { return Ok(None) };
    let start = case.wanted.start + at + other.len_utf8();
    let rest = Case { wanted: start..case.wanted.end, ..case.clone() };
    match document.text[rest.wanted.clone()].trim().is_empty() {
        true => Ok(None),
        false => measure_after(1, &rest, document, completer, asking, Measured::default()).await.map(Some),
    }
}

async fn measure_after(
    n_rejected: usize,
    case: &Case,
    document: &Document,
    completer: &mut dyn Completer,
    asking: Asking<'_>,
    measured: Measured,
) -> Result<CaseResult, AssistError> {
    let wanted = &document.text[case.wanted.clone()];
    let mut asker = Asker { case, document, completer, asking, n_rejected, reused: (0, 0) };
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
        rules: answer.rules,
        latency_ms: answer.latency_ms,
        nats: answer.nats,
        keystrokes,
        reused: measured.keystrokes.then_some(asker.reused),
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
    let prompt = Asker { case, document, completer: model, asking, n_rejected: 0, reused: (0, 0) }.question();
    model.observe(&prompt, &format!("{}\n", &document.text[case.wanted.clone()])).await
}

/// Asks at places of what a case wants, behind which nothing of it stands yet.
struct Asker<'a> {
    case: &'a Case,
    document: &'a Document,
    completer: &'a mut dyn Completer,
    asking: Asking<'a>,
    /// Suggestions that were typed away from.
    n_rejected: usize,
    /// Tokens of prompts behind the first: those that were still computed, and all.
    reused: (usize, usize),
}

struct Shown {
    candidate: Option<Candidate>,
    rules: Vec<String>,
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
        let (source, edits) = (self.source(n_typed), RecentEdits::default());
        let request = self.request(&source, &edits, n_typed);
        let now_ms = self.asking.now_ms;
        let outcome = suggest(request, self.completer, &Cancel::default(), now_ms).await?;
        if n_typed > 0 {
            self.reused.0 += outcome.answer.n_reused;
            self.reused.1 += outcome.answer.prompt.len();
        }
        let nats = match likelihood_of {
            Some(wanted) => self.completer.likelihood(&outcome.prompt, &format!("{wanted}\n")).await?,
            None => None,
        };
        Ok(Shown {
            candidate: outcome.candidates.into_iter().next(),
            rules: outcome.suggestion.rules.into_iter().map(str::to_string).collect(),
            latency_ms: outcome.timings.total_ms,
            nats,
        })
    }

    /// What the model is asked before anything is typed.
    fn question(&mut self) -> Prompt {
        let (source, edits) = (self.source(0), RecentEdits::default());
        let request = self.request(&source, &edits, 0);
        question(request, self.completer, self.asking.now_ms).prompt
    }

    /// The document as it stands once the first `n_typed` bytes of the wanted text are typed.
    fn source(&self, n_typed: usize) -> Source {
        let (text, wanted) = (&self.document.text, &self.case.wanted);
        let text = format!("{}{}", &text[..wanted.start + n_typed], &text[wanted.end..]);
        Source::new(text, self.document.language)
    }

    /// The cursor behind what is typed, as after a while: the workspace's other files have been read.
    fn request<'r>(&mut self, source: &'r Source, edits: &'r RecentEdits, n_typed: usize) -> Request<'r>
    where
        Self: 'r,
    {
        let (Document { path, language, .. }, Asking { workspace, options, .. }) =
            (self.document, self.asking);
        if options.sources.recalled {
            self.completer.study(&workspace.borrow(), path, *language, usize::MAX);
        }
        let (offset, n_rejected) = (self.case.wanted.start + n_typed, self.n_rejected);
        Request { source, path, offset, workspace, edits, n_rejected, options }
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
                let left = shown.strip_prefix(&rest[..typed]);
                self.n_rejected += usize::from(left.is_none() && !shown.is_empty());
                shown = left.unwrap_or("").to_string();
                n_typed += typed;
            }
            if shown.is_empty() && n_typed < wanted.len() {
                shown = self.ask(n_typed, None).await?.text().to_string();
            }
        }
        Ok(n_keys)
    }
}
