//! Rounding to the K formats: scales of chunks that are themselves rounded, sought by least squares.

use half::f16;

use super::{BLOCK_LEN, Format, SUPER_LEN};

const N_CHUNKS: usize = SUPER_LEN / BLOCK_LEN;
/// Elements under one scale of Q6_K.
const Q6_GROUP_LEN: usize = 16;
const N_Q6_GROUPS: usize = SUPER_LEN / Q6_GROUP_LEN;

/// Steps between the smallest and the largest element that the search for a scale tries, in parts of the
/// number of integers: the extremes may be cut for the sake of the others.
const STRETCHES: std::ops::RangeInclusive<i32> = -10..=10;

pub(super) fn quantize_q4_k(x: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Format::Q4K.bytes(x.len()));
    for block in x.as_chunks::<SUPER_LEN>().0 {
        let (scales, q) = affine_block(block, 15.0);
        bytes.extend(scales);
        bytes.extend(nibble_pairs(&q));
    }
    bytes
}

pub(super) fn quantize_q5_k(x: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Format::Q5K.bytes(x.len()));
    for block in x.as_chunks::<SUPER_LEN>().0 {
        let (scales, q) = affine_block(block, 31.0);
        bytes.extend(scales);
        bytes.extend((0..BLOCK_LEN).map(|i| {
            (0..N_CHUNKS).fold(0, |bits, chunk_idx| bits | q[chunk_idx * BLOCK_LEN + i] >> 4 << chunk_idx)
        }));
        bytes.extend(nibble_pairs(&q));
    }
    bytes
}

pub(super) fn quantize_q6_k(x: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Format::Q6K.bytes(x.len()));
    for block in x.as_chunks::<SUPER_LEN>().0 {
        let groups = block.as_chunks::<Q6_GROUP_LEN>().0;
        let ideal: [f32; N_Q6_GROUPS] = std::array::from_fn(|i| symmetric_scale(&groups[i]));
        let extreme = ideal.iter().fold(0.0f32, |max, &s| if s.abs() > max.abs() { s } else { max });
        let d = f16::from_f32(extreme / -128.0);
        let scales =
            ideal.map(|scale| divide(scale, d.to_f32()).round_ties_even().clamp(-128.0, 127.0) as i8);
        let q: [u8; SUPER_LEN] = std::array::from_fn(|i| {
            let scale = d.to_f32() * f32::from(scales[i / Q6_GROUP_LEN]);
            (divide(block[i], scale).round_ties_even().clamp(-32.0, 31.0) + 32.0) as u8
        });
        // Two halves of 128, each with four quarters of 32.
        let at = |half: usize, quarter: usize, i: usize| q[half * 128 + quarter * 32 + i];
        for (half, pair, i) in indices() {
            bytes.push(at(half, pair, i) & 15 | at(half, pair + 2, i) << 4);
        }
        for half in 0..2 {
            bytes.extend(
                (0..32).map(|i| {
                    (0..4).fold(0, |bits, quarter| bits | at(half, quarter, i) >> 4 << (quarter * 2))
                }),
            );
        }
        bytes.extend(scales.map(|scale| scale as u8));
        bytes.extend(d.to_le_bytes());
    }
    bytes
}

/// Half, pair of quarters and element of the bytes of low nibbles.
fn indices() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..2).flat_map(|half| (0..2).flat_map(move |pair| (0..32).map(move |i| (half, pair, i))))
}

/// The first 16 bytes of a block of Q4_K or Q5_K, and its integers from 0 to `max_q`.
fn affine_block(block: &[f32; SUPER_LEN], max_q: f32) -> ([u8; 16], [u8; SUPER_LEN]) {
    let chunks = block.as_chunks::<BLOCK_LEN>().0;
    let ideal: [(f32, f32); N_CHUNKS] = std::array::from_fn(|i| scale_and_minimum(&chunks[i], max_q));
    let max = |of: fn(&(f32, f32)) -> f32| ideal.iter().map(of).fold(0.0, f32::max);
    let d = f16::from_f32(max(|pair| pair.0) / 63.0);
    let d_min = f16::from_f32(max(|pair| pair.1) / 63.0);
    let six_bits = |x: f32, d: f16| divide(x, d.to_f32()).round_ties_even().clamp(0.0, 63.0) as u8;
    let scales = ideal.map(|(scale, minimum)| (six_bits(scale, d), six_bits(minimum, d_min)));
    let q = std::array::from_fn(|i| {
        let (scale, minimum) = scales[i / BLOCK_LEN];
        let shifted = block[i] + d_min.to_f32() * f32::from(minimum);
        divide(shifted, d.to_f32() * f32::from(scale)).round_ties_even().clamp(0.0, max_q) as u8
    });
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&d.to_le_bytes());
    bytes[2..4].copy_from_slice(&d_min.to_le_bytes());
    pack_scales(&scales, &mut bytes);
    (bytes, q)
}

/// The inverse of [`super::k_scales`].
fn pack_scales(scales: &[(u8, u8); N_CHUNKS], bytes: &mut [u8; 16]) {
    for i in 0..4 {
        let ((scale, minimum), (late_scale, late_minimum)) = (scales[i], scales[i + 4]);
        bytes[4 + i] = scale | late_scale >> 4 << 6;
        bytes[8 + i] = minimum | late_minimum >> 4 << 6;
        bytes[12 + i] = late_scale & 15 | late_minimum << 4;
    }
}

/// Neighbouring chunks share their bytes' halves.
fn nibble_pairs(q: &[u8; SUPER_LEN]) -> impl Iterator<Item = u8> {
    let pairs = q.as_chunks::<{ 2 * BLOCK_LEN }>().0.iter();
    pairs.flat_map(|pair| (0..BLOCK_LEN).map(|i| pair[i] & 15 | pair[i + BLOCK_LEN] << 4))
}

/// Scale and (negated) minimum, neither below 0, with which `scale · q − minimum` comes closest to `x`
/// for integers q from 0 to `max_q`. Large elements count more, as they do in the products.
fn scale_and_minimum(x: &[f32; BLOCK_LEN], max_q: f32) -> (f32, f32) {
    let min = x.iter().copied().fold(0.0, f32::min);
    let range = x.iter().copied().fold(f32::MIN, f32::max) - min;
    if range <= 0.0 {
        return (0.0, -min);
    }
    let mean_square = x.iter().map(|x| x * x).sum::<f32>() / BLOCK_LEN as f32;
    let weights = x.map(|x| mean_square.sqrt() + x.abs());
    let mut best = (f32::MAX, (range / max_q, -min));
    for stretch in STRETCHES {
        let inverse = (max_q + 0.1 * stretch as f32) / range;
        let q = x.map(|x| ((x - min) * inverse).round_ties_even().clamp(0.0, max_q));
        let (scale, minimum) = least_squares(x, &q, &weights).unwrap_or(best.1);
        let error = |i: usize| (scale * q[i] - minimum - x[i]).powi(2) * weights[i];
        let error: f32 = (0..BLOCK_LEN).map(error).sum();
        if error < best.0 {
            best = (error, (scale, minimum));
        }
    }
    best.1
}

/// The best scale and minimum for given integers.
fn least_squares(x: &[f32; BLOCK_LEN], q: &[f32; BLOCK_LEN], w: &[f32; BLOCK_LEN]) -> Option<(f32, f32)> {
    let sum = |f: &dyn Fn(usize) -> f32| (0..BLOCK_LEN).map(|i| w[i] * f(i)).sum::<f32>();
    let (sw, sq, sqq) = (sum(&|_| 1.0), sum(&|i| q[i]), sum(&|i| q[i] * q[i]));
    let (sx, sqx) = (sum(&|i| x[i]), sum(&|i| q[i] * x[i]));
    let determinant = sw * sqq - sq * sq;
    if determinant <= 0.0 {
        return None;
    }
    let minimum = (sq * sqx - sqq * sx) / determinant;
    if minimum < 0.0 {
        return (sqq > 0.0 && sqx > 0.0).then(|| (sqx / sqq, 0.0));
    }
    let scale = (sw * sqx - sq * sx) / determinant;
    (scale > 0.0).then_some((scale, minimum))
}

/// The scale with which `scale · q`, q from −32 to 31, comes closest to `x`.
fn symmetric_scale(x: &[f32; Q6_GROUP_LEN]) -> f32 {
    let extreme = x.iter().fold(0.0f32, |max, &x| if x.abs() > max.abs() { x } else { max });
    let (mut best, mut best_score) = (extreme / -32.0, 0.0);
    for stretch in STRETCHES {
        let inverse = divide(-32.0 + 0.1 * stretch as f32, extreme);
        let q = x.map(|x| (x * inverse).round_ties_even().clamp(-32.0, 31.0));
        let sum = |f: &dyn Fn(usize) -> f32| (0..Q6_GROUP_LEN).map(|i| x[i] * x[i] * f(i)).sum::<f32>();
        let (qx, qq) = (sum(&|i| q[i] * x[i]), sum(&|i| q[i] * q[i]));
        // The error that is left is Σ w x² − (Σ w q x)² / Σ w q².
        if qq > 0.0 && qx * qx > best_score * qq {
            (best, best_score) = (qx / qq, qx * qx / qq);
        }
    }
    best
}

/// Zero where the divisor is.
fn divide(x: f32, by: f32) -> f32 {
    if by == 0.0 { 0.0 } else { x / by }
}
