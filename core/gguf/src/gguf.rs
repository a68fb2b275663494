use std::collections::BTreeMap;
use std::ops::Range;

use crate::parse::parse;
use crate::{Array, Dtype, Error, Source, SourceError, Strings, Value};

/// Bytes of the first read; the header of a model with a small vocabulary ends within it.
const FIRST_READ: u64 = 1 << 20;

/// Vocabularies of a quarter of a million tokens take 20 MB; past this the counts are broken.
const MAX_HEADER_BYTES: u64 = 64 << 20;

/// The header of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Gguf {
    /// Version of the format, 2 or 3.
    pub version: u32,
    /// Everything the file says about the model.
    pub metadata: BTreeMap<String, Value>,
    /// In the order of the file.
    pub tensors: Vec<Tensor>,
}

/// Where a tensor is and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Unique in the file, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// Elements along each dimension, the fastest first: `[n_in, n_out]` for a weight matrix.
    pub shape: Vec<u64>,
    /// How the elements are stored.
    pub dtype: Dtype,
    /// The tensor's bytes, counted from the start of the file; they lie within it.
    pub range: Range<u64>,
}

impl Gguf {
    /// Reads the header by ranges that grow from the start of `source`, and none of the weights
    /// beyond the last range.
    pub async fn read(source: &dyn Source) -> Result<Gguf, Error> {
        let file_len = source.len();
        let readable = file_len.min(MAX_HEADER_BYTES);
        let mut prefix = Vec::new();
        let mut wanted = FIRST_READ;
        loop {
            let end = wanted.min(readable);
            prefix.extend(read_exactly(source, prefix.len() as u64..end).await?);
            match parse(&prefix, file_len)? {
                Some(gguf) => return Ok(gguf),
                None if end < readable => wanted *= 4,
                None => {
                    return Err(Error::HeaderTooLong { limit: MAX_HEADER_BYTES });
                }
            }
        }
    }

    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, Error> {
        self.find_tensor(name).ok_or_else(|| Error::MissingTensor { tensor: name.to_owned() })
    }

    /// The tensor of this name, if the file has it.
    pub fn find_tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// A string.
    pub fn str(&self, key: &str) -> Result<&str, Error> {
        self.typed(key, "string", Value::as_str)
    }

    /// An integer that fits 32 bits, whatever width the file gives it.
    pub fn u32(&self, key: &str) -> Result<u32, Error> {
        self.typed(key, "integer of 32 bits", Value::as_u32)
    }

    /// A floating-point number.
    pub fn f32(&self, key: &str) -> Result<f32, Error> {
        self.typed(key, "floating-point number", Value::as_f32)
    }

    /// A truth value.
    pub fn bool(&self, key: &str) -> Result<bool, Error> {
        self.typed(key, "bool", Value::as_bool)
    }

    /// An array of strings.
    pub fn strings(&self, key: &str) -> Result<&Strings, Error> {
        self.typed(key, "array of string", |value| match value.as_array()? {
            Array::Str(strings) => Some(strings),
            _ => None,
        })
    }

    /// An array of i32.
    pub fn i32s(&self, key: &str) -> Result<&[i32], Error> {
        self.typed(key, "array of i32", |value| match value.as_array()? {
            Array::I32(values) => Some(&values[..]),
            _ => None,
        })
    }

    /// An array of f32.
    pub fn f32s(&self, key: &str) -> Result<&[f32], Error> {
        self.typed(key, "array of f32", |value| match value.as_array()? {
            Array::F32(values) => Some(&values[..]),
            _ => None,
        })
    }

    /// A string, or `None` where the file has no string of this name.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }

    /// An integer, or `None` where the file has none of this name that fits 32 bits.
    pub fn get_u32(&self, key: &str) -> Option<u32> {
        self.metadata.get(key)?.as_u32()
    }

    /// A floating-point number, or `None` where the file has none of this name.
    pub fn get_f32(&self, key: &str) -> Option<f32> {
        self.metadata.get(key)?.as_f32()
    }

    /// A truth value, or `None` where the file has none of this name.
    pub fn get_bool(&self, key: &str) -> Option<bool> {
        self.metadata.get(key)?.as_bool()
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Error> {
        let key = || key.to_owned();
        let value = self.metadata.get(&key()).ok_or_else(|| Error::MissingKey { key: key() })?;
        read(value).ok_or_else(|| Error::WrongType { key: key(), found: value.type_name(), expected })
    }
}

async fn read_exactly(source: &dyn Source, range: Range<u64>) -> Result<Vec<u8>, SourceError> {
    let expected = range.end - range.start;
    let bytes = source.read(range).await?;
    if bytes.len() as u64 == expected {
        return Ok(bytes);
    }
    Err(SourceError(format!("got {} bytes where {expected} were asked for", bytes.len())))
}
