//! One sample: a question as the product asks it, with its answer, or a plain document.

use std::ops::Range;

use inkling_context::{Config, Context, Limits, RecentEdits, Workspace, gather};
use inkling_prompt::{Budget, ModelFacts, Part, Prompt, Template, assemble};
use inkling_syntax::{Source, Way};
use inkling_tokenizer::{TokenId, Tokenizer};

use crate::cut::Cut;
use crate::open::Open;
use crate::text::line_end;
use crate::{Corpus, Document, Error, edits, related};

/// What is cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The rest of a line.
    Line,
    /// The rest of a line and whole lines below it.
    Lines,
    /// A statement or the rest of one.
    Statement,
    /// The inside of a block or the rest of it.
    Block,
    /// The arguments of a call.
    Arguments,
    /// Any other node of the syntax tree.
    Part,
    /// Any characters.
    Span,
    /// Nothing: a document as it is.
    Plain,
}

/// In which order a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Suffix, prefix, middle: as the product asks; the middle begins at the start of a line.
    Spm,
    /// Prefix, suffix, middle: as others ask; the middle begins anywhere.
    Psm,
}

/// Token ids with what they were made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From the beginning-of-text token on; the last is end-of-text but for plain text that goes on.
    pub ids: Vec<TokenId>,
    /// The document, by its place in the corpus.
    pub document: u32,
    /// What was cut out.
    pub kind: Kind,
    /// How it is asked; `None` for plain documents.
    pub order: Option<Order>,
    /// What the document has in place of the cursor: the answer, but for what is typed already.
    pub middle: Range<usize>,
}

impl Sample {
    /// Kind, order, document and size in one line.
    pub(crate) fn title(&self, corpus: &Corpus) -> String {
        let Document { package, path, .. } = &corpus.documents()[self.document as usize];
        let order = self.order.map_or(String::new(), |order| format!(" {order:?}"));
        let what = format!("{:?}{order}", self.kind).to_lowercase();
        format!("{what}, {package} {path}, {} tokens", self.ids.len())
    }
}

/// Shares of the samples, in percent; not every snippet and edit that is offered fits the prompt.
const SPM: u8 = 85;
const NO_SUFFIX: u8 = 10;
const SNIPPETS: u8 = 30;
const EDITS: u8 = 20;

/// More than a token has on average in any text; what `assemble` looks at is no longer.
const MAX_BYTES_A_TOKEN: usize = 12;

/// Snippets have as many lines as the prompt has room for: a quarter of it, at a dozen tokens a line.
const TOKENS_A_SNIPPET_LINE: usize = 4 * 13;

/// What is around the cursor when related code is looked for, in bytes.
const AROUND: (usize, usize) = (1500, 500);

/// Assembles samples with one tokenizer.
pub(crate) struct Sampler<'m> {
    corpus: &'m Corpus,
    tokenizer: &'m Tokenizer,
    spm: Template,
    /// Models that know the same tokens but no version of our format are asked in PSM.
    psm: Template,
}

/// The ids of prompt format 1; the first is beginning, end and padding.
const FORMAT: [(&str, TokenId); 6] = [
    ("<|endoftext|>", 0),
    ("<|fim_prefix|>", 1),
    ("<|fim_suffix|>", 2),
    ("<|fim_middle|>", 3),
    ("<|file_sep|>", 6),
    ("<|recent_edit|>", 7),
];
const ENDOFTEXT: TokenId = 0;
const FILE_SEP: TokenId = 6;

impl<'m> Sampler<'m> {
    /// # Errors
    /// [`Error::Tokenizer`] where the tokenizer is not one of prompt format 1, or its ids need over 16 bits.
    pub(crate) fn new(corpus: &'m Corpus, tokenizer: &'m Tokenizer) -> Result<Sampler<'m>, Error> {
        for (text, id) in FORMAT {
            if tokenizer.special(text) != Some(id) {
                return Err(Error::Tokenizer { what: format!("{text} is not its token {id}") });
            }
        }
        if tokenizer.n_vocab() > 1 << 16 {
            return Err(Error::Tokenizer {
                what: format!("it has {} tokens, over 65536", tokenizer.n_vocab()),
            });
        }
        let text = |id| String::from_utf8_lossy(tokenizer.bytes(id)).into_owned();
        let specials: Vec<String> = tokenizer.specials().map(text).collect();
        let template = |prompt_version| Template::choose(&ModelFacts { prompt_version, specials: &specials });
        Ok(Sampler { corpus, tokenizer, spm: template(Some(1)), psm: template(None) })
    }

    /// A question of at most `room` tokens with its answer; `None` where the answer does not fit.
    pub(crate) fn fill_in(
        &self,
        (idx, open): (u32, &Open<'_>),
        cut: Cut,
        room: usize,
        rng: &mut fastrand::Rng,
    ) -> Option<Sample> {
        let order = if rng.u8(..100) < SPM { Order::Spm } else { Order::Psm };
        let (source, range) = without(open, cut.range, rng);
        let middle = &open.text()[range.clone()];
        let mut edits = RecentEdits::default();
        if order == Order::Spm && rng.u8(..100) < EDITS {
            edits = edits::draw(&open.document.path, source.text(), range.start, middle, rng);
        }
        let (max_prefix_bytes, max_suffix_bytes) = (room * MAX_BYTES_A_TOKEN, room * 4);
        let config = Config { max_prefix_bytes, max_suffix_bytes, ..Config::STANDARD };
        // Snippets come from the corpus, below.
        let workspace = Workspace::new(Limits::STANDARD);
        let mut context = gather(&source, &open.document.path, range.start, &workspace, &edits, &config);
        if rng.u8(..100) < SNIPPETS {
            let n_lines = (room / TOKENS_A_SNIPPET_LINE).clamp(4, 30);
            context.snippets = related::related(self.corpus, open.document, &around(&context), n_lines, rng);
        }
        let ids = self.ask(&context, order, middle, room)?;
        Some(Sample { ids, document: idx, kind: cut.kind, order: Some(order), middle: range })
    }

    /// The prompt and its answer as ids, at most `room`.
    fn ask(&self, context: &Context, order: Order, middle: &str, room: usize) -> Option<Vec<TokenId>> {
        let template = if order == Order::Spm { &self.spm } else { &self.psm };
        let n_answer = self.tokenizer.count(middle) + 1;
        // What is typed and what follows may have more tokens together than apart.
        for spare in [0, 4, 16] {
            let budget = Budget { prompt_tokens: room.checked_sub(n_answer + spare)?, way: Way::Inline };
            let prompt = assemble(context, template, budget, &|text| self.tokenizer.count(text));
            if order == Order::Spm && !is_whole(&prompt, &context.prefix.text) {
                return None;
            }
            let ids = self.ids(&prompt, middle);
            if ids.len() <= room {
                return Some(ids);
            }
        }
        None
    }

    fn ids(&self, prompt: &Prompt, middle: &str) -> Vec<TokenId> {
        let mut ids = vec![ENDOFTEXT];
        for part in &prompt.parts {
            match part {
                Part::Special(text) => ids.extend(self.tokenizer.special(text)),
                Part::Text(text) => ids.extend(self.tokenizer.encode(text)),
            }
        }
        ids.extend(self.tokenizer.encode(&format!("{}{middle}", prompt.begun)));
        ids.push(ENDOFTEXT);
        ids
    }

    /// A document from `start`, a line's, on, as far as `room` goes.
    pub(crate) fn plain(&self, (idx, open): (u32, &Open<'_>), start: usize, room: usize) -> Sample {
        let end = open.source.clamp(start + room * MAX_BYTES_A_TOKEN);
        let mut ids = vec![ENDOFTEXT, FILE_SEP];
        ids.extend(self.tokenizer.encode(&format!("{}\n", open.document.path)));
        ids.extend(self.tokenizer.encode(&open.text()[start..end]));
        if end == open.text().len() {
            ids.push(ENDOFTEXT);
        }
        ids.truncate(room);
        Sample { ids, document: idx, kind: Kind::Plain, order: None, middle: start..start }
    }
}

/// The text with the hole, as an editor would have it, and the hole. Sometimes nothing is written behind it
/// yet.
fn without(open: &Open<'_>, range: Range<usize>, rng: &mut fastrand::Rng) -> (Source, Range<usize>) {
    let text = open.text();
    let mut source = open.source.clone();
    if rng.u8(..100) < NO_SUFFIX {
        let end = line_end(text, range.end);
        source.edit(range.start..text.len(), if rng.bool() { "\n" } else { "" });
        return (source, range.start..end);
    }
    source.edit(range.clone(), "");
    (source, range)
}

/// Whether the cursor's line is in the prompt from its start.
fn is_whole(prompt: &Prompt, prefix: &str) -> bool {
    let typed = prefix.len() - prefix.rfind('\n').map_or(0, |newline| newline + 1);
    prompt.begun.len() >= typed
}

/// The text close to the cursor.
fn around(context: &Context) -> String {
    let (before, after) = (&context.prefix.text, &context.suffix.text);
    let start = before.ceil_char_boundary(before.len().saturating_sub(AROUND.0));
    let end = after.floor_char_boundary(AROUND.1);
    format!("{}\n{}", &before[start..], &after[..end])
}
