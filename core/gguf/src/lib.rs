//! Model files: header, metadata and tensors.
//!
//! [`Gguf::read`] reads the header of a GGUF file, version 2 or 3, through asynchronous ranges, so
//! that a model can stay on a disk or a server until its weights are wanted. A file is untrusted
//! input: a malformed one gives an [`Error`] that says what is wrong, never a panic, and memory stays
//! in proportion to the bytes that were really read.
//!
//! The format is specified at <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod dtype;
mod error;
mod gguf;
mod parse;
mod source;
mod value;
mod write;

pub use dtype::{Dtype, K_BLOCK_LEN, QUANT_BLOCK_LEN};
pub use error::Error;
pub use gguf::{Gguf, Tensor};
pub use source::{ReadFuture, Source, SourceError};
pub use value::{Array, Strings, Value};
pub use write::{ALIGNMENT, Builder};
