use crate::exp;

/// `gate = silu(gate) * up`, the inside of SwiGLU (Shazeer 2020); `silu(x) = x / (1 + e^-x)`.
#[inline(always)]
pub fn silu_mul(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exp(-*gate)) * up;
    }
}

#[cfg(test)]
mod tests {
    use super::silu_mul;

    #[test]
    fn large_values_pass_and_very_negative_ones_vanish() {
        let mut gate = [100.0, -100.0, 0.0];
        silu_mul(&mut gate, &[2.0, 2.0, 2.0]);
        assert_eq!(gate, [200.0, -0.0, 0.0]);
    }
}
