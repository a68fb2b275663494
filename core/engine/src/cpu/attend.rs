//! Attention over the cache, by query heads shared out among threads.

use inkling_kernels::{AttentionShape, exp};

use super::mat_mul::Part;
use super::shared::SharedMut;
use super::simd::{Floats, N_FLOATS, Portable, SimdLevel};

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
        // SAFETY: every machine has it.
        SimdLevel::Portable => unsafe { heads::<Portable>(call, out, part) },
        // SAFETY: the level is chosen from `SimdLevel::available`.
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        SimdLevel::Simd128 => unsafe { heads::<super::simd::Simd128>(call, out, part) },
        #[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
        SimdLevel::Simd128 => unreachable!("not among the available levels"),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 | SimdLevel::Avx512Vnni => unsafe { avx2(call, out, part) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(call: Attend<'_>, out: SharedMut<'_>, part: Part) {
    unsafe { heads::<super::simd::Avx2>(call, out, part) };
}

/// Queries that are compared with a key, and sums that a value is added to, before the next is loaded.
const ROWS: usize = 4;

/// A query: of a token and one of the heads that share a key head.
#[derive(Clone, Copy)]
struct Row {
    token_idx: usize,
    head: usize,
}

/// # Safety
/// The machine has the instruction set.
#[inline(always)]
unsafe fn heads<S: Floats>(call: Attend<'_>, out: SharedMut<'_>, part: Part) {
    let AttentionShape { n_head, n_kv_head, d_head, .. } = call.shape;
    let n_tokens = call.q.len() / (n_head * d_head);
    let mut weights = vec![0.0; ROWS * (call.first_position + n_tokens)];
    let (group, mut heads) = (n_head / n_kv_head, part.range(n_head, 1));
    while !heads.is_empty() {
        let n_heads = heads.len().min(group - heads.start % group);
        let n_rows = n_tokens * n_heads;
        for first in (0..n_rows).step_by(ROWS) {
            let rows = [0, 1, 2, 3].map(|row| Row {
                token_idx: (first + row) / n_heads,
                head: heads.start + (first + row) % n_heads,
            });
            // SAFETY: as required of the caller.
            unsafe {
                match n_rows - first {
                    1 => tile::<S, 1>([rows[0]], call, &mut weights, out),
                    2 => tile::<S, 2>([rows[0], rows[1]], call, &mut weights, out),
                    3 => tile::<S, 3>([rows[0], rows[1], rows[2]], call, &mut weights, out),
                    _ => tile::<S, ROWS>(rows, call, &mut weights, out),
                }
            }
        }
        heads.start += n_heads;
    }
}

/// Attention of rows of one key head, earlier tokens first. `weights` has room for all positions of `ROWS` rows.
#[inline(always)]
unsafe fn tile<S: Floats, const R: usize>(
    rows: [Row; R],
    call: Attend<'_>,
    weights: &mut [f32],
    out: SharedMut<'_>,
) {
    let AttentionShape { n_head, n_kv_head, d_head, n_context, scale } = call.shape;
    let cache = rows[0].head / (n_head / n_kv_head) * n_context * d_head;
    let at = rows.map(|Row { token_idx, head }| (token_idx * n_head + head) * d_head);
    let q = at.map(|at| &call.q[at..at + d_head]);
    let n_seen = rows.map(|row| call.first_position + row.token_idx + 1);
    let seen = cache..cache + n_seen[R - 1] * d_head;
    let (keys, values) = (&call.keys[seen.clone()], &call.values[seen]);
    // SAFETY: parts do not share heads.
    let mut out = at.map(|at| unsafe { out.slice(at..at + d_head) });
    let mut weights = weights.chunks_exact_mut(weights.len() / ROWS);
    let mut weights = n_seen.map(|n| &mut weights.next().expect("there is one for every row")[..n]);

    // Positions that all rows see are taken together, the few others row by row.
    let n_shared = n_seen[0];
    unsafe {
        score::<S, R>(q, &keys[..n_shared * d_head], &mut weights);
        for (row, q) in weights.iter_mut().zip(q) {
            score::<S, 1>([q], &keys[n_shared * d_head..row.len() * d_head], &mut [&mut row[n_shared..]]);
        }
        let sums = softmax(&mut weights, n_shared, scale);
        mix::<S, R>(&weights, &values[..n_shared * d_head], &mut out);
        for ((row, out), sum) in weights.iter().zip(out).zip(sums) {
            for (weight, value) in row.iter().zip(values.chunks_exact(d_head)).skip(n_shared) {
                for (out, value) in out.iter_mut().zip(value) {
                    *out += weight * value;
                }
            }
            let factor = 1.0 / sum;
            for out in out {
                *out *= factor;
            }
        }
    }
}

/// Each row's products with `keys` [n, d_head], in the order of [`inkling_kernels::dot`].
#[inline(always)]
unsafe fn score<S: Floats, const R: usize>(q: [&[f32]; R], keys: &[f32], scores: &mut [&mut [f32]; R]) {
    let d_head = q[0].len();
    let n_whole = d_head / N_FLOATS * N_FLOATS;
    for (position, key) in keys.chunks_exact(d_head).enumerate() {
        // SAFETY: rows and keys are `d_head` long, and the machine has the instruction set.
        let mut sums = unsafe { [S::splat8(0.0); R] };
        for at in (0..n_whole).step_by(N_FLOATS) {
            unsafe {
                let key = S::load8(key.as_ptr().add(at));
                for row in 0..R {
                    sums[row] = S::add8(sums[row], S::mul8(S::load8(q[row].as_ptr().add(at)), key));
                }
            }
        }
        for row in 0..R {
            let mut rest = 0.0;
            for (q, key) in q[row][n_whole..].iter().zip(&key[n_whole..]) {
                rest += q * key;
            }
            scores[row][position] = unsafe { S::sum8(sums[row]) } + rest;
        }
    }
}

/// Makes unnormalised attention weights of each row's scores, which are at least `n_shared`; returns their sums.
#[inline(always)]
fn softmax<const R: usize>(scores: &mut [&mut [f32]; R], n_shared: usize, scale: f32) -> [f32; R] {
    for row in scores.iter_mut() {
        for score in row.iter_mut() {
            *score *= scale;
        }
        let max = largest(row);
        for score in row.iter_mut() {
            *score = exp(*score - max);
        }
    }
    // In the order of positions, and of several rows at once, so that additions need not wait for each other.
    let mut sums = [0.0; R];
    let shared = scores.each_ref().map(|row| &row[..n_shared]);
    for position in 0..n_shared {
        for (sum, row) in sums.iter_mut().zip(shared) {
            *sum += row[position];
        }
    }
    for (sum, row) in sums.iter_mut().zip(scores) {
        *sum = row[n_shared..].iter().fold(*sum, |sum, weight| sum + weight);
    }
    sums
}

#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    let mut lanes = [f32::MIN; N_FLOATS];
    let (chunks, rest) = scores.as_chunks::<N_FLOATS>();
    for chunk in chunks {
        for lane in 0..N_FLOATS {
            lanes[lane] = lanes[lane].max(chunk[lane]);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::MIN, f32::max)
}

/// Writes each row's sum of `values` [n, d_head] by its weights.
#[inline(always)]
unsafe fn mix<S: Floats, const R: usize>(
    weights: &[&mut [f32]; R],
    values: &[f32],
    out: &mut [&mut [f32]; R],
) {
    const COLUMNS: usize = 2 * N_FLOATS;
    let d_head = out[0].len();
    let n_whole = d_head / COLUMNS * COLUMNS;
    for column in (0..n_whole).step_by(COLUMNS) {
        // SAFETY: values are `d_head` long, weights at least as many, and the machine has the instruction set.
        unsafe {
            let mut sums = [[S::splat8(0.0); 2]; R];
            for (position, value) in values.chunks_exact(d_head).enumerate() {
                let at = value.as_ptr().add(column);
                let value = [S::load8(at), S::load8(at.add(N_FLOATS))];
                for row in 0..R {
                    let weight = S::splat8(*weights[row].get_unchecked(position));
                    sums[row][0] = S::add8(sums[row][0], S::mul8(weight, value[0]));
                    sums[row][1] = S::add8(sums[row][1], S::mul8(weight, value[1]));
                }
            }
            for row in 0..R {
                let out = &mut out[row][column..column + COLUMNS];
                S::store8(sums[row][0], out.as_mut_ptr());
                S::store8(sums[row][1], out.as_mut_ptr().add(N_FLOATS));
            }
        }
    }
    for (out, weights) in out.iter_mut().zip(weights) {
        let rest = &mut out[n_whole..];
        rest.fill(0.0);
        for (weight, value) in weights.iter().zip(values.chunks_exact(d_head)) {
            for (out, value) in rest.iter_mut().zip(&value[n_whole..]) {
                *out += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_follows_the_twin_with_the_same_bits() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut numbers = |n: usize| (0..n).map(|_| random.f32() * 4.0 - 2.0).collect::<Vec<f32>>();
        for (n_head, n_kv_head, d_head, first_position, n_tokens) in
            [(1, 1, 2, 0, 1), (4, 2, 9, 5, 3), (6, 1, 64, 30, 2), (3, 1, 24, 7, 1)]
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
