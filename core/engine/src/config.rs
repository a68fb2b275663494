use inkling_gguf::Gguf;
use inkling_kernels::RopeStyle;

use crate::architecture::Norm;
use crate::{Architecture, EngineError};

/// A model's sizes and constants, from the GGUF metadata `{architecture}.*`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// `general.name`, or the architecture's where there is none.
    pub name: String,
    /// The graph to build.
    pub architecture: Architecture,
    /// Tokens in the vocabulary.
    pub n_vocab: usize,
    /// Positions that the model was trained for.
    pub n_context: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Transformer blocks.
    pub n_layer: usize,
    /// Query heads.
    pub n_head: usize,
    /// Key and value heads.
    pub n_kv_head: usize,
    /// Elements of a head.
    pub d_head: usize,
    /// Width of the feed-forward layer.
    pub d_ff: usize,
    /// Elements of a head that are rotated.
    pub n_rot: usize,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// Factor on positions (1 / the linear scaling factor).
    pub rope_scale: f32,
    /// Which elements are rotated together.
    pub rope_style: RopeStyle,
    /// Added to the mean square, or the variance, in norms.
    pub norm_epsilon: f32,
    /// Factor on the embedding.
    pub embedding_scale: f32,
    /// Factor on what a half of a layer adds to the residual stream.
    pub residual_scale: f32,
    /// Factor on the scores of attention.
    pub attention_scale: f32,
    /// Factor on the logits.
    pub logit_scale: f32,
}

/// Sizes past these are a broken header, not a model; they keep every product below within `usize` on wasm32.
const MAX_DIMENSION: u32 = 1 << 20;
const MAX_LAYERS: u32 = 1 << 10;
const MAX_HEADS: u32 = 1 << 12;

impl ModelConfig {
    /// Reads and checks the sizes. Nothing is allocated by them before the tensors' shapes agree.
    pub fn from_gguf(gguf: &Gguf) -> Result<ModelConfig, EngineError> {
        let name = gguf.str("general.architecture")?;
        let architecture =
            Architecture::named(name).ok_or_else(|| EngineError::Architecture { name: name.to_string() })?;
        let key = |suffix: &str| format!("{name}.{suffix}");
        let size = |suffix: &str, max: u32| checked(&key(suffix), gguf.u32(&key(suffix))?, max);
        let size_or = |suffix: &str, default: usize| match gguf.get_u32(&key(suffix)) {
            Some(value) => checked(&key(suffix), value, MAX_DIMENSION),
            None => Ok(default),
        };
        let factor = |suffix: &str, default: f32| factor(gguf, &key(suffix), default);
        let d_model = size("embedding_length", MAX_DIMENSION)?;
        let n_head = size("attention.head_count", MAX_HEADS)?;
        let d_head = size_or("attention.key_length", d_model / n_head)?;
        let own_scale = if architecture == Architecture::Gemma { (d_model as f32).sqrt() } else { 1.0 };
        let config = ModelConfig {
            name: gguf.get_str("general.name").unwrap_or(name).to_string(),
            architecture,
            n_vocab: n_vocab(gguf)?,
            n_context: size("context_length", MAX_DIMENSION)?,
            d_model,
            n_layer: size("block_count", MAX_LAYERS)?,
            n_head,
            n_kv_head: size_or("attention.head_count_kv", n_head)?,
            d_head,
            d_ff: size("feed_forward_length", MAX_DIMENSION)?,
            n_rot: size_or("rope.dimension_count", d_head)?,
            rope_base: gguf.get_f32(&key("rope.freq_base")).unwrap_or(10_000.0),
            rope_scale: rope_scale(gguf, name)?,
            rope_style: architecture.rope_style(),
            norm_epsilon: gguf.f32(&key(match architecture.norm() {
                Norm::Rms => "attention.layer_norm_rms_epsilon",
                Norm::Layer => "attention.layer_norm_epsilon",
            }))?,
            embedding_scale: factor("embedding_scale", own_scale)?,
            residual_scale: factor("residual_scale", 1.0)?,
            attention_scale: factor("attention.scale", 1.0 / (d_head as f32).sqrt())?,
            logit_scale: 1.0 / factor("logit_scale", 1.0)?,
        };
        let d_value = size_or("attention.value_length", d_head)?;
        config.check_heads(&key("attention.head_count"), d_value)?;
        Ok(config)
    }

    fn check_heads(&self, key: &str, d_value: usize) -> Result<(), EngineError> {
        let same = self.n_head.is_multiple_of(self.n_kv_head) && self.d_head == d_value;
        if same && self.n_rot.is_multiple_of(2) && (2..=self.d_head).contains(&self.n_rot) {
            return Ok(());
        }
        let value = format!(
            "{} with {} key heads, {} of {} rotated, values of {d_value}",
            self.n_head, self.n_kv_head, self.n_rot, self.d_head
        );
        Err(EngineError::Config { key: key.to_string(), value, expected: "which no attention can have" })
    }

    /// Elements of all of a position's queries.
    pub fn d_q(&self) -> usize {
        self.n_head * self.d_head
    }

    /// Elements of all of a position's keys, or values.
    pub fn d_kv(&self) -> usize {
        self.n_kv_head * self.d_head
    }
}

fn checked(key: &str, value: u32, max: u32) -> Result<usize, EngineError> {
    if (1..=max).contains(&value) {
        return Ok(value as usize);
    }
    Err(EngineError::Config {
        key: key.to_string(),
        value: value.to_string(),
        expected: "which no model has",
    })
}

/// The embedding table says how many tokens there are; the metadata's count may be missing.
fn n_vocab(gguf: &Gguf) -> Result<usize, EngineError> {
    let shape = &gguf.tensor("token_embd.weight")?.shape;
    let rows = shape.get(1).copied().unwrap_or(0);
    checked("token_embd.weight", u32::try_from(rows).unwrap_or(u32::MAX), MAX_DIMENSION * 4)
}

/// A factor that no model has as zero, negative or infinite.
fn factor(gguf: &Gguf, key: &str, default: f32) -> Result<f32, EngineError> {
    match gguf.get_f32(key) {
        Some(value) if !(value.is_finite() && value > 0.0) => Err(EngineError::Config {
            key: key.to_string(),
            value: value.to_string(),
            expected: "which no model has",
        }),
        value => Ok(value.unwrap_or(default)),
    }
}

/// The factor on positions. Stretching by frequency (Llama 3.1) is a tensor, `rope_freqs.weight`.
fn rope_scale(gguf: &Gguf, name: &str) -> Result<f32, EngineError> {
    let key = format!("{name}.rope.scaling.type");
    match gguf.get_str(&key) {
        Some("linear") => Ok(1.0 / factor(gguf, &format!("{name}.rope.scaling.factor"), 1.0)?),
        // Files of before `rope.scaling.type`.
        None => Ok(1.0 / factor(gguf, &format!("{name}.rope.scale_linear"), 1.0)?),
        Some("none") => Ok(1.0),
        Some(other) => Err(EngineError::RopeScaling { key, name: other.to_string() }),
    }
}
