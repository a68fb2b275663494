//! Any header is a tokenizer or an error, and whatever tokenizer it is takes any text and any ids.
#![no_main]

use futures::executor::block_on;
use inkling_gguf::Gguf;
use inkling_tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, String, Vec<u32>)| {
    let (file, text, ids) = input;
    let Ok(gguf) = block_on(Gguf::read(&file)) else { return };
    let Ok(tokenizer) = Tokenizer::from_gguf(&gguf) else { return };
    tokenizer.encode(&text);
    tokenizer.encode_with_special(&text);
    tokenizer.decode(&ids);
});
