//! Our logits beside llama.cpp's, which `llama_cpp/golden.py` wrote down.

use futures::executor::block_on;
use inkling_engine::{Cancel, CpuExecutor, EngineError, Executor, Model, TokenId, Top, Want, never_pause};
use inkling_fixture::tiny;
use inkling_gguf::{Builder, Dtype, Gguf};
use inkling_kernels::Format;

const IDS: [u32; 12] = [84, 104, 105, 115, 32, 105, 115, 257, 10, 0, 255, 261];

fn executor(model: &str, dtype: Dtype, n_threads: usize) -> CpuExecutor {
    executor_of(&tiny(model, dtype, 1), n_threads)
}

fn executor_of(file: &Vec<u8>, n_threads: usize) -> CpuExecutor {
    block_on(async {
        let gguf = Gguf::read(file).await.unwrap();
        let model = Model::load(&gguf, file, &|_| {}, &Cancel::default()).await.unwrap();
        CpuExecutor::new(model, 128, n_threads, never_pause()).unwrap()
    })
}

fn logits(model: &str, dtype: Dtype, n_threads: usize) -> Vec<f32> {
    block_on(executor(model, dtype, n_threads).logits(&IDS, &Cancel::default())).unwrap()
}

/// Normalised mean square error.
fn nmse(expected: &[f32], actual: &[f32]) -> f32 {
    assert_eq!(expected.len(), actual.len());
    let error: f32 = expected.iter().zip(actual).map(|(a, b)| (a - b) * (a - b)).sum();
    error / expected.iter().map(|a| a * a).sum::<f32>()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// A file's logits with its matrices brought to F32, so that no activation is rounded.
fn exact_logits(file: &Vec<u8>) -> Vec<f32> {
    let gguf = block_on(Gguf::read(file)).unwrap();
    let builder = gguf.metadata.iter().fold(Builder::new(), |b, (key, value)| b.metadata(key, value.clone()));
    let builder = gguf.tensors.iter().fold(builder, |builder, tensor| {
        let mut values = vec![0.0; tensor.shape.iter().product::<u64>() as usize];
        let format = Format::named(tensor.dtype.name()).unwrap();
        format.dequantize(&file[tensor.range.start as usize..tensor.range.end as usize], &mut values);
        builder.tensor(&tensor.name, &tensor.shape, Dtype::F32, &Format::F32.quantize(&values))
    });
    block_on(executor_of(&builder.build(), 1).logits(&IDS, &Cancel::default())).unwrap()
}

/// llama.cpp rounds activations in blocks of 256 for these formats, we in blocks of 32: both are compared
/// with what comes without rounding, and ours has to be the closer one.
fn check_closer(dtype: Dtype, golden: &[u8]) {
    let (golden, ours) = (floats(golden), logits("llama", dtype, 1));
    let exact = exact_logits(&tiny("llama", dtype, 1));
    let last = ours.len() - golden.len()..;
    let (our_error, its_error) =
        (nmse(&exact[last.clone()], &ours[last.clone()]), nmse(&exact[last], &golden));
    assert!(our_error < 1e-3 && its_error < 2e-3, "{dtype}: NMSE {our_error:e}, llama.cpp's {its_error:e}");
    assert!(our_error < its_error, "{dtype}: NMSE {our_error:e} is over llama.cpp's {its_error:e}");
}

/// Compares the last rows of the logits.
fn check(model: &str, dtype: Dtype, golden: &[u8], bound: f32) {
    let golden = floats(golden);
    let logits = logits(model, dtype, 1);
    let error = nmse(&golden, &logits[logits.len() - golden.len()..]);
    assert!(error <= bound, "{model} {dtype}: NMSE {error:e} is over {bound:e}");
}

#[test]
fn every_architecture_agrees_to_a_millionth() {
    let check = |model, golden| check(model, Dtype::F32, golden, 1e-6);
    check("llama", include_bytes!("llama_cpp/F32.f32"));
    check("llama-linear", include_bytes!("llama_cpp/llama-linear.f32"));
    check("llama-divisors", include_bytes!("llama_cpp/llama-divisors.f32"));
    check("qwen2", include_bytes!("llama_cpp/qwen2.f32"));
    check("qwen3", include_bytes!("llama_cpp/qwen3.f32"));
    check("starcoder2", include_bytes!("llama_cpp/starcoder2.f32"));
    check("gemma", include_bytes!("llama_cpp/gemma.f32"));
    check("granite", include_bytes!("llama_cpp/granite.f32"));
}

#[test]
fn half_floats_agree_closely() {
    // llama.cpp rounds activations to the weights' type before it multiplies; we don't.
    check("llama", Dtype::F16, include_bytes!("llama_cpp/F16.f32"), 1e-6);
    check("llama", Dtype::BF16, include_bytes!("llama_cpp/BF16.f32"), 1e-4);
}

#[test]
fn quantized_weights_agree_to_a_thousandth() {
    let check = |dtype, golden| check("llama", dtype, golden, 1e-3);
    check(Dtype::Q8_0, include_bytes!("llama_cpp/Q8_0.f32"));
    check(Dtype::Q4_0, include_bytes!("llama_cpp/Q4_0.f32"));
    check(Dtype::Q4_1, include_bytes!("llama_cpp/Q4_1.f32"));
    check(Dtype::Q5_0, include_bytes!("llama_cpp/Q5_0.f32"));
    check(Dtype::Q5_1, include_bytes!("llama_cpp/Q5_1.f32"));
    check_closer(Dtype::Q4K, include_bytes!("llama_cpp/Q4_K.f32"));
    check_closer(Dtype::Q5K, include_bytes!("llama_cpp/Q5_K.f32"));
    check_closer(Dtype::Q6K, include_bytes!("llama_cpp/Q6_K.f32"));
}

#[test]
fn threads_do_not_change_a_bit() {
    assert_eq!(logits("llama", Dtype::Q8_0, 1), logits("llama", Dtype::Q8_0, 3));
}

#[test]
fn prefill_and_steps_give_the_logits_of_one_run() {
    let mut executor = executor("llama", Dtype::F32, 1);
    let all = block_on(executor.logits(&IDS, &Cancel::default())).unwrap();
    let (want, cancel) = (Want { top_k: 1, masked: vec![] }, Cancel::default());
    let prefilled = block_on(executor.prefill(&IDS[..5], &want, &cancel)).unwrap();
    assert_eq!(prefilled.n_reused, 4, "the logits run left the same tokens in the cache");
    let mut top = prefilled.top;
    for (idx, &id) in IDS.iter().enumerate().skip(5) {
        assert_eq!(top.entries[0].1, row_max(&all, idx - 1));
        top = block_on(executor.step(id, &want, &cancel)).unwrap();
    }
    assert_eq!(top.entries[0].1, row_max(&all, IDS.len() - 1));
}

/// Guesses are evaluated together, and what follows each has the bits of a step by itself, also where guesses of
/// before were wrong.
#[test]
fn guesses_are_verified_with_the_bits_of_single_steps() {
    let (want, cancel) = (Want { top_k: 5, masked: vec![3] }, Cancel::default());
    for (model, dtype) in [("llama", Dtype::Q4_0), ("qwen3", Dtype::Q8_0), ("starcoder2", Dtype::F32)] {
        let (mut together, mut single) = (executor(model, dtype, 2), executor(model, dtype, 1));
        let mut known: Vec<TokenId> = (1..40).collect();
        for n_drafted in [0, 1, 2, 3, 7, 1] {
            let tokens: Vec<TokenId> = known.iter().copied().chain(50..50 + n_drafted).collect();
            let tops = block_on(together.verify(&tokens, n_drafted as usize, &want, &cancel)).unwrap();
            let first = block_on(single.prefill(&known, &want, &cancel)).unwrap().top;
            let steps = (50..50 + n_drafted).map(|id| block_on(single.step(id, &want, &cancel)).unwrap());
            assert_eq!(
                tops,
                std::iter::once(first).chain(steps).collect::<Vec<Top>>(),
                "{model} {n_drafted}"
            );
            known.push(60 + n_drafted);
        }
        assert!(matches!(block_on(together.verify(&[1], 1, &want, &cancel)), Err(EngineError::NoTokens)));
    }
}

fn row_max(logits: &[f32], row: usize) -> f32 {
    let n_vocab = logits.len() / IDS.len();
    logits[row * n_vocab..][..n_vocab].iter().copied().fold(f32::MIN, f32::max)
}

#[test]
fn a_changed_prompt_keeps_the_common_beginning() {
    let mut executor = executor("llama", Dtype::F32, 1);
    let (want, cancel) = (Want { top_k: 3, masked: vec![] }, Cancel::default());
    let fresh = block_on(executor.prefill(&[1, 2, 3, 9, 9], &want, &cancel)).unwrap();
    block_on(executor.prefill(&[1, 2, 3, 4, 5, 6], &want, &cancel)).unwrap();
    let again = block_on(executor.prefill(&[1, 2, 3, 9, 9], &want, &cancel)).unwrap();
    assert_eq!((again.n_reused, again.top), (3, fresh.top));
}

#[test]
fn what_cannot_be_evaluated_is_an_error_and_the_executor_goes_on() {
    let mut executor = executor("llama", Dtype::F32, 1);
    let (want, cancel) = (Want { top_k: 1, masked: vec![] }, Cancel::default());
    let mut message =
        |tokens: &[u32]| block_on(executor.prefill(tokens, &want, &cancel)).unwrap_err().to_string();
    assert_eq!(message(&[]), "there are no tokens to evaluate");
    assert_eq!(
        message(&[1, 288]),
        "token 288 is not in the vocabulary of 288; was the text tokenized for another model?"
    );
    assert_eq!(message(&[1; 129]), "129 tokens do not fit the context of 128; shorten the prompt");
    let cancelled = Cancel::default();
    cancelled.cancel();
    assert_eq!(block_on(executor.prefill(&[1], &want, &cancelled)).unwrap_err().to_string(), "cancelled");
    assert!(block_on(executor.prefill(&[1, 2], &want, &cancel)).is_ok());
}
