//! A small model file with a byte-level vocabulary.

use futures::executor::block_on;
use inkling_gguf::{Builder, Gguf, Strings};

pub(crate) const NORMAL: i32 = 1;
pub(crate) const CONTROL: i32 = 3;
pub(crate) const USER_DEFINED: i32 = 4;

const MERGES: [&str; 7] = ["l o", "Ġ lo", "lo w", "e r", "Ġlo w", "Ġlow er", "Ċ Ċ"];

/// Tokens of every kind but ordinary ones, for [`gguf`].
pub(crate) const ADDED: [(&str, i32); 3] =
    [("<|end|>", CONTROL), ("<|fim|>", USER_DEFINED), ("→", USER_DEFINED)];

/// A header with a tokenizer: ids 0 to 255 are the bytes in their order, then come the merged tokens,
/// then `added` from 263 on; 263 ends a text.
pub(crate) fn gguf(added: &[(&str, i32)]) -> Gguf {
    let merged = MERGES.map(|merge| merge.replace(' ', ""));
    let mut tokens: Vec<String> = byte_chars().map(String::from).to_vec();
    tokens.extend(merged);
    let mut types = vec![NORMAL; tokens.len()];
    tokens.extend(added.iter().map(|(text, _)| (*text).to_owned()));
    types.extend(added.iter().map(|(_, kind)| kind));
    let file = Builder::new()
        .metadata("tokenizer.ggml.model", "gpt2")
        .metadata("tokenizer.ggml.pre", "qwen2")
        .metadata("tokenizer.ggml.tokens", Strings::from_iter(tokens))
        .metadata("tokenizer.ggml.token_type", types)
        .metadata("tokenizer.ggml.merges", Strings::from_iter(MERGES))
        .metadata("tokenizer.ggml.eos_token_id", 263u32)
        .metadata("tokenizer.ggml.fim_mid_token_id", 263u32);
    block_on(Gguf::read(&file.build())).expect("the file is well formed")
}

/// The character that each byte is spelled with: printable Latin-1 as itself, the rest from U+0100 on.
fn byte_chars() -> [char; 256] {
    let mut others = '\u{100}'..;
    std::array::from_fn(|byte| match byte {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte as u8),
        _ => others.next().expect("there are 68"),
    })
}
