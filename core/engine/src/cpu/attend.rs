//! Attention over the cache, by query heads shared out among threads.

use inkling_kernels::{AttentionShape, dot, exp};

use super::mat_mul::Part;
use super::shared::SharedMut;
use super::simd::SimdLevel;

/// One attention call: the arguments of [`inkling_kernels::attention`].
#[derive(Clone, Copy)]
pub(crate) struct Attend<'a> {
    pub(crate) q: &'a [f32],
    pub(crate) keys: &'a [f32],
    pub(crate) values: &'a [f32],
    pub(crate) first_position: usize,
    pub(crate) shape: AttentionShape,
}

/// Writes this part's heads of `out` [n_tokens, n_head, d_head].
pub(crate) fn attend(level: SimdLevel, call: Attend<'_>, out: SharedMut<'_>, part: Part) {
    match level {
        // SAFETY: the level is chosen from `SimdLevel::available`.
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 | SimdLevel::Avx512Vnni => unsafe { avx2(call, out, part) },
        _ => plain(call, out, part),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(call: Attend<'_>, out: SharedMut<'_>, part: Part) {
    plain(call, out, part);
}

#[inline(always)]
fn plain(call: Attend<'_>, out: SharedMut<'_>, part: Part) {
    let AttentionShape { n_head, n_kv_head, d_head, n_context, scale } = call.shape;
    let n_tokens = call.q.len() / (n_head * d_head);
    let mut weights = vec![0.0; call.first_position + n_tokens];
    for head in part.range(n_head, 1) {
        let cache = head / (n_head / n_kv_head) * n_context * d_head;
        for token_idx in 0..n_tokens {
            let at = (token_idx * n_head + head) * d_head;
            let n_seen = call.first_position + token_idx + 1;
            let seen = cache..cache + n_seen * d_head;
            let q = &call.q[at..at + d_head];
            let sum = softmax(q, &call.keys[seen.clone()], scale, &mut weights[..n_seen]);
            // SAFETY: parts do not share heads.
            let out = unsafe { out.slice(at..at + d_head) };
            mix(&weights[..n_seen], 1.0 / sum, &call.values[seen], out);
        }
    }
}

/// Unnormalised attention weights of a query; returns their sum.
#[inline(always)]
fn softmax(q: &[f32], keys: &[f32], scale: f32, weights: &mut [f32]) -> f32 {
    let mut max = f32::MIN;
    for (weight, key) in weights.iter_mut().zip(keys.chunks_exact(q.len())) {
        *weight = dot(q, key) * scale;
        max = max.max(*weight);
    }
    for weight in weights.iter_mut() {
        *weight = exp(*weight - max);
    }
    weights.iter().sum()
}

#[inline(always)]
fn mix(weights: &[f32], factor: f32, values: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (weight, value) in weights.iter().zip(values.chunks_exact(out.len())) {
        for (out, value) in out.iter_mut().zip(value) {
            *out += weight * value;
        }
    }
    out.iter_mut().for_each(|out| *out *= factor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_follows_the_twin_with_the_same_bits() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut numbers = |n: usize| (0..n).map(|_| random.f32() * 4.0 - 2.0).collect::<Vec<f32>>();
        for (n_head, n_kv_head, d_head, first_position, n_tokens) in
            [(1, 1, 2, 0, 1), (4, 2, 9, 5, 3), (6, 1, 64, 30, 2)]
        {
            let n_context = first_position + n_tokens + 1;
            let shape = AttentionShape { n_head, n_kv_head, d_head, n_context, scale: 0.3 };
            let n_cache = n_kv_head * shape.n_context * d_head;
            let (q, keys, values) = (numbers(n_tokens * n_head * d_head), numbers(n_cache), numbers(n_cache));
            let mut twin = vec![0.0; q.len()];
            inkling_kernels::attention(&q, &keys, &values, first_position, shape, &mut twin);
            let call = Attend { q: &q, keys: &keys, values: &values, first_position, shape };
            let run = |level, n_parts| {
                let mut out = vec![0.0; q.len()];
                let shared = SharedMut::new(&mut out);
                (0..n_parts).for_each(|part| attend(level, call, shared, Part { part, n_parts }));
                out
            };
            let portable = run(SimdLevel::Portable, 1);
            assert!(twin.iter().zip(&portable).all(|(a, b)| (a - b).abs() < 1e-5));
            for level in SimdLevel::available() {
                assert_eq!(run(level, 3), portable, "{level:?}");
            }
        }
    }
}
