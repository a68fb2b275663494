//! The executor for graphics processors: the graph as one compute pass a step.

mod call;
mod changes;
mod commands;
#[cfg(test)]
mod costs;
mod device;
mod load;
mod memory;
mod pack;
mod plan;
mod record;
mod run;
#[cfg(test)]
mod tests;
mod weights;

use std::cell::OnceCell;
use std::rc::Rc;

use wgpu::Buffer;

use crate::adapter::Applied;
use crate::executor::{Cancel, Executor, ExecutorInfo, Pause, Prefilled, Reply, TokenId, Top, Want};
use crate::slots::Slots;
use crate::{Adapter, EngineError, Graph, LoadProgress, ModelConfig};
use changes::Changes;
use commands::{Commands, Compiler};
pub use device::{Gpu, Tier};
#[cfg(not(target_arch = "wasm32"))]
pub use device::{gpu_room, gpus};
pub(crate) use load::needs;
use load::tile_tokens;
use memory::{LIST_BYTES, MAX_LOGIT_ROWS, Memory};
use plan::Node;
use record::Recorder;
use run::top_of;
use weights::{Slice, Weights};

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

/// Greedy steps that are queued before the host reads what came of them: enough to hide how long that takes,
/// few enough that a cancellation is heard.
const STEPS_IN_FLIGHT: usize = 8;

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
    logits_readback: OnceCell<Buffer>,
    slots: Slots,
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
            self.write_tokens(chunk);
            let (mut encoder, _) = self.encode(self.slots.tokens().len(), chunk.len(), rows);
            match rows {
                Rows::None => {
                    self.gpu.queue.submit([encoder.finish()]);
                    self.gpu.finish().await?;
                }
                Rows::Last => {
                    self.copy_list(&mut encoder, 0);
                    self.gpu.queue.submit([encoder.finish()]);
                }
                Rows::All => logits.extend(self.all_logits(encoder, chunk.len()).await?),
            }
            self.slots.push(chunk);
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

    /// Queued steps whose lists are read together.
    async fn tops_after(
        &mut self,
        token: TokenId,
        n_steps: usize,
        stops: &[TokenId],
        want: &Want,
        cancel: &Cancel,
    ) -> Result<Vec<Top>, EngineError> {
        self.write_mask(want);
        let (mut token, mut tops) = (token, Vec::new());
        while tops.len() < n_steps {
            (self.pause)().await;
            cancel.check()?;
            self.check(&[token])?;
            let n_free = self.config().n_context - self.slots.tokens().len();
            let bytes = self.queue(token, STEPS_IN_FLIGHT.min(n_steps - tops.len()).min(n_free)).await?;
            for list in bytes.chunks_exact(LIST_BYTES as usize) {
                tops.push(top_of(list, want)?);
                self.slots.push(&[token]);
                let Some(&(next, _)) = tops[tops.len() - 1].entries.first() else { return Ok(tops) };
                if stops.contains(&next) {
                    return Ok(tops);
                }
                token = next;
            }
        }
        Ok(tops)
    }

    /// The dispatches with these adapters. What they need is held by the dispatches alone.
    async fn adapted(&mut self, applied: &[Applied]) -> Result<Passes, EngineError> {
        let GpuExecutor { gpu, graph, weights, memory, compiler, nodes, chunk_tokens, .. } = self;
        let config = &self.info.model;
        let n_bytes = applied.iter().map(|applied| applied.pair().n_bytes()).sum();
        let compiled = gpu.checked("adapters", n_bytes, || {
            let changes = Changes::upload(gpu, graph, weights.stacks(), applied, *chunk_tokens);
            let tile_tokens = tile_tokens(*chunk_tokens);
            let recorder = Recorder { config, weights, memory, changes: &changes, tile_tokens };
            Passes::compile(compiler, recorder, nodes)
        });
        compiled.await
    }

    fn check(&self, tokens: &[TokenId]) -> Result<(), EngineError> {
        let ModelConfig { n_context, n_vocab, .. } = *self.config();
        let n_tokens = self.slots.tokens().len() + tokens.len();
        if n_tokens > n_context {
            return Err(EngineError::TooLong { n_tokens, n_context });
        }
        match tokens.iter().find(|&&token| token as usize >= n_vocab) {
            Some(&token) => Err(EngineError::UnknownToken { token, n_vocab }),
            None => Ok(()),
        }
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
            if tokens.is_empty() {
                return Err(EngineError::NoTokens);
            }
            let n_reused = self.slots.turn_to(tokens);
            Ok(Prefilled { top: self.top_after(&tokens[n_reused..], want, cancel).await?, n_reused })
        })
    }

    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
        Box::pin(async move { self.top_after(&[token], want, cancel).await })
    }

    fn greedy<'a>(
        &'a mut self,
        token: TokenId,
        n_steps: usize,
        stops: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(self.tops_after(token, n_steps, stops, want, cancel))
    }

    fn adapt<'a>(&'a mut self, adapters: &'a [(Rc<Adapter>, f32)]) -> Reply<'a, ()> {
        Box::pin(async move {
            let applied = Applied::all(adapters, &self.graph, self.config())?;
            self.passes = self.adapted(&applied).await?;
            self.slots.clear();
            Ok(())
        })
    }

    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
        Box::pin(async move {
            self.slots.turn_to(&[]);
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
