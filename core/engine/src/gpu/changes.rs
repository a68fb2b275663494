//! Low-rank adapters in GPU memory: for every stack of matrices that adapters change, two more products.

use std::collections::BTreeMap;

use inkling_kernels::Format;

use super::device::Gpu;
use super::memory::stride;
use super::weights::{Slice, Stack};
use crate::adapter::Applied;
use crate::{Graph, WeightId};

/// What the adapters in use do to the model.
pub(crate) struct Changes {
    by_stack: BTreeMap<Vec<WeightId>, Change>,
    /// Between the two products, [n_tokens, stride(rank)].
    pub(crate) low: Slice,
}

/// `y += b · (a · x)` for a stack of matrices.
pub(crate) struct Change {
    /// The rows of all adapters' first matrices, [n_in, rank].
    pub(crate) a: Stack,
    /// [rank, n_out]: of the second ones' columns, times the adapters' factors, in the rows of the matrix that each
    /// changes; elsewhere zero.
    pub(crate) b: Stack,
}

impl Changes {
    /// Fills buffers for those of `stacks` that `applied` changes; runs are of up to `n_tokens`.
    pub(crate) fn upload<'a>(
        gpu: &Gpu,
        graph: &Graph,
        stacks: impl Iterator<Item = &'a [WeightId]>,
        applied: &[Applied],
        n_tokens: usize,
    ) -> Changes {
        let mut by_stack = BTreeMap::new();
        let mut max_rank = 0;
        for ids in stacks {
            let of_stack: Vec<&Applied> =
                applied.iter().filter(|applied| ids.contains(&applied.weight)).collect();
            if !of_stack.is_empty() {
                let change = Change::upload(gpu, graph, ids, &of_stack);
                max_rank = max_rank.max(change.a.n_out);
                by_stack.insert(ids.to_vec(), change);
            }
        }
        let low = gpu.storage("between an adapter's products", 4 * (n_tokens * stride(max_rank)) as u64);
        Changes { by_stack, low: Slice::whole(&low) }
    }

    /// What is changed of the matrices of `ids`.
    pub(crate) fn of(&self, ids: &[WeightId]) -> Option<&Change> {
        self.by_stack.get(ids)
    }
}

impl Change {
    fn upload(gpu: &Gpu, graph: &Graph, ids: &[WeightId], applied: &[&Applied]) -> Change {
        let n_rows = |id: &WeightId| graph.weights[*id].shape[1] as usize;
        let (n_in, n_out) = (applied[0].pair().n_in, ids.iter().map(n_rows).sum::<usize>());
        let rank = applied.iter().map(|applied| applied.pair().rank).sum();
        let mut a = Vec::new();
        let mut b = vec![0.0; rank * n_out];
        for applied in applied {
            let pair = applied.pair();
            let first_column = a.len() / n_in;
            let first_row: usize = ids.iter().take_while(|&&id| id != applied.weight).map(n_rows).sum();
            for (row, from) in pair.b.chunks_exact(pair.rank).enumerate() {
                let to = &mut b[(first_row + row) * rank + first_column..][..pair.rank];
                to.iter_mut().zip(from).for_each(|(to, from)| *to = applied.scale * from);
            }
            a.extend_from_slice(&pair.a);
        }
        let stack = |n_in, values: &[f32]| Stack::of(gpu, n_in, &Format::F32.quantize(values));
        Change { a: stack(n_in, &a), b: stack(rank, &b) }
    }
}
