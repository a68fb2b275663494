//! Whatever the embedded model is told is what it reads.
#![no_main]

use std::sync::LazyLock;

use futures::executor::block_on;
use inkling_gguf::Gguf;
use inkling_tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

static MODEL: &[u8] = include_bytes!("../../models/inkling.gguf");

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let gguf = block_on(Gguf::read(&MODEL)).expect("the model is whole");
    Tokenizer::from_gguf(&gguf).expect("the model has a vocabulary")
});

fuzz_target!(|text: &str| {
    let ids = TOKENIZER.encode(text);
    assert_eq!(TOKENIZER.decode(&ids), text);
    assert_eq!(TOKENIZER.count(text), ids.len());
    assert!(!ids.iter().any(|&id| TOKENIZER.is_special(id)), "text is never a special token");
    assert_eq!(TOKENIZER.decode(&TOKENIZER.encode_with_special(text)), text);
});
