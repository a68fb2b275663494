//! Weights on their way from a source into GPU memory, through small pieces.

use std::collections::HashMap;
use std::ops::Range;

use inkling_gguf::{Source, Tensor};
use inkling_kernels::{Format, Shader};
use wgpu::Buffer;

use super::device::Gpu;
use super::pack::{ShardPlan, pack, quant_bytes, scale_bytes, shards};
use super::plan::Node;
use crate::model::Layout;
use crate::{Cancel, EngineError, LoadProgress, WeightId};

/// Bytes asked of the source at once.
const CHUNK_BYTES: usize = 4 << 20;

/// Where bindings may begin.
const ALIGNMENT: u64 = 256;

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
}

/// Matrices of the same width that lie upon each other.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) shards: Vec<Shard>,
}

/// All that a model's nodes compute with.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    stacks: HashMap<Vec<WeightId>, Stack>,
    vectors: HashMap<Vec<WeightId>, Slice>,
    /// Of the rotary frequencies, [n_rot / 2], or empty.
    pub(crate) rope_divisors: Vec<f32>,
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

    /// Streams what `nodes` need out of `source`.
    pub(crate) async fn load(
        gpu: &Gpu,
        nodes: &[Node],
        layout: &Layout<'_>,
        source: &dyn Source,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<Weights, EngineError> {
        let mut loader = Loader { gpu, layout, source, progress, cancel, n_bytes: 0 };
        let mut weights = Weights::default();
        if let Some(id) = layout.graph.rope_divisors {
            weights.rope_divisors = loader.elements(id).await?;
        }
        for node in nodes {
            let (vectors, stack) = needs(node);
            for ids in vectors.into_iter().filter(|ids| !ids.is_empty()) {
                let loaded = loader.vector(&ids).await?;
                weights.vectors.insert(ids, loaded);
            }
            if !stack.is_empty() && !weights.stacks.contains_key(&stack) {
                let loaded = loader.stack(&stack).await?;
                weights.stacks.insert(stack, loaded);
            }
        }
        Ok(weights)
    }
}

/// The vectors and the stack of matrices of a node.
fn needs(node: &Node) -> (Vec<Vec<WeightId>>, Vec<WeightId>) {
    match node {
        Node::Embed { table } => (Vec::new(), vec![*table]),
        Node::Qkv { norm, weights } | Node::GateUp { norm, weights } => (vec![vec![*norm]], weights.clone()),
        Node::Attend { biases, head_norms, .. } => (vec![biases.clone(), head_norms.clone()], Vec::new()),
        Node::Residual { weight, .. } => (Vec::new(), vec![*weight]),
        Node::Head { norm, weight } => (vec![vec![*norm]], vec![*weight]),
    }
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
    async fn vector(&mut self, ids: &[WeightId]) -> Result<Slice, EngineError> {
        let mut elements = Vec::new();
        for &id in ids {
            elements.extend(self.elements(id).await?);
        }
        elements.resize(elements.len().next_multiple_of(32), 0.0);
        let bytes: Vec<u8> = elements.iter().flat_map(|x| x.to_le_bytes()).collect();
        let buffer = self.gpu.storage("vectors", bytes.len() as u64);
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        Ok(Slice::whole(&buffer))
    }

    async fn elements(&mut self, id: WeightId) -> Result<Vec<f32>, EngineError> {
        let (tensor, format) = self.layout.tensors[id];
        let bytes = self.read(tensor, tensor.range.clone()).await?;
        let mut elements = vec![0.0; tensor.shape[0] as usize];
        format.dequantize(&bytes, &mut elements);
        Ok(elements)
    }

    async fn stack(&mut self, ids: &[WeightId]) -> Result<Stack, EngineError> {
        let n_in = self.layout.tensors[ids[0]].0.shape[0] as usize;
        let rows = |id: WeightId| self.layout.tensors[id].0.shape.get(1).map_or(1, |&n| n as usize);
        let stack: Vec<_> = ids.iter().map(|&id| (id, self.layout.tensors[id].1, rows(id))).collect();
        if let Some(&(id, ..)) = stack.iter().find(|(_, format, _)| !Shader::knows(*format)) {
            let dtype = self.layout.tensors[id].0.dtype;
            return Err(EngineError::GpuUnsupported { what: format!("weights in {dtype}") });
        }
        let mut loaded = Vec::new();
        for plan in shards(&stack, n_in) {
            loaded.push(self.shard(plan, n_in).await?);
        }
        Ok(Stack { n_in, n_out: stack.iter().map(|(_, _, n_out)| n_out).sum(), shards: loaded })
    }

    /// The integers go to the device piece by piece, the scales (a ninth at most) at the end.
    async fn shard(&mut self, plan: ShardPlan, n_in: usize) -> Result<Shard, EngineError> {
        let ShardPlan { format, first_row, n_rows, parts } = plan;
        let quants_end = (n_rows * quant_bytes(format, n_in)) as u64;
        let scales_start = quants_end.next_multiple_of(ALIGNMENT);
        let scales_end = scales_start + ((n_rows * scale_bytes(format, n_in)) as u64).next_multiple_of(16);
        let total = self.layout.n_bytes();
        let buffer = self.gpu.checked("weights", total, || self.gpu.storage("weights", scales_end)).await?;
        let (mut quants, mut scales, mut at) = (Vec::new(), Vec::new(), 0);
        for (id, rows) in parts {
            let row_bytes = format.bytes(n_in) as u64;
            let (tensor, _) = self.layout.tensors[id];
            let rows_at_once = (CHUNK_BYTES / row_bytes as usize).max(1);
            for start in rows.clone().step_by(rows_at_once) {
                let end = rows.end.min(start + rows_at_once);
                let from = tensor.range.start;
                let range = from + start as u64 * row_bytes..from + end as u64 * row_bytes;
                let bytes = self.read(tensor, range).await?;
                quants.clear();
                pack(format, n_in, &bytes, &mut quants, &mut scales);
                self.gpu.queue.write_buffer(&buffer, at, &quants);
                at += quants.len() as u64;
                // What was written waits in host memory until the device has taken it.
                self.gpu.queue.submit([]);
                self.gpu.finish().await?;
            }
        }
        scales.resize((scales_end - scales_start) as usize, 0);
        let quants = Slice { buffer: buffer.clone(), range: 0..quants_end };
        if scales.is_empty() {
            return Ok(Shard { format, first_row, n_rows, scales: quants.clone(), quants });
        }
        self.gpu.queue.write_buffer(&buffer, scales_start, &scales);
        Ok(Shard {
            format,
            first_row,
            n_rows,
            quants,
            scales: Slice { buffer, range: scales_start..scales_end },
        })
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
