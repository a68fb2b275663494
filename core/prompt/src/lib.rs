//! Context and a token budget become the prompt of one model family.
//!
//! `docs/prompt-format.md` defines the format of Inkling's own models; this crate is its only
//! implementation. Tokens are counted by a function that the caller gives: nothing here knows a tokenizer.

mod assemble;
mod chat;
mod fit;
mod neutralise;
mod pieces;
mod template;

pub use assemble::{Budget, Packed, Part, Prompt, assemble};
pub use chat::{Chat, chat};
pub use pieces::{FilePiece, Pieces};
pub use template::{Family, ModelFacts, Template};
