//! Real vocabularies: llama.cpp's test vectors, where they are at hand.

use std::path::PathBuf;

use futures::executor::block_on;
use inkling_gguf::Gguf;
use inkling_tokenizer::Tokenizer;

/// Texts separated by this line, and beside them a line of ids for each.
const SEPARATOR: &str = "\n__ggml_vocab_test__\n";

fn check(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/vocab");
    let path = |end: &str| folder.join(format!("ggml-vocab-{name}.gguf{end}"));
    let Ok(file) = std::fs::read(path("")) else {
        println!("skipped: {} is not there", path("").display());
        return;
    };
    let gguf = block_on(Gguf::read(&file)).expect("a well-formed file");
    let tokenizer = Tokenizer::from_gguf(&gguf).expect("a supported vocabulary");
    let texts = std::fs::read_to_string(path(".inp")).expect("texts");
    let ids = std::fs::read_to_string(path(".out")).expect("ids");
    assert_eq!(texts.split(SEPARATOR).count(), ids.split('\n').count());
    for (text, ids) in texts.split(SEPARATOR).zip(ids.split('\n')) {
        let ids: Vec<u32> = ids.split_whitespace().map(|id| id.parse().expect("an id")).collect();
        assert_eq!(tokenizer.encode(text), ids, "{text:?}");
        assert_eq!(tokenizer.decode(&ids), text);
    }
}

#[test]
fn deepseek_coder() {
    check("deepseek-coder");
}

#[test]
fn starcoder() {
    check("starcoder");
}
