//! How weights lie in GPU memory: the integers of all blocks, then their scales, so that both are aligned.

use std::ops::Range;

use inkling_kernels::{BLOCK_LEN, Format, SUPER_LEN};

use crate::WeightId;

/// What every device binds at least.
pub(crate) const MAX_BINDING_BYTES: usize = 128 << 20;

/// Where bindings may begin.
const ALIGNMENT: u64 = 256;

/// Workgroups in one direction times the fewest rows that one computes.
const MAX_ROWS: usize = 65_535 * 2;

/// Bytes of `quants` and `scales` for the `block_len` elements that the format stores together.
#[derive(Clone, Copy)]
struct Packed {
    block_len: usize,
    quants: usize,
    scales: usize,
}

fn packed(format: Format) -> Packed {
    let of = |block_len, quants, scales| Packed { block_len, quants, scales };
    match format {
        Format::F32 => of(BLOCK_LEN, 4 * BLOCK_LEN, 0),
        Format::F16 | Format::BF16 => of(BLOCK_LEN, 2 * BLOCK_LEN, 0),
        Format::Q8_0 => of(BLOCK_LEN, BLOCK_LEN, 2),
        Format::Q4_0 => of(BLOCK_LEN, BLOCK_LEN / 2, 2),
        Format::Q4_1 => of(BLOCK_LEN, BLOCK_LEN / 2, 4),
        Format::Q5_0 => of(BLOCK_LEN, BLOCK_LEN / 2, 6),
        Format::Q5_1 => of(BLOCK_LEN, BLOCK_LEN / 2, 8),
        Format::Q4K => of(SUPER_LEN, 128, 16),
        Format::Q5K => of(SUPER_LEN, 160, 16),
        Format::Q6K => of(SUPER_LEN, 192, 20),
    }
}

/// Bytes of a row's integers.
fn quant_bytes(format: Format, n_in: usize) -> usize {
    let packed = packed(format);
    n_in.div_ceil(packed.block_len) * packed.quants
}

/// Bytes of a row's scales.
fn scale_bytes(format: Format, n_in: usize) -> usize {
    let packed = packed(format);
    n_in.div_ceil(packed.block_len) * packed.scales
}

/// Appends rows as they lie in the file to `quants` and `scales`. Floats are filled up to whole blocks.
pub(crate) fn pack(format: Format, n_in: usize, rows: &[u8], quants: &mut Vec<u8>, scales: &mut Vec<u8>) {
    let Packed { quants: n_quants, scales: n_scales, .. } = packed(format);
    for row in rows.chunks_exact(format.bytes(n_in)) {
        if !format.is_quantized() {
            quants.extend_from_slice(row);
            quants.resize(quants.len() + quant_bytes(format, n_in) - row.len(), 0);
            continue;
        }
        for block in row.chunks_exact(format.block_bytes()) {
            // Q6_K alone has its scales last, and two bytes too few for whole words.
            let (own_scales, own_quants) = match format {
                Format::Q6K => (&block[n_quants..], &block[..n_quants]),
                _ => block.split_at(block.len() - n_quants),
            };
            quants.extend_from_slice(own_quants);
            scales.extend_from_slice(own_scales);
            scales.resize(scales.len() + n_scales - own_scales.len(), 0);
        }
    }
}

/// Rows that share a buffer: of one format, of one or several matrices that lie upon each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShardPlan {
    pub(crate) format: Format,
    /// In the whole stack.
    pub(crate) first_row: usize,
    pub(crate) n_rows: usize,
    /// Where the rows come from, in order.
    pub(crate) parts: Vec<(WeightId, Range<usize>)>,
}

impl ShardPlan {
    /// Where integers and scales lie in the shard's buffer, in bytes; where there are no scales their range is empty.
    pub(crate) fn ranges(&self, n_in: usize) -> [Range<u64>; 2] {
        let quants_end = (self.n_rows * quant_bytes(self.format, n_in)) as u64;
        let scales_start = quants_end.next_multiple_of(ALIGNMENT);
        let n_scales = ((self.n_rows * scale_bytes(self.format, n_in)) as u64).next_multiple_of(16);
        [0..quants_end, scales_start..scales_start + n_scales]
    }
}

/// Divides a stack of matrices (id, format, rows) [n_in, …] so that every shard can be bound and dispatched.
pub(crate) fn shards(stack: &[(WeightId, Format, usize)], n_in: usize) -> Vec<ShardPlan> {
    let mut shards: Vec<ShardPlan> = Vec::new();
    let mut first_row = 0;
    for &(weight, format, n_out) in stack {
        let max_rows = MAX_ROWS.min(MAX_BINDING_BYTES / quant_bytes(format, n_in).max(1)).max(1);
        let mut start = 0;
        while start < n_out {
            if shards.last().is_none_or(|shard| shard.format != format || shard.n_rows >= max_rows) {
                shards.push(ShardPlan { format, first_row, n_rows: 0, parts: Vec::new() });
            }
            let shard = shards.last_mut().expect("one was just pushed");
            let n_rows = (max_rows - shard.n_rows).min(n_out - start);
            shard.parts.push((weight, start..start + n_rows));
            shard.n_rows += n_rows;
            start += n_rows;
            first_row += n_rows;
        }
    }
    shards
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_share_a_buffer_until_the_format_or_the_limit_divides_them() {
        let plan = |stack: &[(usize, Format, usize)], n_in| {
            let shards = shards(stack, n_in);
            shards.iter().map(|s| (s.first_row, s.n_rows, s.parts.clone())).collect::<Vec<_>>()
        };
        let (a, b) = (Format::Q4_0, Format::Q8_0);
        assert_eq!(plan(&[(7, a, 5), (8, a, 3)], 64), [(0, 8, vec![(7, 0..5), (8, 0..3)])]);
        assert_eq!(plan(&[(7, a, 5), (8, b, 3)], 64), [(0, 5, vec![(7, 0..5)]), (5, 3, vec![(8, 0..3)])]);
        // A vocabulary of 152,064 in Q8_0 with 3,584 columns: 37,449 rows are 128 MiB.
        let rows: Vec<usize> = plan(&[(0, b, 152_064)], 3584).iter().map(|s| s.1).collect();
        assert_eq!(rows, [37_449, 37_449, 37_449, 37_449, 2_268]);
    }
}
