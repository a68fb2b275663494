use inkling_gguf::{Error as GgufError, SourceError};

use inkling_kernels::Format;

use crate::{Architecture, MemoryNeeds};

/// What can go wrong between a model file and its logits. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The header cannot be read, or lacks something that the architecture needs.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The file's bytes cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An architecture that no executor knows.
    #[error("models of architecture \"{name}\" are not supported; supported: {}", supported())]
    Architecture {
        /// `general.architecture`.
        name: String,
    },
    /// A number in the header that no model can have.
    #[error("the model's header is broken: {key} is {value}, {expected}; download the file again")]
    Config {
        /// The metadata key.
        key: String,
        /// Its value.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A way of stretching the context that no executor knows.
    #[error("{key} is \"{name}\", which is not supported; use a file of this model without it")]
    RopeScaling {
        /// The metadata key.
        key: String,
        /// Its value.
        name: String,
    },
    /// A file that is no low-rank adapter.
    #[error("the file is no LoRA adapter; name one that was converted to GGUF as an adapter")]
    NoAdapter,
    /// An adapter that was trained for other models.
    #[error(
        "the adapter is for models of architecture \"{adapter}\", and this one is \"{model}\"; use the model that it was trained on"
    )]
    AdapterArchitecture {
        /// The adapter's.
        adapter: String,
        /// The model's.
        model: &'static str,
    },
    /// An adapter that changes what the model does not have, or the embedding.
    #[error("the adapter changes {tensor}, which cannot be changed here; merge it into the model instead")]
    AdapterTensor {
        /// The tensor's name.
        tensor: String,
    },
    /// An adapter for matrices of another size.
    #[error(
        "the adapter changes {tensor} as one of {shape:?}, and the model has {expected:?}; use the model that it was trained on"
    )]
    AdapterShape {
        /// The tensor's name.
        tensor: String,
        /// Its shape by the adapter, fastest dimension first.
        shape: Vec<u64>,
        /// Its shape in the model.
        expected: Vec<u64>,
    },
    /// An adapter whose two matrices for a tensor do not belong together.
    #[error("the adapter is broken: its two matrices for {tensor} do not fit each other; download it again")]
    AdapterBroken {
        /// The tensor's name.
        tensor: String,
    },
    /// An executor that cannot apply adapters.
    #[error(
        "{executor} cannot apply adapters; run the model in this process (--engine inside), or merge the adapter into it"
    )]
    AdaptersUnsupported {
        /// Its name.
        executor: String,
    },
    /// Weights to quantize that are quantized already.
    #[error(
        "tensor {tensor} is already quantized, as {dtype}; quantize the model's file in F16, BF16 or F32 instead"
    )]
    AlreadyQuantized {
        /// The tensor's name.
        tensor: String,
        /// Its storage type.
        dtype: String,
    },
    /// A tensor whose shape contradicts the header.
    #[error(
        "tensor {tensor} has shape {shape:?} where the header asks for {expected:?}; download the file again"
    )]
    Shape {
        /// The tensor's name.
        tensor: String,
        /// Its shape, fastest dimension first.
        shape: Vec<u64>,
        /// What the header asks for.
        expected: Vec<u64>,
    },
    /// The weights do not fit.
    #[error("not enough memory for {tensor} ({bytes} bytes); use a smaller or more strongly quantized model")]
    Memory {
        /// The tensor or buffer.
        tensor: String,
        /// Its size.
        bytes: u64,
    },
    /// More tokens than the model's context holds.
    #[error("{n_tokens} tokens do not fit the context of {n_context}; shorten the prompt")]
    TooLong {
        /// Tokens asked for.
        n_tokens: usize,
        /// Tokens there is room for.
        n_context: usize,
    },
    /// A token id outside the vocabulary.
    #[error("token {token} is not in the vocabulary of {n_vocab}; was the text tokenized for another model?")]
    UnknownToken {
        /// The id.
        token: u32,
        /// The vocabulary's size.
        n_vocab: usize,
    },
    /// Nothing to evaluate.
    #[error("there are no tokens to evaluate")]
    NoTokens,
    /// The weights give no usable numbers.
    #[error("the model's output is not finite: its weights are broken; download the file again")]
    NotFinite,
    /// There is nothing to run shaders on.
    #[error("there is no graphics processor that can be used{reason}; use the CPU (--executor cpu)")]
    NoGpu {
        /// What the driver says, after a colon, or nothing.
        reason: String,
    },
    /// The model asks for what no shader does.
    #[error("the GPU executor cannot run {what}; use the CPU (--executor cpu)")]
    GpuUnsupported {
        /// An operation or a storage type.
        what: String,
    },
    /// The graphics processor's memory is too small for the model.
    #[error(
        "the model needs {:.1} GB of graphics memory ({needs}) and {:.1} GB are free; {}",
        needs.total() as f64 / 1e9,
        *free as f64 / 1e9,
        advice(*fitting)
    )]
    GpuMemory {
        /// With one conversation.
        needs: MemoryNeeds,
        /// Bytes.
        free: u64,
        /// The type with the most bits that its matrices could have and fit.
        fitting: Option<Format>,
    },
    /// The graphics processor's memory is used up.
    #[error(
        "the graphics processor has no {:.1} MB left for {what}; close what else uses it, or use the CPU (--executor cpu)",
        *n_bytes as f64 / 1e6
    )]
    GpuFull {
        /// What it is for.
        what: String,
        /// What it takes.
        n_bytes: u64,
    },
    /// The graphics processor is gone, or does not do what it should.
    #[error("the graphics processor {name} failed ({reason}); load the model again, or use the CPU")]
    GpuLost {
        /// Of the device.
        name: String,
        /// What the driver says.
        reason: String,
    },
    /// The graphics processor's results are not the CPU's.
    #[error(
        "the graphics processor {name} computes wrong (NMSE {nmse:.0e}); use the CPU (--executor cpu), and look for a newer driver or browser"
    )]
    GpuWrong {
        /// Of the device.
        name: String,
        /// The squared error of its logits beside their squares.
        nmse: f32,
    },
    /// The process or page that runs the model is gone, hangs or speaks what cannot be understood.
    #[error("the engine that runs the model failed: {reason}; ask again, and it starts anew")]
    EngineLost {
        /// What happened to it.
        reason: String,
    },
    /// The process or page that runs the model has just failed and rests before it starts again.
    #[error(
        "the engine that runs the model failed: {reason}; it may start again in {:.1} s",
        *retry_ms as f64 / 1000.0
    )]
    EngineRests {
        /// What happened to it.
        reason: String,
        /// Milliseconds until a new start is allowed.
        retry_ms: u64,
    },
    /// The process or page that runs the model has failed so often that no other one is started.
    #[error("the engine that runs the model keeps failing: {reason}")]
    EngineGone {
        /// What happened to it last.
        reason: String,
    },
    /// What an executor in another process or page answers.
    #[error("{message}")]
    Elsewhere {
        /// In its words.
        message: String,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl EngineError {
    /// The message without what to do.
    pub fn cause(&self) -> String {
        let message = self.to_string();
        message.split_once("; ").map_or(message.clone(), |(cause, _)| cause.to_string())
    }

    /// Whether the CPU might do what a graphics processor did not.
    pub(crate) fn is_of_gpu(&self) -> bool {
        use EngineError::*;
        matches!(
            self,
            NoGpu { .. }
                | GpuUnsupported { .. }
                | GpuMemory { .. }
                | GpuFull { .. }
                | GpuLost { .. }
                | GpuWrong { .. }
        )
    }
}

fn advice(fitting: Option<Format>) -> String {
    match fitting {
        Some(format) => {
            format!(
                "in {} it would fit (inkling model quantize), or use the CPU (--executor cpu)",
                format.name()
            )
        }
        None => "use a smaller model, or the CPU (--executor cpu)".to_string(),
    }
}

fn supported() -> String {
    Architecture::ALL.map(Architecture::name).join(", ")
}
