//! What can be wrong with what the door gives.

/// Each message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A language that the product has no name for.
    #[error("the language \"{name}\" is unknown; these are known: {known}")]
    Language {
        /// As the corpus has it.
        name: String,
        /// Those that are known, separated by commas.
        known: String,
    },
    /// Nothing to learn from.
    #[error("the corpus has no documents of the split \"{split}\"; its splits are: {found}")]
    EmptySplit {
        /// As it was asked for.
        split: String,
        /// Those that there are, separated by commas.
        found: String,
    },
    /// A vocabulary that is not of prompt format 1.
    #[error("the tokenizer is not one of Inkling's own models: {what}; name a GGUF file that training/ made")]
    Tokenizer {
        /// What is not as it has to be.
        what: String,
    },
    /// Rows in which no sample has room.
    #[error("rows of {length} tokens are too short; take {min} or more")]
    Length {
        /// As it was asked for.
        length: usize,
        /// The least that makes sense.
        min: usize,
    },
    /// A place past the epoch's end.
    #[error("there is no piece {piece} in epoch {epoch}, which has {n_pieces}: from 0 to {}", n_pieces - 1)]
    Piece {
        /// The epoch asked for.
        epoch: u32,
        /// The piece asked for.
        piece: u32,
        /// Pieces of that epoch.
        n_pieces: u32,
    },
}
