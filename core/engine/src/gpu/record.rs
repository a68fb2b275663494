//! Nodes as dispatches: which shader with which parameters on which buffers.

use inkling_kernels::{Activation, RopeStyle, Shader, Store};

use super::call::{Call, Grid};
use super::changes::{Change, Changes};
use super::memory::{Memory, stride};
use super::plan::{Node, Norm};
use super::weights::{Shard, Slice, Stack, Weights};
use crate::{Buffer, ModelConfig};

/// The most lists of candidates that one more pass of top-k joins.
const LISTS_AT_ONCE: usize = 16;
/// Candidates that one workgroup of top-k sorts.
const CANDIDATES: usize = 1024;

/// Writes the dispatches of a model down.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) config: &'a ModelConfig,
    pub(crate) weights: &'a Weights,
    pub(crate) memory: &'a Memory,
    /// By adapters.
    pub(crate) changes: &'a Changes,
    /// Tokens of a tile of products of matrices.
    pub(crate) tile_tokens: u32,
}

/// What products read: the residual stream, normed before or on the way, or something else.
#[derive(Clone, Copy)]
struct Input<'a> {
    x: &'a Slice,
    /// RMS norm of x on the way.
    norm: Option<&'a Slice>,
    /// Whether x begins at the first selected token.
    is_selected: bool,
    /// As many tokens as are computed.
    grid: fn(u32) -> Grid,
}

/// A product and where it goes.
#[derive(Clone, Copy)]
struct Product<'a> {
    stack: &'a Stack,
    /// By adapters.
    change: Option<&'a Change>,
    bias: Option<&'a Slice>,
    factor: f32,
    out: &'a Slice,
    out_stride: usize,
    store: Store,
}

/// How the dispatches for a few tokens differ from those for many.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Products with vectors, norms and activations on the way.
    Decode,
    /// Products of matrices.
    Prefill,
}

impl Recorder<'_> {
    /// The dispatches for a token or two.
    pub(crate) fn decode(&self, nodes: &[Node]) -> Vec<Call> {
        self.layers(nodes, Kind::Decode)
    }

    /// The dispatches for many tokens.
    pub(crate) fn prefill(&self, nodes: &[Node]) -> Vec<Call> {
        self.layers(nodes, Kind::Prefill)
    }

    fn layers(&self, nodes: &[Node], kind: Kind) -> Vec<Call> {
        let mut calls = Vec::new();
        for node in nodes {
            match node {
                Node::Embed { table, factor } => self.embed(&mut calls, *table, *factor),
                Node::Qkv { norm, weights } => {
                    let input = self.normed(&mut calls, *norm, kind);
                    self.product(&mut calls, kind, input, self.qkv(weights));
                }
                Node::Attend { layer, biases, head_norms } => {
                    let n_rows = match kind {
                        Kind::Decode => self.group().next_power_of_two().min(8),
                        Kind::Prefill => 8,
                    };
                    self.rope(&mut calls, *layer, biases, head_norms);
                    self.attend(&mut calls, *layer, n_rows);
                }
                Node::Residual { weight, bias, x, factor } => {
                    let x = if *x == Buffer::Mixed { &self.memory.mixed } else { &self.memory.gate };
                    let input = Input { x, norm: None, is_selected: false, grid: Grid::Tokens };
                    self.product(&mut calls, kind, input, self.residual(*weight, bias, *factor));
                }
                Node::FeedForward { norm, weights, biases, activation } => {
                    let input = self.normed(&mut calls, *norm, kind);
                    let product = self.feed_forward(weights, biases, *activation, kind);
                    self.product(&mut calls, kind, input, product);
                    if product.store == Store::Set {
                        calls.push(self.activate(*activation, weights.len() == 2));
                    }
                }
                Node::Head { .. } => {}
            }
        }
        calls
    }

    /// The dispatches from the residual stream of the selected tokens to their logits.
    pub(crate) fn head(&self, nodes: &[Node]) -> Vec<Call> {
        let mut calls = Vec::new();
        if let Some(Node::Head { norm, weight, factor }) = nodes.last() {
            let input = self.normed(&mut calls, *norm, Kind::Decode);
            let input = Input { is_selected: true, grid: Grid::Selected, ..input };
            let (out, out_stride) = (&self.memory.logits, self.config.n_vocab);
            let product = Product { factor: *factor, ..self.of(&[*weight], out, out_stride) };
            self.product(&mut calls, Kind::Decode, input, product);
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

    /// RMS norm of a few tokens rides along with the product that follows; other norms are dispatches.
    fn normed<'a>(&'a self, calls: &mut Vec<Call>, norm: Norm, kind: Kind) -> Input<'a> {
        let weight = self.weights.vector(&[norm.weight]);
        if kind == Kind::Decode && norm.bias.is_none() {
            let x = &self.memory.hidden;
            return Input { x, norm: Some(weight), is_selected: false, grid: Grid::Tokens };
        }
        let Memory { hidden, normed, .. } = self.memory;
        let d = self.config.d_model;
        let params = vec![d as u32, stride(d) as u32, self.config.norm_epsilon.to_bits()];
        let bias = norm.bias.map(|bias| self.weights.vector(&[bias]));
        let shader = if bias.is_some() { Shader::LayerNorm } else { Shader::RmsNorm };
        let slices = [Some(hidden), Some(weight), bias, Some(normed)].into_iter().flatten().cloned();
        calls.push(Call { shader, params, slices: slices.collect(), grid: Grid::Tokens(1) });
        Input { x: normed, norm: None, is_selected: false, grid: Grid::Tokens }
    }

    /// The plain product of the matrices of `ids`.
    fn of<'a>(&'a self, ids: &[usize], out: &'a Slice, out_stride: usize) -> Product<'a> {
        let (stack, change) = (self.weights.stack(ids), self.changes.of(ids));
        Product { stack, change, bias: None, factor: 1.0, out, out_stride, store: Store::Set }
    }

    fn qkv(&self, weights: &[usize]) -> Product<'_> {
        let width = self.config.d_q() + 2 * self.config.d_kv();
        self.of(weights, &self.memory.qkv, stride(width))
    }

    /// With the activation, where nothing has to be added before and both halves are at hand.
    fn feed_forward(
        &self,
        weights: &[usize],
        biases: &[usize],
        activation: Activation,
        kind: Kind,
    ) -> Product<'_> {
        let d_ff = self.config.d_ff;
        let (out, width) = (&self.memory.gate_up, weights.len() * d_ff);
        let product = Product { bias: self.bias(biases), ..self.of(weights, out, stride(width)) };
        let store = match (product.change, weights.len(), kind, product.stack.shards.len()) {
            (None, 1, ..) => Store::Activated(activation),
            (None, _, Kind::Decode, 1) => Store::Gated(activation),
            _ => return product,
        };
        Product { out: &self.memory.gate, out_stride: stride(d_ff), store, ..product }
    }

    fn residual(&self, weight: usize, bias: &[usize], factor: f32) -> Product<'_> {
        let product = self.of(&[weight], &self.memory.hidden, stride(self.config.d_model));
        Product { bias: self.bias(bias), factor, store: Store::Add, ..product }
    }

    fn bias(&self, ids: &[usize]) -> Option<&Slice> {
        (!ids.is_empty()).then(|| self.weights.vector(ids))
    }

    /// The product, and what adapters add to it.
    fn product(&self, calls: &mut Vec<Call>, kind: Kind, input: Input<'_>, product: Product<'_>) {
        let plain = match kind {
            Kind::Decode => Recorder::mat_vec,
            Kind::Prefill => Recorder::mat_mul,
        };
        plain(self, calls, input, product);
        if let Some(Change { a, b }) = product.change {
            let low = &self.changes.low;
            let (out_stride, store) = (stride(a.n_out), Store::Set);
            plain(
                self,
                calls,
                input,
                Product { stack: a, change: None, bias: None, factor: 1.0, out: low, out_stride, store },
            );
            let input = Input { x: low, norm: None, is_selected: false, ..input };
            plain(
                self,
                calls,
                input,
                Product { stack: b, change: None, bias: None, store: Store::Add, ..product },
            );
        }
    }

    fn mat_vec(&self, calls: &mut Vec<Call>, input: Input<'_>, product: Product<'_>) {
        let Input { x, norm, is_selected, grid } = input;
        let Product { stack, bias, factor, out, out_stride, store, .. } = product;
        let n_blocks = stack.n_in.div_ceil(32);
        for shard in &stack.shards {
            let halves = if matches!(store, Store::Gated(_)) { 2 } else { 1 };
            let n_rows = shard.n_rows / halves;
            let shader = Shader::MatVec {
                format: shard.format,
                n_threads: (n_blocks as u32).next_power_of_two().clamp(32, 128),
                norm: norm.is_some(),
                bias: bias.is_some(),
                store,
            };
            let mut params =
                sizes(&[n_rows, n_blocks, stride(stack.n_in) / 4, out_stride, shard.first_row, stack.n_in]);
            params.extend([self.config.norm_epsilon.to_bits(), u32::from(is_selected), factor.to_bits()]);
            // What a variant leaves alone has to be bound nevertheless.
            let slices = [&shard.quants, &shard.scales, x, norm.unwrap_or(x), bias.unwrap_or(x), out];
            let groups = n_rows.div_ceil(4 / halves) as u32;
            calls.push(Call {
                shader,
                params,
                slices: slices.map(Slice::clone).to_vec(),
                grid: grid(groups),
            });
        }
    }

    fn mat_mul(&self, calls: &mut Vec<Call>, input: Input<'_>, product: Product<'_>) {
        let Product { stack, bias, factor, out, out_stride, store, .. } = product;
        for shard in &stack.shards {
            let n_blocks = stack.n_in.div_ceil(32);
            let mut params =
                sizes(&[shard.n_rows, n_blocks, stride(stack.n_in) / 4, out_stride, shard.first_row]);
            params.push(factor.to_bits());
            let slices = [&shard.quants, &shard.scales, input.x, bias.unwrap_or(input.x), out];
            let n_tokens = self.tile_tokens;
            let shader = Shader::MatMul { format: shard.format, n_tokens, bias: bias.is_some(), store };
            let grid = Grid::Tiles { n_rows: shard.n_rows as u32, n_tokens };
            calls.push(Call { shader, params, slices: slices.map(Slice::clone).to_vec(), grid });
        }
    }

    fn embed(&self, calls: &mut Vec<Call>, table: usize, factor: f32) {
        let stack = self.weights.stack(&[table]);
        let n_blocks = stack.n_in.div_ceil(32);
        for Shard { format, first_row, n_rows, quants, scales, .. } in &stack.shards {
            let slices = [quants, scales, &self.memory.tokens, &self.memory.hidden];
            let mut params = sizes(&[*first_row, *n_rows, n_blocks]);
            params.push(factor.to_bits());
            let shader = Shader::GetRows { format: *format };
            let grid = Grid::Tokens(n_blocks.div_ceil(64) as u32);
            calls.push(Call { shader, params, slices: slices.map(Slice::clone).to_vec(), grid });
        }
    }

    fn activate(&self, activation: Activation, gated: bool) -> Call {
        let d = self.config.d_ff;
        let width = if gated { 2 * d } else { d };
        let slices = vec![self.memory.gate_up.clone(), self.memory.gate.clone()];
        let grid = Grid::Tokens(d.div_ceil(64) as u32);
        call(Shader::Activate { activation, gated }, &[d, stride(width), stride(d)], slices, grid)
    }

    fn rope(&self, calls: &mut Vec<Call>, layer: usize, biases: &[usize], head_norms: &[usize]) {
        let ModelConfig { n_head, n_kv_head, d_head, n_rot, .. } = *self.config;
        let memory = self.memory;
        let halves = usize::from(self.config.rope_style == RopeStyle::Halves);
        let n_heads = n_head + 2 * n_kv_head;
        let mut params =
            sizes(&[n_head, n_kv_head, d_head, n_rot, halves, memory.n_cached, stride(n_heads * d_head)]);
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
        let ModelConfig { n_head, n_kv_head, d_head, attention_scale, .. } = *self.config;
        let memory = self.memory;
        let mut params = sizes(&[n_head, n_kv_head, memory.n_cached]);
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
