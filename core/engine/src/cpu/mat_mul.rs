//! `out = x · weightsᵀ`, by rows shared out among threads.

use half::slice::HalfFloatSliceExt;
use inkling_kernels::{BLOCK_LEN, Format, SUPER_LEN, dot};

use super::activations::Activations;
use super::layout::{Layout, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0, ScalesAt};
use super::packed::{GROUP_ROWS, Packed};
use super::shared::SharedMut;
use super::simd::{Portable, Simd, SimdLevel};
use crate::Weight;

/// A matrix as the products read it.
pub(crate) enum Matrix {
    /// Stored as floats, row after row.
    Float(Weight),
    /// Quantized, rows side by side.
    Packed(Packed),
}

impl Matrix {
    pub(crate) fn new(weight: Weight) -> Matrix {
        if weight.format.is_quantized() {
            Matrix::Packed(Packed::new(&weight))
        } else {
            Matrix::Float(weight)
        }
    }

    /// Whether products want the activations rounded to bytes.
    pub(crate) fn is_quantized(&self) -> bool {
        matches!(self, Matrix::Packed(_))
    }

    /// The values of row `row_idx`.
    pub(crate) fn row(&self, row_idx: usize, out: &mut [f32]) {
        match self {
            Matrix::Float(weight) => {
                let row_bytes = weight.format.bytes(weight.n_in);
                weight.format.dequantize(&weight.bytes[row_idx * row_bytes..][..row_bytes], out);
            }
            Matrix::Packed(packed) => packed.row(row_idx, out),
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

/// Writes this part's columns of `out` [n_tokens, n_out]. `x` holds the unrounded activations; `rounded`
/// is the same for quantized matrices.
pub(crate) fn mat_mul(
    level: SimdLevel,
    matrix: &Matrix,
    x: &[f32],
    rounded: &Activations,
    out: SharedMut<'_>,
    part: Part,
) {
    match level {
        SimdLevel::Portable => dispatch::<Portable>(matrix, x, rounded, out, part),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        SimdLevel::Simd128 => dispatch::<super::simd::Simd128>(matrix, x, rounded, out, part),
        #[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
        SimdLevel::Simd128 => unreachable!("not among the available levels"),
        // SAFETY: the level is chosen from `SimdLevel::available`.
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => unsafe { avx2(matrix, x, rounded, out, part) },
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512Vnni => unsafe { avx512(matrix, x, rounded, out, part) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn avx2(matrix: &Matrix, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    dispatch::<super::simd::Avx2>(matrix, x, rounded, out, part);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vnni")]
unsafe fn avx512(matrix: &Matrix, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    dispatch::<super::simd::Avx512Vnni>(matrix, x, rounded, out, part);
}

#[inline(always)]
fn dispatch<S: Simd>(matrix: &Matrix, x: &[f32], rounded: &Activations, out: SharedMut<'_>, part: Part) {
    let packed = match matrix {
        Matrix::Float(weight) => return float(weight, x, out, part),
        Matrix::Packed(packed) => packed,
    };
    match packed.format {
        Format::Q4_0 => quantized::<S, Q4_0>(packed, rounded, out, part),
        Format::Q4_1 => quantized::<S, Q4_1>(packed, rounded, out, part),
        Format::Q5_0 => quantized::<S, Q5_0>(packed, rounded, out, part),
        Format::Q5_1 => quantized::<S, Q5_1>(packed, rounded, out, part),
        Format::Q8_0 => quantized::<S, Q8_0>(packed, rounded, out, part),
        Format::Q4K => quantized::<S, Q4K>(packed, rounded, out, part),
        Format::Q5K => quantized::<S, Q5K>(packed, rounded, out, part),
        Format::Q6K => quantized::<S, Q6K>(packed, rounded, out, part),
        Format::F32 | Format::F16 | Format::BF16 => unreachable!("floats are not packed"),
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

#[inline(always)]
fn quantized<S: Simd, L: Layout>(packed: &Packed, x: &Activations, out: SharedMut<'_>, part: Part) {
    let (n_in, n_out) = (packed.n_in, packed.n_out);
    let (n_groups, n_blocks) = (n_out.div_ceil(GROUP_ROWS), n_in / BLOCK_LEN);
    assert_eq!(n_in, x.n_in);
    assert_eq!(packed.quants.len(), n_groups * n_blocks * L::SIZES.quants);
    assert_eq!(packed.scales.len(), n_groups * n_blocks * L::SIZES.scales);
    assert_eq!(packed.supers.len(), n_groups * n_in.div_ceil(SUPER_LEN) * L::SIZES.supers);
    assert_eq!((x.values.len(), x.totals.len()), (n_in * x.n_tokens, n_blocks * x.n_tokens));
    for group in part.range(n_groups, 1) {
        let mut token_idx = 0;
        while token_idx < x.n_tokens {
            // What is left is fewer tiles of half the size each: a register of weights still serves several tokens.
            let n = S::TILE_TOKENS.min(1 << (x.n_tokens - token_idx).ilog2());
            // SAFETY: parts do not share groups; the sizes are those asserted.
            match n {
                8 => unsafe { tile::<S, L, 8>(packed, group, x, token_idx, out) },
                4 => unsafe { tile::<S, L, 4>(packed, group, x, token_idx, out) },
                2 => unsafe { tile::<S, L, 2>(packed, group, x, token_idx, out) },
                _ => unsafe { tile::<S, L, 1>(packed, group, x, token_idx, out) },
            }
            token_idx += n;
        }
    }
}

/// A group's 16 rows times `T` tokens, as many rows at once as a register has lanes.
#[inline(always)]
unsafe fn tile<S: Simd, L: Layout, const T: usize>(
    packed: &Packed,
    group: usize,
    x: &Activations,
    first_token: usize,
    out: SharedMut<'_>,
) {
    let n_rows = GROUP_ROWS.min(packed.n_out - group * GROUP_ROWS);
    for lane in (0..n_rows).step_by(S::LANES) {
        let mut sums = [[0.0; GROUP_ROWS]; T];
        unsafe {
            let acc = lanes::<S, L, T>(packed, group, lane, x, first_token);
            for (sums, acc) in sums.iter_mut().zip(acc) {
                S::store(acc, sums.as_mut_ptr());
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let at = (first_token + i) * packed.n_out + group * GROUP_ROWS + lane;
            let n = S::LANES.min(n_rows - lane);
            // SAFETY: parts do not share groups.
            unsafe { out.slice(at..at + n) }.copy_from_slice(&sums[..n]);
        }
    }
}

#[inline(always)]
unsafe fn lanes<S: Simd, L: Layout, const T: usize>(
    packed: &Packed,
    group: usize,
    lane: usize,
    x: &Activations,
    first_token: usize,
) -> [S::F32; T] {
    let n_blocks = x.n_in / BLOCK_LEN;
    let n_supers = x.n_in.div_ceil(SUPER_LEN);
    // Wide weights are 128 too large, of which a product may take off some itself.
    let offset = if L::SIZES.offset == 128 { S::WIDE_OFFSET } else { L::SIZES.offset };
    unsafe {
        let mut acc = [S::splat(0.0); T];
        for block in 0..n_blocks {
            let chunk = group * n_blocks + block;
            let super_idx = group * n_supers + block / (SUPER_LEN / BLOCK_LEN);
            let quants = packed.quants.as_ptr().add(chunk * L::SIZES.quants + lane * 4);
            let at = ScalesAt {
                scales: packed.scales.as_ptr().add(chunk * L::SIZES.scales),
                supers: packed.supers.as_ptr().add(super_idx * L::SIZES.supers),
                lane,
            };
            let x_at = |i: usize| (first_token + i) * n_blocks + block;
            for part in 0..L::SIZES.n_scales {
                let mut sums: [S::I32; T] = std::array::from_fn(|i| {
                    let [first, second] = *x.sums.get_unchecked(x_at(i));
                    let x_sum = if L::SIZES.n_scales == 1 { first + second } else { [first, second][part] };
                    S::splat_i32(-offset * x_sum)
                });
                let x_values = x.values.as_ptr().add(x_at(0) * BLOCK_LEN);
                // Written out, so that every shift is by a constant: WASM's compilers don't unroll the loop.
                if part == 0 {
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 0);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 1);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 2);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 3);
                }
                if part + 1 == L::SIZES.n_scales {
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 4);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 5);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 6);
                    add_vector::<S, L, T>(&mut sums, quants, x_values, x.n_in, 7);
                }
                let scale = L::scale::<S>(at, part);
                for (i, acc) in acc.iter_mut().enumerate() {
                    let x_scale = S::splat(*x.scales.get_unchecked(x_at(i)));
                    *acc = S::add(*acc, S::mul(S::to_f32(sums[i]), S::mul(scale, x_scale)));
                }
            }
            if L::SIZES.has_minimum {
                let minimum = L::minimum::<S>(at);
                for (i, acc) in acc.iter_mut().enumerate() {
                    let total = S::splat(*x.totals.get_unchecked(x_at(i)));
                    *acc = S::add(*acc, S::mul(minimum, total));
                }
            }
        }
        acc
    }
}

/// Adds the products of 4 columns, which lie `n_in` bytes apart from token to token. A function, since
/// closures are not always inlined and would then lack the instruction set.
#[inline(always)]
unsafe fn add_vector<S: Simd, L: Layout, const T: usize>(
    sums: &mut [S::I32; T],
    quants: *const u8,
    x_values: *const i8,
    n_in: usize,
    vector: usize,
) {
    unsafe {
        let w = L::weights::<S>(quants, vector);
        for (i, sum) in sums.iter_mut().enumerate() {
            let x = x_values.add(i * n_in + vector * 4);
            *sum = if L::SIZES.offset == 128 { S::dot_wide(*sum, w, x) } else { S::dot(*sum, w, x) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..n).map(|_| random.f32() * 2.0 - 1.0).collect()
    }

    fn product(
        level: SimdLevel,
        matrix: &Matrix,
        n_out: usize,
        x: &[f32],
        n_in: usize,
        n_parts: usize,
    ) -> Vec<f32> {
        let mut rounded = Activations::default();
        if matrix.is_quantized() {
            rounded.quantize(x, n_in);
        }
        let mut out = vec![0.0; x.len() / n_in * n_out];
        let shared = SharedMut::new(&mut out);
        for part in 0..n_parts {
            mat_mul(level, matrix, x, &rounded, shared, Part { part, n_parts });
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
        for format in Format::ALL {
            for (n_blocks, n_out, n_tokens) in [(1, 1, 1), (3, 7, 3), (2, 37, 4), (1, 16, 17)] {
                let n_in = n_blocks * format.block_len().max(8);
                let bytes = format.quantize(&numbers(n_in * n_out, 1));
                let mut x = numbers(n_in * n_tokens, 2);
                x[n_in / 2] = 1e5; // an outlier, as Qwen's activations have
                let mut twin = vec![0.0; n_tokens * n_out];
                inkling_kernels::mat_mul(format, &bytes, n_in, &x, &mut twin);
                let matrix = Matrix::new(Weight { format, n_in, n_out, bytes });
                let product = |level, n_parts| product(level, &matrix, n_out, &x, n_in, n_parts);
                let portable = product(SimdLevel::Portable, 1);
                let bound = if format.is_quantized() { 5e-4 } else { 1e-12 };
                assert!(nmse(&twin, &portable) < bound, "{format:?} {n_in}x{n_out}x{n_tokens}");
                for level in SimdLevel::available() {
                    for n_parts in 1..4 {
                        assert_eq!(product(level, n_parts), portable, "{format:?} {level:?} {n_parts}");
                    }
                }
            }
        }
    }
}
