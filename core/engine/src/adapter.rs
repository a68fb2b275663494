//! Low-rank adapters: small changes of a model's matrices, kept beside them.

use std::collections::BTreeMap;

use inkling_gguf::{Gguf, Source, Tensor};
use inkling_kernels::Format;

use crate::EngineError;

/// An adapter file: `W·x` becomes `W·x + scale · B·(A·x)` (LoRA, Hu et al. 2021).
#[derive(Debug)]
pub struct Adapter {
    /// `general.architecture` of the model that it was trained for.
    pub architecture: String,
    /// By the name of the matrix that each changes.
    pub pairs: BTreeMap<String, LowRank>,
}

/// The change of one matrix.
#[derive(Debug)]
pub struct LowRank {
    /// Elements of a row of the matrix.
    pub n_in: usize,
    /// Rows of the matrix.
    pub n_out: usize,
    /// Rows of `a`.
    pub rank: usize,
    /// [n_in, rank], row after row.
    pub a: Vec<f32>,
    /// [rank, n_out], row after row.
    pub b: Vec<f32>,
    /// alpha / rank, or 1 where the file has no alpha.
    pub scale: f32,
}

impl Adapter {
    /// Reads all of an adapter file; its matrices may be stored in any format.
    pub async fn load(gguf: &Gguf, source: &dyn Source) -> Result<Adapter, EngineError> {
        let kind = gguf.get_str("general.type").unwrap_or_default();
        let adapter_type = gguf.get_str("adapter.type").unwrap_or_default();
        if (kind, adapter_type) != ("adapter", "lora") {
            return Err(EngineError::NoAdapter);
        }
        let alpha = gguf.get_f32("adapter.lora.alpha").filter(|alpha| *alpha != 0.0);
        let mut pairs = BTreeMap::new();
        for a in &gguf.tensors {
            let Some(name) = a.name.strip_suffix(".lora_a") else { continue };
            let b = gguf.tensor(&format!("{name}.lora_b"))?;
            let broken = || EngineError::AdapterBroken { tensor: name.to_string() };
            let (&[n_in, rank], &[rank_of_b, n_out]) = (&a.shape[..], &b.shape[..]) else {
                return Err(broken());
            };
            if rank != rank_of_b || rank == 0 {
                return Err(broken());
            }
            let pair = LowRank {
                n_in: n_in as usize,
                n_out: n_out as usize,
                rank: rank as usize,
                a: floats(a, source).await?,
                b: floats(b, source).await?,
                scale: alpha.map_or(1.0, |alpha| alpha / rank as f32),
            };
            pairs.insert(name.to_string(), pair);
        }
        Ok(Adapter { architecture: gguf.str("general.architecture")?.to_string(), pairs })
    }
}

async fn floats(tensor: &Tensor, source: &dyn Source) -> Result<Vec<f32>, EngineError> {
    let format = Format::named(tensor.dtype.name()).expect("every storage type is a format");
    let bytes = source.read(tensor.range.clone()).await?;
    let mut values = vec![0.0; tensor.shape.iter().product::<u64>() as usize];
    format.dequantize(&bytes, &mut values);
    Ok(values)
}
