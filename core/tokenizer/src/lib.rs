//! Text to token ids and back.
//!
//! A [`Tokenizer`] is built from a model file's metadata and gives exactly the ids that the model was
//! trained with. Byte-level BPE (`tokenizer.ggml.model = gpt2`): text is cut into words by the
//! pre-tokenizer's regular expressions, and each word's bytes are merged pair by pair in the order in
//! which the merges were learned (Sennrich et al., 2016; Radford et al., 2019). SentencePiece
//! (`tokenizer.ggml.model = llama`): characters are merged, without cutting, by the tokens' scores.
//!
//! Hugging Face's `tokenizers` crate, which gives the same ids, was measured first: 0.23 adds 0.8 MB
//! of gzipped WASM and encodes a twentieth as fast; 1.0.0-rc.3 is as fast, adds 0.6 MB and 70 crates,
//! and can only be built from a `tokenizer.json`.

mod added;
mod bpe;
mod error;
mod merge;
mod pre;
mod spm;
mod tokenizer;
mod vocab;

pub use error::Error;
pub use tokenizer::{FimTokens, TokenId, Tokenizer};
