use serde::{Deserialize, Serialize};

/// What is kept of suggestions, on this machine, where the host has a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct MetricsSettings {
    /// Whether anything is.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub enabled: Option<bool>,
}

/// `inkling/metrics`: what became of suggestions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct MetricsParams {
    /// Of so many days (UTC), today included; of all without it.
    #[cfg_attr(feature = "codegen", ts(optional))]
    pub days: Option<u32>,
}

/// The result of `inkling/metrics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct MetricsReport {
    /// Whether the host has a store and the settings let it be used.
    pub is_kept: bool,
    /// Of all; without a key.
    pub total: MetricsSums,
    /// By the language's name, in alphabetical order.
    pub by_language: Vec<MetricsSums>,
    /// By day (`YYYY-MM-DD`, UTC), in order.
    pub by_day: Vec<MetricsSums>,
}

/// What became of a group of suggestions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "codegen", derive(ts_rs::TS))]
pub struct MetricsSums {
    /// What the group has in common.
    pub key: String,
    /// Given to the editor.
    pub shown: usize,
    /// Taken whole.
    pub accepted: usize,
    /// Taken in part.
    pub partly_accepted: usize,
    /// Not taken.
    pub dismissed: usize,
    /// Characters that were taken.
    #[cfg_attr(feature = "codegen", ts(type = "number"))]
    pub characters: u64,
    /// Those taken whole of those shown, 0 to 1; null where nothing was shown.
    pub acceptance_rate: Option<f64>,
    /// Milliseconds from question to answer that half of what was shown did not exceed.
    pub p50_ms: Option<u32>,
    /// Milliseconds that 19 of 20 did not exceed.
    pub p95_ms: Option<u32>,
}
