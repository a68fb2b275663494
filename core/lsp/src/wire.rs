//! The types of the `inkling/*` methods, as shells see them. `cargo xtask codegen` writes them as TypeScript.

mod endpoint;
mod metrics;
mod models;

use serde::{Deserialize, Serialize};

pub use endpoint::{EndpointApi, EndpointSettings, EndpointTest, PromptTemplate, SecretText};
pub use metrics::{MetricsParams, MetricsReport, MetricsSettings, MetricsSums};
pub use models::{CatalogueItem, CatalogueParams, KeepModelParams, KeptModel, KeptModels};

/// `inkling/status`: notification to the client whenever the server's state changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct Status {
    /// What the server is doing.
    pub state: State,
    /// For people, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub message: Option<String>,
    /// The model that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub model: Option<ModelInfo>,
}

/// What the server is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub enum State {
    /// A model is on its way.
    Loading,
    /// Waiting for the editor.
    Idle,
    /// The model is working.
    Thinking,
    /// There is no model that could answer; `message` says why.
    Error,
}

/// The model that answers: result of `inkling/loadModel`. What only a file has is 0 or empty for a server's model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct ModelInfo {
    /// Its own name.
    pub name: String,
    /// Where it was loaded from.
    pub uri: String,
    /// The file's size.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub file_bytes: u64,
    /// Weights.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub n_parameters: u64,
    /// The commonest storage type of its matrices.
    pub quantization: String,
    /// Its architecture.
    pub architecture: String,
    /// Tokens that prompt and answer may have together.
    pub n_context: usize,
    /// What runs it; for a server's model the address that is asked.
    pub executor: String,
    /// Why it is the CPU, where a graphics processor was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub executor_reason: Option<String>,
    /// Threads that compute.
    pub threads: usize,
    /// Where a file's model runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub engine: Option<EngineChoice>,
    /// Why it runs in the core, where an engine was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub engine_reason: Option<String>,
}

/// `inkling/loadModel`: replaces the model; the old one answers until the new one is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct LoadModelParams {
    /// A file's path natively, a URL in browsers.
    pub uri: String,
}

/// `inkling/files`: notification to the server of files of the workspace, for hosts without a file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct FilesParams {
    /// New, changed and removed files.
    pub files: Vec<PushedFile>,
}

/// A file of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct PushedFile {
    /// Relative to the workspace folder, with `/`.
    pub path: String,
    /// Its text; absent if the file is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub text: Option<String>,
}

/// `initializationOptions` and the `inkling` section of the configuration; what is absent keeps its value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct Settings {
    /// The model to load: a file's path natively, a URL in browsers.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub model: Option<String>,
    /// Tokens of an answer, at most; a whole member may take twice as many.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub max_tokens: Option<usize>,
    /// Tokens of a prompt, at most.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub prompt_tokens: Option<usize>,
    /// Whether suggestions that are more likely wrong than worth reading are shown unasked.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub show_unsure: Option<bool>,
    /// Milliseconds of quiet before the model is asked.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub debounce_ms: Option<f64>,
    /// 0 is greedy.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub temperature: Option<f32>,
    /// Different suggestions when the user asks by key.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub candidates: Option<usize>,
    /// Threads that compute, where there are threads.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub threads: Option<usize>,
    /// Where models run from the next load on.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub engine: Option<EngineChoice>,
    /// What runs models; a change loads the present one anew.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub executor: Option<Executes>,
    /// A server that answers in place of a model file; one without a `url` is none.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub endpoint: Option<EndpointSettings>,
    /// What is kept of suggestions.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub metrics: Option<MetricsSettings>,
}

/// What runs models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub enum Executes {
    /// The graphics processor where there is a real one that can, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The graphics processor, a software one if need be, or an error.
    Gpu,
}

/// Where models run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub enum EngineChoice {
    /// In the core itself.
    Inside,
    /// In an engine that the host starts, a process or another page; in the core where that fails.
    Process,
}

/// `inkling/trace`: how the suggestion at a place comes about, every stage as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct Trace {
    /// The syntax tree around the cursor.
    pub tree: String,
    /// How the place is completed: `inline`, `in block` or `after block`.
    pub way: String,
    /// What the model might have been told.
    pub context: String,
    /// The code of other files among it, the least relevant first.
    pub snippets: Vec<TraceSnippet>,
    /// The kinds of the secrets that became placeholders, in the order of these.
    pub redacted: Vec<String>,
    /// What it was told, special tokens spelled out.
    pub prompt: String,
    /// The prompt's tokens.
    pub tokens: Vec<TraceToken>,
    /// The answer, token by token.
    pub logits: Vec<TraceStep>,
    /// The answer's text.
    pub raw: String,
    /// What refinement left of it.
    pub suggestion: String,
    /// The chance that it is right, from 0 to 1, of models that know their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub confidence: Option<f32>,
    /// Whether it is worth showing to somebody who has not asked for it.
    pub sure: bool,
    /// The refinement rules that took something away.
    pub rules: Vec<String>,
    /// The model's name.
    pub model: String,
    /// How many tokens the prompt had.
    pub prompt_tokens: usize,
    /// How many of them were still evaluated from the last time.
    pub reused_tokens: usize,
    /// Where the time went.
    pub timings: Timings,
    /// Prompt tokens evaluated a second.
    pub prefill_tok_s: f64,
    /// Answer tokens a second.
    pub decode_tok_s: f64,
}

/// A piece of another file that the model might have been told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct TraceSnippet {
    /// Where it stands.
    pub path: String,
    /// Its lines, or declarations without their bodies.
    pub text: String,
    /// Why it was chosen.
    pub reason: String,
    /// How relevant it is, from 0 to 1.
    pub score: f32,
    /// What it takes of the prompt's tokens; none where there was no room for it.
    pub tokens: Option<usize>,
}

/// A token of the prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct TraceToken {
    /// Its id.
    pub id: u32,
    /// Its text.
    pub text: String,
    /// Whether it is one of the model's special tokens.
    pub special: bool,
}

/// A token of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct TraceStep {
    /// Its id.
    pub id: u32,
    /// Its text.
    pub text: String,
    /// What the model gave it.
    pub probability: f32,
    /// The likeliest tokens here, the chosen one among them.
    pub alternatives: Vec<TraceAlternative>,
}

/// A token that might have been chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct TraceAlternative {
    /// Its id.
    pub id: u32,
    /// Its text.
    pub text: String,
    /// What the model gave it.
    pub probability: f32,
}

/// Milliseconds of every stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct Timings {
    /// Choosing what the model is told.
    pub context_ms: f64,
    /// Packing it into the budget.
    pub prompt_ms: f64,
    /// Evaluating the prompt, tokenizing it included.
    pub prefill_ms: f64,
    /// Writing the answer.
    pub decode_ms: f64,
    /// Making a suggestion of it.
    pub refine_ms: f64,
    /// From the cursor to the suggestion.
    pub total_ms: f64,
}

/// The TypeScript declarations of everything above.
#[cfg(feature = "codegen")]
pub fn typescript() -> String {
    use ts_rs::TS;
    let config = ts_rs::Config::default();
    let declarations = [
        Status::decl(&config),
        State::decl(&config),
        ModelInfo::decl(&config),
        LoadModelParams::decl(&config),
        CatalogueParams::decl(&config),
        CatalogueItem::decl(&config),
        KeepModelParams::decl(&config),
        KeptModel::decl(&config),
        KeptModels::decl(&config),
        FilesParams::decl(&config),
        PushedFile::decl(&config),
        Settings::decl(&config),
        EngineChoice::decl(&config),
        Executes::decl(&config),
        EndpointSettings::decl(&config),
        EndpointApi::decl(&config),
        PromptTemplate::decl(&config),
        EndpointTest::decl(&config),
        MetricsSettings::decl(&config),
        MetricsParams::decl(&config),
        MetricsReport::decl(&config),
        MetricsSums::decl(&config),
        Trace::decl(&config),
        TraceSnippet::decl(&config),
        TraceToken::decl(&config),
        TraceStep::decl(&config),
        TraceAlternative::decl(&config),
        Timings::decl(&config),
    ];
    declarations.map(|declaration| format!("export {declaration}\n")).join("\n")
}
