//! Which executor runs a model.

use std::rc::Rc;

use inkling_gguf::{Gguf, Source};

use crate::executor::{Cancel, Executor, Pause};
use crate::fall_back::load_gpu;
use crate::{CpuExecutor, EngineError, LoadProgress, Model};

/// What is to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutorChoice {
    /// The graphics processor where there is a real one that knows the model and has room for it, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The graphics processor, a software one if need be, or an error.
    Gpu,
}

/// How to load a model for execution.
pub struct ExecutorOptions<'a> {
    /// What is to run it.
    pub choice: ExecutorChoice,
    /// Positions of the context, at most the model's own.
    pub n_context: usize,
    /// Threads of the CPU executor.
    pub n_threads: usize,
    /// Lets the host handle its events between two tokens.
    pub pause: Pause,
    /// Called as weights arrive.
    pub progress: &'a dyn Fn(LoadProgress),
    /// Looked at as weights arrive.
    pub cancel: &'a Cancel,
}

/// Loads the model that `gguf` describes from `source`, which is kept only where the CPU may have to take over.
///
/// # Errors
/// When the model cannot be read or run.
pub async fn load_executor(
    gguf: &Gguf,
    source: Rc<dyn Source>,
    options: ExecutorOptions<'_>,
) -> Result<Box<dyn Executor>, EngineError> {
    let reload =
        Reload { n_context: options.n_context, n_threads: options.n_threads, pause: options.pause.clone() };
    let mut reason = None;
    if options.choice != ExecutorChoice::Cpu {
        match load_gpu(gguf, source.clone(), &options, &reload).await {
            Ok(executor) => return Ok(executor),
            Err(error) if options.choice == ExecutorChoice::Auto && error.is_of_gpu() => {
                reason = Some(error.cause());
            }
            Err(error) => return Err(error),
        }
    }
    let mut cpu = reload.load(gguf, &*source, options.progress, options.cancel).await?;
    cpu.info.reason = reason;
    Ok(Box::new(cpu))
}

/// How the CPU executor is to be made.
#[derive(Clone)]
pub(crate) struct Reload {
    pub(crate) n_context: usize,
    pub(crate) n_threads: usize,
    pub(crate) pause: Pause,
}

impl Reload {
    pub(crate) async fn load(
        &self,
        gguf: &Gguf,
        source: &dyn Source,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<CpuExecutor, EngineError> {
        let model = Model::load(gguf, source, progress, cancel).await?;
        CpuExecutor::new(model, self.n_context, self.n_threads, self.pause.clone())
    }
}
