//! What decides a real device's speed, counted where wgpu is called, for shapes too large to run in a test.

use std::rc::Rc;

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Dtype, Tensor};
use inkling_kernels::{Format, RopeStyle};

use super::device::{Gpu, Tier};
use super::load::{capacity, too_big};
use super::{GpuExecutor, Rows, SOFTWARE_CHUNK_TOKENS, needs};
use crate::executor::never_pause;
use crate::graph::WeightSpec;
use crate::memory::fitting;
use crate::model::Layout;
use crate::{Architecture, EngineError, Graph, ModelConfig};

/// DeepSeek-Coder's shape.
fn config(d_model: usize, n_layer: usize, n_head: usize, d_ff: usize) -> ModelConfig {
    ModelConfig {
        name: "shape".to_string(),
        architecture: Architecture::Llama,
        n_vocab: 32_256,
        n_context: 256,
        d_model,
        n_layer,
        n_head,
        n_kv_head: n_head,
        d_head: d_model / n_head,
        d_ff,
        n_rot: d_model / n_head,
        rope_base: 100_000.0,
        rope_scale: 0.25,
        rope_style: RopeStyle::Interleaved,
        norm_epsilon: 1e-6,
        embedding_scale: 1.0,
        residual_scale: 1.0,
        attention_scale: 1.0,
        logit_scale: 1.0,
    }
}

/// The tensors of a model of this shape, its matrices in `dtype`.
fn tensors(graph: &Graph, dtype: Dtype) -> Vec<(Tensor, Format)> {
    let tensor = |spec: &WeightSpec| {
        let dtype = if spec.shape.len() == 1 { Dtype::F32 } else { dtype };
        let format = Format::named(dtype.name()).unwrap();
        let n_bytes = format.bytes(spec.shape.iter().product::<u64>() as usize) as u64;
        (Tensor { name: spec.name.clone(), shape: spec.shape.clone(), dtype, range: 0..n_bytes }, format)
    };
    graph.weights.iter().map(tensor).collect()
}

/// Runs `check` on a model of this shape, whose weights are never read, unless there is no device.
fn with_layout(config: ModelConfig, check: impl FnOnce(Rc<Gpu>, &Layout<'_>)) {
    let gpu = match block_on(Gpu::open(Tier::Portable)) {
        Ok(gpu) => gpu,
        Err(error) => return println!("skipped: {error}"),
    };
    let graph = Graph::new(&config, &|name| name == "output.weight");
    let tensors = tensors(&graph, Dtype::Q4_0);
    let tensors = tensors.iter().map(|(tensor, format)| (tensor, *format)).collect();
    check(gpu.into(), &Layout { config, graph, tensors });
}

/// A step of one token.
fn check(config: ModelConfig, expected: Expect) {
    let n_layer = config.n_layer;
    with_layout(config, |gpu, layout| {
        let executor = block_on(GpuExecutor::allocate(gpu, layout, 256, never_pause())).unwrap();
        let (_encoder, cost) = executor.encode(0, 1, Rows::Last);
        // All but the embedding table, of which a step reads a row.
        let file_bytes: u64 = layout.tensors[1..].iter().map(|(tensor, _)| tensor.range.end).sum();
        assert!(
            cost.weight_bytes as f64 <= 1.05 * file_bytes as f64,
            "{} of {file_bytes}",
            cost.weight_bytes
        );
        let beside_layers = cost.n_dispatches - 7 * n_layer;
        expected.assert_eq(&format!(
            "{} dispatches: 7 a layer and {beside_layers}; {} MB of weights",
            cost.n_dispatches,
            cost.weight_bytes / 1_000_000
        ));
    });
}

#[test]
fn a_token_takes_seven_dispatches_a_layer_and_reads_every_weight_once() {
    check(config(2048, 24, 16, 5504), expect!["173 dispatches: 7 a layer and 5; 720 MB of weights"]);
    check(config(4096, 32, 32, 11_008), expect!["229 dispatches: 7 a layer and 5; 3717 MB of weights"]);
}

#[test]
fn the_plan_is_what_is_taken() {
    with_layout(config(256, 3, 4, 704), |gpu, layout| {
        let executor = block_on(GpuExecutor::allocate(gpu, layout, 200, never_pause())).unwrap();
        let capacity = capacity(executor.config(), SOFTWARE_CHUNK_TOKENS, executor.slots.len());
        let weights = needs(layout, 200).unwrap().weights;
        let planned = weights + capacity.cache_bytes() + capacity.scratch_bytes();
        let taken = executor.gpu.taken();
        // Parameters and the like are not in the plan.
        assert!((planned..planned + planned / 100).contains(&taken), "{planned} planned, {taken} taken");
    });
}

#[test]
fn a_model_too_big_says_what_it_needs_and_what_would_fit() {
    with_layout(config(256, 3, 4, 704), |gpu, layout| {
        let error = block_on(too_big(&gpu, layout, 200)).unwrap();
        let EngineError::GpuMemory { needs, free, fitting: None } = error else { panic!("{error}") };
        assert_eq!(
            free,
            needs.total(),
            "what is asked for is free, and Q4_0 is smaller than all that is advised"
        );
    });
    let config = ModelConfig { n_context: 16_384, ..config(4096, 32, 32, 11_008) };
    let graph = Graph::new(&config, &|name| name == "output.weight");
    let tensors: Vec<_> = tensors(&graph, Dtype::F16);
    let tensors = tensors.iter().map(|(tensor, format)| (tensor, *format)).collect();
    let layout = Layout { config, graph, tensors };
    let needs = needs(&layout, 4096).unwrap();
    let message = |free| {
        let fitting = fitting(&layout, needs, free);
        EngineError::GpuMemory { needs, free, fitting }.to_string()
    };
    expect![[r#"
        the model needs 15.7 GB of graphics memory (weights 13.5, keys and values 2.1, activations 0.1) and 12.0 GB are free; in Q8_0 it would fit (inkling model quantize), or use the CPU (--executor cpu)
        the model needs 15.7 GB of graphics memory (weights 13.5, keys and values 2.1, activations 0.1) and 8.0 GB are free; in Q6_K it would fit (inkling model quantize), or use the CPU (--executor cpu)
        the model needs 15.7 GB of graphics memory (weights 13.5, keys and values 2.1, activations 0.1) and 3.0 GB are free; use a smaller model, or the CPU (--executor cpu)"#]].assert_eq(&[12, 8, 3].map(|gb| message(gb * 1_000_000_000)).join("\n"));
}
