//! What decides a real device's speed, counted where wgpu is called, for shapes too large to run in a test.

use std::rc::Rc;

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Dtype, Gguf, Tensor};
use inkling_kernels::{Format, RopeStyle, Shader, Store};

use super::call::Call;
use super::changes::Changes;
use super::device::{Asked, Gpu, Tier};
use super::load::{capacity, tile_tokens, too_big};
use super::record::Recorder;
use super::{GpuExecutor, GpuOptions, Rows, SOFTWARE_CHUNK_TOKENS, needs};
use crate::executor::{Cancel, Executor, Want, never_pause};
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

/// Bytes that a dispatch reads and writes when one token is evaluated behind `n_positions - 1` others: what several
/// workgroups share counted once.
fn bytes_of(call: &Call, n_positions: u64, n_splits: u64) -> u64 {
    let param = |idx: usize| u64::from(call.params[idx]);
    let sizes = call.slices.iter().map(|slice| slice.range.end - slice.range.start);
    match call.shader {
        // A row of the table, where a table in several parts has one of them read it.
        Shader::GetRows { format } => format.bytes(32 * param(2) as usize) as u64 + 4 * 32 * param(2) + 4,
        Shader::MatVec { norm, bias, store, .. } => {
            let (n_out, n_in) = (param(0), param(5));
            let n_vectors = 1 + u64::from(norm);
            let n_results = 1 + u64::from(bias) + u64::from(store == Store::Add);
            call.weight_bytes() + 4 * (n_vectors * n_in + n_results * n_out)
        }
        // Queries are written as f32, keys and values as f16; a rotation is a pair of floats.
        Shader::Rope { .. } => {
            let (n_head, n_kv_head, d_head) = (param(0), param(1), param(2));
            4 * (2 * n_head + 3 * n_kv_head) * d_head + 4 * param(3)
        }
        Shader::Attention { d_head, .. } => {
            let (n_head, n_kv_head, d_head) = (param(0), param(1), u64::from(d_head));
            let parts = n_splits * n_head * (d_head + 2);
            4 * (n_head * d_head + parts) + 2 * 2 * n_positions * n_kv_head * d_head
        }
        Shader::Merge => {
            let (n_head, d_head) = (param(0), 2 * param(1));
            4 * (n_splits * n_head * (d_head + 2) + n_head * d_head)
        }
        Shader::TopK { first: true } => 4 * param(0) + sizes.skip(1).sum::<u64>(),
        Shader::TopK { first: false } => sizes.sum(),
        ref shader => unreachable!("no {} in a step of a Llama", shader.name()),
    }
}

/// A step of one token behind 255 others.
fn check(config: ModelConfig, expected: Expect) {
    let (n_layer, d_kv) = (config.n_layer, config.d_kv());
    with_layout(config, |gpu, layout| {
        let executor = block_on(GpuExecutor::allocate(gpu, layout, 256, never_pause())).unwrap();
        let (n_positions, n_splits) = (256, 4);
        let (_encoder, cost) = executor.encode(n_positions - 1, 1, Rows::Last);
        assert_eq!(cost.n_passes, 1);
        assert!(cost.n_dispatches <= 8 * n_layer, "{} dispatches", cost.n_dispatches);

        let calls = calls_of(&executor);
        assert_eq!(cost.n_dispatches, calls.len(), "what is counted is what is encoded");
        let bytes: u64 = calls.iter().map(|call| bytes_of(call, n_positions as u64, n_splits)).sum();
        // All but the embedding table, of which a step reads a row.
        let weights: u64 = layout.tensors[1..].iter().map(|(tensor, _)| tensor.range.end).sum();
        let cache = (2 * 2 * n_layer * n_positions * d_kv) as u64;
        assert!(bytes as f64 <= 1.05 * (weights + cache) as f64, "{bytes} of {weights} and {cache}");
        expected.assert_eq(&format!(
            "{} dispatches: 7 a layer and {}; {} MB: weights {}, keys and values {}, {:.2} % others",
            cost.n_dispatches,
            cost.n_dispatches - 7 * n_layer,
            bytes / 1_000_000,
            weights / 1_000_000,
            cache / 1_000_000,
            100.0 * (bytes - weights - cache) as f64 / bytes as f64,
        ));
    });
}

/// The dispatches of a step as plain data.
fn calls_of(executor: &GpuExecutor) -> Vec<Call> {
    let GpuExecutor { weights, memory, nodes, chunk_tokens, gpu, graph, .. } = executor;
    let changes = &Changes::upload(gpu, graph, std::iter::empty(), &[], *chunk_tokens);
    let tile_tokens = tile_tokens(*chunk_tokens);
    let recorder = Recorder { config: executor.config(), weights, memory, changes, tile_tokens };
    [recorder.decode(nodes), recorder.head(nodes), recorder.top_k().0].concat()
}

#[test]
fn a_token_takes_one_pass_seven_dispatches_a_layer_and_every_weight_once() {
    check(
        config(2048, 24, 16, 5504),
        expect!["173 dispatches: 7 a layer and 5; 777 MB: weights 720, keys and values 50, 0.82 % others"],
    );
    check(
        config(4096, 32, 32, 11_008),
        expect!["229 dispatches: 7 a layer and 5; 3868 MB: weights 3718, keys and values 134, 0.42 % others"],
    );
}

#[test]
fn a_token_makes_nothing_and_is_read_back_as_a_list() {
    let file = inkling_fixture::tiny_llama(Dtype::Q4_0, 3);
    let (want, cancel) = (Want { top_k: 4, masked: vec![2] }, Cancel::default());
    let gpu = match block_on(Gpu::open(Tier::Portable)) {
        Ok(gpu) => gpu,
        Err(error) => return println!("skipped: {error}"),
    };
    let options = GpuOptions { n_context: 64, pause: never_pause(), progress: &|_| {}, cancel: &cancel };
    let gguf = block_on(Gguf::read(&file)).unwrap();
    let mut executor = block_on(GpuExecutor::load(gpu, &gguf, &file, options)).unwrap();
    let mut last = executor.gpu.asked();
    let mut check = |executor: &GpuExecutor, read_bytes: u64| {
        let asked = executor.gpu.asked();
        assert_eq!(asked, Asked { read_bytes: last.read_bytes + read_bytes, ..last });
        last = asked;
    };
    block_on(executor.prefill(&[1, 2, 3, 4, 5], &want, &cancel)).unwrap();
    check(&executor, 528);
    block_on(executor.step(7, &want, &cancel)).unwrap();
    check(&executor, 528);
    block_on(executor.greedy(7, 11, &[], &want, &cancel)).unwrap();
    check(&executor, 11 * 528);
}

#[test]
fn whole_logits_are_read_through_one_buffer() {
    with_layout(config(64, 1, 2, 96), |gpu, layout| {
        let mut executor = block_on(GpuExecutor::allocate(gpu, layout, 64, never_pause())).unwrap();
        let before = executor.gpu.asked().n_buffers;
        for n_tokens in [1, 40] {
            block_on(executor.logits(&vec![1; n_tokens], &Cancel::default())).unwrap();
            assert_eq!(executor.gpu.asked().n_buffers, before + 1);
        }
    });
}

#[test]
fn the_plan_is_what_is_taken() {
    with_layout(config(256, 3, 4, 704), |gpu, layout| {
        let executor = block_on(GpuExecutor::allocate(gpu, layout, 200, never_pause())).unwrap();
        let capacity = capacity(executor.config(), SOFTWARE_CHUNK_TOKENS, executor.slots.len());
        let weights = needs(layout, 200).unwrap().weights;
        let planned = weights + capacity.cache_bytes() + capacity.scratch_bytes();
        let taken = executor.gpu.asked().buffer_bytes;
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
