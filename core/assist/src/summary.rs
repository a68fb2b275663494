use inkling_engine::ExecutorInfo;
use inkling_gguf::Gguf;

/// What a person wants to know of a model.
#[derive(Clone, Debug)]
pub struct ModelSummary {
    /// Its own name.
    pub name: String,
    /// The file's size.
    pub n_bytes: u64,
    /// Weights.
    pub n_parameters: u64,
    /// The commonest storage type of its matrices.
    pub quantization: String,
    /// Its architecture.
    pub architecture: String,
    /// Positions it can hold here.
    pub n_context: usize,
    /// What runs it.
    pub executor: String,
    /// Why it is the CPU, where a graphics processor was wanted.
    pub executor_reason: Option<String>,
    /// Threads that compute.
    pub n_threads: usize,
}

impl ModelSummary {
    /// Of a file of `n_bytes` that `info` tells of.
    pub(crate) fn new(gguf: &Gguf, n_bytes: u64, info: &ExecutorInfo) -> ModelSummary {
        ModelSummary {
            name: info.model.name.clone(),
            n_bytes,
            n_parameters: gguf.tensors.iter().map(|tensor| tensor.shape.iter().product::<u64>()).sum(),
            quantization: quantization(gguf),
            architecture: gguf.get_str("general.architecture").unwrap_or("unknown").to_string(),
            n_context: info.model.n_context,
            executor: info.name.clone(),
            executor_reason: info.reason.clone(),
            n_threads: info.n_threads,
        }
    }
}

/// The storage type that most weights have.
fn quantization(gguf: &Gguf) -> String {
    let mut sizes: Vec<(String, u64)> = Vec::new();
    for tensor in &gguf.tensors {
        let name = tensor.dtype.to_string();
        let n: u64 = tensor.shape.iter().product();
        match sizes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += n,
            None => sizes.push((name, n)),
        }
    }
    sizes.into_iter().max_by_key(|(_, n)| *n).map_or_else(String::new, |(name, _)| name)
}
