//! The executor that every machine has: the graph on the CPU, natively and in WASM.

mod activations;
mod adapters;
mod attend;
mod layout;
mod mat_mul;
mod packed;
mod pool;
mod scratch;
mod shared;
mod simd;
mod weights;

use std::rc::Rc;

use inkling_kernels as kernels;
use inkling_kernels::{AttentionShape, RopeTable};

use crate::adapter::Applied;
use crate::executor::{Cancel, Executor, ExecutorInfo, Pause, Prefilled, Reply, TokenId, Top, Want};
use crate::model::Layout;
use crate::slots::Slots;
use crate::{Adapter, Buffer, EngineError, Graph, MemoryNeeds, Model, ModelConfig, Op};
use adapters::Adapters;
use attend::{Attend, attend};
use mat_mul::{Matrix, Part, mat_mul};
use pool::Pool;
use scratch::{Scratch, zeros};
use shared::SharedMut;
pub use simd::SimdLevel;
use weights::Weights;

/// Tokens evaluated between two looks at the cancellation flag: enough to use every weight for several
/// tokens, few enough (some 50 ms of a small model in a browser) that a keystroke is heard.
const CHUNK_TOKENS: usize = 32;

/// Tokens of a draft. With two cores and weights that lie in their caches two tokens cost 1.4 steps, four 2.2 and
/// eight 4: more than what a longer draft is likely to save. Where weights come from memory, all cost about the same.
const MAX_DRAFT: usize = 3;

/// Bytes of keys and values of all conversations together, where one does not need more.
const MAX_CACHE_BYTES: u64 = 256 << 20;

/// Runs a [`Model`] with SIMD and threads. All instruction sets and thread counts give the same bits.
pub struct CpuExecutor {
    pub(crate) info: ExecutorInfo,
    config: ModelConfig,
    graph: Graph,
    weights: Weights,
    adapters: Adapters,
    rope: RopeTable,
    slots: Slots,
    /// Of the slots that were ever used.
    caches: Vec<Cache>,
    n_context: usize,
    scratch: Scratch,
    compute: Compute,
    pause: Pause,
}

/// Keys and values of a conversation.
struct Cache {
    /// By layer, [n_kv_head, n_context, d_head].
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    n_context: usize,
}

struct Compute {
    level: SimdLevel,
    pool: Pool,
}

/// What a model takes, threads aside.
pub(crate) fn needs(layout: &Layout<'_>, n_context: usize) -> MemoryNeeds {
    let config = &layout.config;
    let n_context = n_context.min(config.n_context);
    let widths: usize =
        Buffer::ALL.into_iter().filter(|x| *x != Buffer::Logits).map(|x| x.width(config)).sum();
    let floats = CHUNK_TOKENS * widths + config.n_vocab + n_context * config.n_rot;
    MemoryNeeds {
        weights: layout.n_bytes(),
        cache: cache_bytes(config, n_context),
        scratch: 4 * floats as u64,
    }
}

/// Bytes of a conversation's keys and values.
fn cache_bytes(config: &ModelConfig, n_context: usize) -> u64 {
    8 * (config.n_layer * n_context * config.d_kv()) as u64
}

impl CpuExecutor {
    /// Takes over a loaded model. The context is `n_context` positions, at most the model's own.
    ///
    /// # Errors
    /// When the key-value cache does not fit into memory.
    pub fn new(
        model: Model,
        n_context: usize,
        n_threads: usize,
        pause: Pause,
    ) -> Result<CpuExecutor, EngineError> {
        CpuExecutor::with_level(model, n_context, n_threads, pause, SimdLevel::available()[0])
    }

    /// As [`CpuExecutor::new`], on a chosen one of [`SimdLevel::available`].
    pub fn with_level(
        mut model: Model,
        n_context: usize,
        n_threads: usize,
        pause: Pause,
        level: SimdLevel,
    ) -> Result<CpuExecutor, EngineError> {
        let n_context = n_context.min(model.config.n_context);
        let pool = Pool::new(n_threads);
        let cache = Cache::new(&model.config, n_context)?;
        let slots = Slots::within(MAX_CACHE_BYTES, cache_bytes(&model.config, n_context));
        let weights = Weights::of(&mut model);
        let Model { config, graph, .. } = model;
        let divisors = graph.rope_divisors.map(|id| weights.vector(id)).unwrap_or_default();
        let rope = RopeTable::new(n_context, config.n_rot, config.rope_base, config.rope_scale, divisors);
        Ok(CpuExecutor {
            info: ExecutorInfo {
                name: format!("CPU, {}", level.name()),
                reason: None,
                n_threads: pool.n_threads(),
                model: ModelConfig { n_context, ..config.clone() },
            },
            rope,
            scratch: Scratch::new(),
            compute: Compute { level, pool },
            config,
            graph,
            weights,
            adapters: Adapters::default(),
            slots,
            caches: vec![cache],
            n_context,
            pause,
        })
    }

    /// Evaluates `tokens` behind those in the cache, `CHUNK_TOKENS` at a time; the logits after the last `n_rows`
    /// of them.
    async fn extend(
        &mut self,
        tokens: &[TokenId],
        n_rows: usize,
        cancel: &Cancel,
    ) -> Result<Vec<f32>, EngineError> {
        self.check(tokens)?;
        let mut logits = Vec::new();
        let mut n_left = tokens.len();
        for chunk in tokens.chunks(CHUNK_TOKENS) {
            (self.pause)().await;
            cancel.check()?;
            n_left -= chunk.len();
            let n_rows = n_rows.saturating_sub(n_left).min(chunk.len());
            self.run(chunk, n_rows)?;
            if n_rows > 0 {
                logits.extend_from_slice(self.scratch.get(Buffer::Logits));
            }
        }
        Ok(logits)
    }

    fn check(&self, tokens: &[TokenId]) -> Result<(), EngineError> {
        let (n_tokens, n_context) = (self.slots.tokens().len() + tokens.len(), self.n_context);
        if n_tokens > n_context {
            return Err(EngineError::TooLong { n_tokens, n_context });
        }
        let n_vocab = self.config.n_vocab;
        match tokens.iter().find(|&&token| token as usize >= n_vocab) {
            Some(&token) => Err(EngineError::UnknownToken { token, n_vocab }),
            None => Ok(()),
        }
    }

    /// Runs the graph on one chunk, its head on the last `n_rows` tokens, and adds it to the cache.
    fn run(&mut self, tokens: &[TokenId], n_rows: usize) -> Result<(), EngineError> {
        let config = &self.config;
        let first = self.slots.tokens().len();
        let cache = &mut self.caches[self.slots.current()];
        self.scratch.resize(config, tokens.len(), 0)?;
        for op in &self.graph.ops {
            match op {
                Op::Embed { table, out } => {
                    let (table, out) = (self.weights.matrix(*table), self.scratch.get_mut(*out));
                    for (&token, out) in tokens.iter().zip(out.chunks_exact_mut(config.d_model)) {
                        table.row(token as usize, out);
                    }
                }
                Op::MatMul { x, products } => {
                    if products.iter().any(|&(weight, _)| self.weights.matrix(weight).is_quantized()) {
                        self.scratch.round(self.compute.level, *x, x.width(config));
                    }
                    for &(weight, out) in products {
                        self.compute.mat_mul(self.weights.matrix(weight), &mut self.scratch, *x, out);
                        let (x, out) = self.scratch.pair(*x, out);
                        self.adapters.add(weight, x, out);
                    }
                }
                Op::Rope { x, n_head } => {
                    let x = self.scratch.get_mut(*x);
                    kernels::rope(x, *n_head, config.d_head, first, &self.rope, config.rope_style);
                }
                Op::Attend { layer } => {
                    cache.store(*layer, first, config, &self.scratch);
                    self.compute.attend(cache, *layer, first, config, &mut self.scratch);
                }
                Op::Select { .. } if n_rows == 0 => break,
                Op::Select { x } => self.scratch.keep_last(*x, n_rows, config)?,
                _ => self.scratch.apply(self.compute.level, op, &self.weights, config),
            }
        }
        self.slots.push(tokens);
        Ok(())
    }

    /// Turns to the slot for a prompt; returns how much of it needs no evaluation. Where there is no memory for
    /// another slot there are fewer.
    fn turn_to(&mut self, prompt: &[TokenId]) -> usize {
        let n_reused = self.slots.turn_to(prompt);
        if self.slots.current() < self.caches.len() {
            return n_reused;
        }
        match Cache::new(&self.config, self.n_context) {
            Ok(cache) => {
                self.caches.push(cache);
                n_reused
            }
            Err(_) => {
                self.slots.keep(self.caches.len());
                self.slots.turn_to(prompt)
            }
        }
    }
}

impl Executor for CpuExecutor {
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
            if tokens.is_empty() {
                return Err(EngineError::NoTokens);
            }
            let n_reused = self.turn_to(tokens);
            let logits = self.extend(&tokens[n_reused..], 1, cancel).await?;
            Ok(Prefilled { top: Top::of(&logits, want)?, n_reused })
        })
    }

    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
        Box::pin(async move { Top::of(&self.extend(&[token], 1, cancel).await?, want) })
    }

    fn max_draft(&self) -> usize {
        MAX_DRAFT
    }

    fn verify<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        n_drafted: usize,
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(async move {
            let Some(n_known) = tokens.len().checked_sub(n_drafted).filter(|&n| n > 0) else {
                return Err(EngineError::NoTokens);
            };
            let n_reused = self.turn_to(&tokens[..n_known]);
            let logits = self.extend(&tokens[n_reused..], n_drafted + 1, cancel).await?;
            logits.chunks_exact(self.config.n_vocab).map(|row| Top::of(row, want)).collect()
        })
    }

    fn adapt<'a>(&'a mut self, adapters: &'a [(Rc<Adapter>, f32)]) -> Reply<'a, ()> {
        Box::pin(async move {
            self.adapters = Adapters(Applied::all(adapters, &self.graph, &self.config)?);
            self.slots.clear();
            Ok(())
        })
    }

    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
        Box::pin(async move {
            self.turn_to(&[]);
            self.extend(tokens, tokens.len(), cancel).await
        })
    }
}

impl Cache {
    fn new(config: &ModelConfig, n_context: usize) -> Result<Cache, EngineError> {
        let len = n_context * config.d_kv();
        let layers =
            |_| (0..config.n_layer).map(|_| zeros(len, "the key-value cache")).collect::<Result<Vec<_>, _>>();
        Ok(Cache { keys: layers(())?, values: layers(())?, n_context })
    }

    /// Copies the chunk's keys and values to the positions from `first`.
    fn store(&mut self, layer: usize, first: usize, config: &ModelConfig, scratch: &Scratch) {
        let d_head = config.d_head;
        for (from, to) in [(Buffer::Key, &mut self.keys[layer]), (Buffer::Value, &mut self.values[layer])] {
            for (idx, x) in scratch.get(from).chunks_exact(d_head).enumerate() {
                let (position, head) = (first + idx / config.n_kv_head, idx % config.n_kv_head);
                to[(head * self.n_context + position) * d_head..][..d_head].copy_from_slice(x);
            }
        }
    }
}

impl Compute {
    fn mat_mul(&mut self, matrix: &Matrix, scratch: &mut Scratch, x: Buffer, out: Buffer) {
        let rounded = std::mem::take(&mut scratch.rounded);
        let (x, out) = scratch.pair(x, out);
        let (level, n_parts, out) = (self.level, self.pool.n_threads(), SharedMut::new(out));
        self.pool.run(&|part| mat_mul(level, matrix, x, &rounded, out, Part { part, n_parts }));
        scratch.rounded = rounded;
    }

    fn attend(
        &mut self,
        cache: &Cache,
        layer: usize,
        first_position: usize,
        config: &ModelConfig,
        scratch: &mut Scratch,
    ) {
        let ModelConfig { n_head, n_kv_head, d_head, attention_scale: scale, .. } = *config;
        let shape = AttentionShape { n_head, n_kv_head, d_head, n_context: cache.n_context, scale };
        let (q, out) = scratch.pair(Buffer::Query, Buffer::Mixed);
        let (keys, values) = (&cache.keys[layer][..], &cache.values[layer][..]);
        let call = Attend { q, keys, values, first_position, shape };
        let (level, n_parts, out) = (self.level, self.pool.n_threads(), SharedMut::new(out));
        self.pool.run(&|part| attend(level, call, out, Part { part, n_parts }));
    }
}
