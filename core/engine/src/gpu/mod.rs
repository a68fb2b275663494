//! The executor for graphics processors: the graph as one compute pass a step.

mod call;
mod changes;
mod commands;
#[cfg(test)]
mod costs;
mod device;
mod memory;
mod pack;
mod plan;
mod record;
#[cfg(test)]
mod tests;
mod weights;

use std::rc::Rc;

use inkling_gguf::{Gguf, Source};
use wgpu::{Buffer, BufferUsages, CommandEncoder};

use crate::adapter::Applied;
use crate::executor::{Cancel, Executor, ExecutorInfo, Pause, Prefilled, Reply, TokenId, Top, Want};
use crate::model::Layout;
use crate::{Adapter, EngineError, Graph, LoadProgress, ModelConfig};
use call::StepSizes;
use changes::Changes;
use commands::{Commands, Compiler, Cost};
#[cfg(not(target_arch = "wasm32"))]
pub use device::gpus;
pub use device::{Gpu, Tier};
use memory::{Capacity, LIST_BYTES, MAX_LOGIT_ROWS, Memory, write_rotations};
use plan::Node;
use record::Recorder;
use weights::{Slice, Weights, rope_divisors};

/// Tokens evaluated between two looks at the cancellation flag.
const CHUNK_TOKENS: usize = 256;

/// The same where a CPU does the work, at a hundredth of the speed.
const SOFTWARE_CHUNK_TOKENS: usize = 32;

/// Parts that attention divides the positions of a single token into, so that all of the device works.
const MAX_SPLITS: usize = 32;

/// Positions of a tile of `attention.wgsl`.
const TILE_POSITIONS: usize = 64;

/// With fewer tokens products of matrix and vector are faster than those of matrices.
const MIN_PREFILL_TOKENS: usize = 4;

/// Entries that cross the seam at most.
const MAX_TOP: usize = 64;

/// What loading needs beside the model.
pub struct GpuOptions<'a> {
    /// Positions of the context, at most the model's own.
    pub n_context: usize,
    /// Lets the host handle its events between two tokens.
    pub pause: Pause,
    /// Called as weights arrive.
    pub progress: &'a dyn Fn(LoadProgress),
    /// Looked at as weights arrive.
    pub cancel: &'a Cancel,
}

/// Runs a model on a graphics processor.
pub struct GpuExecutor {
    info: ExecutorInfo,
    gpu: Rc<Gpu>,
    memory: Memory,
    state: Slice,
    chunk_tokens: usize,
    graph: Graph,
    nodes: Vec<Node>,
    weights: Weights,
    compiler: Compiler,
    passes: Passes,
    top_k: Commands,
    /// Where `top_k` leaves its list.
    top: Slice,
    readback: Buffer,
    /// Evaluated, in the cache.
    tokens: Vec<TokenId>,
    pause: Pause,
}

/// The model's dispatches.
struct Passes {
    /// Of a token or two.
    decode: Commands,
    /// Of many tokens.
    prefill: Commands,
    head: Commands,
}

/// Which tokens' logits a run is to give.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    None,
    Last,
    All,
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
    async fn allocate(
        gpu: Rc<Gpu>,
        layout: &Layout<'_>,
        n_context: usize,
        pause: Pause,
    ) -> Result<GpuExecutor, EngineError> {
        let config =
            ModelConfig { n_context: n_context.min(layout.config.n_context), ..layout.config.clone() };
        if !config.d_head.is_multiple_of(4) {
            return Err(EngineError::GpuUnsupported { what: format!("heads of {} elements", config.d_head) });
        }
        let nodes = plan::plan(&layout.graph)?;
        let chunk_tokens = if gpu.is_software() { SOFTWARE_CHUNK_TOKENS } else { CHUNK_TOKENS };
        let n_splits = chunk_tokens.max(MAX_SPLITS);
        let capacity = Capacity { config: &config, n_tokens: chunk_tokens, n_splits };
        let n_bytes = capacity.n_bytes() + layout.n_bytes();
        let buffers = gpu
            .checked("buffers", n_bytes, || (capacity.make(&gpu), Weights::allocate(&gpu, &nodes, layout)));
        let (memory, weights) = buffers.await?;
        let state = Slice::whole(&gpu.storage("state", 32));
        let none = Changes::upload(&gpu, &layout.graph, std::iter::empty(), &[], chunk_tokens);
        let recorder = Recorder { config: &config, weights: &weights, memory: &memory, changes: &none };
        let (top_k, last) = recorder.top_k();
        let mut compiler = Compiler::new(&gpu, &state);
        let compiled = gpu.checked("shaders", n_bytes, || {
            (Passes::compile(&mut compiler, recorder, &nodes), compiler.compile(&top_k))
        });
        let (passes, top_k) = compiled.await?;
        Ok(GpuExecutor {
            info: ExecutorInfo { name: gpu.name(), reason: None, n_threads: 1, model: config },
            readback: gpu.buffer("readback", LIST_BYTES, BufferUsages::MAP_READ | BufferUsages::COPY_DST),
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
            tokens: Vec::new(),
            pause,
        })
    }

    fn config(&self) -> &ModelConfig {
        &self.info.model
    }

    /// Evaluates `tokens` behind those in the cache, a chunk at a time; the logits of all of them, or none.
    async fn extend(
        &mut self,
        tokens: &[TokenId],
        rows: Rows,
        cancel: &Cancel,
    ) -> Result<Vec<f32>, EngineError> {
        self.check(tokens)?;
        let mut logits = Vec::new();
        let chunk_tokens = if rows == Rows::All { MAX_LOGIT_ROWS } else { self.chunk_tokens };
        let n_chunks = tokens.len().div_ceil(chunk_tokens);
        for (idx, chunk) in tokens.chunks(chunk_tokens).enumerate() {
            (self.pause)().await;
            cancel.check()?;
            let rows = if rows == Rows::Last && idx + 1 < n_chunks { Rows::None } else { rows };
            let (encoder, _) = self.encode(chunk, rows);
            match rows {
                Rows::None => {
                    self.gpu.queue.submit([encoder.finish()]);
                    self.gpu.finish().await?;
                }
                Rows::Last => _ = self.gpu.queue.submit([encoder.finish()]),
                Rows::All => logits.extend(self.all_logits(encoder, chunk.len()).await?),
            }
            self.tokens.extend_from_slice(chunk);
        }
        Ok(logits)
    }

    /// Evaluates `tokens` and returns what may follow the last.
    async fn top_after(
        &mut self,
        tokens: &[TokenId],
        want: &Want,
        cancel: &Cancel,
    ) -> Result<Top, EngineError> {
        self.write_mask(want);
        self.extend(tokens, Rows::Last, cancel).await?;
        let bytes = self.gpu.read(&self.readback, LIST_BYTES).await?;
        top_of(&bytes, want)
    }

    /// The dispatches with these adapters. What they need is held by the dispatches alone.
    async fn adapted(&mut self, applied: &[Applied]) -> Result<Passes, EngineError> {
        let GpuExecutor { gpu, graph, weights, memory, compiler, nodes, chunk_tokens, .. } = self;
        let config = &self.info.model;
        let n_bytes = applied.iter().map(|applied| applied.pair().n_bytes()).sum();
        let compiled = gpu.checked("adapters", n_bytes, || {
            let changes = Changes::upload(gpu, graph, weights.stacks(), applied, *chunk_tokens);
            let recorder = Recorder { config, weights, memory, changes: &changes };
            Passes::compile(compiler, recorder, nodes)
        });
        compiled.await
    }

    fn check(&self, tokens: &[TokenId]) -> Result<(), EngineError> {
        let ModelConfig { n_context, n_vocab, .. } = *self.config();
        let n_tokens = self.tokens.len() + tokens.len();
        if n_tokens > n_context {
            return Err(EngineError::TooLong { n_tokens, n_context });
        }
        match tokens.iter().find(|&&token| token as usize >= n_vocab) {
            Some(&token) => Err(EngineError::UnknownToken { token, n_vocab }),
            None => Ok(()),
        }
    }

    /// One pass over `tokens`, and what is wanted of it copied to where the host can read it.
    fn encode(&self, tokens: &[TokenId], rows: Rows) -> (CommandEncoder, Cost) {
        let step = self.write_state(tokens, rows);
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut cost = Cost::default();
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let layers =
            if tokens.len() < MIN_PREFILL_TOKENS { &self.passes.decode } else { &self.passes.prefill };
        layers.encode(&mut pass, step, &mut cost);
        if rows != Rows::None {
            self.passes.head.encode(&mut pass, step, &mut cost);
        }
        if rows == Rows::Last {
            self.top_k.encode(&mut pass, step, &mut cost);
        }
        drop(pass);
        if rows == Rows::Last {
            encoder.copy_buffer_to_buffer(&self.top.buffer, 0, &self.readback, 0, LIST_BYTES);
        }
        (encoder, cost)
    }

    fn write_state(&self, tokens: &[TokenId], rows: Rows) -> StepSizes {
        let (first, n_tokens) = (self.tokens.len(), tokens.len());
        let n_tiles = (first + n_tokens).div_ceil(TILE_POSITIONS);
        let max_splits = (self.chunk_tokens.max(MAX_SPLITS) / n_tokens).clamp(1, MAX_SPLITS);
        let split_tiles = n_tiles.div_ceil(max_splits);
        let n_splits = n_tiles.div_ceil(split_tiles);
        let selected = if rows == Rows::Last { n_tokens - 1 } else { 0 };
        let state = [first, n_tokens, selected, n_splits, split_tiles * TILE_POSITIONS];
        let words = state.map(|value| value as u32);
        self.gpu.queue.write_buffer(&self.state.buffer, 0, &bytes_of(&words));
        self.gpu.queue.write_buffer(&self.memory.tokens.buffer, 0, &bytes_of(tokens));
        let n_selected = if rows == Rows::All { n_tokens } else { 1 };
        StepSizes { n_tokens: n_tokens as u32, n_selected: n_selected as u32, n_splits: n_splits as u32 }
    }

    fn write_mask(&self, want: &Want) {
        let is_masked = u32::from(!want.masked.is_empty());
        self.gpu.queue.write_buffer(&self.state.buffer, 20, &bytes_of(&[is_masked]));
        if is_masked == 1 {
            let n_vocab = self.config().n_vocab;
            let mut bits = vec![0u32; n_vocab.div_ceil(32)];
            let known = want.masked.iter().filter(|&&token| (token as usize) < n_vocab);
            known.for_each(|&token| bits[token as usize / 32] |= 1 << (token % 32));
            self.gpu.queue.write_buffer(&self.memory.mask.buffer, 0, &bytes_of(&bits));
        }
    }

    /// Submits, and reads a chunk's logits [n_tokens, n_vocab].
    async fn all_logits(
        &self,
        mut encoder: CommandEncoder,
        n_tokens: usize,
    ) -> Result<Vec<f32>, EngineError> {
        let n_bytes = 4 * (n_tokens * self.config().n_vocab) as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let readback =
            self.gpu.checked("logits", n_bytes, || self.gpu.buffer("logits", n_bytes, usage)).await?;
        encoder.copy_buffer_to_buffer(&self.memory.logits.buffer, 0, &readback, 0, n_bytes);
        self.gpu.queue.submit([encoder.finish()]);
        let bytes = self.gpu.read(&readback, n_bytes).await?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

impl Executor for GpuExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    fn prefill<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Prefilled> {
        Box::pin(async move {
            let Some(last) = tokens.len().checked_sub(1) else { return Err(EngineError::NoTokens) };
            let common = self.tokens.iter().zip(tokens).take_while(|(a, b)| a == b).count();
            let n_reused = common.min(last);
            self.tokens.truncate(n_reused);
            Ok(Prefilled { top: self.top_after(&tokens[n_reused..], want, cancel).await?, n_reused })
        })
    }

    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
        Box::pin(async move { self.top_after(&[token], want, cancel).await })
    }

    fn adapt<'a>(&'a mut self, adapters: &'a [(Rc<Adapter>, f32)]) -> Reply<'a, ()> {
        Box::pin(async move {
            let applied = Applied::all(adapters, &self.graph, self.config())?;
            self.passes = self.adapted(&applied).await?;
            self.tokens.clear();
            Ok(())
        })
    }

    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
        Box::pin(async move {
            self.tokens.clear();
            self.extend(tokens, Rows::All, cancel).await
        })
    }
}

impl Passes {
    fn compile(compiler: &mut Compiler, recorder: Recorder<'_>, nodes: &[Node]) -> Passes {
        let mut compile = |calls: Vec<_>| compiler.compile(&calls);
        Passes {
            decode: compile(recorder.decode(nodes)),
            prefill: compile(recorder.prefill(nodes)),
            head: compile(recorder.head(nodes)),
        }
    }
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The list of candidates that `top_k.wgsl` describes.
fn top_of(bytes: &[u8], want: &Want) -> Result<Top, EngineError> {
    let words: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let (pairs, _) = words.as_chunks::<2>();
    let (entries, [[largest, sum], [n_broken, _], ..]) = pairs.split_at(MAX_TOP) else {
        unreachable!("the buffer is a list long");
    };
    if *n_broken > 0 {
        return Err(EngineError::NotFinite);
    }
    let there = entries.iter().filter(|[_, id]| *id != u32::MAX).take(want.top_k.clamp(1, MAX_TOP));
    let entries = there.map(|&[logit, id]| (id, f32::from_bits(logit))).collect();
    let sum = f64::from(f32::from_bits(*sum));
    Ok(Top { entries, log_sum_exp: f32::from_bits(*largest) + sum.ln() as f32 })
}
