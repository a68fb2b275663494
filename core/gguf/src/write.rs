use crate::{Array, Dtype, Value};

const VERSION: u32 = 3;

/// Tensors begin at multiples of this many bytes: the format's default, so that there is no need to
/// write `general.alignment`.
pub const ALIGNMENT: usize = 32;

/// Writes a model file: metadata and tensors in the order in which they are added.
///
/// ```
/// # use inkling_gguf::{Builder, Dtype};
/// let file = Builder::new()
///     .metadata("general.architecture", "llama")
///     .tensor("output_norm.weight", &[2], Dtype::F32, &[0; 8])
///     .build();
/// assert!(file.starts_with(b"GGUF"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    n_metadata: u64,
    metadata: Vec<u8>,
    n_tensors: u64,
    tensors: Vec<u8>,
    /// Where the next tensor begins.
    data_len: u64,
    data: Vec<u8>,
}

impl Builder {
    /// A file with neither metadata nor tensors.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Adds a metadata entry.
    pub fn metadata(mut self, key: &str, value: impl Into<Value>) -> Builder {
        self.n_metadata += 1;
        put_str(&mut self.metadata, key);
        put_value(&mut self.metadata, &value.into());
        self
    }

    /// Adds a tensor; `shape` has the fastest dimension first.
    ///
    /// # Panics
    ///
    /// If `data` is not as long as the shape and the type make it.
    pub fn tensor(self, name: &str, shape: &[u64], dtype: Dtype, data: &[u8]) -> Builder {
        let n_bytes = dtype.bytes(shape.iter().product());
        assert_eq!(n_bytes, Some(data.len() as u64), "size of tensor {name}");
        let mut builder = self.place(name, shape, dtype);
        builder.data.extend(data);
        pad(&mut builder.data);
        builder
    }

    /// Adds a tensor without its bytes, which are to follow what [`Builder::build`] gives: in the order
    /// of the calls, each filled up with zeros to a multiple of [`ALIGNMENT`].
    ///
    /// # Panics
    ///
    /// If the shape is no whole blocks of the type.
    pub fn place(mut self, name: &str, shape: &[u64], dtype: Dtype) -> Builder {
        let n_bytes = dtype.bytes(shape.iter().product()).expect("whole blocks");
        self.n_tensors += 1;
        put_str(&mut self.tensors, name);
        self.tensors.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|n| self.tensors.extend(n.to_le_bytes()));
        self.tensors.extend(dtype.code().to_le_bytes());
        self.tensors.extend(self.data_len.to_le_bytes());
        self.data_len += n_bytes.next_multiple_of(ALIGNMENT as u64);
        self
    }

    /// The file.
    pub fn build(self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend(self.n_tensors.to_le_bytes());
        file.extend(self.n_metadata.to_le_bytes());
        file.extend(self.metadata);
        file.extend(self.tensors);
        pad(&mut file);
        file.extend(self.data);
        file
    }
}

fn put_str(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    out.extend(value.code().to_le_bytes());
    match value {
        Value::U8(x) => out.push(*x),
        Value::I8(x) => out.extend(x.to_le_bytes()),
        Value::U16(x) => out.extend(x.to_le_bytes()),
        Value::I16(x) => out.extend(x.to_le_bytes()),
        Value::U32(x) => out.extend(x.to_le_bytes()),
        Value::I32(x) => out.extend(x.to_le_bytes()),
        Value::F32(x) => out.extend(x.to_le_bytes()),
        Value::Bool(x) => out.push((*x).into()),
        Value::Str(text) => put_str(out, text),
        Value::Array(array) => put_array(out, array),
        Value::U64(x) => out.extend(x.to_le_bytes()),
        Value::I64(x) => out.extend(x.to_le_bytes()),
        Value::F64(x) => out.extend(x.to_le_bytes()),
    }
}

fn put_array(out: &mut Vec<u8>, array: &Array) {
    out.extend(array.element_code().to_le_bytes());
    out.extend((array.len() as u64).to_le_bytes());
    match array {
        Array::U8(a) => out.extend(a),
        Array::I8(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::U16(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::I16(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::U32(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::I32(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::F32(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::Bool(a) => out.extend(a.iter().map(|&x| u8::from(x))),
        Array::Str(a) => a.iter().for_each(|text| put_str(out, text)),
        Array::U64(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::I64(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
        Array::F64(a) => a.iter().for_each(|x| out.extend(x.to_le_bytes())),
    }
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
}
