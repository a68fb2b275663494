/// Why a model file gives no tokenizer. Each message says what to do about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Metadata is missing or of another type.
    #[error(transparent)]
    Gguf(#[from] inkling_gguf::Error),
    /// A kind of tokenizer other than byte-level BPE and SentencePiece.
    #[error(
        "tokenizers of type \"{model}\" are not supported, only gpt2 (byte-level BPE) and llama (SentencePiece); use another model"
    )]
    Model {
        /// `tokenizer.ggml.model`.
        model: String,
    },
    /// A pre-tokenizer whose regular expressions are not known.
    #[error("the pre-tokenizer \"{pre}\" is not supported; supported: {supported}")]
    PreTokenizer {
        /// `tokenizer.ggml.pre`.
        pre: String,
        /// The names that are.
        supported: String,
    },
    /// A vocabulary without tokens.
    #[error("the model file has an empty vocabulary; download it again")]
    Empty,
    /// Two tokens with the same text.
    #[error(
        "the vocabulary is broken: tokens {first} and {second} are both {text:?}; download the model again"
    )]
    DuplicateToken {
        /// The token's text in the file.
        text: String,
        /// The id that has it first.
        first: u32,
        /// The id that has it again.
        second: u32,
    },
    /// Not one type for each token.
    #[error(
        "the vocabulary is broken: {n_types} token types for {n_tokens} tokens; download the model again"
    )]
    TokenTypes {
        /// Entries of `tokenizer.ggml.token_type`.
        n_types: usize,
        /// Entries of `tokenizer.ggml.tokens`.
        n_tokens: usize,
    },
    /// Not one score for each token.
    #[error("the vocabulary is broken: {n_scores} scores for {n_tokens} tokens; download the model again")]
    Scores {
        /// Entries of `tokenizer.ggml.scores`.
        n_scores: usize,
        /// Entries of `tokenizer.ggml.tokens`.
        n_tokens: usize,
    },
    /// A token type that the format does not define.
    #[error(
        "the vocabulary is broken: token {token} has type {code}, which GGUF does not define; download the model again"
    )]
    TokenType {
        /// The token's id.
        token: u32,
        /// The type's code.
        code: i32,
    },
    /// More text of added and special tokens than any model has.
    #[error(
        "the vocabulary is broken: {n_bytes} bytes of special tokens, more than any model has ({limit}); download the model again"
    )]
    AddedTokens {
        /// Their texts' length.
        n_bytes: usize,
        /// The largest length that is read.
        limit: usize,
    },
    /// A merge that is not two tokens that make a third.
    #[error(
        "the vocabulary is broken: merge {idx}, {merge:?}, is not two tokens that make a third; download the model again"
    )]
    Merge {
        /// The merge's rank.
        idx: usize,
        /// The merge in the file.
        merge: String,
    },
    /// Metadata that names a token outside the vocabulary.
    #[error(
        "the model file is broken: {key} is {token}, but the vocabulary has {n_vocab} tokens; download it again"
    )]
    TokenId {
        /// The metadata key.
        key: String,
        /// The id it gives.
        token: u32,
        /// The vocabulary's size.
        n_vocab: usize,
    },
}

/// Metadata that may be missing, though not of another type.
pub(crate) fn optional<T>(value: Result<T, inkling_gguf::Error>) -> Result<Option<T>, Error> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(inkling_gguf::Error::MissingKey { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
