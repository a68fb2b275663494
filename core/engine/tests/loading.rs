//! What loading says of files that are no usable model.

use std::cell::Cell;

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_engine::{Cancel, EngineError, LoadProgress, Model};
use inkling_fixture::tiny_llama;
use inkling_gguf::{Builder, Dtype, Gguf};

fn load(file: &Vec<u8>) -> Result<Model, EngineError> {
    block_on(async { Model::load(&Gguf::read(file).await?, file, &|_| {}, &Cancel::default()).await })
}

fn check(file: Vec<u8>, expected: Expect) {
    expected.assert_eq(&load(&file).unwrap_err().to_string());
}

/// A header that is right but for what a test changes.
fn llama() -> Builder {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("llama.context_length", 16u32)
        .metadata("llama.embedding_length", 4u32)
        .metadata("llama.feed_forward_length", 8u32)
        .metadata("llama.attention.layer_norm_rms_epsilon", 1e-5f32)
        .metadata("llama.attention.head_count", 2u32)
}

fn embedding(builder: Builder, dtype: Dtype, shape: &[u64], n_bytes: usize) -> Vec<u8> {
    builder.tensor("token_embd.weight", shape, dtype, &vec![0; n_bytes]).build()
}

#[test]
fn every_error_says_what_to_do() {
    check(
        Builder::new().metadata("general.architecture", "mamba").build(),
        expect![[
            r#"models of architecture "mamba" are not supported; supported: llama, qwen2, qwen3, starcoder2, gemma, granite"#
        ]],
    );
    check(
        llama().metadata("llama.block_count", 1u32).build(),
        expect![
            "the model file has no tensor token_embd.weight; it is incomplete or of another architecture"
        ],
    );
    check(
        embedding(llama().metadata("llama.block_count", 0u32), Dtype::F32, &[4, 2], 32),
        expect![
            "the model's header is broken: llama.block_count is 0, which no model has; download the file again"
        ],
    );
    check(
        embedding(llama().metadata("llama.block_count", u32::MAX), Dtype::F32, &[4, 2], 32),
        expect![
            "the model's header is broken: llama.block_count is 4294967295, which no model has; download the file again"
        ],
    );
    check(
        embedding(llama().metadata("llama.block_count", 1u32), Dtype::F32, &[8, 2], 64),
        expect![
            "tensor token_embd.weight has shape [8, 2] where the header asks for [4, 2]; download the file again"
        ],
    );
    let odd_heads =
        llama().metadata("llama.block_count", 1u32).metadata("llama.attention.head_count_kv", 3u32);
    check(
        embedding(odd_heads, Dtype::F32, &[4, 2], 32),
        expect![
            "the model's header is broken: llama.attention.head_count is 2 with 3 key heads, 2 of 2 rotated, values of 2, which no attention can have; download the file again"
        ],
    );
    check(
        embedding(
            llama().metadata("llama.block_count", 1u32).metadata("llama.rope.scaling.type", "yarn"),
            Dtype::F32,
            &[4, 2],
            32,
        ),
        expect![
            "llama.rope.scaling.type is \"yarn\", which is not supported; use a file of this model without it"
        ],
    );
    check(
        embedding(
            llama().metadata("llama.block_count", 1u32).metadata("llama.attention.scale", f32::NAN),
            Dtype::F32,
            &[4, 2],
            32,
        ),
        expect![
            "the model's header is broken: llama.attention.scale is NaN, which no model has; download the file again"
        ],
    );
}

#[test]
fn progress_reaches_all_bytes() {
    let file = tiny_llama(Dtype::Q8_0, 1);
    let last = Cell::new(LoadProgress { bytes: 0, total_bytes: 1 });
    block_on(async {
        let gguf = Gguf::read(&file).await.unwrap();
        Model::load(&gguf, &file, &|progress| last.set(progress), &Cancel::default()).await.unwrap();
    });
    assert_eq!(last.get().bytes, last.get().total_bytes);
    assert!(last.get().total_bytes > 100_000);
}
