//! Where a model runs, and how it gets there.

use std::rc::Rc;

use inkling_engine::{
    Cancel, Executor, ExecutorChoice, ExecutorOptions, LoadProgress, ModelConfig, Pause, load_executor,
};
use inkling_gguf::{Gguf, Source};
use inkling_remote::{Remote, RemoteExecutor, RemoteOptions};

use crate::AssistError;

/// The longest context that is worth its memory on a CPU.
const MAX_CONTEXT: usize = 4096;

/// How to run a model.
pub struct LoadOptions<'a> {
    /// What is to run it.
    pub executor: ExecutorChoice,
    /// The engine in another process or page that is to run it; none is here.
    pub remote: Option<Remote>,
    /// Threads that compute; 0 leaves it to an engine elsewhere.
    pub n_threads: usize,
    /// Lets the host handle its events between two tokens.
    pub pause: Pause,
    /// Called as weights arrive.
    pub progress: &'a dyn Fn(LoadProgress),
    /// Looked at as weights arrive.
    pub cancel: &'a Cancel,
}

/// Has the model that `gguf` describes loaded: from `source` where it runs here.
pub(crate) async fn load(
    gguf: &Gguf,
    source: Rc<dyn Source>,
    options: LoadOptions<'_>,
) -> Result<Box<dyn Executor>, AssistError> {
    let LoadOptions { executor: choice, remote, n_threads, pause, progress, cancel } = options;
    let n_context = MAX_CONTEXT;
    if let Some(remote) = remote {
        let (config, options) =
            (ModelConfig::from_gguf(gguf)?, RemoteOptions { choice, n_context, n_threads });
        return Ok(Box::new(RemoteExecutor::load(remote, config, options, progress, cancel).await?));
    }
    let n_threads = n_threads.max(1);
    let options = ExecutorOptions { choice, n_context, n_threads, pause, progress, cancel };
    Ok(load_executor(gguf, source, options).await?)
}
