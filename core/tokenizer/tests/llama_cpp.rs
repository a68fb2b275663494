//! Small vocabularies, and llama.cpp's tokens of some texts, which `llama_cpp/golden.py` wrote down.

use futures::executor::block_on;
use inkling_gguf::Gguf;
use inkling_tokenizer::Tokenizer;

/// The first line tells whether prompts begin with BOS; the others have a text's bytes in hexadecimal, its
/// ids, and its ids with special tokens.
fn check(vocabulary: &[u8], golden: &str) {
    let gguf = block_on(Gguf::read(&vocabulary.to_vec())).expect("a well-formed file");
    let tokenizer = Tokenizer::from_gguf(&gguf).expect("a supported vocabulary");
    let mut lines = golden.lines();
    assert_eq!(tokenizer.adds_bos().to_string(), lines.next().unwrap_or_default());
    assert!(lines.clone().count() > 20);
    for line in lines {
        let mut fields = line.split(' ');
        let text = text(fields.next().unwrap_or_default());
        let (plain, special) = (ids(fields.next()), ids(fields.next()));
        assert_eq!(tokenizer.encode(&text), plain, "{text:?}");
        assert_eq!(tokenizer.encode_with_special(&text), special, "{text:?} with special tokens");
        // Behind an added token SentencePiece puts a space that nobody wrote.
        if !text.contains("→→") {
            assert_eq!(tokenizer.decode(&plain), text);
        }
    }
}

fn text(hex: &str) -> String {
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"));
    String::from_utf8(bytes.collect()).expect("UTF-8")
}

fn ids(field: Option<&str>) -> Vec<u32> {
    let ids = field.unwrap_or_default().split(',').filter(|id| !id.is_empty());
    ids.map(|id| id.parse().expect("an id")).collect()
}

#[test]
fn sentence_piece() {
    check(include_bytes!("llama_cpp/spm.gguf"), include_str!("llama_cpp/spm.txt"));
    check(include_bytes!("llama_cpp/spm-no-space.gguf"), include_str!("llama_cpp/spm-no-space.txt"));
}

#[test]
fn llama_bpe_takes_whole_words() {
    check(include_bytes!("llama_cpp/llama-bpe.gguf"), include_str!("llama_cpp/llama-bpe.txt"));
}

#[test]
fn deepseek_llm() {
    check(include_bytes!("llama_cpp/deepseek-llm.gguf"), include_str!("llama_cpp/deepseek-llm.txt"));
}
