use inkling_gguf::Strings;
use rustc_hash::FxHashMap;

use crate::merge::{Merges, Scratch};
use crate::vocab::{Kind, Vocab, char_of};
use crate::{Error, TokenId};

/// Byte-pair merges.
#[derive(Debug)]
pub(crate) struct Bpe {
    /// The token of each byte; `None` for bytes that the vocabulary lacks.
    of_byte: [Option<TokenId>; 256],
    merges: Merges,
    /// Words that merge into a single token, as most do: these are looked up.
    words: FxHashMap<Box<[u8]>, TokenId>,
}

/// Longer tokens are runs of spaces, dashes and the like, which are rare enough to be merged.
const MAX_WORD_BYTES: usize = 32;

impl Bpe {
    /// `merges` are in the order of their ranks; `ids` has the id of each token's text. Merges that make
    /// a special token are left out: no text that someone writes may become one. With `whole_words` a word
    /// that is a token becomes it, whether its bytes merge into it or not.
    pub(crate) fn new(
        merges: &Strings,
        ids: &FxHashMap<&str, TokenId>,
        vocab: &Vocab,
        whole_words: bool,
    ) -> Result<Bpe, Error> {
        let of_byte = std::array::from_fn(|byte| {
            let token = ids.get(&char_of(byte as u8).to_string()[..]).copied();
            token.filter(|&token| !vocab.is_special(token))
        });
        let mut bpe = Bpe { of_byte, merges: Merges::default(), words: FxHashMap::default() };
        bpe.merges.reserve(merges.len());
        for (idx, text) in merges.iter().enumerate() {
            let broken = || Error::Merge { idx, merge: text.to_owned() };
            let (pair, token) = resolve(text, ids).ok_or_else(broken)?;
            if !vocab.is_special(token) {
                bpe.merges.insert(pair, idx as u32, token);
            }
        }
        bpe.words = bpe.words_of(vocab, whole_words);
        Ok(bpe)
    }

    /// Tokens that their own bytes merge into, or with `whole` all of them.
    fn words_of(&self, vocab: &Vocab, whole: bool) -> FxHashMap<Box<[u8]>, TokenId> {
        let mut words = FxHashMap::default();
        let (mut scratch, mut merged) = (Scratch::default(), Vec::new());
        for token in vocab.of_kind(Kind::Ordinary) {
            let bytes = vocab.bytes(token).unwrap_or_default();
            if whole {
                words.insert(bytes.into(), token);
            } else if bytes.len() <= MAX_WORD_BYTES {
                self.merge_word(bytes, &mut scratch, &mut merged);
                if merged == [token] {
                    words.insert(bytes.into(), token);
                }
                merged.clear();
            }
        }
        words
    }

    /// Appends the tokens of a word to `out`, in time n log n. Bytes that the vocabulary lacks are
    /// dropped, as by every other implementation.
    pub(crate) fn encode(&self, word: &str, scratch: &mut Scratch, out: &mut Vec<TokenId>) {
        match self.words.get(word.as_bytes()) {
            Some(&token) => out.push(token),
            None => self.merge_word(word.as_bytes(), scratch, out),
        }
    }

    fn merge_word(&self, word: &[u8], scratch: &mut Scratch, out: &mut Vec<TokenId>) {
        let tokens = word.iter().filter_map(|&byte| self.of_byte[usize::from(byte)]);
        self.merges.apply(tokens, scratch, out);
    }
}

/// Which pair a merge such as `l ow` joins, and the token that it makes.
fn resolve(merge: &str, ids: &FxHashMap<&str, TokenId>) -> Option<((TokenId, TokenId), TokenId)> {
    let (left, right) = merge.split_once(' ')?;
    let pair = (*ids.get(left)?, *ids.get(right)?);
    Some((pair, *ids.get(&[left, right].concat()[..])?))
}

#[cfg(test)]
mod tests {
    use inkling_gguf::Gguf;
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::Spelling;

    /// Merges as the definition says: time after time the lowest rank, and of equals the leftmost.
    fn encode_naively(bpe: &Bpe, word: &str) -> Vec<TokenId> {
        let of_byte = |byte: u8| bpe.of_byte[usize::from(byte)];
        let mut tokens: Vec<TokenId> = word.bytes().filter_map(of_byte).collect();
        loop {
            let merge = |at: usize| bpe.merges.get(tokens[at], tokens[at + 1]);
            let possible = (1..tokens.len()).filter_map(|end| Some((merge(end - 1)?, end - 1)));
            let Some(((_, token), at)) = possible.min_by_key(|((rank, _), at)| (*rank, *at)) else {
                return tokens;
            };
            tokens.splice(at..at + 2, [token]);
        }
    }

    proptest! {
        #[test]
        fn merging_by_the_queue_is_merging_by_the_definition(
            joins in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
            words in proptest::collection::vec("[abc]{0,40}", 1..4),
        ) {
            let mut tokens: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
            let mut merges = Strings::default();
            for (left, right) in joins {
                let (left, right) = (left.get(&tokens).clone(), right.get(&tokens).clone());
                let joined = left.clone() + &right;
                if joined.len() <= 8 && !tokens.contains(&joined) {
                    merges = merges.iter().chain([&format!("{left} {right}")[..]]).collect();
                    tokens.push(joined);
                }
            }
            let ids = tokens.iter().zip(0..).map(|(token, id)| (&token[..], id)).collect();
            let texts = Strings::from_iter(&tokens);
            let metadata = [("tokenizer.ggml.tokens".to_owned(), texts.into())].into();
            let gguf = Gguf { version: 3, metadata, tensors: Vec::new() };
            let vocab = Vocab::from_gguf(&gguf, Spelling::Bytes).expect("well formed");
            let bpe = Bpe::new(&merges, &ids, &vocab, false).expect("well formed");
            let mut scratch = Scratch::default();
            for word in words {
                let mut out = Vec::new();
                bpe.encode(&word, &mut scratch, &mut out);
                prop_assert_eq!(out, encode_naively(&bpe, &word));
            }
        }
    }
}
