use inkling_gguf::{Gguf, Strings};
use rustc_hash::FxHashMap;

use crate::error::optional;
use crate::spm::SPACE;
use crate::{Error, TokenId};

/// What a token stands for, which decides how its text is found in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes, reached by merging.
    Ordinary,
    /// Text that is its own token wherever it stands, before any splitting or merging.
    Added,
    /// A signal to or from the model, which text that spells it does not give.
    Special,
    /// A byte that stands for itself where no other token does (SentencePiece).
    Byte,
    /// A place in the embedding table that no text reaches.
    Unused,
}

/// How the texts of tokens are spelled in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// A printable character a byte (GPT-2).
    Bytes,
    /// As text, with `▁` for spaces and `<0x0A>` for bytes (SentencePiece).
    Text,
}

/// The type of a token where the file gives none.
const NORMAL: i32 = 1;

/// A token for every id.
#[derive(Debug)]
pub(crate) struct Vocab {
    kinds: Vec<Kind>,
    bytes: Vec<u8>,
    /// Where each token ends in `bytes`.
    ends: Vec<usize>,
}

impl Vocab {
    pub(crate) fn from_gguf(gguf: &Gguf, spelling: Spelling) -> Result<Vocab, Error> {
        let texts = gguf.strings("tokenizer.ggml.tokens")?;
        if texts.is_empty() {
            return Err(Error::Empty);
        }
        let types = optional(gguf.i32s("tokenizer.ggml.token_type"))?;
        let types = types.map_or_else(|| vec![NORMAL; texts.len()], <[i32]>::to_vec);
        if types.len() != texts.len() {
            return Err(Error::TokenTypes { n_types: types.len(), n_tokens: texts.len() });
        }
        let mut vocab = Vocab { kinds: Vec::new(), bytes: Vec::new(), ends: Vec::new() };
        for (token, (text, code)) in texts.iter().zip(types).enumerate() {
            vocab.push(text, kind(token as TokenId, code, text, spelling)?, spelling);
        }
        Ok(vocab)
    }

    fn push(&mut self, text: &str, kind: Kind, spelling: Spelling) {
        match (kind, spelling) {
            (Kind::Ordinary, Spelling::Bytes) => push_unmapped(&mut self.bytes, text),
            (Kind::Ordinary, Spelling::Text) => self.bytes.extend(text.replace(SPACE, " ").as_bytes()),
            (Kind::Byte, _) => self.bytes.extend(spelled_byte(text)),
            _ => self.bytes.extend(text.as_bytes()),
        }
        self.kinds.push(kind);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(crate) fn bytes(&self, token: TokenId) -> Option<&[u8]> {
        let token = token as usize;
        let end = *self.ends.get(token)?;
        let start = token.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    pub(crate) fn is_special(&self, token: TokenId) -> bool {
        self.kinds.get(token as usize) == Some(&Kind::Special)
    }

    /// The tokens of one kind, in the order of their ids.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = TokenId> {
        let kinds = self.kinds.iter().enumerate();
        kinds.filter(move |(_, other)| **other == kind).map(|(token, _)| token as TokenId)
    }
}

/// Ids by the texts in the file.
pub(crate) fn ids_by_text(texts: &Strings) -> Result<FxHashMap<&str, TokenId>, Error> {
    let mut ids = FxHashMap::default();
    ids.reserve(texts.len());
    for (token, text) in texts.iter().enumerate() {
        let second = token as TokenId;
        if let Some(first) = ids.insert(text, second) {
            return Err(Error::DuplicateToken { text: text.to_owned(), first, second });
        }
    }
    Ok(ids)
}

/// CodeLlama's signals for filling in, which converters leave among the ordinary tokens.
const CODE_LLAMA: [&str; 4] = ["▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"];

/// The types are those of `tokenizer.ggml.token_type`.
///
/// Converters call added tokens "user-defined", whether they are text or signals that nobody marked
/// as control tokens. Those spelled like markup are taken for signals: what someone writes into a
/// source file must not steer the model.
fn kind(token: TokenId, code: i32, text: &str, spelling: Spelling) -> Result<Kind, Error> {
    match code {
        NORMAL | 4 if CODE_LLAMA.contains(&text) => Ok(Kind::Special),
        6 if spelling == Spelling::Text && spelled_byte(text).is_some() => Ok(Kind::Byte),
        NORMAL | 6 => Ok(Kind::Ordinary),
        // Runs of spaces, which no text spells like this: they are reached by merging.
        4 if spelling == Spelling::Text && text.contains(SPACE) => Ok(Kind::Ordinary),
        2 | 3 => Ok(Kind::Special),
        4 if is_markup(text) => Ok(Kind::Special),
        4 => Ok(Kind::Added),
        5 => Ok(Kind::Unused),
        code => Err(Error::TokenType { token, code }),
    }
}

/// The byte that `<0x0A>` stands for.
fn spelled_byte(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

fn is_markup(text: &str) -> bool {
    let enclosed = |open, close| text.starts_with(open) && text.ends_with(close);
    enclosed('<', '>') || enclosed('[', ']')
}

/// Byte-level vocabularies spell each byte as one printable character (GPT-2's `bytes_to_unicode`).
fn push_unmapped(bytes: &mut Vec<u8>, text: &str) {
    for char in text.chars() {
        match byte_of(char) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// The byte that a character stands for: itself where Latin-1 has a printable character, and for the
/// 68 others the characters from U+0100 on, in order.
fn byte_of(char: char) -> Option<u8> {
    let code = u8::try_from(u32::from(char));
    match code {
        Ok(byte) => is_printable(byte).then_some(byte),
        Err(_) => {
            let idx = (char as usize).checked_sub(256)?;
            (0..=255).filter(|&byte| !is_printable(byte)).nth(idx)
        }
    }
}

/// The character that stands for a byte; the inverse of [`byte_of`].
pub(crate) fn char_of(byte: u8) -> char {
    if is_printable(byte) {
        return char::from(byte);
    }
    let idx = (0..byte).filter(|&byte| !is_printable(byte)).count();
    char::from_u32(256 + idx as u32).expect("below the surrogates")
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}
