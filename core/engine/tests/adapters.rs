//! Low-rank adapters, beside llama.cpp's logits with the same one at half its strength.

use std::rc::Rc;

use futures::executor::block_on;
use inkling_engine::{Adapter, Cancel, CpuExecutor, EngineError, Executor, Model, Want, never_pause};
use inkling_fixture::{tiny, tiny_adapter};
use inkling_gguf::{Builder, Dtype, Gguf};

const IDS: [u32; 12] = [84, 104, 105, 115, 32, 105, 115, 257, 10, 0, 255, 261];

fn executor(model: &str, dtype: Dtype) -> CpuExecutor {
    let file = tiny(model, dtype, 1);
    block_on(async {
        let gguf = Gguf::read(&file).await.unwrap();
        let model = Model::load(&gguf, &file, &|_| {}, &Cancel::default()).await.unwrap();
        CpuExecutor::new(model, 128, 1, never_pause()).unwrap()
    })
}

fn adapter(file: &Vec<u8>) -> Result<Rc<Adapter>, EngineError> {
    block_on(async { Ok(Rc::new(Adapter::load(&Gguf::read(file).await?, file).await?)) })
}

fn logits(executor: &mut CpuExecutor) -> Vec<f32> {
    block_on(executor.logits(&IDS, &Cancel::default())).unwrap()
}

/// Normalised mean square error.
fn nmse(expected: &[f32], actual: &[f32]) -> f32 {
    assert_eq!(expected.len(), actual.len());
    let error: f32 = expected.iter().zip(actual).map(|(a, b)| (a - b) * (a - b)).sum();
    error / expected.iter().map(|a| a * a).sum::<f32>()
}

#[test]
fn logits_agree_to_a_millionth_and_the_model_comes_back() {
    let golden = include_bytes!("llama_cpp/adapter.f32").as_chunks::<4>().0;
    let golden: Vec<f32> = golden.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let mut executor = executor("llama", Dtype::F32);
    let before = logits(&mut executor);
    block_on(executor.adapt(&[(adapter(&tiny_adapter(1)).unwrap(), 0.5)])).unwrap();
    let adapted = logits(&mut executor);
    let last = adapted.len() - golden.len()..;
    assert!(
        nmse(&golden, &adapted[last.clone()]) <= 1e-6,
        "NMSE {:e}",
        nmse(&golden, &adapted[last.clone()])
    );
    assert!(nmse(&golden, &before[last]) > 1e-2, "the adapter changes something");
    block_on(executor.adapt(&[])).unwrap();
    assert_eq!(logits(&mut executor), before);
}

#[test]
fn two_halves_are_a_whole_on_quantized_matrices_too() {
    let mut executor = executor("llama", Dtype::Q8_0);
    let adapter = adapter(&tiny_adapter(1)).unwrap();
    block_on(executor.adapt(&[(Rc::clone(&adapter), 1.0)])).unwrap();
    let whole = logits(&mut executor);
    block_on(executor.adapt(&[(Rc::clone(&adapter), 0.25), (adapter, 0.75)])).unwrap();
    // Activations are rounded, so that a last bit may become a step.
    assert!(nmse(&whole, &logits(&mut executor)) < 1e-4);
}

#[test]
fn keys_and_values_of_before_are_not_reused() {
    let mut executor = executor("llama", Dtype::F32);
    let (want, cancel) = (Want { top_k: 1, masked: vec![] }, Cancel::default());
    block_on(executor.prefill(&IDS, &want, &cancel)).unwrap();
    block_on(executor.adapt(&[(adapter(&tiny_adapter(1)).unwrap(), 1.0)])).unwrap();
    assert_eq!(block_on(executor.prefill(&IDS, &want, &cancel)).unwrap().n_reused, 0);
}

#[test]
fn adapters_that_do_not_fit_say_so_and_change_nothing() {
    let message = |result: Result<(), EngineError>| result.unwrap_err().to_string();
    assert_eq!(
        adapter(&tiny("llama", Dtype::F32, 1)).unwrap_err().to_string(),
        "the file is no LoRA adapter; name one that was converted to GGUF as an adapter"
    );
    let for_llama = adapter(&tiny_adapter(1)).unwrap();
    assert_eq!(
        message(block_on(executor("qwen2", Dtype::F32).adapt(&[(Rc::clone(&for_llama), 1.0)]))),
        "the adapter is for models of architecture \"llama\", and this one is \"qwen2\"; use the model that it was trained on"
    );
    assert_eq!(
        message(block_on(executor("llama", Dtype::Q4K).adapt(&[(for_llama, 1.0)]))),
        "the adapter changes blk.0.attn_q.weight as one of [64, 64], and the model has [256, 256]; use the model that it was trained on"
    );
    let header = || {
        Builder::new()
            .metadata("general.type", "adapter")
            .metadata("general.architecture", "llama")
            .metadata("adapter.type", "lora")
    };
    let embedding = header().tensor("token_embd.weight.lora_a", &[64, 1], Dtype::F32, &[0; 256]).tensor(
        "token_embd.weight.lora_b",
        &[1, 288],
        Dtype::F32,
        &[0; 1152],
    );
    assert_eq!(
        message(block_on(
            executor("llama", Dtype::F32).adapt(&[(adapter(&embedding.build()).unwrap(), 1.0)])
        )),
        "the adapter changes token_embd.weight, which cannot be changed here; merge it into the model instead"
    );
    let ranks = header().tensor("output.weight.lora_a", &[64, 1], Dtype::F32, &[0; 256]).tensor(
        "output.weight.lora_b",
        &[2, 144],
        Dtype::F32,
        &[0; 1152],
    );
    assert_eq!(
        adapter(&ranks.build()).unwrap_err().to_string(),
        "the adapter is broken: its two matrices for output.weight do not fit each other; download it again"
    );
    let half = header().tensor("output.weight.lora_a", &[64, 1], Dtype::F32, &[0; 256]);
    assert!(adapter(&half.build()).unwrap_err().to_string().contains("output.weight.lora_b"));
}
