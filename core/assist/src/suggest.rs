//! The whole way of a keystroke.

use std::cell::RefCell;

use inkling_context::{Config, Context, Limits, RecentEdits, Secrets, Sources, Workspace};
use inkling_engine::{Cancel, Sampling};
use inkling_prompt::{Budget, Prompt};
use inkling_refine::{Site, Suggestion};
use inkling_syntax::{Source, Way};

use crate::completer::{Answer, Ask, AssistError, Completer, Completion, Remembered};
use crate::confidence::{Confidence, Signals, Standing, signals};

/// A cursor that wants a suggestion.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The file's text and tree.
    pub source: &'a Source,
    /// The file's path, relative to the workspace.
    pub path: &'a str,
    /// The cursor, in bytes.
    pub offset: usize,
    /// The other files. Borrowed only until the prompt is made, not while the model works.
    pub workspace: &'a RefCell<Workspace>,
    /// What changed lately.
    pub edits: &'a RecentEdits,
    /// Suggestions that the user has typed away from in the cursor's line: see [`Shown::n_rejected_at`].
    ///
    /// [`Shown::n_rejected_at`]: crate::Shown::n_rejected_at
    pub n_rejected: usize,
    /// What is wanted.
    pub options: Options,
}

/// Lengths and choices of a suggestion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Tokens of a prompt, at most; the model's context may allow fewer.
    pub prompt_tokens: usize,
    /// Tokens of an answer, at most; a whole member may take twice as many.
    pub max_tokens: usize,
    /// Different suggestions wanted.
    pub n_candidates: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What besides the file itself is told.
    pub sources: Sources,
}

impl Options {
    /// One greedy suggestion of a length that a CPU writes in a blink.
    pub const DEFAULT: Options = Options {
        prompt_tokens: 640,
        max_tokens: 48,
        n_candidates: 1,
        sampling: Sampling::GREEDY,
        sources: Sources::ALL,
    };
}

/// Bytes of the file that are remembered on each side of the cursor's line; they are tokenized whenever the
/// cursor comes to another line.
const REMEMBERED_BEFORE: usize = 128 << 10;
const REMEMBERED_BEHIND: usize = 64 << 10;

/// Bytes of other files that are read on the way to an answer, as long as there are new ones: few enough not to
/// be felt.
const STUDIED_BYTES: usize = 32 << 10;

/// Everything that was made on the way, for showing it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the model might have been told, without secrets.
    pub context: Context,
    /// What was taken out of it.
    pub secrets: Secrets,
    /// What it was told.
    pub prompt: Prompt,
    /// What it answered.
    pub answer: Answer,
    /// What is shown: different texts that are not empty, best first.
    pub candidates: Vec<Candidate>,
    /// What refinement made of the first answer, shown or not.
    pub suggestion: Suggestion,
    /// Where the time went.
    pub timings: Timings,
}

/// One suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Inserted at the cursor.
    pub text: String,
    /// The product of its tokens' probabilities.
    pub probability: f32,
    /// What it is judged by.
    pub signals: Signals,
    /// The chance that it is right, of models that know their own; see [`Completer::confidence`].
    pub confidence: Option<f32>,
    /// Whether it is worth showing to somebody who has not asked for it.
    pub is_sure: bool,
}

/// Milliseconds of every stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Choosing what the model is told.
    pub context_ms: f64,
    /// Packing it into the budget.
    pub prompt_ms: f64,
    /// Evaluating the prompt, tokenizing it included.
    pub prefill_ms: f64,
    /// Writing the answers.
    pub decode_ms: f64,
    /// Making suggestions of them.
    pub refine_ms: f64,
    /// From the cursor to the suggestion.
    pub total_ms: f64,
}

/// From a cursor to its suggestions: context, prompt, tokens, logits, text, suggestion.
///
/// `now_ms` is a steady clock in milliseconds.
///
/// # Errors
/// Those of the model; [`AssistError::is_cancelled`] when `cancel` was used.
pub async fn suggest(
    request: Request<'_>,
    completer: &mut dyn Completer,
    cancel: &Cancel,
    now_ms: &dyn Fn() -> f64,
) -> Result<Outcome, AssistError> {
    let mut watch = Stopwatch::start(now_ms);
    let Request { source, offset, options, .. } = request;
    let Question { context, secrets, prompt, context_ms, prompt_ms } =
        timed_question(request, completer, &mut watch);
    let site = Site::new(source, offset);
    let is_complete = |text: &str| inkling_refine::is_complete(&secrets.restore(text), &site);
    let Options { n_candidates: n_completions, sampling, .. } = options;
    let max_tokens = answer_tokens(options, site.way);
    let ask = Ask {
        prompt: &prompt,
        max_tokens,
        n_completions,
        sampling,
        is_complete: &is_complete,
        cancel,
        now_ms,
    };
    let answer = completer.complete(ask).await?;
    watch.lap();

    let refined = |completion: &Completion| {
        inkling_refine::refine(&secrets.restore(whole_lines(completion, site.way)), &site)
    };
    let suggestion = answer.completions.first().map(refined);
    let candidates = candidates(&answer, refined, &judge(&site, request.n_rejected, completer.confidence()));
    let refine_ms = watch.lap();

    let (prefill_ms, decode_ms, total_ms) = (answer.prefill_ms, answer.decode_ms, watch.total());
    let timings = Timings { context_ms, prompt_ms, prefill_ms, decode_ms, refine_ms, total_ms };
    let suggestion = suggestion.unwrap_or_default();
    Ok(Outcome { context, secrets, prompt, answer, candidates, suggestion, timings })
}

/// What a model is asked at a place.
#[derive(Clone, Debug)]
pub struct Question {
    /// What the model might be told, without secrets.
    pub context: Context,
    /// What was taken out of it.
    pub secrets: Secrets,
    /// What it is told.
    pub prompt: Prompt,
    /// Milliseconds for the context.
    pub context_ms: f64,
    /// Milliseconds for the prompt.
    pub prompt_ms: f64,
}

/// The first half of [`suggest`]: what `completer` is asked at the cursor, once it has been told of the text
/// around.
pub fn question(request: Request<'_>, completer: &mut dyn Completer, now_ms: &dyn Fn() -> f64) -> Question {
    timed_question(request, completer, &mut Stopwatch::start(now_ms))
}

fn timed_question(
    request: Request<'_>,
    completer: &mut dyn Completer,
    watch: &mut Stopwatch<'_>,
) -> Question {
    let Request { source, path, offset, workspace, edits, options, .. } = request;
    let way = source.way_at(offset);
    let budget = Budget { prompt_tokens: prompt_tokens(options, way, completer.n_context()), way };
    let config = Config { sources: options.sources, ..Config::for_tokens(budget.prompt_tokens) };
    let mut context = inkling_context::gather(source, path, offset, &workspace.borrow(), edits, &config);
    let secrets = Secrets::take_from(&mut context);
    let context_ms = watch.lap();

    let prompt =
        inkling_prompt::assemble(&context, completer.template(), budget, &|text| completer.count(text));
    let prompt_ms = watch.lap();

    completer.remember(&around(source.text(), offset));
    // Where other files shall not speak, what was read of them is forgotten.
    let nothing = RefCell::new(Workspace::new(Limits::STANDARD));
    let studied = if options.sources.recalled { workspace } else { &nothing };
    completer.study(&studied.borrow(), path, source.language(), STUDIED_BYTES);
    Question { context, secrets, prompt, context_ms, prompt_ms }
}

/// The lines before the cursor's line and those behind it: what may say how the line goes on. A key in the
/// line changes neither.
fn around(text: &str, offset: usize) -> [Remembered<'_>; 2] {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1);
    let newline = |&byte: &u8| byte == b'\n';
    let (before, behind) = (&text.as_bytes()[..start], &text.as_bytes()[end..]);
    let first = start
        .checked_sub(REMEMBERED_BEFORE)
        .map_or(0, |from| from + before[from..].iter().position(newline).map_or(start - from, |at| at + 1));
    let last = match behind.get(..REMEMBERED_BEHIND) {
        None => text.len(),
        Some(near) => end + near.iter().rposition(newline).map_or(0, |at| at + 1),
    };
    [Remembered { id: 0, text: &text[first..start] }, Remembered { id: 1, text: &text[end..last] }]
}

/// The prompt's share of the context: what the answer leaves.
fn prompt_tokens(options: Options, way: Way, n_context: usize) -> usize {
    options.prompt_tokens.min(n_context.saturating_sub(answer_tokens(options, way)))
}

/// A member is longer than the rest of a line or of a body.
fn answer_tokens(options: Options, way: Way) -> usize {
    match way {
        Way::Inline | Way::InBlock => options.max_tokens,
        Way::AfterBlock => 2 * options.max_tokens,
    }
}

/// An answer of several lines that was cut off without its last, which is not whole.
fn whole_lines(Completion { text, is_cut, .. }: &Completion, way: Way) -> &str {
    match text.rfind('\n') {
        Some(newline) if *is_cut && way != Way::Inline => &text[..=newline],
        _ => text,
    }
}

/// Makes a candidate of a completion's text.
type Judge<'a> = dyn Fn(&Completion, String) -> Candidate + 'a;

fn judge(
    site: &Site<'_>,
    n_rejected: usize,
    confidence: Option<Confidence>,
) -> impl Fn(&Completion, String) -> Candidate {
    let before = site.line_before();
    let standing = Standing {
        begins_line: before.trim().is_empty(),
        goes_on_word: before.ends_with(|last: char| last.is_alphanumeric() || last == '_'),
        parses: true,
        n_rejected,
    };
    move |completion, text| {
        let standing = Standing { parses: inkling_refine::parses(&text, site), ..standing };
        let signals = signals(completion, &text, standing);
        let chance = confidence.map(|confidence| confidence.of(&signals));
        let is_sure = confidence.zip(chance).is_none_or(|(known, chance)| chance >= known.threshold);
        let probability = probability(completion, text.len());
        Candidate { text, probability, signals, confidence: chance, is_sure }
    }
}

fn candidates(
    answer: &Answer,
    refined: impl Fn(&Completion) -> Suggestion,
    judge: &Judge<'_>,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for completion in &answer.completions {
        let text = refined(completion).text;
        if !text.is_empty() && candidates.iter().all(|candidate| candidate.text != text) {
            candidates.push(judge(completion, text));
        }
    }
    candidates
}

/// The product over the tokens that the first `n_bytes` of the answer are made of.
fn probability(completion: &Completion, n_bytes: usize) -> f32 {
    let mut written = 0;
    let within = completion.steps.iter().take_while(|step| {
        let needed = written < n_bytes;
        written += step.n_bytes;
        needed
    });
    within.map(|step| step.probability).product()
}

struct Stopwatch<'a> {
    now_ms: &'a dyn Fn() -> f64,
    started: f64,
    lap: f64,
}

impl<'a> Stopwatch<'a> {
    fn start(now_ms: &'a dyn Fn() -> f64) -> Stopwatch<'a> {
        let now = now_ms();
        Stopwatch { now_ms, started: now, lap: now }
    }

    /// Milliseconds since the last lap.
    fn lap(&mut self) -> f64 {
        let (now, before) = ((self.now_ms)(), self.lap);
        self.lap = now;
        now - before
    }

    fn total(&self) -> f64 {
        self.lap - self.started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_around_the_cursors_line_are_remembered_and_it_is_not() {
        let text = "one\ntwo\nthree";
        let around = |offset| around(text, offset).map(|remembered| remembered.text);
        assert_eq!(around(0), ["", "two\nthree"]);
        assert_eq!(around(5), ["one\n", "three"]);
        assert_eq!(around(text.len()), ["one\ntwo\n", ""]);
    }

    #[test]
    fn of_a_large_file_whole_lines_nearby_are_remembered() {
        let text = "äöü\n".repeat(100_000);
        let [before, behind] = around(&text, 350_000).map(|remembered| remembered.text);
        assert!((REMEMBERED_BEFORE - 8..=REMEMBERED_BEFORE).contains(&before.len()));
        assert!((REMEMBERED_BEHIND - 8..=REMEMBERED_BEHIND).contains(&behind.len()));
        assert!(before.starts_with('ä') && behind.ends_with('\n'));
        let lines = ["x".repeat(1_000_000), "y".to_string(), "z".repeat(1_000_000)].join("\n");
        assert_eq!(super::around(&lines, 1_000_001).map(|remembered| remembered.text.len()), [0, 0]);
    }
}
