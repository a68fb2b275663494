use crate::{Format, dot};

/// `out = x · weightsᵀ`: `weights` [n_out, n_in] stored as `format`, `x` [n_tokens, n_in], `out` [n_tokens, n_out].
pub fn mat_mul(format: Format, weights: &[u8], n_in: usize, x: &[f32], out: &mut [f32]) {
    let row_bytes = format.bytes(n_in);
    let n_out = weights.len() / row_bytes;
    let mut row = vec![0.0; n_in];
    for (row_idx, bytes) in weights.chunks_exact(row_bytes).enumerate() {
        format.dequantize(bytes, &mut row);
        for (token_idx, x) in x.chunks_exact(n_in).enumerate() {
            out[token_idx * n_out + row_idx] = dot(&row, x);
        }
    }
}
