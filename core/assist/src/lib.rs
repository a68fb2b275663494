//! The façade: one function from a cursor to a suggestion, and what a host needs around it.
//!
//! The language half (syntax, context, prompt, refine) and the model half (gguf, tokenizer, engine) meet
//! only here.

pub mod catalogue;
mod completer;
mod confidence;
mod draft;
mod library;
mod load;
mod local;
mod recall;
mod reuse;
mod suggest;
mod summary;
mod trigger;
mod writing;

pub use completer::{
    Alternative, Answer, Ask, AssistError, Completer, Completion, PromptToken, Remembered, Reply, Step,
};
pub use confidence::{CONFIDENCE_KEY, Confidence, N_SIGNALS, Signals};
pub use load::LoadOptions;
pub use local::LocalModel;
pub use recall::{MIXER_KEY, Mixture, Observation, WORKSPACE_MIXER_KEY};
pub use reuse::Shown;
pub use suggest::{Candidate, Options, Outcome, Question, Request, Timings, question, suggest};
pub use summary::ModelSummary;
pub use trigger::{Decision, Event, RequestId, Trigger};

pub use inkling_context as context;
pub use inkling_engine as engine;
pub use inkling_gguf as gguf;
pub use inkling_ngram as ngram;
pub use inkling_prompt as prompt;
pub use inkling_remote as remote;
pub use inkling_syntax as syntax;
pub use inkling_tokenizer as tokenizer;
