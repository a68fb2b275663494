//! The few transcendental functions a transformer needs, from IEEE additions and multiplications only.

/// `e^x`, within 2 units in the last place for `x` in -87..=88; 0 below and `f32::INFINITY` above.
///
/// Range reduction by powers of two and the degree-5 polynomial of Cephes `expf`. Written without
/// branches on the value so that a loop over it vectorises.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts, so that `n * LN_2_HIGH` is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.3, 88.7);
    let n = (clamped * LOG2_E).round_ties_even();
    let r = clamped - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + c;
    }
    let power_of_two = f32::from_bits((((n as i32) + 127) as u32) << 23);
    let value = (p * r * r + r + 1.0) * power_of_two;
    if x < -87.3 {
        0.0
    } else if x > 88.7 {
        f32::INFINITY
    } else {
        value
    }
}

/// The number of partial sums of [`dot`]: one AVX register, or two of WASM's.
const LANES: usize = 8;

/// Dot product of two equally long slices, in eight interleaved partial sums.
///
/// The order of additions is part of the definition: it vectorises on every machine to the same bits.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    debug_assert_eq!(a.len(), b.len());
    let mut sums = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h)) + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_ulp() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let expected = libm::exp(f64::from(x)) as f32;
            let ulp = f32::from_bits(expected.to_bits() + 1) - expected;
            assert!((exp(x) - expected).abs() <= 2.0 * ulp, "exp({x}) = {} not {expected}", exp(x));
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-200.0), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(200.0), f32::INFINITY);
    }

    #[test]
    fn dot_takes_any_length() {
        for n in 0..40 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: f32 = a.iter().map(|x| x * x).sum();
            assert_eq!(dot(&a, &a), expected, "length {n}");
        }
    }
}
