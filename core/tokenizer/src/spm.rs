use inkling_gguf::Gguf;
use rustc_hash::FxHashMap;

use crate::error::optional;
use crate::merge::{Merges, Scratch};
use crate::vocab::{Kind, Vocab};
use crate::{Error, TokenId};

/// What SentencePiece writes for a space.
pub(crate) const SPACE: char = '\u{2581}';

/// SentencePiece's byte-pair encoding (Kudo & Richardson 2018): characters are joined in the order of the
/// tokens' scores, and what is no token then becomes the tokens of its bytes.
#[derive(Debug)]
pub(crate) struct Spm {
    /// A token for every character; those that the vocabulary lacks stand above it.
    n_vocab: u32,
    of_char: FxHashMap<char, TokenId>,
    of_byte: [Option<TokenId>; 256],
    unknown: Option<TokenId>,
    merges: Merges,
    /// Whether a text that begins, or follows a special token, gets a space before it.
    pub(crate) adds_space: bool,
}

impl Spm {
    pub(crate) fn from_gguf(gguf: &Gguf, vocab: &Vocab) -> Result<Spm, Error> {
        let texts = gguf.strings("tokenizer.ggml.tokens")?;
        let scores = gguf.f32s("tokenizer.ggml.scores")?;
        if scores.len() != texts.len() {
            return Err(Error::Scores { n_scores: scores.len(), n_tokens: texts.len() });
        }
        let mut spm = Spm {
            n_vocab: texts.len() as u32,
            of_char: FxHashMap::default(),
            of_byte: [None; 256],
            unknown: optional(gguf.u32("tokenizer.ggml.unknown_token_id"))?,
            merges: Merges::default(),
            adds_space: optional(gguf.bool("tokenizer.ggml.add_space_prefix"))?.unwrap_or(true),
        };
        let mut ids = FxHashMap::default();
        for token in vocab.of_kind(Kind::Byte) {
            let byte = vocab.bytes(token).and_then(|bytes| bytes.first());
            byte.into_iter().for_each(|&byte| spm.of_byte[usize::from(byte)] = Some(token));
        }
        for token in vocab.of_kind(Kind::Ordinary) {
            let text = texts.get(token as usize).unwrap_or_default();
            if let Some(char) = only_char(text) {
                spm.of_char.insert(char, token);
            }
            ids.insert(text, token);
        }
        let ranks = ranks(scores);
        for (text, &token) in &ids {
            for (at, _) in text.char_indices().skip(1) {
                let half = |text: &str| ids.get(text).copied().or_else(|| only_char(text).map(|c| spm.of(c)));
                if let (Some(left), Some(right)) = (half(&text[..at]), half(&text[at..])) {
                    spm.merges.insert((left, right), ranks[token as usize], token);
                }
            }
        }
        Ok(spm)
    }

    /// Appends the tokens of `text`, in time n log n.
    pub(crate) fn encode(&self, text: &str, scratch: &mut Scratch, out: &mut Vec<TokenId>) {
        let chars = text.chars().map(|char| self.of(if char == ' ' { SPACE } else { char }));
        let mut merged = Vec::new();
        self.merges.apply(chars, scratch, &mut merged);
        for token in merged {
            match token.checked_sub(self.n_vocab).and_then(char::from_u32) {
                None => out.push(token),
                Some(char) => self.spell(char, out),
            }
        }
    }

    fn of(&self, char: char) -> TokenId {
        self.of_char.get(&char).copied().unwrap_or(self.n_vocab + u32::from(char))
    }

    /// A character's bytes, or the unknown token where the vocabulary lacks them.
    fn spell(&self, char: char, out: &mut Vec<TokenId>) {
        let of_byte = |byte: u8| self.of_byte[usize::from(byte)].or(self.unknown);
        out.extend(char.encode_utf8(&mut [0; 4]).bytes().filter_map(of_byte));
    }
}

fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The place of each score among all different ones, the highest first.
fn ranks(scores: &[f32]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut ranks, mut rank) = (vec![0; scores.len()], 0);
    for pair in 0..order.len() {
        if pair > 0 && scores[order[pair]] != scores[order[pair - 1]] {
            rank += 1;
        }
        ranks[order[pair]] = rank;
    }
    ranks
}
