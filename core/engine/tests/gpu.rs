//! The GPU executor beside the CPU's, on whatever device there is (a software one will do); without one every
//! test says so and passes.

use std::rc::Rc;

use futures::executor::block_on;
use inkling_engine::{
    Adapter, Cancel, CpuExecutor, EngineError, Executor, Gpu, GpuExecutor, GpuOptions, Model, Tier, TokenId,
    Top, Want, never_pause,
};
use inkling_fixture::{MODELS, adapter_of_all, tiny, tiny_llama};
use inkling_gguf::{Builder, Dtype, Gguf};

const N_CONTEXT: usize = 128;

fn cpu(file: &Vec<u8>) -> CpuExecutor {
    block_on(async {
        let gguf = Gguf::read(file).await.unwrap();
        let model = Model::load(&gguf, file, &|_| {}, &Cancel::default()).await.unwrap();
        CpuExecutor::new(model, N_CONTEXT, 1, never_pause()).unwrap()
    })
}

fn open(tier: Tier) -> Option<Gpu> {
    match block_on(Gpu::open(tier)) {
        Ok(gpu) => Some(gpu),
        Err(EngineError::NoGpu { reason }) => {
            println!("skipped: no graphics processor{reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn gpu(file: &Vec<u8>, tier: Tier) -> Option<GpuExecutor> {
    let gpu = open(tier)?;
    let (pause, cancel) = (never_pause(), Cancel::default());
    let options = GpuOptions { n_context: N_CONTEXT, pause, progress: &|_| {}, cancel: &cancel };
    Some(block_on(async {
        let gguf = Gguf::read(file).await.unwrap();
        GpuExecutor::load(gpu, &gguf, file, options).await.unwrap()
    }))
}

/// Ids without a pattern.
fn ids(n: usize) -> Vec<TokenId> {
    (0..n as u32).map(|i| i * i * 31 % 257).collect()
}

fn nmse(expected: &[f32], actual: &[f32]) -> f32 {
    assert_eq!(expected.len(), actual.len());
    let error: f32 = expected.iter().zip(actual).map(|(a, b)| (a - b) * (a - b)).sum();
    error / expected.iter().map(|a| a * a).sum::<f32>()
}

fn want(top_k: usize, masked: &[TokenId]) -> Want {
    Want { top_k, masked: masked.to_vec() }
}

#[track_caller]
fn check_logits(model: &str, dtype: Dtype, bound: f32) {
    let file = tiny(model, dtype, 1);
    for n_tokens in [1, 3, 47, N_CONTEXT] {
        let expected = block_on(cpu(&file).logits(&ids(n_tokens), &Cancel::default())).unwrap();
        for tier in Tier::ALL {
            let Some(mut gpu) = gpu(&file, tier) else { return };
            let actual = block_on(gpu.logits(&ids(n_tokens), &Cancel::default())).unwrap();
            let error = nmse(&expected, &actual);
            assert!(
                error <= bound,
                "{}, {model}, {dtype}, {n_tokens} tokens: NMSE {error:e}",
                gpu.info().name
            );
        }
    }
}

#[test]
fn float_weights_give_the_logits_of_the_cpu() {
    // Keys and values are rounded to f16 on the GPU.
    [Dtype::F32, Dtype::F16, Dtype::BF16].into_iter().for_each(|dtype| check_logits("llama", dtype, 1e-6));
}

#[test]
fn every_architecture_gives_the_logits_of_the_cpu() {
    MODELS.into_iter().for_each(|model| check_logits(model, Dtype::F32, 1e-6));
}

#[test]
fn what_no_shader_does_is_said() {
    let Some(gpu) = open(Tier::Portable) else { return };
    let file = without(&tiny("qwen2", Dtype::F32, 1), "blk.1.attn_k.bias");
    let (pause, cancel) = (never_pause(), Cancel::default());
    let options = GpuOptions { n_context: N_CONTEXT, pause, progress: &|_| {}, cancel: &cancel };
    let gguf = block_on(Gguf::read(&file)).unwrap();
    let message = block_on(GpuExecutor::load(gpu, &gguf, &file, options)).err().unwrap().to_string();
    assert_eq!(message, "the GPU executor cannot run AddBias; use the CPU (--executor cpu)");
}

/// The file less one of its tensors.
fn without(file: &Vec<u8>, name: &str) -> Vec<u8> {
    let gguf = block_on(Gguf::read(file)).unwrap();
    let builder = gguf.metadata.iter().fold(Builder::new(), |b, (key, value)| b.metadata(key, value.clone()));
    let kept = gguf.tensors.iter().filter(|tensor| tensor.name != name);
    let builder = kept.fold(builder, |builder, tensor| {
        let bytes = &file[tensor.range.start as usize..tensor.range.end as usize];
        builder.tensor(&tensor.name, &tensor.shape, tensor.dtype, bytes)
    });
    builder.build()
}

#[test]
fn adapters_of_all_matrices_give_the_logits_of_the_cpu_and_can_be_taken_away() {
    let cancel = Cancel::default();
    // With three and two matrices before attention and in the feed-forward layer, one, tied embeddings, factors.
    for model in ["llama", "starcoder2", "gemma", "granite"] {
        let file = tiny(model, Dtype::F32, 1);
        let adapters = block_on(adapters_for(&file));
        for tier in Tier::ALL {
            let Some(mut gpu) = gpu(&file, tier) else { return };
            let mut cpu = cpu(&file);
            let plain = block_on(gpu.logits(&ids(50), &cancel)).unwrap();
            block_on(cpu.adapt(&adapters)).unwrap();
            block_on(gpu.adapt(&adapters)).unwrap();
            for n_tokens in [2, 50] {
                let expected = block_on(cpu.logits(&ids(n_tokens), &cancel)).unwrap();
                let actual = block_on(gpu.logits(&ids(n_tokens), &cancel)).unwrap();
                let error = nmse(&expected, &actual);
                assert!(error <= 1e-6, "{model}, {}, {n_tokens} tokens: NMSE {error:e}", tier.name());
            }
            let all = want(64, &[]);
            let expected = block_on(cpu.prefill(&ids(40), &all, &cancel)).unwrap();
            let actual = block_on(gpu.prefill(&ids(40), &all, &cancel)).unwrap();
            same(&expected.top, &actual.top);
            same(
                &block_on(cpu.step(5, &all, &cancel)).unwrap(),
                &block_on(gpu.step(5, &all, &cancel)).unwrap(),
            );
            block_on(gpu.adapt(&[])).unwrap();
            assert_eq!(block_on(gpu.logits(&ids(50), &cancel)).unwrap(), plain);
        }
    }
}

/// Two adapters for every matrix of `file`, with factors.
async fn adapters_for(file: &Vec<u8>) -> Vec<(Rc<Adapter>, f32)> {
    let gguf = Gguf::read(file).await.unwrap();
    let mut adapters = Vec::new();
    for (seed, factor) in [(1, 0.75), (2, -0.5)] {
        let adapter = adapter_of_all(&gguf, seed);
        let header = Gguf::read(&adapter).await.unwrap();
        adapters.push((Rc::new(Adapter::load(&header, &adapter).await.unwrap()), factor));
    }
    adapters
}

#[test]
fn quantized_weights_give_the_logits_of_the_cpu() {
    // The CPU rounds activations to bytes; the GPU doesn't.
    let quantized =
        [Dtype::Q4_0, Dtype::Q4_1, Dtype::Q5_0, Dtype::Q5_1, Dtype::Q8_0, Dtype::Q4K, Dtype::Q5K, Dtype::Q6K];
    quantized.into_iter().for_each(|dtype| check_logits("llama", dtype, 1e-3));
}

fn same(expected: &Top, actual: &Top) {
    assert_eq!(expected.entries.len(), actual.entries.len());
    for (a, b) in expected.entries.iter().zip(&actual.entries) {
        assert!((a.1 - b.1).abs() < 2e-3, "{a:?} is not {b:?}");
    }
    assert!((expected.log_sum_exp - actual.log_sum_exp).abs() < 2e-3);
}

#[test]
fn prefill_and_steps_agree_with_the_cpu_and_keep_the_cache() {
    let file = tiny_llama(Dtype::F32, 3);
    for tier in Tier::ALL {
        let Some(mut gpu) = gpu(&file, tier) else { return };
        let (mut cpu, cancel, all) = (cpu(&file), Cancel::default(), want(64, &[]));
        for prompt in [ids(70), ids(90), ids(40), vec![7, 8, 9]] {
            let expected = block_on(cpu.prefill(&prompt, &all, &cancel)).unwrap();
            let actual = block_on(gpu.prefill(&prompt, &all, &cancel)).unwrap();
            assert_eq!(expected.n_reused, actual.n_reused);
            same(&expected.top, &actual.top);
            let mut token = expected.top.entries[0].0;
            for _ in 0..5 {
                let expected = block_on(cpu.step(token, &all, &cancel)).unwrap();
                same(&expected, &block_on(gpu.step(token, &all, &cancel)).unwrap());
                token = expected.entries[0].0;
            }
        }
    }
}

#[test]
fn two_conversations_are_kept_side_by_side() {
    let file = tiny_llama(Dtype::F32, 3);
    let other: Vec<TokenId> = ids(60).iter().map(|id| 256 - id).collect();
    for tier in Tier::ALL {
        let Some(mut gpu) = gpu(&file, tier) else { return };
        let (mut cpu, cancel, all) = (cpu(&file), Cancel::default(), want(64, &[]));
        for (prompt, n_kept) in
            [(&ids(50), 0), (&other, 0), (&ids(70), 50), (&other, 59), (&ids(60), 59), (&vec![9; 30], 0)]
        {
            let expected = block_on(cpu.prefill(prompt, &all, &cancel)).unwrap();
            let actual = block_on(gpu.prefill(prompt, &all, &cancel)).unwrap();
            assert_eq!((expected.n_reused, actual.n_reused), (n_kept, n_kept));
            same(&expected.top, &actual.top);
            let step = |executor: &mut dyn Executor| block_on(executor.step(7, &all, &cancel)).unwrap();
            same(&step(&mut cpu), &step(&mut gpu));
        }
        // As without any that was kept.
        let kept = block_on(cpu.prefill(&other, &all, &cancel)).unwrap();
        let mut fresh = self::cpu(&file);
        assert_eq!(block_on(fresh.prefill(&other, &all, &cancel)).unwrap().top, kept.top);
        assert_eq!(kept.n_reused, 59);
    }
}

#[test]
fn queued_steps_are_the_single_ones_and_end_where_they_should() {
    let file = tiny_llama(Dtype::F32, 3);
    let Some(mut gpu) = gpu(&file, Tier::Subgroups) else { return };
    let (mut cpu, cancel, want) = (cpu(&file), Cancel::default(), want(64, &[105]));
    // Past several readbacks, up to the context's end, and one step alone.
    for (n_prompt, n_steps) in [(20, 21), (N_CONTEXT - 5, 5), (4, 1)] {
        let first = block_on(cpu.prefill(&ids(n_prompt), &want, &cancel)).unwrap().top.entries[0].0;
        block_on(gpu.prefill(&ids(n_prompt), &want, &cancel)).unwrap();
        let expected = block_on(cpu.greedy(first, n_steps, &[], &want, &cancel)).unwrap();
        let actual = block_on(gpu.greedy(first, n_steps, &[], &want, &cancel)).unwrap();
        assert_eq!((expected.len(), actual.len()), (n_steps, n_steps));
        expected.iter().zip(&actual).for_each(|(expected, actual)| same(expected, actual));
        let chosen = |tops: &[Top]| tops.iter().map(|top| top.entries[0].0).collect::<Vec<_>>();
        assert_eq!(chosen(&expected), chosen(&actual));
        // Ended in the middle of what is queued, and on with what was really written.
        let stop = chosen(&expected)[n_steps / 2];
        block_on(gpu.prefill(&ids(n_prompt), &want, &cancel)).unwrap();
        let stopped = block_on(gpu.greedy(first, n_steps, &[stop], &want, &cancel)).unwrap();
        let n_written = chosen(&expected).iter().position(|id| *id == stop).unwrap() + 1;
        assert_eq!(chosen(&stopped), chosen(&expected)[..n_written]);
        if n_written < n_steps {
            same(&expected[n_written], &block_on(gpu.step(stop, &want, &cancel)).unwrap());
        }
    }
    block_on(gpu.prefill(&ids(N_CONTEXT - 3), &want, &cancel)).unwrap();
    let message = block_on(gpu.greedy(1, 4, &[], &want, &cancel)).unwrap_err().to_string();
    assert_eq!(message, "129 tokens do not fit the context of 128; shorten the prompt");
    cancel.cancel();
    let message = block_on(gpu.greedy(1, 4, &[], &want, &cancel)).unwrap_err().to_string();
    assert_eq!(message, "cancelled");
}

#[test]
fn masked_tokens_are_never_chosen() {
    let file = tiny_llama(Dtype::F32, 3);
    let Some(mut gpu) = gpu(&file, Tier::Subgroups) else { return };
    let (mut cpu, cancel) = (cpu(&file), Cancel::default());
    let masked: Vec<TokenId> = (0..288).filter(|id| id % 7 != 3).collect();
    for want in [want(64, &masked), want(3, &[]), want(5, &masked[..200])] {
        let expected = block_on(cpu.prefill(&ids(9), &want, &cancel)).unwrap().top;
        let actual = block_on(gpu.prefill(&ids(9), &want, &cancel)).unwrap().top;
        same(&expected, &actual);
        assert!(actual.entries.iter().all(|(id, _)| !want.masked.contains(id)));
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error_and_the_executor_goes_on() {
    let Some(mut gpu) = gpu(&tiny_llama(Dtype::F32, 1), Tier::Subgroups) else { return };
    let (want, cancel) = (want(1, &[]), Cancel::default());
    let mut message =
        |tokens: &[TokenId]| block_on(gpu.prefill(tokens, &want, &cancel)).unwrap_err().to_string();
    assert_eq!(message(&[]), "there are no tokens to evaluate");
    assert_eq!(
        message(&[1, 288]),
        "token 288 is not in the vocabulary of 288; was the text tokenized for another model?"
    );
    assert_eq!(message(&[1; 129]), "129 tokens do not fit the context of 128; shorten the prompt");
    let cancelled = Cancel::default();
    cancelled.cancel();
    assert_eq!(block_on(gpu.prefill(&[1], &want, &cancelled)).unwrap_err().to_string(), "cancelled");
    assert!(block_on(gpu.prefill(&[1, 2], &want, &cancel)).is_ok());
}
