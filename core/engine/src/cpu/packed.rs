//! Quantized matrices as the products want them: 16 rows side by side.
//!
//! A group of 16 rows is stored chunk after chunk of 32 columns. A chunk's integers lie in vectors of 64
//! bytes, 4 neighbouring columns of every row, so that one instruction multiplies them with 4 activations
//! and keeps a sum a row. Every bit of the file's format is kept, and the size but for rounding.

use inkling_kernels::{BLOCK_LEN, Chunk, Format, SUPER_LEN, k_scales};

use crate::Weight;

/// Rows of a group.
pub(crate) const GROUP_ROWS: usize = 16;
/// Bytes of a vector: 4 columns of a group.
pub(crate) const VECTOR_BYTES: usize = 4 * GROUP_ROWS;
/// Vectors that hold a nibble, or a byte, of a chunk's columns.
const N_NIBBLE_VECTORS: usize = 4;
/// Chunks under one pair of f16 scales in the K formats.
const SUPER_CHUNKS: usize = SUPER_LEN / BLOCK_LEN;

/// A quantized matrix.
pub(crate) struct Packed {
    pub(crate) format: Format,
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    /// By group and chunk. Formats of less than 8 bits: 4 vectors of nibbles, in vector i columns 4i to
    /// 4i + 3 in the low and 16 columns further in the high halves; then for 5 bits a vector with bit i
    /// of columns 4i to 4i + 3, for 6 bits two vectors with bit pairs of 16 columns each. Q8_0: 8
    /// vectors, 128 added to each byte.
    pub(crate) quants: Vec<u8>,
    /// By group and chunk, each for 16 rows: f16 scales and then, in formats with a minimum, f16 minima. K
    /// formats: bytes of scales and of minima, Q6_K the signed scales of the two halves.
    pub(crate) scales: Vec<u8>,
    /// By group and superblock, each for 16 rows: d and, in formats with a minimum, dmin of the K formats.
    pub(crate) supers: Vec<u8>,
}

/// What a format's packed parts are, for one chunk of 16 rows and for one superblock.
#[derive(Clone, Copy)]
pub(crate) struct PackedSizes {
    /// Bytes.
    pub(crate) quants: usize,
    pub(crate) scales: usize,
    pub(crate) supers: usize,
    /// Taken off the stored integers.
    pub(crate) offset: i32,
    /// Parts of a chunk with a scale each.
    pub(crate) n_scales: usize,
    pub(crate) has_minimum: bool,
}

impl PackedSizes {
    pub(crate) const fn of(format: Format) -> PackedSizes {
        let (n_vectors, scales, supers, offset) = match format {
            Format::Q4_0 => (4, 32, 0, 8),
            Format::Q4_1 => (4, 64, 0, 0),
            Format::Q5_0 => (5, 32, 0, 16),
            Format::Q5_1 => (5, 64, 0, 0),
            Format::Q8_0 => (8, 32, 0, 128),
            Format::Q4K => (4, 32, 64, 0),
            Format::Q5K => (5, 32, 64, 0),
            Format::Q6K => (6, 32, 32, 32),
            Format::F32 | Format::F16 | Format::BF16 => panic!("not a quantized format"),
        };
        PackedSizes {
            quants: n_vectors * VECTOR_BYTES,
            scales,
            supers,
            offset,
            n_scales: if matches!(format, Format::Q6K) { 2 } else { 1 },
            has_minimum: offset == 0,
        }
    }
}

impl Packed {
    /// Rearranges a quantized matrix; the last group is filled up with zeros.
    pub(crate) fn new(weight: &Weight) -> Packed {
        let Weight { format, n_in, n_out, .. } = *weight;
        let sizes = PackedSizes::of(format);
        let n_groups = n_out.div_ceil(GROUP_ROWS);
        let n_chunks = n_in / BLOCK_LEN;
        let mut packed = Packed {
            format,
            n_in,
            n_out,
            quants: vec![0; n_groups * n_chunks * sizes.quants],
            scales: vec![0; n_groups * n_chunks * sizes.scales],
            supers: vec![0; n_groups * n_chunks.div_ceil(SUPER_CHUNKS) * sizes.supers],
        };
        let chunks_a_block = format.block_len() / BLOCK_LEN;
        let row_bytes = format.bytes(n_in);
        for (row_idx, row) in weight.bytes.chunks_exact(row_bytes).enumerate() {
            for (block_idx, block) in row.chunks_exact(format.block_bytes()).enumerate() {
                for chunk_idx in 0..chunks_a_block {
                    let at = packed.at(row_idx, block_idx * chunks_a_block + chunk_idx);
                    packed.put_quants(at, &Chunk::of(format, block, chunk_idx).q);
                    packed.put_scales(at, block, chunk_idx);
                }
            }
        }
        packed
    }

    /// The values of one row, as [`Format::dequantize`] gives them.
    pub(crate) fn row(&self, row_idx: usize, out: &mut [f32]) {
        for (chunk_idx, out) in out.as_chunks_mut::<BLOCK_LEN>().0.iter_mut().enumerate() {
            let at = self.at(row_idx, chunk_idx);
            let (scales, minimum) = self.scales_of(at);
            Chunk { q: self.quants_of(at), scales, minimum }.dequantize(out);
        }
    }

    fn at(&self, row_idx: usize, chunk_idx: usize) -> At {
        let n_chunks = self.n_in / BLOCK_LEN;
        let (group, row) = (row_idx / GROUP_ROWS, row_idx % GROUP_ROWS);
        let sizes = PackedSizes::of(self.format);
        At {
            row,
            quants: (group * n_chunks + chunk_idx) * sizes.quants,
            scales: (group * n_chunks + chunk_idx) * sizes.scales,
            supers: (group * n_chunks.div_ceil(SUPER_CHUNKS) + chunk_idx / SUPER_CHUNKS) * sizes.supers,
        }
    }

    fn put_quants(&mut self, at: At, q: &[i8; BLOCK_LEN]) {
        let offset = PackedSizes::of(self.format).offset as u8;
        let planes = &mut self.quants[at.quants..];
        for (column, &q) in q.iter().enumerate() {
            let q = (q as u8).wrapping_add(offset);
            let (vector, byte) = (column / 4, at.row * 4 + column % 4);
            if self.format == Format::Q8_0 {
                planes[vector * VECTOR_BYTES + byte] = q;
                continue;
            }
            planes[vector % 4 * VECTOR_BYTES + byte] |= (q & 15) << (column / 16 * 4);
            match self.format {
                Format::Q6K => {
                    let plane = N_NIBBLE_VECTORS + vector / 4;
                    planes[plane * VECTOR_BYTES + byte] |= q >> 4 << (vector % 4 * 2);
                }
                Format::Q5_0 | Format::Q5_1 | Format::Q5K => {
                    planes[N_NIBBLE_VECTORS * VECTOR_BYTES + byte] |= q >> 4 << vector;
                }
                _ => {}
            }
        }
    }

    fn quants_of(&self, at: At) -> [i8; BLOCK_LEN] {
        let offset = PackedSizes::of(self.format).offset as u8;
        let planes = &self.quants[at.quants..];
        std::array::from_fn(|column| {
            let (vector, byte) = (column / 4, at.row * 4 + column % 4);
            let plane = |idx: usize| planes[idx * VECTOR_BYTES + byte];
            let nibble = || plane(vector % 4) >> (column / 16 * 4) & 15;
            let q = match self.format {
                Format::Q8_0 => plane(vector),
                Format::Q6K => nibble() | (plane(N_NIBBLE_VECTORS + vector / 4) >> (vector % 4 * 2) & 3) << 4,
                Format::Q5_0 | Format::Q5_1 | Format::Q5K => {
                    nibble() | (plane(N_NIBBLE_VECTORS) >> vector & 1) << 4
                }
                _ => nibble(),
            };
            q.wrapping_sub(offset) as i8
        })
    }

    fn put_scales(&mut self, at: At, block: &[u8], chunk_idx: usize) {
        let mut put_f16 = |plane: usize, bytes: &[u8]| {
            let to = if self.supers.is_empty() {
                &mut self.scales[at.scales..]
            } else {
                &mut self.supers[at.supers..]
            };
            to[(plane * GROUP_ROWS + at.row) * 2..][..2].copy_from_slice(bytes);
        };
        match self.format {
            Format::Q4_0 | Format::Q5_0 | Format::Q8_0 => put_f16(0, &block[..2]),
            Format::Q6K => put_f16(0, &block[208..]),
            _ => {
                put_f16(0, &block[..2]);
                put_f16(1, &block[2..4]);
            }
        }
        let (first, second) = match self.format {
            Format::Q4K | Format::Q5K => k_scales(block, chunk_idx),
            Format::Q6K => (block[192 + 2 * chunk_idx], block[193 + 2 * chunk_idx]),
            _ => return,
        };
        self.scales[at.scales + at.row] = first;
        self.scales[at.scales + GROUP_ROWS + at.row] = second;
    }

    fn scales_of(&self, at: At) -> ([f32; 2], Option<f32>) {
        let half = |bytes: &[u8], plane: usize| {
            let at = (plane * GROUP_ROWS + at.row) * 2;
            half::f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
        };
        let (scales, supers) = (&self.scales[at.scales..], &self.supers[at.supers..]);
        let byte = |plane: usize| scales[plane * GROUP_ROWS + at.row];
        match self.format {
            Format::Q4_0 | Format::Q5_0 | Format::Q8_0 => ([half(scales, 0); 2], None),
            Format::Q6K => ([0, 1].map(|plane| half(supers, 0) * f32::from(byte(plane) as i8)), None),
            Format::Q4K | Format::Q5K => {
                let minimum = half(supers, 1) * f32::from(byte(1));
                ([half(supers, 0) * f32::from(byte(0)); 2], Some(-minimum))
            }
            _ => ([half(scales, 0); 2], Some(half(scales, 1))),
        }
    }
}

/// Where a row's chunk begins in the three parts.
#[derive(Clone, Copy)]
struct At {
    row: usize,
    quants: usize,
    scales: usize,
    supers: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        let mut random = fastrand::Rng::with_seed(5);
        for format in Format::ALL.into_iter().filter(|format| format.is_quantized()) {
            let (n_in, n_out) = (512, 19);
            let x: Vec<f32> = (0..n_in * n_out).map(|_| random.f32() - 0.4).collect();
            let weight = Weight { format, n_in, n_out, bytes: format.quantize(&x) };
            let packed = Packed::new(&weight);
            let (expected, mut row) = (weight.to_f32(), vec![0.0; n_in]);
            for (row_idx, expected) in expected.chunks_exact(n_in).enumerate() {
                packed.row(row_idx, &mut row);
                assert_eq!(row, expected, "{format:?} row {row_idx}");
            }
        }
    }
}
