//! The buffers of one conversation: activations, keys and values, all made at load.

use inkling_kernels::RopeTable;

use super::device::Gpu;
use super::pack::MAX_BINDING_BYTES;
use super::weights::Slice;
use crate::ModelConfig;
use crate::slots::Slots;

/// Bytes of a list of candidates.
pub(crate) const LIST_BYTES: u64 = 66 * 8;

/// Rows of logits that are kept at once.
pub(crate) const MAX_LOGIT_ROWS: usize = 32;

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
    /// Positions of all conversations.
    pub(crate) n_cached: usize,
    /// By layer, f16 [n_kv_head, n_cached, d_head].
    pub(crate) keys: Vec<Slice>,
    pub(crate) values: Vec<Slice>,
}

/// Elements from token to token in a buffer of this width: whole blocks of weights.
pub(crate) fn stride(width: usize) -> usize {
    width.next_multiple_of(32)
}

/// Bytes of keys and values of all conversations together, where one does not need more.
const MAX_CACHE_BYTES: u64 = 1 << 30;

/// As many conversations as there is room for.
pub(crate) fn slots(config: &ModelConfig) -> Slots {
    let n_bytes = layer_cache_bytes(config);
    // A layer's keys are one binding.
    let max_bytes = (MAX_CACHE_BYTES / (2 * config.n_layer as u64)).min(MAX_BINDING_BYTES as u64);
    Slots::within(max_bytes, n_bytes)
}

/// Bytes of a layer's keys of one conversation, or values.
fn layer_cache_bytes(config: &ModelConfig) -> u64 {
    2 * (config.n_context * config.d_kv()) as u64
}

/// The sizes that decide how much memory is needed.
#[derive(Clone, Copy)]
pub(crate) struct Capacity<'a> {
    pub(crate) config: &'a ModelConfig,
    /// Tokens that are evaluated at once.
    pub(crate) n_tokens: usize,
    /// Parts that the positions are divided into, times tokens.
    pub(crate) n_splits: usize,
    /// Conversations.
    pub(crate) n_slots: usize,
}

impl Capacity<'_> {
    /// Bytes of keys and values.
    pub(crate) fn cache_bytes(&self) -> u64 {
        2 * (self.config.n_layer * self.n_slots) as u64 * layer_cache_bytes(self.config)
    }

    /// Bytes of everything else.
    pub(crate) fn scratch_bytes(&self) -> u64 {
        let ModelConfig { d_model, d_ff, n_vocab, n_context, n_rot, .. } = *self.config;
        let (d_q, d_kv) = (self.config.d_q(), self.config.d_kv());
        let widths = [d_model, d_model, d_q + 2 * d_kv, d_q, d_q, 2 * d_ff, d_ff].map(stride);
        let a_token = 1 + widths.iter().sum::<usize>();
        let others = self.n_parts() + MAX_LOGIT_ROWS * n_vocab + n_vocab.div_ceil(32) + n_context * n_rot;
        4 * (self.n_tokens * a_token + others) as u64 + 2 * self.list_bytes()
    }

    /// Elements of what attention finds in the parts of the positions.
    fn n_parts(&self) -> usize {
        self.n_splits * self.config.n_head * (self.config.d_head + 2)
    }

    fn list_bytes(&self) -> u64 {
        self.config.n_vocab.div_ceil(1024) as u64 * LIST_BYTES
    }

    pub(crate) fn make(&self, gpu: &Gpu) -> Memory {
        let config = self.config;
        let floats = |label: &str, n: usize| Slice::whole(&gpu.storage(label, 4 * n as u64));
        let rows = |label: &str, width: usize| floats(label, self.n_tokens * stride(width));
        let lists = || Slice::whole(&gpu.storage("candidates", self.list_bytes()));
        let layer_bytes = self.n_slots as u64 * layer_cache_bytes(config);
        let cache = |label: &str| {
            (0..config.n_layer).map(|_| Slice::whole(&gpu.storage(label, layer_bytes))).collect()
        };
        Memory {
            tokens: floats("tokens", self.n_tokens),
            hidden: rows("hidden", config.d_model),
            normed: rows("normed", config.d_model),
            qkv: rows("queries, keys, values", config.d_q() + 2 * config.d_kv()),
            query: rows("rotated queries", config.d_q()),
            mixed: rows("mixed values", config.d_q()),
            gate_up: rows("gate and up", 2 * config.d_ff),
            gate: rows("gate", config.d_ff),
            logits: floats("logits", MAX_LOGIT_ROWS * config.n_vocab),
            parts: floats("parts of attention", self.n_parts()),
            mask: floats("mask", config.n_vocab.div_ceil(32)),
            lists: [lists(), lists()],
            rotations: floats("rotations", config.n_context * config.n_rot),
            n_cached: self.n_slots * config.n_context,
            keys: cache("keys"),
            values: cache("values"),
        }
    }
}

/// Fills in the cosines and sines of all positions; `divisors` as [`RopeTable::new`] has them.
pub(crate) fn write_rotations(gpu: &Gpu, memory: &Memory, config: &ModelConfig, divisors: &[f32]) {
    let ModelConfig { n_context, n_rot, rope_base, rope_scale, .. } = *config;
    let table = RopeTable::new(n_context, n_rot, rope_base, rope_scale, divisors);
    let pairs = table.rotations.iter().flat_map(|(cos, sin)| [cos.to_le_bytes(), sin.to_le_bytes()]);
    let bytes: Vec<u8> = pairs.flatten().collect();
    gpu.queue.write_buffer(&memory.rotations.buffer, 0, &bytes);
}
