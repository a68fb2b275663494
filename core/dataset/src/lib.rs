//! Documents to training samples: fill-in-the-middle tasks cut where people type, asked exactly as the
//! product asks, and plain documents, packed into rows of token ids.
//!
//! A [`Piece`] is a pure function of the corpus, the tokenizer, the seed, the length of its rows, the epoch
//! and its number. Nothing here reads files: the door gives documents and takes rows.

mod corpus;
mod cut;
mod edits;
mod error;
mod identifiers;
mod open;
mod piece;
mod related;
mod sample;
mod schedule;
mod text;

pub use corpus::{Corpus, Document, language_id};
pub use error::Error;
pub use piece::{Maker, Piece, Plan, Row};
pub use sample::{Kind, Order, Sample};
pub use schedule::{DOCUMENTS_A_PIECE, Place};
