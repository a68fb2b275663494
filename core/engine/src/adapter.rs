//! Low-rank adapters: small changes of a model's matrices, kept beside them.

use std::collections::BTreeMap;
use std::rc::Rc;

use inkling_gguf::{Gguf, Source, Tensor};
use inkling_kernels::Format;

use crate::{EngineError, Graph, ModelConfig, WeightId};

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

impl LowRank {
    /// Bytes of both matrices.
    pub(crate) fn n_bytes(&self) -> u64 {
        4 * (self.a.len() + self.b.len()) as u64
    }
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

/// A pair of an adapter that is in use.
pub(crate) struct Applied {
    /// The matrix that it changes.
    pub(crate) weight: WeightId,
    adapter: Rc<Adapter>,
    name: String,
    /// The user's factor times the adapter's own.
    pub(crate) scale: f32,
}

impl Applied {
    /// All pairs of `adapters`.
    ///
    /// # Errors
    /// When an adapter is of another architecture, or changes what the model does not have.
    pub(crate) fn all(
        adapters: &[(Rc<Adapter>, f32)],
        graph: &Graph,
        config: &ModelConfig,
    ) -> Result<Vec<Applied>, EngineError> {
        let mut applied = Vec::new();
        for (adapter, factor) in adapters {
            if adapter.architecture != config.architecture.name() {
                return Err(EngineError::AdapterArchitecture {
                    adapter: adapter.architecture.clone(),
                    model: config.architecture.name(),
                });
            }
            for (name, pair) in &adapter.pairs {
                let weight = changed_weight(name, pair, graph)?;
                let scale = factor * pair.scale;
                applied.push(Applied { weight, adapter: Rc::clone(adapter), name: name.clone(), scale });
            }
        }
        Ok(applied)
    }

    pub(crate) fn pair(&self) -> &LowRank {
        &self.adapter.pairs[&self.name]
    }
}

/// The id of the matrix that a pair changes. The embedding table is looked up, not multiplied with, and
/// cannot be changed this way.
fn changed_weight(name: &str, pair: &LowRank, graph: &Graph) -> Result<WeightId, EngineError> {
    let found = graph.weights.iter().position(|spec| spec.name == name && name != "token_embd.weight");
    let weight = found.ok_or_else(|| EngineError::AdapterTensor { tensor: name.to_string() })?;
    let (shape, expected) = (vec![pair.n_in as u64, pair.n_out as u64], &graph.weights[weight].shape);
    if shape != *expected {
        return Err(EngineError::AdapterShape {
            tensor: name.to_string(),
            shape,
            expected: expected.clone(),
        });
    }
    Ok(weight)
}
