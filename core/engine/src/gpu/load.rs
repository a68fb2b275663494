//! A model's way onto the device.

use std::cell::OnceCell;
use std::rc::Rc;

use inkling_gguf::{Gguf, Source};
use wgpu::BufferUsages;

use super::changes::Changes;
use super::commands::Compiler;
use super::device::Gpu;
use super::memory::{self, Capacity, LIST_BYTES, Memory, write_rotations};
use super::plan::{Node, plan};
use super::record::Recorder;
use super::weights::{Slice, Weights, WeightsPlan, rope_divisors};
use super::{
    CHUNK_TOKENS, GpuExecutor, GpuOptions, MAX_SPLITS, Passes, SOFTWARE_CHUNK_TOKENS, STEPS_IN_FLIGHT,
};
use crate::executor::{ExecutorInfo, Pause};
use crate::memory::fitting;
use crate::model::Layout;
use crate::slots::Slots;
use crate::{EngineError, MemoryNeeds, ModelConfig};

/// What a model takes on a device that is none of software, with one conversation.
pub(crate) fn needs(layout: &Layout<'_>, n_context: usize) -> Result<MemoryNeeds, EngineError> {
    let config = shortened(layout, n_context);
    let capacity = capacity(&config, CHUNK_TOKENS, 1);
    let weights = WeightsPlan::of(&plan(&layout.graph)?, layout).n_bytes();
    Ok(MemoryNeeds { weights, cache: capacity.cache_bytes(), scratch: capacity.scratch_bytes() })
}

fn shortened(layout: &Layout<'_>, n_context: usize) -> ModelConfig {
    ModelConfig { n_context: n_context.min(layout.config.n_context), ..layout.config.clone() }
}

pub(super) fn capacity(config: &ModelConfig, n_tokens: usize, n_slots: usize) -> Capacity<'_> {
    Capacity { config, n_tokens, n_splits: n_tokens.max(MAX_SPLITS), n_slots }
}

/// Tokens of a tile of products of matrices: no more than are ever there.
pub(super) fn tile_tokens(chunk_tokens: usize) -> u32 {
    chunk_tokens.min(64) as u32
}

impl GpuExecutor {
    /// Streams the weights that `gguf` describes from `source` onto `gpu`.
    ///
    /// # Errors
    /// When the model asks for what no shader does, does not fit, or cannot be read.
    pub async fn load(
        gpu: impl Into<Rc<Gpu>>,
        gguf: &Gguf,
        source: &dyn Source,
        options: GpuOptions<'_>,
    ) -> Result<GpuExecutor, EngineError> {
        GpuExecutor::load_layout(gpu.into(), &Layout::new(gguf)?, source, options).await
    }

    pub(crate) async fn load_layout(
        gpu: Rc<Gpu>,
        layout: &Layout<'_>,
        source: &dyn Source,
        options: GpuOptions<'_>,
    ) -> Result<GpuExecutor, EngineError> {
        let executor = GpuExecutor::allocate(gpu, layout, options.n_context, options.pause).await?;
        let GpuExecutor { gpu, memory, weights, .. } = &executor;
        weights.fill(gpu, layout, source, options.progress, options.cancel).await?;
        write_rotations(gpu, memory, executor.config(), &rope_divisors(layout, source).await?);
        Ok(executor)
    }

    /// All buffers, pipelines and bind groups, the weights still zero.
    pub(super) async fn allocate(
        gpu: Rc<Gpu>,
        layout: &Layout<'_>,
        n_context: usize,
        pause: Pause,
    ) -> Result<GpuExecutor, EngineError> {
        let config = shortened(layout, n_context);
        if !config.d_head.is_multiple_of(4) {
            return Err(EngineError::GpuUnsupported { what: format!("heads of {} elements", config.d_head) });
        }
        let nodes = plan(&layout.graph)?;
        let chunk_tokens = if gpu.is_software() { SOFTWARE_CHUNK_TOKENS } else { CHUNK_TOKENS };
        let (memory, weights, slots) = buffers(&gpu, &nodes, layout, &config, chunk_tokens).await?;
        let state = Slice::whole(&gpu.storage("state", 32));
        let none = Changes::upload(&gpu, &layout.graph, std::iter::empty(), &[], chunk_tokens);
        let tile_tokens = tile_tokens(chunk_tokens);
        let recorder =
            Recorder { config: &config, weights: &weights, memory: &memory, changes: &none, tile_tokens };
        let (top_k, last) = recorder.top_k();
        let mut compiler = Compiler::new(&gpu, &state);
        let compiled = gpu.checked("shaders", 0, || {
            (Passes::compile(&mut compiler, recorder, &nodes), compiler.compile(&top_k))
        });
        let (passes, top_k) = compiled.await?;
        let readback_bytes = STEPS_IN_FLIGHT as u64 * LIST_BYTES;
        Ok(GpuExecutor {
            info: ExecutorInfo { name: gpu.name(), reason: None, n_threads: 1, model: config },
            readback: gpu.buffer("readback", readback_bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST),
            logits_readback: OnceCell::new(),
            top: memory.lists[last].clone(),
            gpu,
            memory,
            state,
            chunk_tokens,
            graph: layout.graph.clone(),
            nodes,
            weights,
            compiler,
            passes,
            top_k,
            slots,
            pause,
        })
    }
}

/// Buffers for as many conversations as there is room for.
async fn buffers(
    gpu: &Gpu,
    nodes: &[Node],
    layout: &Layout<'_>,
    config: &ModelConfig,
    chunk_tokens: usize,
) -> Result<(Memory, Weights, Slots), EngineError> {
    let (mut slots, weights) = (memory::slots(config), WeightsPlan::of(nodes, layout));
    loop {
        let capacity = capacity(config, chunk_tokens, slots.len());
        let make = || (capacity.make(gpu), weights.allocate(gpu));
        match gpu.checked("the model", weights.n_bytes(), make).await {
            Ok((memory, weights)) => return Ok((memory, weights, slots)),
            Err(EngineError::GpuFull { .. }) if slots.len() > 1 => slots.keep(1),
            Err(EngineError::GpuFull { .. }) => return Err(too_big(gpu, layout, config.n_context).await?),
            Err(error) => return Err(error),
        }
    }
}

/// How much would have been needed, and what would fit.
pub(super) async fn too_big(
    gpu: &Gpu,
    layout: &Layout<'_>,
    n_context: usize,
) -> Result<EngineError, EngineError> {
    let needs = needs(layout, n_context)?;
    let free = gpu.free_bytes(needs.total()).await;
    Ok(EngineError::GpuMemory { needs, free, fitting: fitting(layout, needs, free) })
}
