//! Choosing and loading a model, with progress.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::executor::block_on;
use indicatif::{ProgressBar, ProgressStyle};
use inkling_assist::engine::{Adapter, Cancel, LoadProgress, never_pause};
use inkling_assist::gguf::Gguf;
use inkling_assist::remote::{Launcher, Limits, ProcessLauncher, Remote};
use inkling_assist::{LoadOptions, LocalModel};
use inkling_lsp::wire::Settings;

use crate::args::{Lora, Runs, Where};
use crate::files;

/// The model to use: the one named, else the configured one, else the embedded one.
pub(crate) fn choose(named: Option<&Path>, settings: &Settings) -> PathBuf {
    let configured = settings.model.as_deref().map(Path::new);
    named.or(configured).unwrap_or(Path::new(files::EMBEDDED)).to_path_buf()
}

/// Loads a model; a bar shows how far it is when that takes longer than a moment.
pub(crate) fn load(path: &Path, n_threads: Option<usize>, runs: Runs) -> Result<LocalModel> {
    let source = files::open(path)?;
    let bar = progress_bar("Loading the model");
    let options = LoadOptions {
        executor: runs.executor.into(),
        remote: remote(path, runs.engine)?,
        n_threads: n_threads.unwrap_or_else(all_threads).max(1),
        pause: never_pause(),
        progress: &|LoadProgress { bytes, total_bytes }| {
            bar.set_length(total_bytes);
            bar.set_position(bytes);
        },
        cancel: &Cancel::default(),
    };
    let model =
        block_on(LocalModel::load(Rc::from(source), options)).with_context(|| path.display().to_string());
    bar.finish_and_clear();
    model
}

/// The engine that is to run the model, if that is a process of its own.
fn remote(path: &Path, engine: Where) -> Result<Option<Remote>> {
    if matches!(engine, Where::Inside) {
        return Ok(None);
    }
    let uri = path.to_str().context("the model's path is not UTF-8; rename the file")?.to_string();
    Ok(Some(Remote { launcher: engine_launcher()?, uri, limits: Limits::STANDARD }))
}

/// Starts this very program as an engine.
pub(crate) fn engine_launcher() -> Result<Rc<dyn Launcher>> {
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let program = program.to_str().context("this program's path is not UTF-8; move it")?.to_string();
    Ok(Rc::new(ProcessLauncher::new(vec![program, "engine".to_string()])))
}

/// Applies the adapter that is asked for, if any.
pub(crate) fn adapt(model: &mut LocalModel, lora: &Lora) -> Result<()> {
    let Some(path) = &lora.file else { return Ok(()) };
    let source = files::open(path)?;
    let load = async { Adapter::load(&Gguf::read(&*source).await?, &*source).await };
    let adapter = block_on(load).with_context(|| path.display().to_string())?;
    Ok(block_on(model.executor().adapt(&[(Rc::new(adapter), lora.scale)]))?)
}

/// Reads a model's header alone.
pub(crate) fn header(path: &Path) -> Result<Gguf> {
    let source = files::open(path)?;
    block_on(Gguf::read(&*source)).with_context(|| path.display().to_string())
}

/// Threads that the machine computes on.
pub(crate) fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A steady clock in milliseconds.
pub(crate) fn clock() -> impl Fn() -> f64 {
    let started = Instant::now();
    move || started.elapsed().as_secs_f64() * 1000.0
}

/// A bar over `n_steps` steps, with the time that is left.
pub(crate) fn steps_bar(title: impl Into<Cow<'static, str>>, n_steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(n_steps as u64).with_message(title);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar over bytes.
pub(crate) fn progress_bar(title: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes} of {total_bytes}");
    let bar = ProgressBar::new(0).with_message(title);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
