use crate::Format;

/// Row `rows[i]` of `table` [n_rows, d] (stored as `format`) to `out` [rows.len(), d]: the embedding look-up.
pub fn get_rows(format: Format, table: &[u8], d: usize, rows: &[u32], out: &mut [f32]) {
    let row_bytes = format.bytes(d);
    for (&row, out) in rows.iter().zip(out.chunks_exact_mut(d)) {
        format.dequantize(&table[row as usize * row_bytes..][..row_bytes], out);
    }
}
