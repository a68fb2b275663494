//! The types about models on servers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A server that speaks OpenAI's interface or llama.cpp's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct EndpointSettings {
    /// Its address up to and including `/v1`, which may be left out where there is no other path.
    pub url: String,
    /// The model's name there; none where the server has but one.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub model: Option<String>,
    /// How it is asked.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub api: Option<EndpointApi>,
    /// Whose prompt it is sent, where the model's name does not say.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub template: Option<PromptTemplate>,
    /// What the server asks for.
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<String>"))]
    pub key: Option<SecretText>,
    /// Headers to send along.
    #[cfg_attr(feature = "codegen", ts(optional, as = "Option<BTreeMap<String, String>>"))]
    pub headers: BTreeMap<String, SecretText>,
    /// Milliseconds within which an answer has to be there.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub timeout_ms: Option<f64>,
    /// Tokens of a prompt, at most, in place of `promptTokens`, which is made for this machine.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub prompt_tokens: Option<usize>,
}

/// A text that is not shown by accident.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub enum EndpointApi {
    /// With our prompt where the model's family is known, else with `suffix`.
    Auto,
    /// `/v1/completions` with our fill-in-the-middle prompt.
    Completions,
    /// `/v1/completions` with `suffix`.
    Suffix,
    /// llama.cpp's `/infill`.
    Infill,
    /// `/v1/chat/completions`, for models that only talk.
    Chat,
}

/// The families of models with a prompt of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub enum PromptTemplate {
    /// By the model's name.
    Auto,
    /// Our own.
    Inkling,
    /// Qwen2.5-Coder.
    Qwen,
    /// CodeGemma.
    Codegemma,
    /// Granite 4.
    Granite,
    /// StarCoder, StarCoder2, the first Granite models, Stable Code.
    Starcoder,
    /// DeepSeek-Coder.
    DeepseekCoder,
    /// A model that only continues text.
    Plain,
}

/// `inkling/testEndpoint`, with [`EndpointSettings`] as parameters: what a server answered to a small question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct EndpointTest {
    /// The address that was asked.
    pub url: String,
    /// How it was asked.
    pub api: String,
    /// What it wrote behind `def add(a, b):` and `return`.
    pub text: String,
    /// Milliseconds until the first of it was here.
    pub first_ms: f64,
    /// Milliseconds until all of it was.
    pub total_ms: f64,
}
