//! Broken vocabularies and the message that each gives.

mod common;

use common::{ADDED, CONTROL, NORMAL, gguf};
use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Array, Builder, Gguf, Strings, Value};
use inkling_tokenizer::Tokenizer;

fn check<const N: usize>(cases: [(&str, Gguf); N], expected: Expect) {
    let messages = cases.map(|(name, gguf)| {
        let error = Tokenizer::from_gguf(&gguf).expect_err(name);
        format!("{name}: {error}\n")
    });
    expected.assert_eq(&messages.concat());
}

/// The header with one entry replaced.
fn with(key: &str, value: impl Into<Value>) -> Gguf {
    let mut gguf = gguf(&ADDED);
    gguf.metadata.insert(format!("tokenizer.ggml.{key}"), value.into());
    gguf
}

#[test]
fn unsupported_kinds() {
    check(
        [("SentencePiece", with("model", "llama")), ("a pre-tokenizer", with("pre", "gpt-9"))],
        expect![[r#"
            SentencePiece: the model file has no metadata tokenizer.ggml.scores; convert the model again with a newer tool
            a pre-tokenizer: the pre-tokenizer "gpt-9" is not supported; supported: gpt-2, starcoder, refact, deepseek-coder, deepseek-llm, llama-bpe, llama3, llama-v3, qwen2, default
        "#]],
    );
}

#[test]
fn missing_metadata() {
    let empty = block_on(Gguf::read(&Builder::new().build())).expect("well formed");
    let without_merges = {
        let mut gguf = gguf(&ADDED);
        gguf.metadata.remove("tokenizer.ggml.merges");
        gguf
    };
    check(
        [
            ("no tokenizer", empty),
            ("no merges", without_merges),
            ("no tokens", with("tokens", Array::Str(Strings::default()))),
            ("tokens that are numbers", with("tokens", vec![1, 2, 3])),
            ("a truth value for a name", with("pre", true)),
        ],
        expect![[r#"
            no tokenizer: the model file has no metadata tokenizer.ggml.model; convert the model again with a newer tool
            no merges: the model file has no metadata tokenizer.ggml.merges; convert the model again with a newer tool
            no tokens: the model file has an empty vocabulary; download it again
            tokens that are numbers: metadata tokenizer.ggml.tokens has type array of i32, not array of string; convert the model again with a newer tool
            a truth value for a name: metadata tokenizer.ggml.pre has type bool, not string; convert the model again with a newer tool
        "#]],
    );
}

#[test]
fn contradictions() {
    check(
        [
            ("a token twice", gguf(&[("Ġlow", NORMAL)])),
            ("too few types", with("token_type", vec![1, 1])),
            ("an unknown type", gguf(&[("xy", 9)])),
            ("a token of 2 MiB", gguf(&[(&"x".repeat(2 << 20), CONTROL)])),
            ("a merge of unknown tokens", with("merges", Strings::from_iter(["l o", "lo x"]))),
            ("a merge of one token", with("merges", Strings::from_iter(["lo"]))),
            ("a token outside", with("eos_token_id", 266u32)),
        ],
        expect![[r#"
            a token twice: the vocabulary is broken: tokens 260 and 263 are both "Ġlow"; download the model again
            too few types: the vocabulary is broken: 2 token types for 266 tokens; download the model again
            an unknown type: the vocabulary is broken: token 263 has type 9, which GGUF does not define; download the model again
            a token of 2 MiB: the vocabulary is broken: 2097152 bytes of special tokens, more than any model has (1048576); download the model again
            a merge of unknown tokens: the vocabulary is broken: merge 1, "lo x", is not two tokens that make a third; download the model again
            a merge of one token: the vocabulary is broken: merge 0, "lo", is not two tokens that make a third; download the model again
            a token outside: the model file is broken: tokenizer.ggml.eos_token_id is 266, but the vocabulary has 266 tokens; download it again
        "#]],
    );
}
