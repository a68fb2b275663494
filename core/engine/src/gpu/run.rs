//! What the host writes for a run, the run itself, and what it reads.

use wgpu::{Buffer, BufferUsages, CommandEncoder};

use super::call::StepSizes;
use super::commands::Cost;
use super::memory::{LIST_BYTES, MAX_LOGIT_ROWS};
use super::{GpuExecutor, MAX_SPLITS, MIN_PREFILL_TOKENS, Rows, TILE_POSITIONS};
use crate::EngineError;
use crate::executor::{TokenId, Top, Want};

/// Entries that cross the seam at most.
const MAX_TOP: usize = 64;

impl GpuExecutor {
    /// One pass over `n_tokens` at position `first`, whose ids the device holds.
    pub(super) fn encode(&self, first: usize, n_tokens: usize, rows: Rows) -> (CommandEncoder, Cost) {
        let step = self.write_state(first, n_tokens, rows);
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut cost = Cost { n_passes: 1, ..Cost::default() };
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let layers = if n_tokens < MIN_PREFILL_TOKENS { &self.passes.decode } else { &self.passes.prefill };
        layers.encode(&mut pass, step, &mut cost);
        if rows != Rows::None {
            self.passes.head.encode(&mut pass, step, &mut cost);
        }
        if rows == Rows::Last {
            self.top_k.encode(&mut pass, step, &mut cost);
        }
        drop(pass);
        (encoder, cost)
    }

    /// Submits `n_steps` steps, the first on `token`, each other on what the one before found likeliest; their
    /// lists.
    pub(super) async fn queue(&self, token: TokenId, n_steps: usize) -> Result<Vec<u8>, EngineError> {
        self.write_tokens(&[token]);
        for step in 0..n_steps {
            let (mut encoder, _) = self.encode(self.slots.tokens().len() + step, 1, Rows::Last);
            self.copy_list(&mut encoder, step);
            // The id of the first entry.
            encoder.copy_buffer_to_buffer(&self.top.buffer, 4, &self.memory.tokens.buffer, 0, 4);
            self.gpu.queue.submit([encoder.finish()]);
        }
        self.gpu.read(&self.readback, n_steps as u64 * LIST_BYTES).await
    }

    /// Copies the list of candidates to the `idx`-th place of what the host can read.
    pub(super) fn copy_list(&self, encoder: &mut CommandEncoder, idx: usize) {
        let at = idx as u64 * LIST_BYTES;
        encoder.copy_buffer_to_buffer(&self.top.buffer, 0, &self.readback, at, LIST_BYTES);
    }

    pub(super) fn write_tokens(&self, tokens: &[TokenId]) {
        self.gpu.queue.write_buffer(&self.memory.tokens.buffer, 0, &bytes_of(tokens));
    }

    fn write_state(&self, first: usize, n_tokens: usize, rows: Rows) -> StepSizes {
        let n_tiles = (first + n_tokens).div_ceil(TILE_POSITIONS);
        let max_splits = (self.chunk_tokens.max(MAX_SPLITS) / n_tokens).clamp(1, MAX_SPLITS);
        let split_tiles = n_tiles.div_ceil(max_splits);
        let n_splits = n_tiles.div_ceil(split_tiles);
        let selected = if rows == Rows::Last { n_tokens - 1 } else { 0 };
        let state = [first, n_tokens, selected, n_splits, split_tiles * TILE_POSITIONS];
        let first_in_cache = self.slots.current() * self.config().n_context;
        self.gpu.queue.write_buffer(&self.state.buffer, 0, &bytes_of(&state.map(|value| value as u32)));
        self.gpu.queue.write_buffer(&self.state.buffer, 24, &bytes_of(&[first_in_cache as u32]));
        let n_selected = if rows == Rows::All { n_tokens } else { 1 };
        StepSizes { n_tokens: n_tokens as u32, n_selected: n_selected as u32, n_splits: n_splits as u32 }
    }

    pub(super) fn write_mask(&self, want: &Want) {
        let is_masked = u32::from(!want.masked.is_empty());
        self.gpu.queue.write_buffer(&self.state.buffer, 20, &bytes_of(&[is_masked]));
        if is_masked == 1 {
            let n_vocab = self.config().n_vocab;
            let mut bits = vec![0u32; n_vocab.div_ceil(32)];
            let known = want.masked.iter().filter(|&&token| (token as usize) < n_vocab);
            known.for_each(|&token| bits[token as usize / 32] |= 1 << (token % 32));
            self.gpu.queue.write_buffer(&self.memory.mask.buffer, 0, &bytes_of(&bits));
        }
    }

    /// Submits, and reads a chunk's logits [n_tokens, n_vocab].
    pub(super) async fn all_logits(
        &self,
        mut encoder: CommandEncoder,
        n_tokens: usize,
    ) -> Result<Vec<f32>, EngineError> {
        let row_bytes = 4 * self.config().n_vocab as u64;
        let n_bytes = n_tokens as u64 * row_bytes;
        let readback = self.logits_readback(MAX_LOGIT_ROWS as u64 * row_bytes).await?;
        encoder.copy_buffer_to_buffer(&self.memory.logits.buffer, 0, readback, 0, n_bytes);
        self.gpu.queue.submit([encoder.finish()]);
        let bytes = self.gpu.read(readback, n_bytes).await?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Where the host reads whole rows of logits, which few ever ask for: made when first wanted.
    async fn logits_readback(&self, n_bytes: u64) -> Result<&Buffer, EngineError> {
        if let Some(readback) = self.logits_readback.get() {
            return Ok(readback);
        }
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let readback =
            self.gpu.checked("logits", n_bytes, || self.gpu.buffer("logits", n_bytes, usage)).await?;
        Ok(self.logits_readback.get_or_init(|| readback))
    }
}

pub(super) fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The list of candidates that `top_k.wgsl` describes.
pub(super) fn top_of(bytes: &[u8], want: &Want) -> Result<Top, EngineError> {
    let words: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let (pairs, _) = words.as_chunks::<2>();
    let (entries, [[largest, sum], [n_broken, _], ..]) = pairs.split_at(MAX_TOP) else {
        unreachable!("the buffer is a list long");
    };
    if *n_broken > 0 {
        return Err(EngineError::NotFinite);
    }
    let there = entries.iter().filter(|[_, id]| *id != u32::MAX).take(want.top_k.clamp(1, MAX_TOP));
    let entries = there.map(|&[logit, id]| (id, f32::from_bits(logit))).collect();
    let sum = f64::from(f32::from_bits(*sum));
    Ok(Top { entries, log_sum_exp: f32::from_bits(*largest) + sum.ln() as f32 })
}
