//! Token ids in, logits out: the model graph and the executors that run it.
//!
//! A GGUF becomes a [`Model`] (weights and a [`Graph`], the forward pass as a list of operations), an
//! executor runs it behind the [`Executor`] seam. The seam is all that the rest of Inkling knows, so
//! that a GPU, another process or a page can stand behind it.

mod adapter;
mod architecture;
mod choice;
mod config;
mod cpu;
mod error;
mod executor;
mod fall_back;
mod forward;
mod gpu;
mod graph;
mod memory;
mod model;
mod quantize;
mod sample;
mod self_test;
mod slots;

pub use adapter::{Adapter, LowRank};
pub use architecture::{Architecture, FeedForward, Norm};
pub use choice::{ExecutorChoice, ExecutorOptions, load_executor};
pub use config::ModelConfig;
pub use cpu::{CpuExecutor, SimdLevel};
pub use error::EngineError;
pub use executor::{
    Cancel, Executor, ExecutorInfo, Pause, Prefilled, Reply, TokenId, Top, Want, never_pause,
};
pub use gpu::{Gpu, GpuExecutor, GpuOptions, Tier};
#[cfg(not(target_arch = "wasm32"))]
pub use gpu::{gpu_room, gpus};
pub use graph::{Buffer, Graph, Op, WeightId};
pub use memory::{MemoryNeeds, MemoryPlan};
pub use model::{LoadProgress, Model, Weight};
pub use quantize::{Quantization, quantize};
pub use sample::{Sampler, Sampling};
