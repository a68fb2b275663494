use std::rc::Rc;

use inkling_kernels::dot;

use crate::adapter::LowRank;
use crate::{Adapter, EngineError, Graph, ModelConfig, WeightId};

/// The adapters in use, by the weights that they change.
#[derive(Default)]
pub(super) struct Adapters(Vec<Applied>);

struct Applied {
    weight: WeightId,
    adapter: Rc<Adapter>,
    name: String,
    /// The user's factor times the adapter's own.
    scale: f32,
}

impl Adapters {
    /// # Errors
    /// When an adapter is of another architecture, or changes what the model does not have.
    pub(super) fn new(
        adapters: &[(Rc<Adapter>, f32)],
        graph: &Graph,
        config: &ModelConfig,
    ) -> Result<Adapters, EngineError> {
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
        Ok(Adapters(applied))
    }

    /// `out += scale · B·(A·x)` of every adapter of `weight`; `x` [n_tokens, n_in], `out` [n_tokens, n_out].
    pub(super) fn add(&self, weight: WeightId, x: &[f32], out: &mut [f32]) {
        for applied in self.0.iter().filter(|applied| applied.weight == weight) {
            let LowRank { n_in, n_out, rank, a, b, .. } = &applied.adapter.pairs[&applied.name];
            for (x, out) in x.chunks_exact(*n_in).zip(out.chunks_exact_mut(*n_out)) {
                let middle: Vec<f32> = a.chunks_exact(*n_in).map(|a| dot(a, x) * applied.scale).collect();
                for (out, b) in out.iter_mut().zip(b.chunks_exact(*rank)) {
                    *out += dot(b, &middle);
                }
            }
        }
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
