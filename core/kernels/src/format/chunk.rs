use half::f16;

use super::{BLOCK_LEN, Format};

/// 32 consecutive elements of a quantized row: `value = scales[i / 16] · q[i] + minimum`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// The integers, signed where the format has an offset.
    pub q: [i8; BLOCK_LEN],
    /// Of the first and the second half.
    pub scales: [f32; 2],
    /// Added to every element, in the formats that have one.
    pub minimum: Option<f32>,
}

impl Chunk {
    /// The `chunk_idx`-th of a block; blocks but those of the K formats are a single chunk.
    ///
    /// # Panics
    /// On formats that are not quantized, and on blocks of another size.
    pub fn of(format: Format, block: &[u8], chunk_idx: usize) -> Chunk {
        assert_eq!(block.len(), format.block_bytes());
        let scaled = |q, scale| Chunk { q, scales: [scale; 2], minimum: None };
        let affine = |q, scale, minimum| Chunk { q, scales: [scale; 2], minimum: Some(minimum) };
        let f16_at = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]).to_f32();
        match format {
            Format::Q4_0 => scaled(nibbles(&block[2..]).map(|q| q - 8), f16_at(0)),
            Format::Q4_1 => affine(nibbles(&block[4..]), f16_at(0), f16_at(2)),
            Format::Q5_0 => {
                let q = with_fifth_bits(nibbles(&block[6..]), &block[2..6]);
                scaled(q.map(|q| q - 16), f16_at(0))
            }
            Format::Q5_1 => affine(with_fifth_bits(nibbles(&block[8..]), &block[4..8]), f16_at(0), f16_at(2)),
            Format::Q8_0 => scaled(std::array::from_fn(|i| block[2 + i] as i8), f16_at(0)),
            Format::Q4K | Format::Q5K => {
                let (scale, minimum) = k_scales(block, chunk_idx);
                let (scale, minimum) = (f16_at(0) * f32::from(scale), f16_at(2) * f32::from(minimum));
                let nibbles_at = block.len() - 128 + chunk_idx / 2 * BLOCK_LEN;
                let shift = chunk_idx % 2 * 4;
                let fifth = |i: usize| match format {
                    Format::Q5K => (block[16 + i] >> chunk_idx & 1) << 4,
                    _ => 0,
                };
                let q = |i: usize| (block[nibbles_at + i] >> shift & 15 | fifth(i)) as i8;
                affine(std::array::from_fn(q), scale, -minimum)
            }
            Format::Q6K => {
                let d = f16_at(208);
                let scale = |half: usize| d * f32::from(block[192 + chunk_idx * 2 + half] as i8);
                Chunk { q: q6_k(block, chunk_idx), scales: [0, 1].map(scale), minimum: None }
            }
            Format::F32 | Format::F16 | Format::BF16 => panic!("{format:?} has no blocks"),
        }
    }

    /// The values.
    pub fn dequantize(&self, out: &mut [f32; BLOCK_LEN]) {
        for (i, out) in out.iter_mut().enumerate() {
            let value = self.scales[i / 16] * f32::from(self.q[i]);
            *out = self.minimum.map_or(value, |minimum| value + minimum);
        }
    }
}

/// The 6-bit scale and minimum of one chunk of a block of Q4_K or Q5_K. Those of chunks 0 to 3 are the low
/// six bits of bytes 4 to 7 and 8 to 11; the nibbles of bytes 12 to 15 are the low bits of the others',
/// whose upper two bits are the upper bits of bytes 4 to 11.
pub fn k_scales(block: &[u8], chunk_idx: usize) -> (u8, u8) {
    let packed = &block[4..16];
    if chunk_idx < 4 {
        return (packed[chunk_idx] & 63, packed[chunk_idx + 4] & 63);
    }
    let low = packed[chunk_idx + 4];
    (low & 15 | packed[chunk_idx - 4] >> 6 << 4, low >> 4 | packed[chunk_idx] >> 6 << 4)
}

fn nibbles(packed: &[u8]) -> [i8; BLOCK_LEN] {
    std::array::from_fn(|i| (packed[i % 16] >> (i / 16 * 4) & 15) as i8)
}

fn with_fifth_bits(q: [i8; BLOCK_LEN], bits: &[u8]) -> [i8; BLOCK_LEN] {
    std::array::from_fn(|i| q[i] | ((bits[i / 8] >> (i % 8) & 1) << 4) as i8)
}

fn q6_k(block: &[u8], chunk_idx: usize) -> [i8; BLOCK_LEN] {
    let (half, quarter) = (chunk_idx / 4, chunk_idx % 4);
    let low = &block[half * 64 + quarter % 2 * 32..][..BLOCK_LEN];
    let high = &block[128 + half * 32..][..BLOCK_LEN];
    std::array::from_fn(|i| {
        (low[i] >> (quarter / 2 * 4) & 15 | (high[i] >> (quarter * 2) & 3) << 4) as i8 - 32
    })
}
