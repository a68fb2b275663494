use crate::dot;

/// Root-mean-square norm of every head of `x` [n_tokens, n_head, d_head], in place, scaled by `weight`
/// [d_head]: what keeps the scores of attention small (Henry et al. 2020; Qwen3).
#[inline(always)]
pub fn head_norm(x: &mut [f32], weight: &[f32], epsilon: f32) {
    let d_head = weight.len();
    for head in x.chunks_exact_mut(d_head) {
        let scale = 1.0 / (dot(head, head) / d_head as f32 + epsilon).sqrt();
        for (x, weight) in head.iter_mut().zip(weight) {
            *x = *x * scale * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::head_norm;

    #[test]
    fn each_head_has_its_own_scale() {
        let mut x = [3.0, 3.0, -2.0, -2.0];
        head_norm(&mut x, &[1.0, 2.0], 0.0);
        assert_eq!(x, [1.0, 2.0, -1.0, -2.0]);
    }
}
