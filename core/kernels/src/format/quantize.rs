//! Rounding to the simple formats: one scale, and perhaps a minimum, for 32 elements.

use half::f16;

use super::{BLOCK_LEN, Format};

/// Rounds `x` (whole blocks) to Q8_0, as ggml's reference does: scale = max |x| / 127.
pub(super) fn quantize_q8_0(x: &[f32]) -> Vec<u8> {
    blocks(Format::Q8_0, x, |block, bytes| {
        let scale = block.iter().fold(0.0f32, |max, x| max.max(x.abs())) / 127.0;
        let inverse = inverse(scale);
        bytes.extend(f16::from_f32(scale).to_le_bytes());
        bytes.extend(block.iter().map(|x| (x * inverse).round() as i8 as u8));
    })
}

/// Rounds `x` (whole blocks) to Q4_0, as ggml's reference does: the element of the largest magnitude becomes −8.
pub(super) fn quantize_q4_0(x: &[f32]) -> Vec<u8> {
    blocks(Format::Q4_0, x, |block, bytes| {
        let scale = extreme(block) / -8.0;
        let inverse = inverse(scale);
        bytes.extend(f16::from_f32(scale).to_le_bytes());
        bytes.extend(nibbles(&block.map(|x| ((x * inverse + 8.5) as u8).min(15))));
    })
}

/// Rounds to Q4_1: the smallest element becomes 0, the largest 15.
pub(super) fn quantize_q4_1(x: &[f32]) -> Vec<u8> {
    blocks(Format::Q4_1, x, |block, bytes| {
        let q = affine(block, 15.0, bytes);
        bytes.extend(nibbles(&q));
    })
}

/// Rounds to Q5_0: the element of the largest magnitude becomes −16.
pub(super) fn quantize_q5_0(x: &[f32]) -> Vec<u8> {
    blocks(Format::Q5_0, x, |block, bytes| {
        let scale = extreme(block) / -16.0;
        let inverse = inverse(scale);
        let q = block.map(|x| ((x * inverse + 16.5) as u8).min(31));
        bytes.extend(f16::from_f32(scale).to_le_bytes());
        bytes.extend(fifth_bits(&q));
        bytes.extend(nibbles(&q));
    })
}

/// Rounds to Q5_1: the smallest element becomes 0, the largest 31.
pub(super) fn quantize_q5_1(x: &[f32]) -> Vec<u8> {
    blocks(Format::Q5_1, x, |block, bytes| {
        let q = affine(block, 31.0, bytes);
        bytes.extend(fifth_bits(&q));
        bytes.extend(nibbles(&q));
    })
}

fn blocks(format: Format, x: &[f32], mut quantize: impl FnMut(&[f32; BLOCK_LEN], &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(format.bytes(x.len()));
    x.as_chunks::<BLOCK_LEN>().0.iter().for_each(|block| quantize(block, &mut bytes));
    bytes
}

/// Writes scale and minimum, and returns the integers from 0 to `max_q`.
fn affine(block: &[f32; BLOCK_LEN], max_q: f32, bytes: &mut Vec<u8>) -> [u8; BLOCK_LEN] {
    let min = block.iter().copied().fold(f32::MAX, f32::min);
    let max = block.iter().copied().fold(f32::MIN, f32::max);
    let scale = (max - min) / max_q;
    let inverse = inverse(scale);
    bytes.extend(f16::from_f32(scale).to_le_bytes());
    bytes.extend(f16::from_f32(min).to_le_bytes());
    block.map(|x| ((x - min) * inverse + 0.5).min(max_q) as u8)
}

fn extreme(block: &[f32]) -> f32 {
    block.iter().fold(0.0f32, |max, &x| if x.abs() > max.abs() { x } else { max })
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

fn nibbles(q: &[u8; BLOCK_LEN]) -> [u8; BLOCK_LEN / 2] {
    std::array::from_fn(|i| q[i] & 15 | q[i + BLOCK_LEN / 2] << 4)
}

fn fifth_bits(q: &[u8; BLOCK_LEN]) -> [u8; 4] {
    let bits = q.iter().enumerate().fold(0, |bits, (i, &q)| bits | u32::from(q >> 4) << i);
    bits.to_le_bytes()
}
