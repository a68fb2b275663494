use crate::exp;

/// `x = gelu(x)` in the approximation by tanh (Hendrycks & Gimpel 2016), which models are trained with.
#[inline(always)]
pub fn gelu(x: &mut [f32]) {
    for x in x.iter_mut() {
        *x = gelu_of(*x);
    }
}

/// `gate = gelu(gate) · up`, the inside of GeGLU (Shazeer 2020).
#[inline(always)]
pub fn gelu_mul(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = gelu_of(*gate) * up;
    }
}

/// `x / 2 · (1 + tanh u)` is `x / (1 + e^-2u)`, with `u = √(2/π) · (x + 0.044715 x³)`.
#[inline(always)]
fn gelu_of(x: f32) -> f32 {
    const TWO_SQRT_2_OVER_PI: f32 = 1.595_769;
    x / (1.0 + exp(-TWO_SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_definition_by_tanh() {
        for i in -400..400 {
            let x = f64::from(i) * 0.02;
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
            let expected = 0.5 * x * (1.0 + libm::tanh(u));
            let mut actual = [x as f32];
            gelu(&mut actual);
            assert!((f64::from(actual[0]) - expected).abs() < 1e-6, "gelu({x}) = {actual:?}");
        }
        let mut gate = [1e4, -1e4];
        gelu_mul(&mut gate, &[2.0, 2.0]);
        assert_eq!(gate, [2e4, 0.0], "no overflow on the way");
    }
}
