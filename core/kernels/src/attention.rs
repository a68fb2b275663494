use crate::{dot, exp};

/// Sizes of one attention call.
#[derive(Clone, Copy, Debug)]
pub struct AttentionShape {
    /// Query heads.
    pub n_head: usize,
    /// Key and value heads; each serves `n_head / n_kv_head` query heads.
    pub n_kv_head: usize,
    /// Elements of a head.
    pub d_head: usize,
    /// Positions that a head's cache has room for.
    pub n_context: usize,
    /// Factor on the scores, mostly 1 / √d_head.
    pub scale: f32,
}

/// Causal softmax attention with grouped heads (Vaswani et al. 2017; Ainslie et al. 2023).
///
/// `q` and `out` [n_tokens, n_head, d_head]; `keys` and `values` [n_kv_head, n_context, d_head] hold every
/// position up to the last token's. Token `t` stands at `first_position + t` and sees itself and all before.
pub fn attention(
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    first_position: usize,
    shape: AttentionShape,
    out: &mut [f32],
) {
    let AttentionShape { n_head, n_kv_head, d_head, n_context, scale } = shape;
    for (idx, (q, out)) in q.chunks_exact(d_head).zip(out.chunks_exact_mut(d_head)).enumerate() {
        let (token_idx, head) = (idx / n_head, idx % n_head);
        let cache = head / (n_head / n_kv_head) * n_context * d_head;
        let n_seen = first_position + token_idx + 1;
        let row = |position: usize| cache + position * d_head..cache + (position + 1) * d_head;
        let scores: Vec<f32> = (0..n_seen).map(|p| dot(q, &keys[row(p)]) * scale).collect();
        let max = scores.iter().copied().fold(f32::MIN, f32::max);
        let weights: Vec<f32> = scores.iter().map(|score| exp(score - max)).collect();
        let sum: f32 = weights.iter().sum();
        out.fill(0.0);
        for (position, weight) in weights.iter().enumerate() {
            for (out, value) in out.iter_mut().zip(&values[row(position)]) {
                *out += weight / sum * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_token_sees_only_itself_and_groups_share_a_head() {
        let shape = AttentionShape { n_head: 2, n_kv_head: 1, d_head: 2, n_context: 3, scale: 1.0 };
        let (keys, values) = ([1.0, 0.0, 0.0, 1.0, 9.0, 9.0], [1.0, 2.0, 3.0, 4.0, 9.0, 9.0]);
        let mut out = [0.0; 8];
        attention(&[5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0], &keys, &values, 0, shape, &mut out);
        assert_eq!(out[..4], [1.0, 2.0, 1.0, 2.0]);
        assert_eq!(out[4..], [2.0, 3.0, 2.0, 3.0], "equal scores average the two values seen");
    }
}
