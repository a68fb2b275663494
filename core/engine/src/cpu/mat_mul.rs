//! `out = x · weightsᵀ`, by rows shared out among threads.

use half::slice::HalfFloatSliceExt;
use inkling_kernels::{BLOCK_LEN, Format, dot, q6_k_chunk, q6_k_scales};

use super::shared::SharedMut;
use super::simd::{Portable, Simd, SimdLevel};
use crate::Weight;

/// Tokens of a tile: their sums stay in registers beside a block of four rows.
const TILE_TOKENS: usize = 4;
/// Rows of a tile.
const TILE_ROWS: usize = 4;

/// Activations of [n_tokens, n_in], as f32 and, where a quantized product needs them, rounded to bytes in
/// blocks of 32 with a scale each (as llama.cpp's Q8_0 activations).
#[derive(Default)]
pub(crate) struct Activations {
    pub(crate) n_tokens: usize,
    pub(crate) n_in: usize,
    values: Vec<i8>,
    scales: Vec<f32>,
    sums: Vec<i32>,
}

impl Activations {
    /// Rounds `x` [n_tokens, n_in]; `n_in` is a multiple of 32.
    pub(crate) fn quantize(&mut self, x: &[f32], n_in: usize) {
        self.n_in = n_in;
        self.n_tokens = x.len() / n_in;
        self.values.resize(x.len(), 0);
        self.scales.clear();
        self.sums.clear();
        for (x, values) in x.as_chunks::<BLOCK_LEN>().0.iter().zip(self.values.as_chunks_mut::<BLOCK_LEN>().0)
        {
            let scale = x.iter().fold(0.0f32, |max, x| max.max(x.abs())) / 127.0;
            let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
            let mut sum = 0;
            for (x, value) in x.iter().zip(values) {
                *value = (x * inverse).round_ties_even() as i8;
                sum += i32::from(*value);
            }
            self.scales.push(scale);
            self.sums.push(sum);
        }
    }
}

/// A part of the product's rows: those of thread `part` of `n_parts`.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) part: usize,
    pub(crate) n_parts: usize,
}

impl Part {
    /// This part's share of `n` things, in multiples of `step` but for the end.
    pub(crate) fn range(self, n: usize, step: usize) -> std::ops::Range<usize> {
        let n_steps = n.div_ceil(step);
        let at = |part: usize| (n_steps * part / self.n_parts * step).min(n);
        at(self.part)..at(self.part + 1)
    }
}

/// Writes this part's columns of `out` [n_tokens, weight.n_out]. `x` holds the unrounded activations;
/// `rounded` is the same for quantized weights.
pub(crate) fn mat_mul(
    level: SimdLevel,
    weight: &Weight,
    x: &[f32],
    rounded: &Activations,
    out: SharedMut<'_>,
    part: Part,
) {
    match level {
        SimdLevel::Portable => dispatch::<Portable>(weight, x, rounded, out, part),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        SimdLevel::Simd128 => dispatch::<super::simd::Simd128>(weight, x, rounded, out, part),
        #[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
        SimdLevel::Simd128 => unreachable!("not among the available levels"),
        // SAFETY: the level is chosen from `SimdLevel::available`.
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => unsafe { avx2(weight, x, rounded, out, part) },
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512Vnni => unsafe { avx512(weight, x, rounded, out, part) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn avx2(weight: &Weight, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    dispatch::<super::simd::Avx2>(weight, x, rounded, out, part);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c,avx512vnni,avx512vl")]
unsafe fn avx512(weight: &Weight, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    dispatch::<super::simd::Avx512Vnni>(weight, x, rounded, out, part);
}

#[inline(always)]
fn dispatch<S: Simd>(weight: &Weight, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    match weight.format {
        Format::Q4_0 => quantized::<S, Q4_0>(weight, rounded, out, part),
        Format::Q8_0 => quantized::<S, Q8_0>(weight, rounded, out, part),
        Format::Q6K => quantized::<S, Q6K>(weight, rounded, out, part),
        Format::F32 | Format::F16 => float(weight, x, out, part),
    }
}

/// Rows are brought to f32 once and multiplied with every token.
#[inline(always)]
fn float(weight: &Weight, x: &[f32], out: SharedMut<'_>, part: Part) {
    let (n_in, n_out) = (weight.n_in, weight.n_out);
    let row_bytes = weight.format.bytes(n_in);
    let mut row = vec![0.0; n_in];
    let mut halves = vec![half::f16::ZERO; n_in];
    for row_idx in part.range(n_out, 1) {
        let bytes = &weight.bytes[row_idx * row_bytes..][..row_bytes];
        if weight.format == Format::F16 {
            for (half, bytes) in halves.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *half = half::f16::from_le_bytes(*bytes);
            }
            halves.convert_to_f32_slice(&mut row);
        } else {
            weight.format.dequantize(bytes, &mut row);
        }
        for (token_idx, x) in x.chunks_exact(n_in).enumerate() {
            // SAFETY: parts do not share rows.
            unsafe { out.write(token_idx * n_out + row_idx, dot(&row, x)) };
        }
    }
}

/// How a quantized format's blocks are taken apart: chunks of 32 weights, in groups of the same scale.
trait Layout {
    /// Of a block.
    const BYTES: usize;
    /// In a block.
    const N_CHUNKS: usize;
    /// In a chunk.
    const N_GROUPS: usize;
    /// # Safety
    /// A whole block lies behind each pointer.
    unsafe fn scales<S: Simd>(blocks: [*const u8; TILE_ROWS], chunk_idx: usize, group_idx: usize)
    -> S::F32x4;
    /// A chunk's weights; those of other groups are zero.
    ///
    /// # Safety
    /// A whole block lies behind the pointer.
    unsafe fn load<S: Simd>(block: *const u8, chunk_idx: usize, group_idx: usize) -> S::Block;
}

struct Q4_0;
impl Layout for Q4_0 {
    const BYTES: usize = 18;
    const N_CHUNKS: usize = 1;
    const N_GROUPS: usize = 1;
    #[inline(always)]
    unsafe fn scales<S: Simd>(blocks: [*const u8; TILE_ROWS], _: usize, _: usize) -> S::F32x4 {
        unsafe { S::scales(blocks) }
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(block: *const u8, _: usize, _: usize) -> S::Block {
        unsafe { S::load_q4_0(block) }
    }
}

struct Q8_0;
impl Layout for Q8_0 {
    const BYTES: usize = 34;
    const N_CHUNKS: usize = 1;
    const N_GROUPS: usize = 1;
    #[inline(always)]
    unsafe fn scales<S: Simd>(blocks: [*const u8; TILE_ROWS], _: usize, _: usize) -> S::F32x4 {
        unsafe { S::scales(blocks) }
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(block: *const u8, _: usize, _: usize) -> S::Block {
        unsafe { S::load_q8_0(block) }
    }
}

struct Q6K;
impl Layout for Q6K {
    const BYTES: usize = 210;
    const N_CHUNKS: usize = 8;
    const N_GROUPS: usize = 2;
    #[inline(always)]
    unsafe fn scales<S: Simd>(
        blocks: [*const u8; TILE_ROWS],
        chunk_idx: usize,
        group_idx: usize,
    ) -> S::F32x4 {
        unsafe { S::from_array(blocks.map(|block| q6_k_scales(&*block.cast(), chunk_idx)[group_idx])) }
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(block: *const u8, chunk_idx: usize, group_idx: usize) -> S::Block {
        let mut w = q6_k_chunk(unsafe { &*block.cast() }, chunk_idx);
        w[(1 - group_idx) * 16..][..16].fill(0);
        unsafe { S::load_i8(&w) }
    }
}

#[inline(always)]
fn quantized<S: Simd, L: Layout>(weight: &Weight, x: &Activations, out: SharedMut<'_>, part: Part) {
    let row_bytes = weight.n_in / (BLOCK_LEN * L::N_CHUNKS) * L::BYTES;
    assert_eq!(weight.bytes.len(), row_bytes * weight.n_out);
    assert_eq!(weight.n_in, x.n_in);
    let range = part.range(weight.n_out, TILE_ROWS);
    for first_row in range.step_by(TILE_ROWS) {
        // Past the last row a tile computes it again.
        let row_idx = |i: usize| (first_row + i).min(weight.n_out - 1);
        let rows = [0, 1, 2, 3].map(|i| weight.bytes[row_idx(i) * row_bytes..].as_ptr());
        let write = |token_idx: usize, sums: [f32; TILE_ROWS]| {
            for (i, sum) in sums.into_iter().enumerate() {
                // SAFETY: parts do not share tiles.
                unsafe { out.write(token_idx * weight.n_out + row_idx(i), sum) };
            }
        };
        let mut token_idx = 0;
        while token_idx + TILE_TOKENS <= x.n_tokens {
            // SAFETY: rows hold n_in / 32 blocks, `x` holds n_in values for each of the tokens.
            let tile = unsafe { tile::<S, L, TILE_TOKENS>(rows, x, token_idx) };
            tile.into_iter().enumerate().for_each(|(i, sums)| write(token_idx + i, sums));
            token_idx += TILE_TOKENS;
        }
        for token_idx in token_idx..x.n_tokens {
            // SAFETY: as above.
            let [sums] = unsafe { tile::<S, L, 1>(rows, x, token_idx) };
            write(token_idx, sums);
        }
    }
}

/// Four rows times `T` tokens.
#[inline(always)]
unsafe fn tile<S: Simd, L: Layout, const T: usize>(
    rows: [*const u8; TILE_ROWS],
    x: &Activations,
    first_token: usize,
) -> [[f32; TILE_ROWS]; T] {
    let n_blocks = x.n_in / BLOCK_LEN;
    unsafe {
        let mut acc = [S::zero(); T];
        for x_block in 0..n_blocks {
            let (block_idx, chunk_idx) = (x_block / L::N_CHUNKS, x_block % L::N_CHUNKS);
            let blocks = rows.map(|row| row.add(block_idx * L::BYTES));
            for group_idx in 0..L::N_GROUPS {
                let w_scales = L::scales::<S>(blocks, chunk_idx, group_idx);
                let w = blocks.map(|block| L::load::<S>(block, chunk_idx, group_idx));
                for (i, acc) in acc.iter_mut().enumerate() {
                    let x_idx = (first_token + i) * n_blocks + x_block;
                    let values = x.values.as_ptr().add(x_idx * BLOCK_LEN);
                    let (scale, sum) = (*x.scales.get_unchecked(x_idx), *x.sums.get_unchecked(x_idx));
                    *acc = S::accumulate(*acc, w, w_scales, values, scale, sum);
                }
            }
        }
        acc.map(|acc| S::to_array(acc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkling_kernels::{quantize_q4_0, quantize_q8_0};

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..n).map(|_| random.f32() * 2.0 - 1.0).collect()
    }

    fn weight(format: Format, n_in: usize, n_out: usize) -> Weight {
        let numbers = numbers(n_in * n_out, 1);
        let bytes = match format {
            Format::F32 => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Format::F16 => numbers.iter().flat_map(|&x| half::f16::from_f32(x).to_le_bytes()).collect(),
            Format::Q4_0 => quantize_q4_0(&numbers),
            Format::Q8_0 => quantize_q8_0(&numbers),
            Format::Q6K => q6_k_bytes(n_in * n_out),
        };
        Weight { format, n_in, n_out, bytes }
    }

    /// Any bytes are a matrix, but for the scales of scales, which are kept small.
    fn q6_k_bytes(n: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(4);
        let mut bytes: Vec<u8> = (0..Format::Q6K.bytes(n)).map(|_| random.u8(..)).collect();
        for block in bytes.as_chunks_mut::<210>().0 {
            block[208..].copy_from_slice(&half::f16::from_f32(1e-3).to_le_bytes());
        }
        bytes
    }

    fn product(level: SimdLevel, weight: &Weight, x: &[f32], n_parts: usize) -> Vec<f32> {
        let mut rounded = Activations::default();
        rounded.quantize(x, weight.n_in);
        let mut out = vec![0.0; rounded.n_tokens * weight.n_out];
        let shared = SharedMut::new(&mut out);
        for part in 0..n_parts {
            mat_mul(level, weight, x, &rounded, shared, Part { part, n_parts });
        }
        out
    }

    /// Normalised mean square error.
    fn nmse(a: &[f32], b: &[f32]) -> f32 {
        let error: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
        error / a.iter().map(|a| a * a).sum::<f32>()
    }

    #[test]
    fn every_level_gives_the_same_bits_and_follows_the_twin() {
        for format in [Format::F32, Format::F16, Format::Q4_0, Format::Q8_0, Format::Q6K] {
            for (n_blocks, n_out, n_tokens) in [(1, 1, 1), (3, 7, 3), (8, 13, 4), (2, 4, 9)] {
                let n_in = n_blocks * format.block_len().max(8);
                let weight = weight(format, n_in, n_out);
                let mut x = numbers(n_in * n_tokens, 2);
                x[n_in / 2] = 1e5; // an outlier, as Qwen's activations have
                let mut twin = vec![0.0; n_tokens * n_out];
                inkling_kernels::mat_mul(format, &weight.bytes, n_in, &x, &mut twin);
                let portable = product(SimdLevel::Portable, &weight, &x, 1);
                let bound = if weight.format.block_len() == 1 { 1e-12 } else { 5e-4 };
                assert!(nmse(&twin, &portable) < bound, "{format:?} {n_in}x{n_out}x{n_tokens}");
                for level in SimdLevel::available() {
                    for n_parts in 1..4 {
                        assert_eq!(
                            product(level, &weight, &x, n_parts),
                            portable,
                            "{format:?} {level:?} {n_parts}"
                        );
                    }
                }
            }
        }
    }
}
