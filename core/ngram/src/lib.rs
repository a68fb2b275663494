//! Local adaptation without training: a cache of the files at hand says what followed the last tokens
//! wherever they stood before, and a learned weight mixes that with the model's own distribution.
//!
//! After the cache language models of Kuhn and De Mori (1990), with matches of any length in place of a
//! fixed order, as in prediction by partial matching (Cleary and Witten, 1984).

mod cache;
mod mix;

pub use cache::{Cache, DocumentId, Evidence, Limits, TokenId, repetition};
pub use mix::{Mixer, N_FEATURES};
