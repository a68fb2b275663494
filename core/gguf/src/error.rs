use crate::SourceError;

/// What can be wrong with a model file. Each message says what to do about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The file's bytes cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The first four bytes are not `GGUF`.
    #[error(
        "not a GGUF file: it begins with \"{start}\"; download the model's .gguf file itself, not the page that links to it"
    )]
    NotGguf {
        /// The file's first bytes, escaped.
        start: String,
    },
    /// Written for a big-endian machine.
    #[error("this GGUF file is big-endian, which is not supported; download the little-endian file")]
    BigEndian,
    /// A version of the format that is not 2 or 3.
    #[error(
        "GGUF version {version} is not supported, only 2 and 3; download a newer conversion of the model, or update Inkling"
    )]
    Version {
        /// The version that the file declares.
        version: u32,
    },
    /// More entries than any model has.
    #[error("the header claims {count} {what}, more than any model has ({limit}); download the file again")]
    TooMany {
        /// `"metadata entries"` or `"tensors"`.
        what: &'static str,
        /// The count in the header.
        count: u64,
        /// The largest count that is read.
        limit: u64,
    },
    /// The header does not end within the limit on its size.
    #[error("the header is longer than {limit} bytes, more than any model's; download the file again")]
    HeaderTooLong {
        /// The largest header that is read.
        limit: u64,
    },
    /// The header runs past the end of the file.
    #[error(
        "truncated: the header needs {needed} bytes at byte {at} but the file has {len} bytes: download it again"
    )]
    HeaderTruncated {
        /// Where the missing piece begins.
        at: u64,
        /// How many bytes it has at least.
        needed: u64,
        /// Size of the file.
        len: u64,
    },
    /// A tensor runs past the end of the file.
    #[error(
        "truncated: the header says tensor {tensor} ends at byte {end} but the file has {len} bytes: download it again"
    )]
    TensorTruncated {
        /// The tensor's name.
        tensor: String,
        /// Where the tensor ends.
        end: u64,
        /// Size of the file.
        len: u64,
    },
    /// Text that is not UTF-8.
    #[error("the header is broken: the text at byte {at} is not UTF-8; download the file again")]
    NotUtf8 {
        /// Where the text begins.
        at: u64,
    },
    /// A value type that the format does not define.
    #[error(
        "the header is broken: metadata {key} has type {code}, which GGUF does not define; download the file again"
    )]
    ValueType {
        /// The metadata key.
        key: String,
        /// The type's code.
        code: u32,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("the header is broken: metadata {key} is the truth value {byte}; download the file again")]
    TruthValue {
        /// The metadata key.
        key: String,
        /// The byte.
        byte: u8,
    },
    /// An array of arrays.
    #[error(
        "metadata {key} is an array of arrays, which is not supported; convert the model again without this entry"
    )]
    NestedArray {
        /// The metadata key.
        key: String,
    },
    /// The same key twice.
    #[error("the header is broken: metadata {key} appears twice; download the file again")]
    DuplicateKey {
        /// The metadata key.
        key: String,
    },
    /// The same tensor twice.
    #[error("the header is broken: tensor {tensor} appears twice; download the file again")]
    DuplicateTensor {
        /// The tensor's name.
        tensor: String,
    },
    /// An alignment that is no power of two.
    #[error(
        "the header is broken: general.alignment is {alignment}, not a power of two; download the file again"
    )]
    Alignment {
        /// The alignment.
        alignment: u32,
    },
    /// A storage type that is not read.
    #[error(
        "tensor {tensor} is stored as {dtype}, which is not supported; use a file in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K"
    )]
    Dtype {
        /// The tensor's name.
        tensor: String,
        /// The storage type's name, or its code where it has none.
        dtype: String,
    },
    /// More dimensions than ggml's tensors have.
    #[error(
        "the header is broken: tensor {tensor} has {n_dims} dimensions, at most 4 are possible; download the file again"
    )]
    Dimensions {
        /// The tensor's name.
        tensor: String,
        /// How many dimensions the header claims.
        n_dims: u32,
    },
    /// A shape whose size overflows, or whose rows are no whole blocks.
    #[error(
        "the header is broken: tensor {tensor} cannot have shape {shape:?} as {dtype}; download the file again"
    )]
    Shape {
        /// The tensor's name.
        tensor: String,
        /// Its shape, fastest dimension first.
        shape: Vec<u64>,
        /// Its storage type.
        dtype: crate::Dtype,
    },
    /// A tensor that does not begin at a multiple of the alignment.
    #[error(
        "the header is broken: tensor {tensor} is at offset {offset}, not a multiple of {alignment}; download the file again"
    )]
    Misaligned {
        /// The tensor's name.
        tensor: String,
        /// Its offset in the data section.
        offset: u64,
        /// The file's alignment.
        alignment: u64,
    },
    /// Two tensors that share bytes.
    #[error("the header is broken: tensors {first} and {second} overlap; download the file again")]
    Overlap {
        /// The tensor that begins first.
        first: String,
        /// The one that begins before the first ends.
        second: String,
    },
    /// Metadata that a caller needs and the file lacks.
    #[error("the model file has no metadata {key}; convert the model again with a newer tool")]
    MissingKey {
        /// The metadata key.
        key: String,
    },
    /// Metadata of another type than a caller needs.
    #[error("metadata {key} has type {found}, not {expected}; convert the model again with a newer tool")]
    WrongType {
        /// The metadata key.
        key: String,
        /// What the file has.
        found: String,
        /// What is needed.
        expected: &'static str,
    },
    /// A tensor that a caller needs and the file lacks.
    #[error("the model file has no tensor {tensor}; it is incomplete or of another architecture")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
    },
}
