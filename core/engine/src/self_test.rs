//! Whether a graphics processor computes what the CPU does: there are drivers and browsers that do not.

use std::rc::Rc;

use inkling_gguf::{Source, Tensor};
use inkling_kernels::Format;

use crate::executor::{Cancel, Executor, Pause, TokenId, Want};
use crate::gpu::{Gpu, GpuExecutor, GpuOptions};
use crate::graph::WeightSpec;
use crate::model::Layout;
use crate::{CpuExecutor, EngineError, Graph, Model, ModelConfig};

/// Tokens of the vocabulary that are tried.
const N_VOCAB: usize = 256;

/// Enough for products of matrices, the last one for those with vectors.
const TOKENS: [TokenId; 6] = [3, 17, 5, 11, 2, 7];

/// The CPU rounds activations to bytes; what computes wrong is off by far more.
const MAX_NMSE: f32 = 1e-2;

/// Evaluates the first layer of the model, with the first words of its vocabulary, on `gpu` and on the CPU.
///
/// # Errors
/// [`EngineError::GpuWrong`] when they disagree.
pub(crate) async fn self_test(
    gpu: &Rc<Gpu>,
    layout: &Layout<'_>,
    source: &dyn Source,
    pause: &Pause,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let (config, graph) = excerpt(layout);
    let tensors: Vec<(Tensor, Format)> = graph.weights.iter().map(|spec| cut(layout, spec)).collect();
    let n_context = config.n_context;
    let tensors = tensors.iter().map(|(tensor, format)| (tensor, *format)).collect();
    let excerpt = Layout { config, graph, tensors };
    let options = GpuOptions { n_context, pause: pause.clone(), progress: &|_| {}, cancel };
    let mut on_gpu = GpuExecutor::load_layout(Rc::clone(gpu), &excerpt, source, options).await?;
    let model = Model::load_layout(excerpt, source, &|_| {}, cancel).await?;
    let mut on_cpu = CpuExecutor::new(model, n_context, 1, pause.clone())?;
    compare(gpu, &mut on_gpu, &mut on_cpu, cancel).await
}

fn excerpt(layout: &Layout<'_>) -> (ModelConfig, Graph) {
    let ModelConfig { n_vocab, n_context, .. } = layout.config;
    let n_context = n_context.min(2 * TOKENS.len());
    let config =
        ModelConfig { n_layer: 1, n_vocab: n_vocab.min(N_VOCAB), n_context, ..layout.config.clone() };
    let has = |name: &str| layout.graph.weights.iter().any(|spec| spec.name == name);
    let graph = Graph::new(&config, &has);
    (config, graph)
}

/// The first rows of a tensor.
fn cut(layout: &Layout<'_>, spec: &WeightSpec) -> (Tensor, Format) {
    let named = layout.tensors.iter().find(|(tensor, _)| tensor.name == spec.name);
    let &(tensor, format) = named.expect("the excerpt's graph has only weights of the whole");
    let n_bytes = format.bytes(spec.shape.iter().product::<u64>() as usize) as u64;
    let range = tensor.range.start..tensor.range.start + n_bytes;
    (Tensor { shape: spec.shape.clone(), range, ..tensor.clone() }, format)
}

async fn compare(
    gpu: &Gpu,
    on_gpu: &mut GpuExecutor,
    on_cpu: &mut CpuExecutor,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let n_vocab = on_cpu.info().model.n_vocab;
    let tokens = TOKENS.map(|token| token % n_vocab as u32);
    let (last, prompt) = tokens.split_last().expect("there are some");
    let expected = on_cpu.logits(&tokens, cancel).await?;
    let actual = on_gpu.logits(&tokens, cancel).await?;
    let mut pairs: Vec<(f32, f32)> = expected.iter().copied().zip(actual).collect();
    let want = Want { top_k: 64, masked: Vec::new() };
    on_gpu.prefill(prompt, &want, cancel).await?;
    let top = on_gpu.step(*last, &want, cancel).await?;
    let after_last = &expected[prompt.len() * n_vocab..];
    pairs.extend(top.entries.iter().map(|&(id, logit)| (after_last[id as usize], logit)));
    let error: f32 = pairs.iter().map(|(a, b)| (a - b) * (a - b)).sum();
    let nmse = error / pairs.iter().map(|(a, _)| a * a).sum::<f32>().max(f32::MIN_POSITIVE);
    // A NaN is no agreement.
    if nmse <= MAX_NMSE { Ok(()) } else { Err(EngineError::GpuWrong { name: gpu.device_name(), nmse }) }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use inkling_gguf::{Dtype, Gguf};

    use super::*;
    use crate::Tier;
    use crate::executor::never_pause;

    #[test]
    fn executors_of_one_model_agree_and_of_two_do_not() {
        let gpu = match block_on(Gpu::open(Tier::Subgroups)) {
            Ok(gpu) => Rc::new(gpu),
            Err(error) => return println!("skipped: {error}"),
        };
        let cancel = Cancel::default();
        let (file, other) =
            (inkling_fixture::tiny_llama(Dtype::Q8_0, 3), inkling_fixture::tiny_llama(Dtype::Q8_0, 4));
        let gguf = block_on(Gguf::read(&file)).unwrap();
        let layout = Layout::new(&gguf).unwrap();
        block_on(self_test(&gpu, &layout, &file, &never_pause(), &cancel)).unwrap();
        let options = GpuOptions { n_context: 64, pause: never_pause(), progress: &|_| {}, cancel: &cancel };
        let mut on_gpu = block_on(GpuExecutor::load(Rc::clone(&gpu), &gguf, &file, options)).unwrap();
        let model = block_on(Model::load(&gguf, &other, &|_| {}, &cancel)).unwrap();
        let mut on_cpu = CpuExecutor::new(model, 64, 1, never_pause()).unwrap();
        let error = block_on(compare(&gpu, &mut on_gpu, &mut on_cpu, &cancel)).unwrap_err();
        assert!(matches!(error, EngineError::GpuWrong { nmse, .. } if nmse > 0.1), "{error}");
        assert!(error.cause().starts_with("the graphics processor "), "{error}");
    }
}
