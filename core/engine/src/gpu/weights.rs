//! Weights on their way from a source into GPU memory, through small pieces.

use std::collections::BTreeMap;
use std::ops::Range;

use inkling_gguf::{Source, Tensor};
use inkling_kernels::Format;
use wgpu::Buffer;

use super::device::Gpu;
use super::pack::{ShardPlan, pack, shards};
use super::plan::{Node, Norm};
use crate::model::Layout;
use crate::{Cancel, EngineError, LoadProgress, WeightId};

/// Bytes asked of the source at once.
const CHUNK_BYTES: usize = 4 << 20;

/// A part of a buffer that a shader is given.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    pub(crate) buffer: Buffer,
    /// In bytes.
    pub(crate) range: Range<u64>,
}

impl Slice {
    pub(crate) fn whole(buffer: &Buffer) -> Slice {
        Slice { buffer: buffer.clone(), range: 0..buffer.size() }
    }
}

/// Some rows of a stack of matrices.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) format: Format,
    /// In the whole stack.
    pub(crate) first_row: usize,
    pub(crate) n_rows: usize,
    pub(crate) quants: Slice,
    pub(crate) scales: Slice,
    /// Where the rows come from, in order.
    parts: Vec<(WeightId, Range<usize>)>,
}

/// Matrices of the same width that lie upon each other.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) shards: Vec<Shard>,
}

impl Stack {
    /// Of rows of F32 [n_in, …] in memory.
    pub(crate) fn of(gpu: &Gpu, n_in: usize, rows: &[u8]) -> Stack {
        let row_bytes = Format::F32.bytes(n_in);
        let n_out = rows.len() / row_bytes;
        let plan = StackPlan { n_in, n_out, shards: shards(&[(0, Format::F32, n_out)], n_in) };
        let stack = plan.allocate(gpu);
        for shard in &stack.shards {
            let rows = &rows[shard.first_row * row_bytes..][..shard.n_rows * row_bytes];
            let mut upload = Upload::to(&shard.quants);
            pack(shard.format, n_in, rows, &mut upload.waiting, &mut Vec::new());
            upload.send_words(gpu);
        }
        stack
    }
}

/// All that a model's nodes compute with: the buffers first, so that what does not fit is known before
/// anything is fetched; what they hold later.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    stacks: BTreeMap<Vec<WeightId>, Stack>,
    vectors: BTreeMap<Vec<WeightId>, Slice>,
}

impl Weights {
    /// The matrices of `ids`, upon each other.
    pub(crate) fn stack(&self, ids: &[WeightId]) -> &Stack {
        &self.stacks[ids]
    }

    /// The vectors of `ids`, one behind the other, as f32.
    pub(crate) fn vector(&self, ids: &[WeightId]) -> &Slice {
        &self.vectors[ids]
    }

    /// The stacks of matrices, by their ids.
    pub(crate) fn stacks(&self) -> impl Iterator<Item = &[WeightId]> {
        self.stacks.keys().map(|ids| &ids[..])
    }

    /// Streams everything out of `source`.
    pub(crate) async fn fill(
        &self,
        gpu: &Gpu,
        layout: &Layout<'_>,
        source: &dyn Source,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let mut loader = Loader { gpu, layout, source, progress, cancel, n_bytes: 0 };
        for (ids, slice) in &self.vectors {
            loader.vector(ids, slice).await?;
        }
        for stack in self.stacks.values() {
            for shard in &stack.shards {
                loader.shard(shard, stack.n_in).await?;
            }
        }
        Ok(())
    }
}

/// What [`Weights`] will hold.
pub(crate) struct WeightsPlan {
    /// With their elements.
    vectors: BTreeMap<Vec<WeightId>, u64>,
    stacks: BTreeMap<Vec<WeightId>, StackPlan>,
}

struct StackPlan {
    n_in: usize,
    n_out: usize,
    shards: Vec<ShardPlan>,
}

impl WeightsPlan {
    /// All that `nodes` need.
    pub(crate) fn of(nodes: &[Node], layout: &Layout<'_>) -> WeightsPlan {
        let mut plan = WeightsPlan { vectors: BTreeMap::new(), stacks: BTreeMap::new() };
        for node in nodes {
            let (vectors, ids) = needs(node);
            for ids in vectors.into_iter().filter(|ids| !ids.is_empty()) {
                let n: u64 = ids.iter().map(|&id| layout.tensors[id].0.shape[0]).sum();
                plan.vectors.insert(ids, n.next_multiple_of(32));
            }
            if !ids.is_empty() {
                plan.stacks.entry(ids).or_insert_with_key(|ids| StackPlan::of(ids, layout));
            }
        }
        plan
    }

    /// Bytes of all buffers.
    pub(crate) fn n_bytes(&self) -> u64 {
        let of_stack = |stack: &StackPlan| -> u64 {
            stack.shards.iter().map(|shard| shard.ranges(stack.n_in)[1].end).sum()
        };
        4 * self.vectors.values().sum::<u64>() + self.stacks.values().map(of_stack).sum::<u64>()
    }

    /// The buffers, zero.
    pub(crate) fn allocate(&self, gpu: &Gpu) -> Weights {
        let vector =
            |(ids, n): (&Vec<WeightId>, &u64)| (ids.clone(), Slice::whole(&gpu.storage("vectors", 4 * n)));
        let stack = |(ids, plan): (&Vec<WeightId>, &StackPlan)| (ids.clone(), plan.allocate(gpu));
        Weights {
            vectors: self.vectors.iter().map(vector).collect(),
            stacks: self.stacks.iter().map(stack).collect(),
        }
    }
}

impl StackPlan {
    fn of(ids: &[WeightId], layout: &Layout<'_>) -> StackPlan {
        let n_in = layout.tensors[ids[0]].0.shape[0] as usize;
        let rows = |id: WeightId| layout.tensors[id].0.shape.get(1).map_or(1, |&n| n as usize);
        let parts: Vec<_> = ids.iter().map(|&id| (id, layout.tensors[id].1, rows(id))).collect();
        let n_out = parts.iter().map(|(_, _, n_out)| n_out).sum();
        StackPlan { n_in, n_out, shards: shards(&parts, n_in) }
    }

    fn allocate(&self, gpu: &Gpu) -> Stack {
        let shards = self.shards.iter().map(|plan| shard(gpu, plan, self.n_in)).collect();
        Stack { n_in: self.n_in, n_out: self.n_out, shards }
    }
}

/// Divisors of the rotary frequencies, [n_rot / 2], or empty.
pub(crate) async fn rope_divisors(layout: &Layout<'_>, source: &dyn Source) -> Result<Vec<f32>, EngineError> {
    let Some(id) = layout.graph.rope_divisors else { return Ok(Vec::new()) };
    let (tensor, format) = layout.tensors[id];
    let bytes = source.read(tensor.range.clone()).await?;
    let mut divisors = vec![0.0; tensor.shape[0] as usize];
    format.dequantize(&bytes, &mut divisors);
    Ok(divisors)
}

/// The vectors and the stack of matrices of a node.
fn needs(node: &Node) -> (Vec<Vec<WeightId>>, Vec<WeightId>) {
    let of_norm = |norm: &Norm| [Some(norm.weight), norm.bias].into_iter().flatten().map(|id| vec![id]);
    match node {
        Node::Embed { table, .. } => (Vec::new(), vec![*table]),
        Node::Qkv { norm, weights } => (of_norm(norm).collect(), weights.clone()),
        Node::FeedForward { norm, weights, biases, .. } => {
            (of_norm(norm).chain([biases.clone()]).collect(), weights.clone())
        }
        Node::Attend { biases, head_norms, .. } => (vec![biases.clone(), head_norms.clone()], Vec::new()),
        Node::Residual { weight, bias, .. } => (vec![bias.clone()], vec![*weight]),
        Node::Head { norm, weight, .. } => (of_norm(norm).collect(), vec![*weight]),
    }
}

fn shard(gpu: &Gpu, plan: &ShardPlan, n_in: usize) -> Shard {
    let [quants, scales] = plan.ranges(n_in);
    let buffer = gpu.storage("weights", scales.end);
    // Something has to be bound where there are no scales.
    let scales = if scales.is_empty() { quants.clone() } else { scales };
    let [quants, scales] = [quants, scales].map(|range| Slice { buffer: buffer.clone(), range });
    let ShardPlan { format, first_row, n_rows, ref parts } = *plan;
    Shard { format, first_row, n_rows, quants, scales, parts: parts.clone() }
}

struct Loader<'a> {
    gpu: &'a Gpu,
    layout: &'a Layout<'a>,
    source: &'a dyn Source,
    progress: &'a dyn Fn(LoadProgress),
    cancel: &'a Cancel,
    n_bytes: u64,
}

impl Loader<'_> {
    async fn vector(&mut self, ids: &[WeightId], slice: &Slice) -> Result<(), EngineError> {
        let mut bytes = Vec::new();
        for &id in ids {
            let (tensor, format) = self.layout.tensors[id];
            let stored = self.read(tensor, tensor.range.clone()).await?;
            let mut elements = vec![0.0; tensor.shape[0] as usize];
            format.dequantize(&stored, &mut elements);
            bytes.extend(elements.iter().flat_map(|x| x.to_le_bytes()));
        }
        self.gpu.queue.write_buffer(&slice.buffer, 0, &bytes);
        Ok(())
    }

    /// Integers and scales go to the device piece by piece.
    async fn shard(&mut self, shard: &Shard, n_in: usize) -> Result<(), EngineError> {
        let row_bytes = shard.format.bytes(n_in) as u64;
        let rows_at_once = (CHUNK_BYTES / row_bytes as usize).max(1);
        let (mut quants, mut scales) = (Upload::to(&shard.quants), Upload::to(&shard.scales));
        for (id, rows) in &shard.parts {
            let (tensor, _) = self.layout.tensors[*id];
            for start in rows.clone().step_by(rows_at_once) {
                let end = rows.end.min(start + rows_at_once);
                let first = tensor.range.start;
                let range = first + start as u64 * row_bytes..first + end as u64 * row_bytes;
                let bytes = self.read(tensor, range).await?;
                pack(shard.format, n_in, &bytes, &mut quants.waiting, &mut scales.waiting);
                quants.send_words(self.gpu);
                scales.send_words(self.gpu);
                // What was written waits in host memory until the device has taken it.
                self.gpu.queue.submit([]);
                self.gpu.finish().await?;
            }
        }
        scales.send_rest(self.gpu);
        Ok(())
    }

    async fn read(&mut self, tensor: &Tensor, range: Range<u64>) -> Result<Vec<u8>, EngineError> {
        debug_assert!(tensor.range.start <= range.start && range.end <= tensor.range.end);
        self.n_bytes += range.end - range.start;
        let bytes = self.source.read(range).await?;
        (self.progress)(LoadProgress { bytes: self.n_bytes, total_bytes: self.layout.n_bytes() });
        self.cancel.check()?;
        Ok(bytes)
    }
}

/// Bytes on their way into a slice. The device takes whole words.
struct Upload<'a> {
    slice: &'a Slice,
    n_sent: u64,
    waiting: Vec<u8>,
}

impl<'a> Upload<'a> {
    fn to(slice: &'a Slice) -> Upload<'a> {
        Upload { slice, n_sent: 0, waiting: Vec::new() }
    }

    fn send_words(&mut self, gpu: &Gpu) {
        let n_bytes = self.waiting.len() / 4 * 4;
        gpu.queue.write_buffer(
            &self.slice.buffer,
            self.slice.range.start + self.n_sent,
            &self.waiting[..n_bytes],
        );
        self.waiting.drain(..n_bytes);
        self.n_sent += n_bytes as u64;
    }

    /// The last half of a word, where the scales of an odd number of blocks end in one.
    fn send_rest(mut self, gpu: &Gpu) {
        self.waiting.resize(self.waiting.len().next_multiple_of(4), 0);
        self.send_words(gpu);
    }
}
