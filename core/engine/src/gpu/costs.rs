//! What decides a real device's speed, counted where wgpu is called, for shapes too large to run in a test.

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Dtype, Tensor};
use inkling_kernels::{Format, RopeStyle};

use super::device::{Gpu, Tier};
use super::{GpuExecutor, Rows};
use crate::executor::never_pause;
use crate::model::Layout;
use crate::{Architecture, Graph, ModelConfig};

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

/// A step of one token on buffers that are never written.
fn check(config: ModelConfig, expected: Expect) {
    let gpu = match block_on(Gpu::open(Tier::Portable)) {
        Ok(gpu) => gpu,
        Err(error) => return println!("skipped: {error}"),
    };
    let n_layer = config.n_layer;
    let graph = Graph::new(&config, &|name| name == "output.weight");
    let tensors: Vec<(Tensor, Format)> = graph
        .weights
        .iter()
        .map(|spec| {
            let format = if spec.shape.len() == 1 { Format::F32 } else { Format::Q4_0 };
            let n_bytes = format.bytes(spec.shape.iter().product::<u64>() as usize) as u64;
            let dtype = if spec.shape.len() == 1 { Dtype::F32 } else { Dtype::Q4_0 };
            (Tensor { name: spec.name.clone(), shape: spec.shape.clone(), dtype, range: 0..n_bytes }, format)
        })
        .collect();
    // All but the embedding table, of which a step reads a row.
    let file_bytes: u64 = tensors[1..].iter().map(|(tensor, _)| tensor.range.end).sum();
    let tensors = tensors.iter().map(|(tensor, format)| (tensor, *format)).collect();
    let layout = Layout { config, graph, tensors };
    let executor = block_on(GpuExecutor::allocate(gpu.into(), &layout, 256, never_pause())).unwrap();
    let (_encoder, cost) = executor.encode(0, 1, Rows::Last);
    assert!(cost.weight_bytes as f64 <= 1.05 * file_bytes as f64, "{} of {file_bytes}", cost.weight_bytes);
    let beside_layers = cost.n_dispatches - 7 * n_layer;
    expected.assert_eq(&format!(
        "{} dispatches: 7 a layer and {beside_layers}; {} MB of weights",
        cost.n_dispatches,
        cost.weight_bytes / 1_000_000
    ));
}

#[test]
fn a_token_takes_seven_dispatches_a_layer_and_reads_every_weight_once() {
    check(config(2048, 24, 16, 5504), expect!["173 dispatches: 7 a layer and 5; 720 MB of weights"]);
    check(config(4096, 32, 32, 11_008), expect!["229 dispatches: 7 a layer and 5; 3717 MB of weights"]);
}
