use inkling_kernels::dot;

use crate::WeightId;
use crate::adapter::{Applied, LowRank};

/// The adapters in use, by the weights that they change.
#[derive(Default)]
pub(super) struct Adapters(pub(super) Vec<Applied>);

impl Adapters {
    /// `out += scale · B·(A·x)` of every adapter of `weight`; `x` [n_tokens, n_in], `out` [n_tokens, n_out].
    pub(super) fn add(&self, weight: WeightId, x: &[f32], out: &mut [f32]) {
        for applied in self.0.iter().filter(|applied| applied.weight == weight) {
            let LowRank { n_in, n_out, rank, a, b, .. } = applied.pair();
            for (x, out) in x.chunks_exact(*n_in).zip(out.chunks_exact_mut(*n_out)) {
                let middle: Vec<f32> = a.chunks_exact(*n_in).map(|a| dot(a, x) * applied.scale).collect();
                for (out, b) in out.iter_mut().zip(b.chunks_exact(*rank)) {
                    *out += dot(b, &middle);
                }
            }
        }
    }
}
