use std::collections::{BTreeMap, HashSet};

use crate::{Array, Dtype, Error, Gguf, Strings, Tensor, Value};

const MAGIC: &[u8; 4] = b"GGUF";
const DEFAULT_ALIGNMENT: u32 = 32;

/// Mixture-of-experts models of the first kind, with a tensor an expert, come to tens of thousands.
const MAX_ENTRIES: u64 = 1 << 16;

/// ggml's `GGML_MAX_DIMS`.
const MAX_DIMENSIONS: u32 = 4;

/// The header in `prefix`, the beginning of a file of `file_len` bytes; `None` if it goes on behind.
pub(crate) fn parse(prefix: &[u8], file_len: u64) -> Result<Option<Gguf>, Error> {
    match (Parser { bytes: prefix, at: 0, file_len }).header() {
        Ok(gguf) => Ok(Some(gguf)),
        Err(Stop::PrefixEnds) => Ok(None),
        Err(Stop::Broken(error)) => Err(error),
    }
}

/// Why parsing ends early.
enum Stop {
    /// The file is longer than what has been read of it, and the header may be too.
    PrefixEnds,
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    file_len: u64,
}

impl<'a> Parser<'a> {
    fn header(mut self) -> Result<Gguf, Stop> {
        let version = self.version()?;
        let n_tensors = self.count("tensors")?;
        let n_entries = self.count("metadata entries")?;
        let metadata = self.metadata(n_entries)?;
        let mut tensors = Vec::new();
        for _ in 0..n_tensors {
            tensors.push(self.tensor()?);
        }
        let alignment = alignment(&metadata)?;
        let data_start = (self.at as u64).next_multiple_of(alignment);
        place(&mut tensors, data_start, alignment, self.file_len)?;
        Ok(Gguf { version, metadata, tensors })
    }

    fn version(&mut self) -> Result<u32, Stop> {
        let start = &self.bytes[..self.bytes.len().min(16)];
        if !start.starts_with(MAGIC) && !MAGIC.starts_with(start) {
            return Err(Error::NotGguf { start: start.escape_ascii().to_string() }.into());
        }
        self.take(MAGIC.len() as u64)?;
        match self.u32()? {
            version @ 2..=3 => Ok(version),
            version if (1..=3).contains(&version.swap_bytes()) => Err(Error::BigEndian.into()),
            version => Err(Error::Version { version }.into()),
        }
    }

    fn count(&mut self, what: &'static str) -> Result<u64, Stop> {
        let count = self.u64()?;
        if count > MAX_ENTRIES {
            return Err(Error::TooMany { what, count, limit: MAX_ENTRIES }.into());
        }
        Ok(count)
    }

    fn metadata(&mut self, n_entries: u64) -> Result<BTreeMap<String, Value>, Stop> {
        let mut metadata = BTreeMap::new();
        for _ in 0..n_entries {
            let key = self.str()?.to_owned();
            let code = self.u32()?;
            let value = self.value(&key, code)?;
            if metadata.contains_key(&key) {
                return Err(Error::DuplicateKey { key }.into());
            }
            metadata.insert(key, value);
        }
        Ok(metadata)
    }

    fn value(&mut self, key: &str, code: u32) -> Result<Value, Stop> {
        Ok(match code {
            0 => Value::U8(u8::from_le_bytes(self.array()?)),
            1 => Value::I8(i8::from_le_bytes(self.array()?)),
            2 => Value::U16(u16::from_le_bytes(self.array()?)),
            3 => Value::I16(i16::from_le_bytes(self.array()?)),
            4 => Value::U32(u32::from_le_bytes(self.array()?)),
            5 => Value::I32(i32::from_le_bytes(self.array()?)),
            6 => Value::F32(f32::from_le_bytes(self.array()?)),
            7 => Value::Bool(truth(key, self.array()?)?),
            8 => Value::Str(self.str()?.to_owned()),
            9 => Value::Array(self.value_array(key)?),
            10 => Value::U64(u64::from_le_bytes(self.array()?)),
            11 => Value::I64(i64::from_le_bytes(self.array()?)),
            12 => Value::F64(f64::from_le_bytes(self.array()?)),
            code => {
                return Err(Error::ValueType { key: key.to_owned(), code }.into());
            }
        })
    }

    fn value_array(&mut self, key: &str) -> Result<Array, Stop> {
        let code = self.u32()?;
        let len = self.u64()?;
        Ok(match code {
            0 => Array::U8(self.numbers(len, u8::from_le_bytes)?),
            1 => Array::I8(self.numbers(len, i8::from_le_bytes)?),
            2 => Array::U16(self.numbers(len, u16::from_le_bytes)?),
            3 => Array::I16(self.numbers(len, i16::from_le_bytes)?),
            4 => Array::U32(self.numbers(len, u32::from_le_bytes)?),
            5 => Array::I32(self.numbers(len, i32::from_le_bytes)?),
            6 => Array::F32(self.numbers(len, f32::from_le_bytes)?),
            7 => {
                let bytes = self.take(len)?.iter();
                Array::Bool(bytes.map(|&byte| truth(key, [byte])).collect::<Result<_, _>>()?)
            }
            8 => Array::Str(self.strings(len)?),
            9 => {
                return Err(Error::NestedArray { key: key.to_owned() }.into());
            }
            10 => Array::U64(self.numbers(len, u64::from_le_bytes)?),
            11 => Array::I64(self.numbers(len, i64::from_le_bytes)?),
            12 => Array::F64(self.numbers(len, f64::from_le_bytes)?),
            code => {
                return Err(Error::ValueType { key: key.to_owned(), code }.into());
            }
        })
    }

    /// `len` numbers of `N` bytes each.
    fn numbers<T, const N: usize>(&mut self, len: u64, from: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Stop> {
        let bytes = self.take(len.saturating_mul(N as u64))?;
        Ok(bytes.as_chunks::<N>().0.iter().map(|bytes| from(*bytes)).collect())
    }

    fn strings(&mut self, len: u64) -> Result<Strings, Stop> {
        // Each string has its length at least; a count that cannot be is refused before the loop.
        self.need(len.saturating_mul(8))?;
        let mut strings = Strings::default();
        for _ in 0..len {
            strings.push(self.str()?);
        }
        Ok(strings)
    }

    /// A tensor whose range still counts from the start of the data section.
    fn tensor(&mut self) -> Result<Tensor, Stop> {
        let name = self.str()?.to_owned();
        let n_dims = self.u32()?;
        if n_dims > MAX_DIMENSIONS {
            return Err(Error::Dimensions { tensor: name, n_dims }.into());
        }
        let shape = self.numbers(n_dims.into(), u64::from_le_bytes)?;
        let dtype = match Dtype::from_code(self.u32()?) {
            Ok(dtype) => dtype,
            Err(dtype) => {
                return Err(Error::Dtype { tensor: name, dtype }.into());
            }
        };
        let offset = self.u64()?;
        match bytes(&shape, dtype) {
            Some(bytes) => {
                let range = offset..offset.saturating_add(bytes);
                Ok(Tensor { name, shape, dtype, range })
            }
            None => Err(Error::Shape { tensor: name, shape, dtype }.into()),
        }
    }

    fn str(&mut self) -> Result<&'a str, Stop> {
        let len = self.u64()?;
        let at = self.at as u64;
        let bytes = self.take(len)?;
        Ok(std::str::from_utf8(bytes).map_err(|_| Error::NotUtf8 { at })?)
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// The next `n_bytes`: all that is ever allocated for has passed through here.
    fn take(&mut self, n_bytes: u64) -> Result<&'a [u8], Stop> {
        self.need(n_bytes)?;
        let bytes = &self.bytes[self.at..][..n_bytes as usize];
        self.at += bytes.len();
        Ok(bytes)
    }

    fn need(&self, n_bytes: u64) -> Result<(), Stop> {
        let at = self.at as u64;
        if n_bytes > self.file_len.saturating_sub(at) {
            return Err(Error::HeaderTruncated { at, needed: n_bytes, len: self.file_len }.into());
        }
        match n_bytes <= self.bytes.len() as u64 - at {
            true => Ok(()),
            false => Err(Stop::PrefixEnds),
        }
    }
}

fn truth(key: &str, [byte]: [u8; 1]) -> Result<bool, Error> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        byte => Err(Error::TruthValue { key: key.to_owned(), byte }),
    }
}

/// Size of a tensor, or `None` if it overflows or its rows are no whole blocks.
fn bytes(shape: &[u64], dtype: Dtype) -> Option<u64> {
    let row = shape.first().copied().unwrap_or(1);
    let rows = shape.iter().skip(1).try_fold(1u64, |rows, &n| rows.checked_mul(n))?;
    dtype.bytes(row)?.checked_mul(rows)
}

fn alignment(metadata: &BTreeMap<String, Value>) -> Result<u64, Error> {
    let alignment = match metadata.get("general.alignment") {
        Some(value) => value.as_u32().unwrap_or(0),
        None => DEFAULT_ALIGNMENT,
    };
    if !alignment.is_power_of_two() {
        return Err(Error::Alignment { alignment });
    }
    Ok(alignment.into())
}

/// Moves the tensors' ranges behind the header, and checks that they are apart and in the file.
fn place(tensors: &mut [Tensor], data_start: u64, alignment: u64, len: u64) -> Result<(), Error> {
    for tensor in tensors.iter_mut() {
        let (offset, name) = (tensor.range.start, || tensor.name.clone());
        if !offset.is_multiple_of(alignment) {
            return Err(Error::Misaligned { tensor: name(), offset, alignment });
        }
        let end = data_start.saturating_add(tensor.range.end);
        if end > len {
            return Err(Error::TensorTruncated { tensor: name(), end, len });
        }
        tensor.range = data_start + offset..end;
    }
    check_apart(tensors)
}

fn check_apart(tensors: &[Tensor]) -> Result<(), Error> {
    let mut names = HashSet::new();
    if let Some(twice) = tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
        return Err(Error::DuplicateTensor { tensor: twice.name.clone() });
    }
    let mut by_start: Vec<&Tensor> = tensors.iter().filter(|t| !t.range.is_empty()).collect();
    by_start.sort_by_key(|tensor| tensor.range.start);
    match by_start.windows(2).find(|pair| pair[0].range.end > pair[1].range.start) {
        Some(pair) => Err(Error::Overlap { first: pair[0].name.clone(), second: pair[1].name.clone() }),
        None => Ok(()),
    }
}
