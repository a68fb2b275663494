use inkling_gguf::Gguf;
use inkling_kernels::RopeStyle;

use crate::EngineError;

/// A family of graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama 1 to 3, CodeLlama, DeepSeek-Coder and our own first model.
    Llama,
}

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
    /// Added to the mean square in RMS norm.
    pub rms_epsilon: f32,
}

/// Sizes past these are a broken header, not a model; they keep every product below within `usize` on wasm32.
const MAX_DIMENSION: u32 = 1 << 20;
const MAX_LAYERS: u32 = 1 << 10;

impl ModelConfig {
    /// Reads and checks the sizes. Nothing is allocated by them before the tensors' shapes agree.
    pub fn from_gguf(gguf: &Gguf) -> Result<ModelConfig, EngineError> {
        let name = gguf.str("general.architecture")?;
        if name != "llama" {
            return Err(EngineError::Architecture { name: name.to_string() });
        }
        let key = |suffix: &str| format!("{name}.{suffix}");
        let size = |suffix: &str, max: u32| checked(&key(suffix), gguf.u32(&key(suffix))?, max);
        let size_or = |suffix: &str, default: usize| match gguf.get_u32(&key(suffix)) {
            Some(value) => checked(&key(suffix), value, MAX_DIMENSION),
            None => Ok(default),
        };
        let d_model = size("embedding_length", MAX_DIMENSION)?;
        let n_head = size("attention.head_count", 1 << 12)?;
        let d_head = size_or("attention.key_length", d_model / n_head)?;
        let config = ModelConfig {
            name: gguf.get_str("general.name").unwrap_or(name).to_string(),
            architecture: Architecture::Llama,
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
            rope_scale: rope_scale(gguf, &key("rope.scaling")),
            rope_style: RopeStyle::Interleaved,
            rms_epsilon: gguf.f32(&key("attention.layer_norm_rms_epsilon"))?,
        };
        config.check_heads(&key("attention.head_count"))?;
        Ok(config)
    }

    fn check_heads(&self, key: &str) -> Result<(), EngineError> {
        let divides = self.n_head.is_multiple_of(self.n_kv_head);
        if divides && self.n_rot.is_multiple_of(2) && (2..=self.d_head).contains(&self.n_rot) {
            return Ok(());
        }
        let value = format!(
            "{} with {} key heads, {} of {} rotated",
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

fn rope_scale(gguf: &Gguf, key: &str) -> f32 {
    let linear = gguf.get_str(&format!("{key}.type")) == Some("linear");
    match gguf.get_f32(&format!("{key}.factor")) {
        Some(factor) if linear && factor > 0.0 => 1.0 / factor,
        _ => 1.0,
    }
}
