use std::path::Path;

use anyhow::Result;
use inkling_assist::engine::{EngineError, MemoryNeeds, MemoryPlan};
use inkling_assist::gguf::Gguf;
use serde_json::{Map, Value, json};

use super::{print, print_json};
use crate::model;

/// Contexts that memory is planned for, where the model has as long a one.
const CONTEXTS: [usize; 2] = [4096, 16_384];

/// Cards that people have, in GB, a tenth of which something else uses.
const CARDS: [u64; 3] = [8, 12, 24];

/// `inkling model info`.
pub(crate) fn run(path: &Path, json: bool) -> Result<()> {
    let gguf = model::header(path)?;
    let n_parameters: u64 = gguf.tensors.iter().map(|tensor| tensor.shape.iter().product::<u64>()).sum();
    let tensor_bytes: u64 = gguf.tensors.iter().map(|tensor| tensor.range.end - tensor.range.start).sum();
    let memory = memory(&gguf);
    if json {
        let metadata: Map<String, Value> =
            gguf.metadata.iter().map(|(key, value)| (key.clone(), json!(value.to_string()))).collect();
        let tensors: Vec<_> = gguf
            .tensors
            .iter()
            .map(|tensor| json!({ "name": tensor.name, "shape": tensor.shape, "type": tensor.dtype.to_string() }))
            .collect();
        let memory: Vec<Value> = memory.unwrap_or_default().iter().map(Row::to_json).collect();
        return print_json(&json!({
            "n_parameters": n_parameters, "tensor_bytes": tensor_bytes, "memory": memory, "metadata": metadata,
            "tensors": tensors,
        }));
    }
    print(&format!(
        "{:.1} million parameters, {:.1} MB of weights",
        n_parameters as f64 / 1e6,
        tensor_bytes as f64 / 1e6
    ))?;
    match memory {
        Ok(rows) => {
            print("memory in MB  context  weights  keys and values  activations     all")?;
            rows.iter().try_for_each(|row| print(&row.to_text()))?;
        }
        Err(error) => print(&format!("cannot run here: {error}"))?,
    }
    for (key, value) in &gguf.metadata {
        print(&format!("{key} = {value}"))?;
    }
    for tensor in &gguf.tensors {
        print(&format!("{:<28} {:<5} {:?}", tensor.name, tensor.dtype.to_string(), tensor.shape))?;
    }
    Ok(())
}

/// What an executor takes for a context.
struct Row {
    executor: &'static str,
    n_context: usize,
    needs: MemoryNeeds,
}

fn memory(gguf: &Gguf) -> Result<Vec<Row>, EngineError> {
    let plan = MemoryPlan::new(gguf)?;
    let mut contexts = CONTEXTS.map(|n_context| n_context.min(plan.n_context())).to_vec();
    contexts.dedup();
    let mut rows = Vec::new();
    for &n_context in &contexts {
        rows.push(Row { executor: "cpu", n_context, needs: plan.on_cpu(n_context) });
    }
    for n_context in contexts {
        match plan.on_gpu(n_context) {
            Ok(needs) => rows.push(Row { executor: "gpu", n_context, needs }),
            // The CPU can; that there is no row says enough.
            Err(EngineError::GpuUnsupported { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

impl Row {
    fn to_text(&self) -> String {
        let Row { executor, n_context, needs } = self;
        let mb = |n_bytes: u64| format!("{:.1}", n_bytes as f64 / 1e6);
        let [weights, cache, scratch, total] =
            [needs.weights, needs.cache, needs.scratch, needs.total()].map(mb);
        let card = match (*executor, self.card()) {
            ("gpu", Some(gb)) => format!("  fits a card of {gb} GB"),
            ("gpu", None) => format!("  fits no card of {} GB", CARDS[CARDS.len() - 1]),
            _ => String::new(),
        };
        let executor = executor.to_uppercase();
        format!("{executor:<12} {n_context:>8} {weights:>8} {cache:>16} {scratch:>12} {total:>7}{card}")
    }

    /// The smallest card that has room for it.
    fn card(&self) -> Option<u64> {
        CARDS.into_iter().find(|gb| self.needs.total() <= gb * 900_000_000)
    }

    fn to_json(&self) -> Value {
        let Row { executor, n_context, needs } = self;
        json!({
            "executor": executor, "n_context": n_context, "weights_bytes": needs.weights,
            "cache_bytes": needs.cache, "scratch_bytes": needs.scratch, "total_bytes": needs.total(),
        })
    }
}
