//! Whoever can answer a prompt: a model behind the executor seam, or a server spoken to in text.

use std::future::Future;
use std::pin::Pin;

use inkling_context::Workspace;
use inkling_engine::{Cancel, EngineError, Sampling, TokenId};
use inkling_gguf::Error as GgufError;
use inkling_prompt::{Prompt, Template};
use inkling_syntax::Language;
use inkling_tokenizer::Error as TokenizerError;

use crate::Confidence;

/// What can go wrong between a cursor and its suggestion. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AssistError {
    /// The model file's header.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The model file's vocabulary.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model itself.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Whoever answers instead of a model file.
    #[error(transparent)]
    Elsewhere(Box<dyn std::error::Error + Send + Sync>),
}

impl AssistError {
    /// Whether this is the caller's own cancellation and nothing to report.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, AssistError::Engine(EngineError::Cancelled))
    }
}

/// An answer that takes its time.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, AssistError>> + 'a>>;

/// Prompt in, text with probabilities out.
pub trait Completer {
    /// How this model is asked.
    fn template(&self) -> &Template;
    /// Tokens of `text`.
    fn count(&self, text: &str) -> usize;
    /// Tokens that prompt and answer may have together.
    fn n_context(&self) -> usize;
    /// The model's name.
    fn name(&self) -> &str;
    /// Answers; the first completion is the likeliest where `sampling` is greedy.
    fn complete<'a>(&'a mut self, ask: Ask<'a>) -> Reply<'a, Answer>;

    /// Takes what stands elsewhere in the files at hand as evidence for what comes next. Texts that it knows
    /// cost little.
    fn remember(&mut self, texts: &[Remembered<'_>]) {
        let _ = texts;
    }

    /// Takes the workspace's other files as evidence too, for a file of `language` at `path`: about `max_bytes`
    /// of what is new among those nearest to it. Whether more is left.
    fn study(&mut self, workspace: &Workspace, path: &str, language: Language, max_bytes: usize) -> bool {
        let _ = (workspace, path, language, max_bytes);
        false
    }

    /// How to tell its right suggestions from its wrong ones, where that was learned.
    fn confidence(&self) -> Option<Confidence> {
        None
    }

    /// What the model gives `text` as the answer to `prompt`, in nats, and over how many bytes; `None` where
    /// it does not say.
    fn likelihood<'a>(&'a mut self, prompt: &'a Prompt, text: &'a str) -> Reply<'a, Option<(f64, usize)>> {
        let _ = (prompt, text);
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A stretch of a file at hand.
#[derive(Clone, Copy, Debug)]
pub struct Remembered<'a> {
    /// Tells the stretches apart; the same one with another text replaces what was known.
    pub id: u64,
    /// Whole lines.
    pub text: &'a str,
}

/// A question to a model.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What to complete.
    pub prompt: &'a Prompt,
    /// Tokens of one completion, at most.
    pub max_tokens: usize,
    /// Different completions wanted.
    pub n_completions: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Whether text after this would only be cut away.
    pub is_complete: &'a dyn Fn(&str) -> bool,
    /// Looked at between tokens.
    pub cancel: &'a Cancel,
    /// Milliseconds of a steady clock.
    pub now_ms: &'a dyn Fn() -> f64,
}

/// What a model answered.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The prompt as the model saw it.
    pub prompt: Vec<PromptToken>,
    /// Prompt tokens whose keys and values were still there from the last question.
    pub n_reused: usize,
    /// Different texts, best first.
    pub completions: Vec<Completion>,
    /// Milliseconds until the first token's logits.
    pub prefill_ms: f64,
    /// Milliseconds for all that followed.
    pub decode_ms: f64,
}

/// One token of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptToken {
    /// Its id.
    pub id: TokenId,
    /// Its text.
    pub text: String,
    /// Whether it is one of the model's special tokens.
    pub special: bool,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The text of all steps.
    pub text: String,
    /// Token by token.
    pub steps: Vec<Step>,
    /// Whether the limit of tokens ended it, where that is known.
    pub is_cut: bool,
    /// What the model gave the end, where it ended by itself.
    pub end_probability: Option<f32>,
}

/// One chosen token.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id.
    pub id: TokenId,
    /// Its bytes, as text.
    pub text: String,
    /// Bytes that it adds to the answer.
    pub n_bytes: usize,
    /// What the model gave it.
    pub probability: f32,
    /// Which share of the places that the files at hand say this of went on with it; 0 where they say nothing.
    pub recalled: f32,
    /// The likeliest tokens here, the chosen one among them.
    pub alternatives: Vec<Alternative>,
}

/// A token that might have been chosen.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its id.
    pub id: TokenId,
    /// Its text.
    pub text: String,
    /// What the model gave it.
    pub probability: f32,
}
