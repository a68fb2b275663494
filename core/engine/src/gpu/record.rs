//! Nodes as dispatches: which shader with which parameters on which buffers.

use inkling_kernels::{RopeStyle, Shader, Store};

use super::plan::Node;
use super::weights::{Shard, Slice, Stack, Weights};
use crate::{Buffer, ModelConfig};

/// The most lists of candidates that one more pass of top-k joins.
const LISTS_AT_ONCE: usize = 16;
/// Candidates that one workgroup of top-k sorts.
const CANDIDATES: usize = 1024;
/// Bytes of a list of candidates.
pub(crate) const LIST_BYTES: u64 = 66 * 8;
/// Tokens and rows of a tile of `mat_mul.wgsl`.
const TILE: usize = 32;

/// How many workgroups a dispatch takes, from the step's sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grid {
    /// x, and a row for every token.
    Tokens(u32),
    /// x, and a row for every 32 tokens.
    TokenTiles(u32),
    /// x, and a row for every selected token.
    Selected(u32),
    /// By query rows of a key head, key heads and splits.
    Attention {
        /// Query heads of a key head.
        n_group: u32,
        /// Query rows of a workgroup.
        n_rows: u32,
        /// Key heads.
        n_kv_head: u32,
    },
}

/// What a step evaluates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepSizes {
    pub(crate) n_tokens: u32,
    pub(crate) n_selected: u32,
    pub(crate) n_splits: u32,
}

impl Grid {
    pub(crate) fn groups(self, step: StepSizes) -> [u32; 3] {
        match self {
            Grid::Tokens(x) => [x, step.n_tokens, 1],
            Grid::TokenTiles(x) => [x, step.n_tokens.div_ceil(TILE as u32), 1],
            Grid::Selected(x) => [x, step.n_selected, 1],
            Grid::Attention { n_group, n_rows, n_kv_head } => {
                [(step.n_tokens * n_group).div_ceil(n_rows), n_kv_head, step.n_splits]
            }
        }
    }
}

/// A dispatch, not yet the device's.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) shader: Shader,
    pub(crate) params: Vec<u32>,
    /// What it reads, then what it writes.
    pub(crate) slices: Vec<Slice>,
    pub(crate) grid: Grid,
}

impl Call {
    /// Bytes of weights that are read, each once a token or tile of tokens.
    pub(crate) fn weight_bytes(&self) -> u64 {
        match self.shader {
            Shader::MatVec { .. } | Shader::MatMul { .. } => {
                let [quants, scales] =
                    [&self.slices[0], &self.slices[1]].map(|s| s.range.end - s.range.start);
                if self.slices[0].range == self.slices[1].range { quants } else { quants + scales }
            }
            _ => 0,
        }
    }
}

/// The buffers of the executor's state, by use.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) tokens: Slice,
    /// [n_tokens, stride(d_model)].
    pub(crate) hidden: Slice,
    pub(crate) normed: Slice,
    /// Queries, keys and values of a token side by side.
    pub(crate) qkv: Slice,
    /// Rotated queries, [n_tokens, d_q].
    pub(crate) query: Slice,
    pub(crate) mixed: Slice,
    /// Gate and up of a token side by side.
    pub(crate) gate_up: Slice,
    pub(crate) gate: Slice,
    pub(crate) logits: Slice,
    /// What attention found in each part of the positions.
    pub(crate) parts: Slice,
    /// A bit a token.
    pub(crate) mask: Slice,
    /// Lists of candidates, turn and turn about.
    pub(crate) lists: [Slice; 2],
    /// (cosine, sine), [n_context, n_rot / 2].
    pub(crate) rotations: Slice,
    /// By layer, f16 [n_kv_head, n_context, d_head].
    pub(crate) keys: Vec<Slice>,
    pub(crate) values: Vec<Slice>,
}

/// Elements from token to token in a buffer of this width: whole blocks of weights.
pub(crate) fn stride(width: usize) -> usize {
    width.next_multiple_of(32)
}

/// Writes the dispatches of a model down.
pub(crate) struct Recorder<'a> {
    pub(crate) config: &'a ModelConfig,
    pub(crate) weights: &'a Weights,
    pub(crate) memory: &'a Memory,
}

/// Where a product comes from and goes to.
#[derive(Clone, Copy)]
struct Product<'a> {
    stack: &'a Stack,
    x: &'a Slice,
    /// RMS norm of x on the way.
    norm: Option<&'a Slice>,
    out: &'a Slice,
    out_stride: usize,
    store: Store,
}

impl Recorder<'_> {
    /// The dispatches for a token or two: products with vectors, norms and activations on the way.
    pub(crate) fn decode(&self, nodes: &[Node]) -> Vec<Call> {
        let memory = self.memory;
        let mut calls = Vec::new();
        for node in nodes {
            match node {
                Node::Qkv { norm, weights } => {
                    self.mat_vec(&mut calls, self.qkv(weights, &memory.hidden, Some(*norm)), false);
                }
                Node::GateUp { norm, weights } => {
                    let stack = self.weights.stack(weights);
                    let store = if stack.shards.len() == 1 { Store::SiluMul } else { Store::Set };
                    let product = self.gate_up(weights, &memory.hidden, Some(*norm), store);
                    self.mat_vec(&mut calls, product, false);
                    if store == Store::Set {
                        calls.push(self.silu_mul());
                    }
                }
                Node::Residual { weight, x } => self.mat_vec(&mut calls, self.residual(*weight, *x), false),
                Node::Attend { layer, biases, head_norms } => {
                    let n_rows = self.group().next_power_of_two().min(8);
                    self.rope(&mut calls, *layer, biases, head_norms);
                    self.attend(&mut calls, *layer, n_rows);
                }

                Node::Embed { table } => self.embed(&mut calls, *table),
                Node::Head { .. } => {}
            }
        }
        calls
    }

    /// The dispatches for many tokens: products of matrices.
    pub(crate) fn prefill(&self, nodes: &[Node]) -> Vec<Call> {
        let memory = self.memory;
        let mut calls = Vec::new();
        for node in nodes {
            match node {
                Node::Qkv { norm, weights } => {
                    calls.push(self.rms_norm(*norm));
                    self.mat_mul(&mut calls, self.qkv(weights, &memory.normed, None));
                }
                Node::GateUp { norm, weights } => {
                    calls.push(self.rms_norm(*norm));
                    self.mat_mul(&mut calls, self.gate_up(weights, &memory.normed, None, Store::Set));
                    calls.push(self.silu_mul());
                }
                Node::Residual { weight, x } => self.mat_mul(&mut calls, self.residual(*weight, *x)),
                Node::Attend { layer, biases, head_norms } => {
                    self.rope(&mut calls, *layer, biases, head_norms);
                    self.attend(&mut calls, *layer, 8);
                }
                Node::Embed { table } => self.embed(&mut calls, *table),
                Node::Head { .. } => {}
            }
        }
        calls
    }

    /// The dispatches from the residual stream of the selected tokens to their logits.
    pub(crate) fn head(&self, nodes: &[Node]) -> Vec<Call> {
        let mut calls = Vec::new();
        if let Some(Node::Head { norm, weight }) = nodes.last() {
            let product = Product {
                stack: self.weights.stack(&[*weight]),
                x: &self.memory.hidden,
                norm: Some(self.weights.vector(&[*norm])),
                out: &self.memory.logits,
                out_stride: self.config.n_vocab,
                store: Store::Set,
            };
            self.mat_vec(&mut calls, product, true);
        }
        calls
    }

    /// From the logits of one token to one list of 64 candidates, and in which of the two lists it ends.
    pub(crate) fn top_k(&self) -> (Vec<Call>, usize) {
        let memory = self.memory;
        let mut n = self.config.n_vocab;
        let mut n_lists = n.div_ceil(CANDIDATES);
        let slices = vec![memory.logits.clone(), memory.mask.clone(), memory.lists[0].clone()];
        let mut calls =
            vec![call(Shader::TopK { first: true }, &[n, n], slices, Grid::Selected(n_lists as u32))];
        let mut last = 0;
        while n_lists > 1 {
            n = n_lists;
            n_lists = n.div_ceil(LISTS_AT_ONCE);
            let slices =
                vec![memory.lists[last].clone(), memory.mask.clone(), memory.lists[1 - last].clone()];
            calls.push(call(Shader::TopK { first: false }, &[n, n], slices, Grid::Selected(n_lists as u32)));
            last = 1 - last;
        }
        (calls, last)
    }

    fn group(&self) -> u32 {
        (self.config.n_head / self.config.n_kv_head) as u32
    }

    fn qkv<'a>(&'a self, weights: &[usize], x: &'a Slice, norm: Option<usize>) -> Product<'a> {
        let stack = self.weights.stack(weights);
        let norm = norm.map(|id| self.weights.vector(&[id]));
        Product { stack, x, norm, out: &self.memory.qkv, out_stride: stride(stack.n_out), store: Store::Set }
    }

    fn gate_up<'a>(
        &'a self,
        weights: &[usize],
        x: &'a Slice,
        norm: Option<usize>,
        store: Store,
    ) -> Product<'a> {
        let stack = self.weights.stack(weights);
        let norm = norm.map(|id| self.weights.vector(&[id]));
        let (out, width) = match store {
            Store::SiluMul => (&self.memory.gate, self.config.d_ff),
            _ => (&self.memory.gate_up, stack.n_out),
        };
        Product { stack, x, norm, out, out_stride: stride(width), store }
    }

    fn residual(&self, weight: usize, x: Buffer) -> Product<'_> {
        let x = if x == Buffer::Gate { &self.memory.gate } else { &self.memory.mixed };
        let stack = self.weights.stack(&[weight]);
        let out_stride = stride(self.config.d_model);
        Product { stack, x, norm: None, out: &self.memory.hidden, out_stride, store: Store::Add }
    }

    fn mat_vec(&self, calls: &mut Vec<Call>, product: Product<'_>, selected: bool) {
        let Product { stack, x, norm, out, out_stride, store } = product;
        let n_blocks = stack.n_in.div_ceil(32);
        for shard in &stack.shards {
            let halves = if store == Store::SiluMul { 2 } else { 1 };
            let n_rows = shard.n_rows / halves;
            let shader = Shader::MatVec {
                format: shard.format,
                n_threads: (n_blocks as u32).next_power_of_two().clamp(32, 128),
                norm: norm.is_some(),
                store,
            };
            let mut params =
                sizes(&[n_rows, n_blocks, stride(stack.n_in) / 4, out_stride, shard.first_row, stack.n_in]);
            params.extend([self.config.norm_epsilon.to_bits(), u32::from(selected)]);
            let norm = norm.unwrap_or(x).clone();
            let slices = vec![shard.quants.clone(), shard.scales.clone(), x.clone(), norm, out.clone()];
            let groups = n_rows.div_ceil(4 / halves) as u32;
            let grid = if selected { Grid::Selected(groups) } else { Grid::Tokens(groups) };
            calls.push(Call { shader, params, slices, grid });
        }
    }

    fn mat_mul(&self, calls: &mut Vec<Call>, product: Product<'_>) {
        let Product { stack, x, out, out_stride, store, .. } = product;
        for shard in &stack.shards {
            let n_blocks = stack.n_in.div_ceil(32);
            let params = [shard.n_rows, n_blocks, stride(stack.n_in) / 4, out_stride, shard.first_row];
            let slices = vec![shard.quants.clone(), shard.scales.clone(), x.clone(), out.clone()];
            let shader = Shader::MatMul { format: shard.format, store };
            calls.push(call(shader, &params, slices, Grid::TokenTiles(shard.n_rows.div_ceil(TILE) as u32)));
        }
    }

    fn embed(&self, calls: &mut Vec<Call>, table: usize) {
        let stack = self.weights.stack(&[table]);
        let n_blocks = stack.n_in.div_ceil(32);
        for Shard { format, first_row, n_rows, quants, scales, .. } in &stack.shards {
            let memory = self.memory;
            let slices = vec![quants.clone(), scales.clone(), memory.tokens.clone(), memory.hidden.clone()];
            let shader = Shader::GetRows { format: *format };
            let grid = Grid::Tokens(n_blocks.div_ceil(64) as u32);
            calls.push(call(shader, &[*first_row, *n_rows, n_blocks], slices, grid));
        }
    }

    fn rms_norm(&self, norm: usize) -> Call {
        let d = self.config.d_model;
        let memory = self.memory;
        let slices = vec![memory.hidden.clone(), self.weights.vector(&[norm]).clone(), memory.normed.clone()];
        let params = vec![d as u32, stride(d) as u32, self.config.norm_epsilon.to_bits()];
        Call { shader: Shader::RmsNorm, params, slices, grid: Grid::Tokens(1) }
    }

    fn silu_mul(&self) -> Call {
        let d = self.config.d_ff;
        let slices = vec![self.memory.gate_up.clone(), self.memory.gate.clone()];
        call(Shader::SiluMul, &[d, stride(2 * d), stride(d)], slices, Grid::Tokens(d.div_ceil(64) as u32))
    }

    fn rope(&self, calls: &mut Vec<Call>, layer: usize, biases: &[usize], head_norms: &[usize]) {
        let ModelConfig { n_head, n_kv_head, d_head, n_rot, n_context, .. } = *self.config;
        let memory = self.memory;
        let halves = usize::from(self.config.rope_style == RopeStyle::Halves);
        let n_heads = n_head + 2 * n_kv_head;
        let mut params =
            sizes(&[n_head, n_kv_head, d_head, n_rot, halves, n_context, stride(n_heads * d_head)]);
        params.push(self.config.norm_epsilon.to_bits());
        // What a variant leaves alone has to be bound nevertheless.
        let vector =
            |ids: &[usize]| if ids.is_empty() { &memory.rotations } else { self.weights.vector(ids) };
        let reads = [&memory.qkv, &memory.rotations, vector(biases), vector(head_norms)];
        let writes = [&memory.query, &memory.keys[layer], &memory.values[layer]];
        let slices = reads.into_iter().chain(writes).cloned().collect();
        let shader = Shader::Rope { bias: !biases.is_empty(), head_norm: !head_norms.is_empty() };
        calls.push(Call { shader, params, slices, grid: Grid::Tokens(n_heads as u32) });
    }

    fn attend(&self, calls: &mut Vec<Call>, layer: usize, n_rows: u32) {
        let ModelConfig { n_head, n_kv_head, d_head, n_context, attention_scale, .. } = *self.config;
        let memory = self.memory;
        let mut params = sizes(&[n_head, n_kv_head, n_context]);
        params.push(attention_scale.to_bits());
        let slices = [&memory.query, &memory.keys[layer], &memory.values[layer], &memory.parts];
        let grid = Grid::Attention { n_group: self.group(), n_rows, n_kv_head: n_kv_head as u32 };
        let shader = Shader::Attention { n_rows, d_head: d_head as u32 };
        calls.push(Call { shader, params, slices: slices.map(Slice::clone).to_vec(), grid });

        let slices = vec![memory.parts.clone(), memory.mixed.clone()];
        let params = [n_head, d_head / 2, stride(n_head * d_head) / 2];
        let grid = Grid::Tokens((n_head * d_head / 2).div_ceil(64) as u32);
        calls.push(call(Shader::Merge, &params, slices, grid));
    }
}

fn call(shader: Shader, params: &[usize], slices: Vec<Slice>, grid: Grid) -> Call {
    Call { shader, params: sizes(params), slices, grid }
}

fn sizes(values: &[usize]) -> Vec<u32> {
    values.iter().map(|&value| value as u32).collect()
}
