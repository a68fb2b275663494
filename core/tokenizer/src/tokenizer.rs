use inkling_gguf::Gguf;

use crate::Error;
use crate::added::{Added, Part};
use crate::bpe::Bpe;
use crate::error::optional;
use crate::merge::Scratch;
use crate::pre::PreTokenizer;
use crate::spm::Spm;
use crate::vocab::{Kind, Spelling, Vocab, ids_by_text};

/// A token's place in the vocabulary.
pub type TokenId = u32;

/// Text to token ids and back, for one model.
#[derive(Debug)]
pub struct Tokenizer {
    vocab: Vocab,
    algorithm: Algorithm,
    /// Tokens that are text wherever they stand.
    added: Added,
    /// These and the special ones.
    added_and_special: Added,
    bos: Option<TokenId>,
    eos: Option<TokenId>,
    adds_bos: bool,
    fim: FimTokens,
}

#[derive(Debug)]
enum Algorithm {
    Bpe(PreTokenizer, Bpe),
    Spm(Spm),
}

impl Algorithm {
    fn from_gguf(gguf: &Gguf) -> Result<(Algorithm, Vocab), Error> {
        match gguf.str("tokenizer.ggml.model")? {
            "gpt2" => {
                let pre = PreTokenizer::new(pre_tokenizer(gguf)?)?;
                let vocab = Vocab::from_gguf(gguf, Spelling::Bytes)?;
                let ids = ids_by_text(gguf.strings("tokenizer.ggml.tokens")?)?;
                let merges = gguf.strings("tokenizer.ggml.merges")?;
                let bpe = Bpe::new(merges, &ids, &vocab, pre.whole_words())?;
                Ok((Algorithm::Bpe(pre, bpe), vocab))
            }
            "llama" => {
                let vocab = Vocab::from_gguf(gguf, Spelling::Text)?;
                Ok((Algorithm::Spm(Spm::from_gguf(gguf, &vocab)?), vocab))
            }
            model => Err(Error::Model { model: model.to_owned() }),
        }
    }

    /// Whether prompts begin with the BOS token where the metadata doesn't say.
    fn adds_bos(&self) -> bool {
        match self {
            Algorithm::Bpe(pre, _) => pre.whole_words(),
            Algorithm::Spm(_) => true,
        }
    }
}

fn pre_tokenizer(gguf: &Gguf) -> Result<&str, Error> {
    Ok(optional(gguf.str("tokenizer.ggml.pre"))?.unwrap_or("default"))
}

/// The tokens of fill-in-the-middle prompts that the metadata names
/// (`tokenizer.ggml.fim_{pre,suf,mid,pad,rep,sep}_token_id`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FimTokens {
    /// Before the text that precedes the gap.
    pub prefix: Option<TokenId>,
    /// Before the text that follows the gap.
    pub suffix: Option<TokenId>,
    /// Where the text of the gap begins.
    pub middle: Option<TokenId>,
    /// Fills batches in training.
    pub pad: Option<TokenId>,
    /// Before a repository's name.
    pub repository: Option<TokenId>,
    /// Before a file's path.
    pub file_separator: Option<TokenId>,
}

impl Tokenizer {
    /// The tokenizer that `tokenizer.ggml.*` describes.
    pub fn from_gguf(gguf: &Gguf) -> Result<Tokenizer, Error> {
        let (algorithm, vocab) = Algorithm::from_gguf(gguf)?;
        let id = |name: &str| token_id(gguf, name, vocab.len());
        let bos = id("bos")?;
        let (added, special) = (|| vocab.of_kind(Kind::Added), vocab.of_kind(Kind::Special));
        Ok(Tokenizer {
            added: Added::new(&vocab, added())?,
            added_and_special: Added::new(&vocab, added().chain(special))?,
            bos,
            eos: id("eos")?,
            adds_bos: bos.is_some()
                && optional(gguf.bool("tokenizer.ggml.add_bos_token"))?.unwrap_or(algorithm.adds_bos()),
            fim: FimTokens {
                prefix: id("fim_pre")?,
                suffix: id("fim_suf")?,
                middle: id("fim_mid")?,
                pad: id("fim_pad")?,
                repository: id("fim_rep")?,
                file_separator: id("fim_sep")?,
            },
            vocab,
            algorithm,
        })
    }

    /// The tokens of `text`, in which special tokens' texts are ordinary text. Nothing is put before
    /// or behind them.
    pub fn encode(&self, text: &str) -> Vec<TokenId> {
        self.encode_from(&self.added, text, true)
    }

    /// The tokens of `text` as a text's continuation: without the space that SentencePiece puts before a text.
    pub fn encode_continued(&self, text: &str) -> Vec<TokenId> {
        self.encode_from(&self.added, text, false)
    }

    /// The tokens of `text`, in which special tokens' texts stand for these tokens.
    pub fn encode_with_special(&self, text: &str) -> Vec<TokenId> {
        self.encode_from(&self.added_and_special, text, true)
    }

    /// How many tokens [`encode`](Tokenizer::encode) gives.
    pub fn count(&self, text: &str) -> usize {
        self.encode(text).len()
    }

    /// Where the last word of `text` begins, in bytes: what stands before keeps its tokens whatever is
    /// written behind `text`, as far as one line goes.
    pub fn last_word(&self, text: &str) -> usize {
        let mut start = 0;
        match &self.algorithm {
            Algorithm::Bpe(pre, _) => pre.split(text, &mut |word| start = text.len() - word.len()),
            // Whitespace is merged with itself and with the word behind it, nothing else is.
            Algorithm::Spm(_) => {
                let word = text.trim_end_matches(|char: char| !char.is_whitespace());
                start = word.trim_end().len();
            }
        }
        start
    }

    /// The text of `ids`, with special tokens as they are spelled. Bytes that are not UTF-8 become
    /// replacement characters; unknown ids are nothing. The space that SentencePiece puts before a text is
    /// taken off again.
    pub fn decode(&self, ids: &[TokenId]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| self.bytes(id)).copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        match &self.algorithm {
            Algorithm::Spm(spm) if spm.adds_space => text.strip_prefix(' ').unwrap_or(&text).to_owned(),
            _ => text.into_owned(),
        }
    }

    /// A token's bytes, which need not be whole characters: a special token's are its spelling, an
    /// unknown id's are none.
    pub fn bytes(&self, id: TokenId) -> &[u8] {
        self.vocab.bytes(id).unwrap_or_default()
    }

    /// The special token that is spelled `text`.
    pub fn special(&self, text: &str) -> Option<TokenId> {
        self.specials().find(|&id| self.bytes(id) == text.as_bytes())
    }

    /// Whether a token is a signal to or from the model rather than text.
    pub fn is_special(&self, id: TokenId) -> bool {
        self.vocab.is_special(id)
    }

    /// All special tokens, in the order of their ids.
    pub fn specials(&self) -> impl Iterator<Item = TokenId> {
        self.vocab.of_kind(Kind::Special)
    }

    /// The token that begins a text.
    pub fn bos(&self) -> Option<TokenId> {
        self.bos
    }

    /// The token that ends a text.
    pub fn eos(&self) -> Option<TokenId> {
        self.eos
    }

    /// Whether the model expects [`bos`](Tokenizer::bos) before every prompt.
    pub fn adds_bos(&self) -> bool {
        self.adds_bos
    }

    /// Tokens in the vocabulary.
    pub fn n_vocab(&self) -> usize {
        self.vocab.len()
    }

    /// The tokens of fill-in-the-middle prompts.
    pub fn fim(&self) -> FimTokens {
        self.fim
    }

    /// `begins`: whether a text begins here, rather than going on.
    fn encode_from(&self, added: &Added, text: &str, mut begins: bool) -> Vec<TokenId> {
        let (mut ids, mut scratch) = (Vec::new(), Scratch::default());
        added.parts(text, |part| {
            match (&part, &self.algorithm) {
                (&Part::Token(id), _) => ids.push(id),
                (Part::Text(text), Algorithm::Bpe(pre, bpe)) => {
                    pre.split(text, &mut |word| bpe.encode(word, &mut scratch, &mut ids));
                }
                (Part::Text(text), Algorithm::Spm(spm)) if begins && spm.adds_space => {
                    spm.encode(&format!(" {text}"), &mut scratch, &mut ids);
                }
                (Part::Text(text), Algorithm::Spm(spm)) => spm.encode(text, &mut scratch, &mut ids),
            }
            begins = matches!(part, Part::Token(_));
        });
        ids
    }
}

fn token_id(gguf: &Gguf, name: &str, n_vocab: usize) -> Result<Option<TokenId>, Error> {
    let key = format!("tokenizer.ggml.{name}_token_id");
    match optional(gguf.u32(&key))? {
        Some(token) if token as usize >= n_vocab => Err(Error::TokenId { key, token, n_vocab }),
        token => Ok(token),
    }
}
