//! The forward pass, once, as a list of operations that every executor runs.

use crate::ModelConfig;

/// A matrix or vector of the model, by its place in [`Graph::weights`].
pub type WeightId = usize;

/// An activation buffer, [n_tokens, width].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// The residual stream, d_model wide.
    Hidden,
    /// The normed residual stream, d_model.
    Normed,
    /// Queries, n_head · d_head.
    Query,
    /// Keys, n_kv_head · d_head.
    Key,
    /// Values, n_kv_head · d_head.
    Value,
    /// What attention mixed, n_head · d_head.
    Mixed,
    /// A projection on its way back to the residual stream, d_model.
    Projected,
    /// The feed-forward gate, d_ff.
    Gate,
    /// The feed-forward up-projection, d_ff.
    Up,
    /// One row a wanted token, n_vocab.
    Logits,
}

impl Buffer {
    /// Every buffer.
    pub const ALL: [Buffer; 10] = [
        Buffer::Hidden,
        Buffer::Normed,
        Buffer::Query,
        Buffer::Key,
        Buffer::Value,
        Buffer::Mixed,
        Buffer::Projected,
        Buffer::Gate,
        Buffer::Up,
        Buffer::Logits,
    ];

    /// Elements a token.
    pub fn width(self, config: &ModelConfig) -> usize {
        match self {
            Buffer::Hidden | Buffer::Normed | Buffer::Projected => config.d_model,
            Buffer::Query | Buffer::Mixed => config.d_q(),
            Buffer::Key | Buffer::Value => config.d_kv(),
            Buffer::Gate | Buffer::Up => config.d_ff,
            Buffer::Logits => config.n_vocab,
        }
    }
}

/// One operation on the activations of a run of tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The tokens' rows of the embedding table.
    Embed {
        /// [d_model, n_vocab].
        table: WeightId,
        /// [n_tokens, d_model].
        out: Buffer,
    },
    /// Root-mean-square norm of every row.
    RmsNorm {
        /// [n_tokens, d].
        x: Buffer,
        /// [d].
        weight: WeightId,
        /// [n_tokens, d].
        out: Buffer,
    },
    /// Layer norm of every row.
    LayerNorm {
        /// [n_tokens, d].
        x: Buffer,
        /// [d].
        weight: WeightId,
        /// [d].
        bias: WeightId,
        /// [n_tokens, d].
        out: Buffer,
    },
    /// Root-mean-square norm of every head, in place.
    HeadNorm {
        /// [n_tokens, n_head, d_head].
        x: Buffer,
        /// [d_head].
        weight: WeightId,
    },
    /// Several products of the same input, which executors may quantize or load once.
    MatMul {
        /// [n_tokens, n_in].
        x: Buffer,
        /// Matrices [n_in, n_out] and where their products go.
        products: Vec<(WeightId, Buffer)>,
    },
    /// Adds a vector to every row.
    AddBias {
        /// [n_tokens, d].
        x: Buffer,
        /// [d].
        bias: WeightId,
    },
    /// Rotary position embedding, in place.
    Rope {
        /// [n_tokens, n_head, d_head].
        x: Buffer,
        /// Heads in a row of `x`.
        n_head: usize,
    },
    /// Appends Key and Value to the layer's cache and attends from Query to Mixed.
    Attend {
        /// Whose cache.
        layer: usize,
    },
    /// `Gate = silu(Gate) · Up`.
    SiluMul,
    /// `Gate = gelu(Gate) · Up`.
    GeluMul,
    /// `Up = gelu(Up)`.
    Gelu,
    /// `x *= factor`.
    Scale {
        /// What is scaled.
        x: Buffer,
        /// By what.
        factor: f32,
    },
    /// `out += x`.
    Add {
        /// What is added.
        x: Buffer,
        /// To what.
        out: Buffer,
    },
    /// Keeps only the rows whose logits are wanted.
    Select {
        /// [n_tokens, d_model].
        x: Buffer,
    },
}

/// A tensor that the graph needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightSpec {
    /// Its name in the file, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// [n_in, n_out] for matrices, [n] for vectors.
    pub shape: Vec<u64>,
}

/// The forward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// In order of execution.
    pub ops: Vec<Op>,
    /// What the weight ids stand for.
    pub weights: Vec<WeightSpec>,
    /// Divisors of the rotary frequencies, [n_rot / 2], where the model has them.
    pub rope_divisors: Option<WeightId>,
}
