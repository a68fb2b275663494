//! A model file rewritten with its matrices in another format.

use inkling_gguf::{ALIGNMENT, Builder, Dtype, Gguf, Source, SourceError, Tensor, Value};
use inkling_kernels::Format;

use crate::EngineError;

/// Bytes read at once, in whole rows.
const CHUNK_BYTES: u64 = 4 << 20;

/// What becomes of a model file's tensors.
pub struct Quantization<'a> {
    gguf: &'a Gguf,
    dtype: Dtype,
}

/// Writes the file behind `gguf` to `write`, piece by piece, with its matrices rounded to `dtype`. Vectors
/// stay as they are.
///
/// # Errors
/// When a matrix is quantized already, and when reading or `write` fails.
pub async fn quantize(
    gguf: &Gguf,
    source: &dyn Source,
    dtype: Dtype,
    write: &mut dyn FnMut(&[u8]) -> Result<(), SourceError>,
) -> Result<(), EngineError> {
    let quantization = Quantization { gguf, dtype };
    quantization.check()?;
    write(&quantization.header())?;
    for tensor in &gguf.tensors {
        let n_bytes = quantization.write_tensor(tensor, source, write).await?;
        write(&vec![0; n_bytes.next_multiple_of(ALIGNMENT) - n_bytes])?;
    }
    Ok(())
}

impl<'a> Quantization<'a> {
    /// Of the model behind `gguf` to `dtype`.
    pub fn new(gguf: &'a Gguf, dtype: Dtype) -> Quantization<'a> {
        Quantization { gguf, dtype }
    }

    /// Tensors whose rows are no whole blocks of the type asked for, and the type that they get.
    pub fn exceptions(&self) -> impl Iterator<Item = (&'a str, Dtype)> {
        let gguf = self.gguf;
        let chosen = gguf
            .tensors
            .iter()
            .filter(|tensor| is_matrix(tensor))
            .map(|tensor| (&tensor.name[..], self.dtype_of(tensor)));
        let dtype = self.dtype;
        chosen.filter(move |(_, chosen)| *chosen != dtype)
    }

    fn check(&self) -> Result<(), EngineError> {
        let quantized = |tensor: &&Tensor| format(tensor.dtype).is_quantized();
        match self.gguf.tensors.iter().find(quantized) {
            Some(tensor) => Err(EngineError::AlreadyQuantized {
                tensor: tensor.name.clone(),
                dtype: tensor.dtype.to_string(),
            }),
            None => Ok(()),
        }
    }

    /// The type asked for, else the closest one that is not worse and whose blocks fit.
    fn dtype_of(&self, tensor: &Tensor) -> Dtype {
        if !is_matrix(tensor) {
            return tensor.dtype;
        }
        let fits = |dtype: &Dtype| tensor.shape[0].is_multiple_of(dtype.block_len());
        let smaller_blocks = match self.dtype {
            Dtype::Q4K => Dtype::Q5_0,
            Dtype::Q5K => Dtype::Q5_1,
            _ => Dtype::Q8_0,
        };
        [self.dtype, smaller_blocks].into_iter().find(fits).unwrap_or(Dtype::F16)
    }

    fn header(&self) -> Vec<u8> {
        let replaced = ["general.file_type", "general.quantization_version", "general.alignment"];
        let kept = self.gguf.metadata.iter().filter(|(key, _)| !replaced.contains(&&key[..]));
        let builder = kept.fold(Builder::new(), |builder, (key, value)| builder.metadata(key, value.clone()));
        let builder = builder
            .metadata("general.file_type", file_type(self.dtype))
            .metadata("general.quantization_version", Value::U32(2));
        let tensors = self.gguf.tensors.iter();
        let placed = |builder: Builder, tensor: &Tensor| {
            builder.place(&tensor.name, &tensor.shape, self.dtype_of(tensor))
        };
        tensors.fold(builder, placed).build()
    }

    /// Returns how many bytes it wrote.
    async fn write_tensor(
        &self,
        tensor: &Tensor,
        source: &dyn Source,
        write: &mut dyn FnMut(&[u8]) -> Result<(), SourceError>,
    ) -> Result<usize, EngineError> {
        let (from, to) = (format(tensor.dtype), format(self.dtype_of(tensor)));
        let row_bytes = from.bytes(tensor.shape.first().map_or(1, |&n| n as usize)) as u64;
        let step = (CHUNK_BYTES / row_bytes.max(1)).max(1) * row_bytes.max(1);
        let (mut start, mut n_written) = (tensor.range.start, 0);
        while start < tensor.range.end {
            let end = tensor.range.end.min(start + step);
            let bytes = source.read(start..end).await?;
            let mut values = vec![0.0; bytes.len() / from.bytes(1)];
            from.dequantize(&bytes, &mut values);
            let bytes = to.quantize(&values);
            write(&bytes)?;
            n_written += bytes.len();
            start = end;
        }
        Ok(n_written)
    }
}

fn is_matrix(tensor: &Tensor) -> bool {
    tensor.shape.len() == 2 && tensor.shape[1] > 1 && tensor.name.ends_with(".weight")
}

fn format(dtype: Dtype) -> Format {
    Format::named(dtype.name()).expect("every storage type is a format")
}

/// llama.cpp's number for files that are mostly of this type.
fn file_type(dtype: Dtype) -> u32 {
    match dtype {
        Dtype::F32 => 0,
        Dtype::F16 => 1,
        Dtype::Q4_0 => 2,
        Dtype::Q4_1 => 3,
        Dtype::Q8_0 => 7,
        Dtype::Q5_0 => 8,
        Dtype::Q5_1 => 9,
        Dtype::Q4K => 14,
        Dtype::Q5K => 16,
        Dtype::Q6K => 18,
        Dtype::BF16 => 32,
    }
}
