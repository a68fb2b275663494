//! How much memory a model takes, before it is loaded.

use std::fmt;

use inkling_gguf::{Gguf, Tensor};
use inkling_kernels::Format;

use crate::model::Layout;
use crate::{EngineError, cpu, gpu};

/// Bytes that a model takes while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNeeds {
    /// The weights, as the executor holds them.
    pub weights: u64,
    /// Keys and values of one conversation.
    pub cache: u64,
    /// Activations, and what else is made at load.
    pub scratch: u64,
}

impl MemoryNeeds {
    /// All of it.
    pub fn total(self) -> u64 {
        self.weights + self.cache + self.scratch
    }
}

/// The parts, in GB.
impl fmt::Display for MemoryNeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [weights, cache, scratch] =
            [self.weights, self.cache, self.scratch].map(|n_bytes| n_bytes as f64 / 1e9);
        write!(f, "weights {weights:.1}, keys and values {cache:.1}, activations {scratch:.1}")
    }
}

/// What the model of a file takes on either executor.
pub struct MemoryPlan<'a> {
    layout: Layout<'a>,
}

impl<'a> MemoryPlan<'a> {
    /// Of the model that `gguf` describes.
    ///
    /// # Errors
    /// When it is no model that can be run.
    pub fn new(gguf: &'a Gguf) -> Result<MemoryPlan<'a>, EngineError> {
        Ok(MemoryPlan { layout: Layout::new(gguf)? })
    }

    /// Positions that the model was trained for.
    pub fn n_context(&self) -> usize {
        self.layout.config.n_context
    }

    /// On the CPU, with a context of `n_context` positions. While it is loaded its largest matrix is there twice.
    pub fn on_cpu(&self, n_context: usize) -> MemoryNeeds {
        cpu::needs(&self.layout, n_context)
    }

    /// On a graphics processor.
    ///
    /// # Errors
    /// When no shader does what the model asks for.
    pub fn on_gpu(&self, n_context: usize) -> Result<MemoryNeeds, EngineError> {
        gpu::needs(&self.layout, n_context)
    }
}

/// The type with the most bits in which the matrices of a model that takes `needs` would leave it within `free` bytes.
pub(crate) fn fitting(layout: &Layout<'_>, needs: MemoryNeeds, free: u64) -> Option<Format> {
    let is_matrix = |tensor: &Tensor| tensor.shape.len() == 2 && tensor.shape[1] > 1;
    let bytes_in = |format: Format| -> u64 {
        let in_format = |(tensor, stored): &(&Tensor, Format)| {
            let fits = is_matrix(tensor) && tensor.shape[0].is_multiple_of(format.block_len() as u64);
            let format = if fits { format } else { *stored };
            format.bytes(tensor.shape.iter().product::<u64>() as usize) as u64
        };
        layout.tensors.iter().map(in_format).sum()
    };
    let beside = needs.cache + needs.scratch;
    let formats = [Format::Q8_0, Format::Q6K, Format::Q5K, Format::Q4K];
    formats.into_iter().find(|&format| {
        let weights = bytes_in(format);
        weights < layout.n_bytes() && beside + weights <= free
    })
}
