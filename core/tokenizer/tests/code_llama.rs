//! What CodeLlama asks of SentencePiece: signals among the ordinary tokens, and texts that go on.

use futures::executor::block_on;
use inkling_gguf::{Builder, Gguf, Strings};
use inkling_tokenizer::Tokenizer;

const TOKENS: [&str; 8] = ["<unk>", "▁", "a", "b", "▁a", "▁<PRE>", "▁<SUF>", "▁<MID>"];

fn tokenizer() -> Tokenizer {
    let scores: Vec<f32> = (0..TOKENS.len()).map(|idx| -(idx as f32)).collect();
    let types = vec![2, 1, 1, 1, 1, 1, 4, 1];
    let file = Builder::new()
        .metadata("tokenizer.ggml.model", "llama")
        .metadata("tokenizer.ggml.tokens", Strings::from_iter(TOKENS))
        .metadata("tokenizer.ggml.scores", scores)
        .metadata("tokenizer.ggml.token_type", types)
        .metadata("tokenizer.ggml.unknown_token_id", 0u32);
    let gguf = block_on(Gguf::read(&file.build())).expect("the file is well formed");
    Tokenizer::from_gguf(&gguf).expect("the vocabulary is supported")
}

#[test]
fn its_signals_are_special_whatever_their_type_says() {
    let tokenizer = tokenizer();
    assert_eq!(
        ["▁<PRE>", "▁<SUF>", "▁<MID>"].map(|text| tokenizer.special(text)),
        [Some(5), Some(6), Some(7)]
    );
    assert!(tokenizer.encode("▁<PRE>").iter().all(|&id| id < 5), "text that spells one is text");
}

#[test]
fn a_text_that_goes_on_gets_no_space() {
    let tokenizer = tokenizer();
    assert_eq!(tokenizer.encode("ab"), [4, 3]);
    assert_eq!(tokenizer.encode_continued("ab"), [2, 3]);
}
