//! How weights are stored: the block formats of GGUF (ggml's `ggml-common.h`).

use half::f16;

/// Elements in a block of the simple quantized formats, and in a chunk of the others.
pub const BLOCK_LEN: usize = 32;

/// Elements in a block of the K formats.
const SUPER_LEN: usize = 256;

/// The storage of a weight matrix's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 32-bit IEEE, little endian.
    F32,
    /// 16-bit IEEE, little endian.
    F16,
    /// 18 bytes for 32 elements: an f16 scale, then 16 bytes of two 4-bit values each, of which the
    /// low halves are elements 0–15 and the high halves 16–31; value = scale · (q − 8).
    Q4_0,
    /// 34 bytes for 32 elements: an f16 scale, then 32 signed bytes; value = scale · q.
    Q8_0,
    /// 210 bytes for 256 elements in chunks of 32: 128 bytes of low nibbles, 64 bytes of upper bit pairs,
    /// 16 signed scales of 16 elements each, an f16 scale of the scales; value = d · scale · (q − 32).
    Q6K,
}

impl Format {
    /// Bytes of `n` elements; for quantized formats `n` is a multiple of [`Format::block_len`].
    pub fn bytes(self, n: usize) -> usize {
        match self {
            Format::F32 => 4 * n,
            Format::F16 => 2 * n,
            Format::Q4_0 => n / BLOCK_LEN * 18,
            Format::Q8_0 => n / BLOCK_LEN * 34,
            Format::Q6K => n / SUPER_LEN * 210,
        }
    }

    /// Elements that a row must hold a multiple of.
    pub fn block_len(self) -> usize {
        match self {
            Format::F32 | Format::F16 => 1,
            Format::Q4_0 | Format::Q8_0 => BLOCK_LEN,
            Format::Q6K => SUPER_LEN,
        }
    }

    /// `bytes` to f32; `out` has as many elements as `bytes` holds.
    pub fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Format::F32 => {
                for (bytes, out) in bytes.as_chunks::<4>().0.iter().zip(out) {
                    *out = f32::from_le_bytes(*bytes);
                }
            }
            Format::F16 => {
                for (bytes, out) in bytes.as_chunks::<2>().0.iter().zip(out) {
                    *out = f16::from_le_bytes(*bytes).to_f32();
                }
            }
            Format::Q4_0 => {
                for (block, out) in bytes.as_chunks::<18>().0.iter().zip(out.as_chunks_mut::<BLOCK_LEN>().0) {
                    let scale = scale_of(block);
                    for i in 0..BLOCK_LEN / 2 {
                        out[i] = scale * f32::from((block[2 + i] & 15) as i8 - 8);
                        out[i + BLOCK_LEN / 2] = scale * f32::from((block[2 + i] >> 4) as i8 - 8);
                    }
                }
            }
            Format::Q8_0 => {
                for (block, out) in bytes.as_chunks::<34>().0.iter().zip(out.as_chunks_mut::<BLOCK_LEN>().0) {
                    let scale = scale_of(block);
                    for i in 0..BLOCK_LEN {
                        out[i] = scale * f32::from(block[2 + i] as i8);
                    }
                }
            }
            Format::Q6K => {
                for (block, out) in bytes.as_chunks::<210>().0.iter().zip(out.as_chunks_mut::<SUPER_LEN>().0)
                {
                    for (chunk_idx, out) in out.as_chunks_mut::<BLOCK_LEN>().0.iter_mut().enumerate() {
                        let (q, scales) = (q6_k_chunk(block, chunk_idx), q6_k_scales(block, chunk_idx));
                        for i in 0..BLOCK_LEN {
                            out[i] = scales[i / 16] * f32::from(q[i]);
                        }
                    }
                }
            }
        }
    }
}

/// The 32 integers, −32 to 31, of one chunk of a Q6_K block.
#[inline(always)]
pub fn q6_k_chunk(block: &[u8; 210], chunk_idx: usize) -> [i8; BLOCK_LEN] {
    let (half, quarter) = (chunk_idx / 4, chunk_idx % 4);
    let low = &block[half * 64 + quarter % 2 * 32..][..BLOCK_LEN];
    let high = &block[128 + half * 32..][..BLOCK_LEN];
    let (low_shift, high_shift) = (quarter / 2 * 4, quarter * 2);
    let mut q = [0; BLOCK_LEN];
    for i in 0..BLOCK_LEN {
        q[i] = (low[i] >> low_shift & 15 | (high[i] >> high_shift & 3) << 4) as i8 - 32;
    }
    q
}

/// The scales of the two halves of one chunk of a Q6_K block.
#[inline(always)]
pub fn q6_k_scales(block: &[u8; 210], chunk_idx: usize) -> [f32; 2] {
    let d = f16::from_le_bytes([block[208], block[209]]).to_f32();
    [0, 1].map(|half| d * f32::from(block[192 + chunk_idx * 2 + half] as i8))
}

fn scale_of(block: &[u8]) -> f32 {
    f16::from_le_bytes([block[0], block[1]]).to_f32()
}

/// Rounds `x` (whole blocks) to Q8_0, as ggml's reference does: scale = max |x| / 127.
pub fn quantize_q8_0(x: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Format::Q8_0.bytes(x.len()));
    for block in x.as_chunks::<BLOCK_LEN>().0 {
        let scale = block.iter().fold(0.0f32, |max, x| max.max(x.abs())) / 127.0;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        bytes.extend(f16::from_f32(scale).to_le_bytes());
        bytes.extend(block.iter().map(|x| (x * inverse).round() as i8 as u8));
    }
    bytes
}

/// Rounds `x` (whole blocks) to Q4_0, as ggml's reference does: the element of the largest magnitude becomes −8.
pub fn quantize_q4_0(x: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Format::Q4_0.bytes(x.len()));
    for block in x.as_chunks::<BLOCK_LEN>().0 {
        let extreme = block.iter().fold(0.0f32, |max, &x| if x.abs() > max.abs() { x } else { max });
        let scale = extreme / -8.0;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        let quant = |x: f32| ((x * inverse + 8.5) as u8).min(15);
        bytes.extend(f16::from_f32(scale).to_le_bytes());
        bytes.extend((0..BLOCK_LEN / 2).map(|i| quant(block[i]) | quant(block[i + BLOCK_LEN / 2]) << 4));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(format: Format, bytes: &[u8], x: &[f32]) -> f32 {
        let mut out = vec![0.0; x.len()];
        format.dequantize(bytes, &mut out);
        x.iter().zip(&out).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    proptest! {
        #[test]
        fn rounding_stays_within_half_a_step(x in proptest::collection::vec(-1.0f32..1.0, 96)) {
            prop_assert!(round_trip(Format::Q8_0, &quantize_q8_0(&x), &x) <= 0.51 / 127.0 + 1e-3);
            prop_assert!(round_trip(Format::Q4_0, &quantize_q4_0(&x), &x) <= 1.01 / 8.0 + 1e-3);
        }
    }

    #[test]
    fn a_block_of_zeros_stays_zero() {
        let zeros = [0.0; 64];
        assert_eq!(round_trip(Format::Q8_0, &quantize_q8_0(&zeros), &zeros), 0.0);
        assert_eq!(round_trip(Format::Q4_0, &quantize_q4_0(&zeros), &zeros), 0.0);
    }
}
