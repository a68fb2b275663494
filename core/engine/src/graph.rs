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
    /// Several products of the same input, which executors may quantize or load once.
    MatMul {
        /// [n_tokens, n_in].
        x: Buffer,
        /// Matrices [n_in, n_out] and where their products go.
        products: Vec<(WeightId, Buffer)>,
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
    /// Its name in the file.
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
}

impl Graph {
    /// The Llama forward pass (Touvron et al. 2023). `tied`: the file has no `output.weight`, the
    /// embedding table serves for both.
    pub fn llama(config: &ModelConfig, tied: bool) -> Graph {
        use Buffer::*;
        let ModelConfig { d_model, d_ff, n_vocab, .. } = *config;
        let (d_q, d_kv) = (config.d_q(), config.d_kv());
        let mut graph = Graph { ops: Vec::new(), weights: Vec::new() };

        let table = graph.matrix("token_embd", d_model, n_vocab);
        graph.ops.push(Op::Embed { table, out: Hidden });
        for layer in 0..config.n_layer {
            let name = |part: &str| format!("blk.{layer}.{part}");
            graph.norm(&name("attn_norm"), d_model);
            let wq = graph.matrix(&name("attn_q"), d_model, d_q);
            let wk = graph.matrix(&name("attn_k"), d_model, d_kv);
            let wv = graph.matrix(&name("attn_v"), d_model, d_kv);
            graph.ops.push(Op::MatMul { x: Normed, products: vec![(wq, Query), (wk, Key), (wv, Value)] });
            graph.ops.push(Op::Rope { x: Query, n_head: config.n_head });
            graph.ops.push(Op::Rope { x: Key, n_head: config.n_kv_head });
            graph.ops.push(Op::Attend { layer });
            let wo = graph.matrix(&name("attn_output"), d_q, d_model);
            graph.ops.push(Op::MatMul { x: Mixed, products: vec![(wo, Projected)] });
            graph.ops.push(Op::Add { x: Projected, out: Hidden });

            graph.norm(&name("ffn_norm"), d_model);
            let w_gate = graph.matrix(&name("ffn_gate"), d_model, d_ff);
            let w_up = graph.matrix(&name("ffn_up"), d_model, d_ff);
            let w_down = graph.matrix(&name("ffn_down"), d_ff, d_model);
            graph.ops.push(Op::MatMul { x: Normed, products: vec![(w_gate, Gate), (w_up, Up)] });
            graph.ops.push(Op::SiluMul);
            graph.ops.push(Op::MatMul { x: Gate, products: vec![(w_down, Projected)] });
            graph.ops.push(Op::Add { x: Projected, out: Hidden });
        }
        graph.ops.push(Op::Select { x: Hidden });
        graph.norm("output_norm", d_model);
        let head = if tied { table } else { graph.matrix("output", d_model, n_vocab) };
        graph.ops.push(Op::MatMul { x: Normed, products: vec![(head, Logits)] });
        graph
    }

    fn matrix(&mut self, name: &str, n_in: usize, n_out: usize) -> WeightId {
        self.weight(name, vec![n_in as u64, n_out as u64])
    }

    fn norm(&mut self, name: &str, d: usize) {
        let weight = self.weight(name, vec![d as u64]);
        self.ops.push(Op::RmsNorm { x: Buffer::Hidden, weight, out: Buffer::Normed });
    }

    fn weight(&mut self, name: &str, shape: Vec<u64>) -> WeightId {
        self.weights.push(WeightSpec { name: format!("{name}.weight"), shape });
        self.weights.len() - 1
    }
}
