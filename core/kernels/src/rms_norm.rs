use crate::dot;

/// Root-mean-square norm of each row of `x` [n_rows, d], scaled by `weight` [d] (Zhang & Sennrich 2019).
#[inline(always)]
pub fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let d = weight.len();
    for (x, out) in x.chunks_exact(d).zip(out.chunks_exact_mut(d)) {
        let scale = 1.0 / (dot(x, x) / d as f32 + epsilon).sqrt();
        for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
            *out = x * scale * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rms_norm;

    #[test]
    fn a_row_of_equal_values_becomes_the_weight() {
        let mut out = [0.0; 6];
        rms_norm(&[3.0, 3.0, 3.0, -2.0, -2.0, -2.0], &[1.0, 2.0, 4.0], 0.0, &mut out);
        assert_eq!(out, [1.0, 2.0, 4.0, -1.0, -2.0, -4.0]);
    }
}
