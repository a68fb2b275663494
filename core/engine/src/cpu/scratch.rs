//! The activations of a run of tokens, and the operations on them alone.

use inkling_kernels as kernels;

use super::activations::Activations;
use super::simd::SimdLevel;
use super::weights::Weights;
use crate::{Buffer, EngineError, ModelConfig, Op, WeightId};

/// Activation buffers, by [`Buffer`], [CHUNK_TOKENS, width] but for the logits.
pub(super) struct Scratch {
    buffers: Vec<Vec<f32>>,
    pub(super) rounded: Activations,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch { buffers: vec![Vec::new(); Buffer::ALL.len()], rounded: Activations::default() }
    }

    pub(super) fn resize(
        &mut self,
        config: &ModelConfig,
        n_tokens: usize,
        n_logits: usize,
    ) -> Result<(), EngineError> {
        for buffer in Buffer::ALL {
            let n_rows = if buffer == Buffer::Logits { n_logits } else { n_tokens };
            resize(&mut self.buffers[buffer as usize], n_rows * buffer.width(config))?;
        }
        Ok(())
    }

    /// Shortens `x` to its last rows, and everything else to as many.
    pub(super) fn keep_last(
        &mut self,
        x: Buffer,
        n_rows: usize,
        config: &ModelConfig,
    ) -> Result<(), EngineError> {
        let kept = n_rows * x.width(config);
        let buffer = &mut self.buffers[x as usize];
        buffer.drain(..buffer.len() - kept);
        self.resize(config, n_rows, n_rows)
    }

    /// Rounds `x` to bytes for the products with quantized weights that follow.
    pub(super) fn round(&mut self, level: SimdLevel, x: Buffer, width: usize) {
        match level {
            // SAFETY: the level is chosen from `SimdLevel::available`.
            #[cfg(target_arch = "x86_64")]
            SimdLevel::Avx2 | SimdLevel::Avx512Vnni => unsafe { self.round_avx2(x, width) },
            _ => self.rounded.quantize(&self.buffers[x as usize], width),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn round_avx2(&mut self, x: Buffer, width: usize) {
        self.rounded.quantize(&self.buffers[x as usize], width);
    }

    /// Runs an operation that needs nothing but activations and vectors.
    pub(super) fn apply(&mut self, level: SimdLevel, op: &Op, weights: &Weights, config: &ModelConfig) {
        match level {
            // SAFETY: the level is chosen from `SimdLevel::available`.
            #[cfg(target_arch = "x86_64")]
            SimdLevel::Avx2 | SimdLevel::Avx512Vnni => unsafe { self.apply_avx2(op, weights, config) },
            _ => self.apply_plain(op, weights, config),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn apply_avx2(&mut self, op: &Op, weights: &Weights, config: &ModelConfig) {
        self.apply_plain(op, weights, config);
    }

    #[inline(always)]
    fn apply_plain(&mut self, op: &Op, weights: &Weights, config: &ModelConfig) {
        let vector = |id: WeightId| weights.vector(id);
        match *op {
            Op::RmsNorm { x, weight, out } => {
                let (x, out) = self.pair(x, out);
                kernels::rms_norm(x, vector(weight), config.norm_epsilon, out);
            }
            Op::LayerNorm { x, weight, bias, out } => {
                let (x, out) = self.pair(x, out);
                kernels::layer_norm(x, vector(weight), vector(bias), config.norm_epsilon, out);
            }
            Op::HeadNorm { x, weight } => {
                kernels::head_norm(self.get_mut(x), vector(weight), config.norm_epsilon);
            }
            Op::AddBias { x, bias } => kernels::add_bias(self.get_mut(x), vector(bias)),
            Op::Scale { x, factor } => kernels::scale(self.get_mut(x), factor),
            Op::Gelu => kernels::gelu(self.get_mut(Buffer::Up)),
            Op::GeluMul => {
                let (up, gate) = self.pair(Buffer::Up, Buffer::Gate);
                kernels::gelu_mul(gate, up);
            }
            Op::SiluMul => {
                let (up, gate) = self.pair(Buffer::Up, Buffer::Gate);
                kernels::silu_mul(gate, up);
            }
            Op::Add { x, out } => {
                let (x, out) = self.pair(x, out);
                kernels::add(out, x);
            }
            Op::Embed { .. }
            | Op::MatMul { .. }
            | Op::Rope { .. }
            | Op::Attend { .. }
            | Op::Select { .. } => {
                unreachable!("these need more than activations")
            }
        }
    }

    pub(super) fn get(&self, buffer: Buffer) -> &[f32] {
        &self.buffers[buffer as usize]
    }

    pub(super) fn get_mut(&mut self, buffer: Buffer) -> &mut [f32] {
        &mut self.buffers[buffer as usize]
    }

    /// One buffer to read and another to write.
    pub(super) fn pair(&mut self, x: Buffer, out: Buffer) -> (&[f32], &mut [f32]) {
        let [x, out] = self
            .buffers
            .get_disjoint_mut([x as usize, out as usize])
            .expect("no operation reads the buffer it writes");
        (x, out)
    }
}

pub(super) fn zeros(len: usize, what: &str) -> Result<Vec<f32>, EngineError> {
    let mut zeros = Vec::new();
    zeros
        .try_reserve_exact(len)
        .map_err(|_| EngineError::Memory { tensor: what.to_string(), bytes: 4 * len as u64 })?;
    zeros.resize(len, 0.0);
    Ok(zeros)
}

fn resize(buffer: &mut Vec<f32>, len: usize) -> Result<(), EngineError> {
    if len > buffer.capacity() {
        *buffer = zeros(len, "an activation buffer")?;
    }
    buffer.resize(len, 0.0);
    Ok(())
}
