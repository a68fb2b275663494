//! The forward pass of every architecture, as operations.

use crate::Buffer::{self, Gate, Hidden, Key, Logits, Mixed, Normed, Projected, Query, Up, Value};
use crate::architecture::{FeedForward, Norm};
use crate::graph::WeightSpec;
use crate::{Graph, ModelConfig, Op, WeightId};

impl Graph {
    /// The forward pass of a decoder (Touvron et al. 2023, and what the architectures do otherwise).
    ///
    /// `has` tells whether the file has a tensor: biases, the output matrix (where there is none the
    /// embedding table serves for both) and divisors of the rotary frequencies are up to the model.
    pub fn new(config: &ModelConfig, has: &dyn Fn(&str) -> bool) -> Graph {
        let graph = Graph { ops: Vec::new(), weights: Vec::new(), rope_divisors: None };
        let mut builder = Builder { graph, config, has };
        let table = builder.matrix("token_embd", config.d_model, config.n_vocab);
        builder.op(Op::Embed { table, out: Hidden });
        builder.scale(Hidden, config.embedding_scale);
        for layer in 0..config.n_layer {
            builder.attention(layer);
            builder.feed_forward(layer);
        }
        builder.op(Op::Select { x: Hidden });
        builder.norm("output_norm");
        let untied = has("output.weight");
        let head = if untied { builder.matrix("output", config.d_model, config.n_vocab) } else { table };
        builder.op(Op::MatMul { x: Normed, products: vec![(head, Logits)] });
        builder.scale(Logits, config.logit_scale);
        if has("rope_freqs.weight") {
            builder.graph.rope_divisors = Some(builder.vector("rope_freqs.weight", config.n_rot / 2));
        }
        builder.graph
    }
}

struct Builder<'a> {
    graph: Graph,
    config: &'a ModelConfig,
    has: &'a dyn Fn(&str) -> bool,
}

impl Builder<'_> {
    /// `Hidden += Wo · attend(rope(Wq · x), rope(Wk · x), Wv · x)`, x the normed Hidden.
    fn attention(&mut self, layer: usize) {
        let name = |part: &str| format!("blk.{layer}.{part}");
        let ModelConfig { d_model, d_head, n_head, n_kv_head, architecture, .. } = *self.config;
        let (d_q, d_kv) = (self.config.d_q(), self.config.d_kv());
        self.norm(&name("attn_norm"));
        let (q, k, v) = (name("attn_q"), name("attn_k"), name("attn_v"));
        self.mat_mul(Normed, d_model, &[(&q, d_q, Query), (&k, d_kv, Key), (&v, d_kv, Value)]);
        for (x, part, n_head) in [(Query, "attn_q_norm", n_head), (Key, "attn_k_norm", n_kv_head)] {
            if architecture.has_head_norm() {
                let weight = self.vector(&format!("{}.weight", name(part)), d_head);
                self.op(Op::HeadNorm { x, weight });
            }
            self.op(Op::Rope { x, n_head });
        }
        self.op(Op::Attend { layer });
        self.mat_mul(Mixed, d_q, &[(&name("attn_output"), d_model, Projected)]);
        self.add_to_hidden();
    }

    /// `Hidden += W_down · activation(W_gate · x, W_up · x)`, x the normed Hidden.
    fn feed_forward(&mut self, layer: usize) {
        let name = |part: &str| format!("blk.{layer}.{part}");
        let ModelConfig { d_model, d_ff, architecture, .. } = *self.config;
        let (gate, up, down) = (name("ffn_gate"), name("ffn_up"), name("ffn_down"));
        self.norm(&name("ffn_norm"));
        let (activation, activated) = match architecture.feed_forward() {
            FeedForward::SiluMul => (Op::SiluMul, Gate),
            FeedForward::GeluMul => (Op::GeluMul, Gate),
            FeedForward::Gelu => (Op::Gelu, Up),
        };
        let products = [(&gate[..], d_ff, Gate), (&up, d_ff, Up)];
        let n_without = usize::from(activated == Up);
        self.mat_mul(Normed, d_model, &products[n_without..]);
        self.op(activation);
        self.mat_mul(activated, d_ff, &[(&down, d_model, Projected)]);
        self.add_to_hidden();
    }

    fn add_to_hidden(&mut self) {
        self.scale(Projected, self.config.residual_scale);
        self.op(Op::Add { x: Projected, out: Hidden });
    }

    fn norm(&mut self, name: &str) {
        let (d, x, out) = (self.config.d_model, Hidden, Normed);
        let weight = self.vector(&format!("{name}.weight"), d);
        let op = match self.config.architecture.norm() {
            Norm::Rms => Op::RmsNorm { x, weight, out },
            Norm::Layer => {
                let bias = self.vector(&format!("{name}.bias"), d);
                Op::LayerNorm { x, weight, bias, out }
            }
        };
        self.op(op);
    }

    /// Products of `x` with matrices of these names and output widths, and their biases where there are any.
    fn mat_mul(&mut self, x: Buffer, n_in: usize, products: &[(&str, usize, Buffer)]) {
        let matrices =
            products.iter().map(|&(name, n_out, out)| (self.matrix(name, n_in, n_out), out)).collect();
        self.op(Op::MatMul { x, products: matrices });
        for &(name, n_out, out) in products {
            let bias = format!("{name}.bias");
            if (self.has)(&bias) {
                let bias = self.vector(&bias, n_out);
                self.op(Op::AddBias { x: out, bias });
            }
        }
    }

    fn scale(&mut self, x: Buffer, factor: f32) {
        if factor != 1.0 {
            self.op(Op::Scale { x, factor });
        }
    }

    fn op(&mut self, op: Op) {
        self.graph.ops.push(op);
    }

    fn matrix(&mut self, name: &str, n_in: usize, n_out: usize) -> WeightId {
        self.weight(format!("{name}.weight"), vec![n_in as u64, n_out as u64])
    }

    fn vector(&mut self, name: &str, d: usize) -> WeightId {
        self.weight(name.to_string(), vec![d as u64])
    }

    fn weight(&mut self, name: String, shape: Vec<u64>) -> WeightId {
        self.graph.weights.push(WeightSpec { name, shape });
        self.graph.weights.len() - 1
    }
}
