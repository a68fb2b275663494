/// Each row of `x` [n_rows, d] brought to mean 0 and variance 1, times `weight` [d], plus `bias` [d]
/// (Ba, Kiros & Hinton 2016).
#[inline(always)]
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
    let d = weight.len();
    for (x, out) in x.chunks_exact(d).zip(out.chunks_exact_mut(d)) {
        let mean = x.iter().sum::<f32>() / d as f32;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / d as f32;
        let scale = 1.0 / (variance + epsilon).sqrt();
        for (((out, x), weight), bias) in out.iter_mut().zip(x).zip(weight).zip(bias) {
            *out = (x - mean) * scale * weight + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::layer_norm;

    #[test]
    fn two_values_become_minus_one_and_one() {
        let mut out = [0.0; 4];
        layer_norm(&[3.0, 7.0, -1.0, -5.0], &[1.0, 2.0], &[0.0, 10.0], 0.0, &mut out);
        assert_eq!(out, [-1.0, 12.0, 1.0, 8.0]);
    }
}
