use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::vocab::Vocab;
use crate::{Error, TokenId};

/// Bytes of text that the tokens may have together: models have a few thousand tokens of ten bytes, and
/// the automaton needs some forty times their text.
const MAX_BYTES: usize = 1 << 20;

/// Finds tokens whose text stands for them literally.
#[derive(Debug)]
pub(crate) struct Added {
    tokens: Vec<TokenId>,
    finder: AhoCorasick,
}

/// A stretch of text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    Text(&'t str),
    Token(TokenId),
}

impl Added {
    pub(crate) fn new(vocab: &Vocab, tokens: impl Iterator<Item = TokenId>) -> Result<Added, Error> {
        let has_text = |token: &TokenId| vocab.bytes(*token).is_some_and(|text| !text.is_empty());
        let tokens: Vec<TokenId> = tokens.filter(has_text).collect();
        let texts = || tokens.iter().filter_map(|&token| vocab.bytes(token));
        let n_bytes = texts().map(<[u8]>::len).sum();
        if n_bytes > MAX_BYTES {
            return Err(Error::AddedTokens { n_bytes, limit: MAX_BYTES });
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(texts())
            .expect("far fewer states than the automaton can count");
        Ok(Added { finder, tokens })
    }

    /// Cuts `text` at the tokens, of two that begin at the same place at the longer one.
    pub(crate) fn parts<'t>(&self, text: &'t str, mut part: impl FnMut(Part<'t>)) {
        let mut done = 0;
        for found in self.finder.find_iter(text) {
            if done < found.start() {
                part(Part::Text(&text[done..found.start()]));
            }
            part(Part::Token(self.tokens[found.pattern().as_usize()]));
            done = found.end();
        }
        if done < text.len() {
            part(Part::Text(&text[done..]));
        }
    }
}
