//! How weights are stored: the block formats of GGUF (ggml's `ggml-common.h`).

mod chunk;
mod quantize;
mod quantize_k;

use half::{bf16, f16};

pub use chunk::{Chunk, k_scales};
use quantize::{quantize_q4_0, quantize_q8_0};

/// Elements in a block of the simple quantized formats, and in a chunk of the others.
pub const BLOCK_LEN: usize = 32;

/// Elements in a block of the K formats.
pub const SUPER_LEN: usize = 256;

/// The storage of a weight matrix's rows.
///
/// Blocks of the K formats hold eight chunks of 32 elements; q is an unsigned integer of as many bits as
/// the name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// 32-bit IEEE, little endian.
    F32,
    /// 16-bit IEEE, little endian.
    F16,
    /// The upper half of a 32-bit IEEE number, little endian.
    BF16,
    /// 18 bytes for 32 elements: an f16 scale, then 16 bytes of two 4-bit values each, of which the
    /// low halves are elements 0–15 and the high halves 16–31; value = scale · (q − 8).
    Q4_0,
    /// 20 bytes for 32 elements: f16 scale, f16 minimum, nibbles as Q4_0; value = scale · q + minimum.
    Q4_1,
    /// 22 bytes for 32 elements: f16 scale, a little-endian u32 of the fifth bits, nibbles as Q4_0;
    /// value = scale · (q − 16).
    Q5_0,
    /// 24 bytes for 32 elements: f16 scale, f16 minimum, fifth bits and nibbles as Q5_0;
    /// value = scale · q + minimum.
    Q5_1,
    /// 34 bytes for 32 elements: an f16 scale, then 32 signed bytes; value = scale · q.
    Q8_0,
    /// 144 bytes for 256 elements: f16 d, f16 dmin, 12 bytes of 6-bit scales and minima
    /// ([`k_scales`]), 128 bytes of nibbles; value = d · scale · q − dmin · minimum.
    Q4K,
    /// 176 bytes for 256 elements: as Q4_K, with 32 bytes of fifth bits (bit i for chunk i) before the
    /// nibbles.
    Q5K,
    /// 210 bytes for 256 elements: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales
    /// of 16 elements each, an f16 scale of the scales; value = d · scale · (q − 32).
    Q6K,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 11] = [
        Format::F32,
        Format::F16,
        Format::BF16,
        Format::Q4_0,
        Format::Q4_1,
        Format::Q5_0,
        Format::Q5_1,
        Format::Q8_0,
        Format::Q4K,
        Format::Q5K,
        Format::Q6K,
    ];

    /// As GGUF's tools write it, such as `Q4_K`.
    pub fn name(self) -> &'static str {
        match self {
            Format::F32 => "F32",
            Format::F16 => "F16",
            Format::BF16 => "BF16",
            Format::Q4_0 => "Q4_0",
            Format::Q4_1 => "Q4_1",
            Format::Q5_0 => "Q5_0",
            Format::Q5_1 => "Q5_1",
            Format::Q8_0 => "Q8_0",
            Format::Q4K => "Q4_K",
            Format::Q5K => "Q5_K",
            Format::Q6K => "Q6_K",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Bytes of `n` elements; for quantized formats `n` is a multiple of [`Format::block_len`].
    pub fn bytes(self, n: usize) -> usize {
        n / self.block_len() * self.block_bytes()
    }

    /// Elements that a row must hold a multiple of.
    pub fn block_len(self) -> usize {
        match self {
            Format::F32 | Format::F16 | Format::BF16 => 1,
            Format::Q4_0 | Format::Q4_1 | Format::Q5_0 | Format::Q5_1 | Format::Q8_0 => BLOCK_LEN,
            Format::Q4K | Format::Q5K | Format::Q6K => SUPER_LEN,
        }
    }

    /// Bytes of [`Format::block_len`] elements.
    pub fn block_bytes(self) -> usize {
        match self {
            Format::F32 => 4,
            Format::F16 | Format::BF16 => 2,
            Format::Q4_0 => 18,
            Format::Q4_1 => 20,
            Format::Q5_0 => 22,
            Format::Q5_1 => 24,
            Format::Q8_0 => 34,
            Format::Q4K => 144,
            Format::Q5K => 176,
            Format::Q6K => 210,
        }
    }

    /// Whether values are integers times scales.
    pub fn is_quantized(self) -> bool {
        self.block_len() > 1
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
            Format::BF16 => {
                for (bytes, out) in bytes.as_chunks::<2>().0.iter().zip(out) {
                    *out = bf16::from_le_bytes(*bytes).to_f32();
                }
            }
            quantized => {
                let blocks = bytes.chunks_exact(quantized.block_bytes());
                for (block, out) in blocks.zip(out.chunks_exact_mut(quantized.block_len())) {
                    for (chunk_idx, out) in out.as_chunks_mut::<BLOCK_LEN>().0.iter_mut().enumerate() {
                        Chunk::of(quantized, block, chunk_idx).dequantize(out);
                    }
                }
            }
        }
    }

    /// `x` (whole blocks) rounded to this format.
    pub fn quantize(self, x: &[f32]) -> Vec<u8> {
        match self {
            Format::F32 => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Format::F16 => x.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect(),
            Format::BF16 => x.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect(),
            Format::Q4_0 => quantize_q4_0(x),
            Format::Q4_1 => quantize::quantize_q4_1(x),
            Format::Q5_0 => quantize::quantize_q5_0(x),
            Format::Q5_1 => quantize::quantize_q5_1(x),
            Format::Q8_0 => quantize_q8_0(x),
            Format::Q4K => quantize_k::quantize_q4_k(x),
            Format::Q5K => quantize_k::quantize_q5_k(x),
            Format::Q6K => quantize_k::quantize_q6_k(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(format: Format, x: &[f32]) -> Vec<f32> {
        let bytes = format.quantize(x);
        assert_eq!(bytes.len(), format.bytes(x.len()));
        let mut out = vec![0.0; x.len()];
        format.dequantize(&bytes, &mut out);
        out
    }

    /// Root of the mean square error.
    fn rms_error(format: Format, x: &[f32]) -> f32 {
        let out = round_trip(format, x);
        let sum: f32 = x.iter().zip(&out).map(|(a, b)| (a - b) * (a - b)).sum();
        (sum / x.len() as f32).sqrt()
    }

    proptest! {
        #[test]
        fn rounding_stays_within_a_step(x in proptest::collection::vec(-1.0f32..1.0, 512)) {
            for (format, steps) in [
                (Format::Q4_0, 8.0), (Format::Q4_1, 15.0), (Format::Q5_0, 16.0), (Format::Q5_1, 31.0),
                (Format::Q8_0, 254.0), (Format::Q4K, 7.0), (Format::Q5K, 15.0), (Format::Q6K, 31.0),
            ] {
                let out = round_trip(format, &x);
                let worst = x.iter().zip(&out).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                prop_assert!(worst <= 1.0 / steps + 2e-3, "{format:?}: {worst}");
            }
        }
    }

    #[test]
    fn more_bits_are_closer() {
        let mut random = fastrand::Rng::with_seed(7);
        let x: Vec<f32> = (0..4096).map(|_| (0..6).map(|_| random.f32() - 0.5).sum()).collect();
        let errors = [Format::Q4_0, Format::Q4K, Format::Q5K, Format::Q6K, Format::Q8_0, Format::BF16]
            .map(|format| rms_error(format, &x));
        assert!(errors.is_sorted_by(|a, b| a > b), "{errors:?}");
        assert!(errors[1] < 0.065 && errors[2] < 0.033 && errors[3] < 0.0165, "{errors:?}");
    }

    #[test]
    fn zeros_stay_zero_and_nothing_overflows() {
        for format in Format::ALL {
            assert_eq!(round_trip(format, &[0.0; 512]), [0.0; 512], "{format:?}");
            for extreme in [6e4, -6e4, 1e-30] {
                let x: Vec<f32> = (0..512).map(|i| if i % 7 == 0 { extreme } else { 0.0 }).collect();
                assert!(round_trip(format, &x).iter().all(|x| x.is_finite()), "{format:?} {extreme}");
            }
        }
    }
}
