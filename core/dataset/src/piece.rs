//! Samples of some documents, packed into rows.

use std::ops::Range;

use inkling_syntax::Language;
use inkling_tokenizer::{TokenId, Tokenizer};

use crate::open::Open;
use crate::sample::Sampler;
use crate::schedule::{DOCUMENTS_A_PIECE, Place, Schedule, mix, worth};
use crate::text::line_start;
use crate::{Corpus, Error, Sample, cut};

/// Rows need room for a path, some context and an answer.
const MIN_LENGTH: usize = 128;

/// What a question needs at least.
const MIN_QUESTION_TOKENS: usize = 160;

/// What is worth being filled with the beginning of a plain text.
const MIN_PLAIN_TOKENS: usize = 48;

/// Budgets of questions, in tokens; rows bound them further.
const BUDGETS: Range<f32> = 256.0..2048.0;

/// For judging how many samples a document gives: bytes of a token, and how full an average sample is.
const BYTES_A_TOKEN: usize = 3;
const USUAL_SAMPLE_TOKENS: usize = 640;

/// Padding: end-of-text after an end-of-text, which no loss counts.
const PADDING: TokenId = 0;

/// The rows that some documents give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which one it is.
    pub place: Place,
    /// Shuffled.
    pub rows: Vec<Row>,
}

/// What a piece is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    place: Place,
    /// By their place in the corpus.
    documents: Vec<u32>,
}

/// Whole samples, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Row {
    /// In order; together not longer than the row.
    pub samples: Vec<Sample>,
}

impl Piece {
    /// For people: each sample under a line that begins with `==`, special tokens spelled out.
    pub fn to_text(&self, corpus: &Corpus, tokenizer: &Tokenizer) -> String {
        let Place { epoch, piece } = self.place;
        let rows = self.rows.iter().enumerate();
        let samples = rows.flat_map(|(idx, row)| row.samples.iter().map(move |sample| (idx, sample)));
        let text = |(idx, sample): (usize, &Sample)| {
            let (title, text) = (sample.title(corpus), tokenizer.decode(&sample.ids));
            format!("== {epoch}:{piece} row {idx}: {title}\n{text}\n")
        };
        samples.map(text).collect()
    }
}

impl Row {
    /// Exactly `n_tokens` ids, padded.
    pub fn ids(&self, n_tokens: usize) -> impl Iterator<Item = TokenId> {
        let ids = self.samples.iter().flat_map(|sample| sample.ids.iter().copied());
        ids.chain(std::iter::repeat(PADDING)).take(n_tokens)
    }

    fn n_tokens(&self) -> usize {
        self.samples.iter().map(|sample| sample.ids.len()).sum()
    }
}

/// Makes pieces of one corpus.
pub struct Maker<'m> {
    corpus: &'m Corpus,
    sampler: Sampler<'m>,
    schedule: Schedule,
    seed: u64,
    /// Tokens of a row: inputs and, one further, targets.
    row_tokens: usize,
    plain_percent: u8,
}

impl<'m> Maker<'m> {
    /// Rows have `length` + 1 tokens. `plain_percent` of all tokens are plain documents, the rest questions with
    /// their answers.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] and [`Error::Length`] where nothing could be made.
    pub fn new(
        corpus: &'m Corpus,
        tokenizer: &'m Tokenizer,
        seed: u64,
        length: usize,
        plain_percent: u8,
    ) -> Result<Maker<'m>, Error> {
        if length < MIN_LENGTH {
            return Err(Error::Length { length, min: MIN_LENGTH });
        }
        let sampler = Sampler::new(corpus, tokenizer)?;
        let schedule = Schedule::new(corpus, seed);
        Ok(Maker { corpus, sampler, schedule, seed, row_tokens: length + 1, plain_percent })
    }

    /// The languages of the corpus, with how often their documents come in an epoch, on average.
    pub fn passes(&self) -> impl Iterator<Item = (Language, f64)> {
        self.schedule.languages()
    }

    /// The pieces from `start` on, without end.
    ///
    /// # Errors
    /// [`Error::Piece`] where the epoch ends before.
    pub fn pieces(&self, start: Place) -> Result<impl Iterator<Item = Piece>, Error> {
        Ok(self.plans(start)?.map(|plan| self.piece(&plan)))
    }

    /// What the pieces from `start` on are made of, for makers side by side: a plan costs next to nothing.
    ///
    /// # Errors
    /// [`Error::Piece`] where the epoch ends before.
    pub fn plans(&self, start: Place) -> Result<impl Iterator<Item = Plan>, Error> {
        let Place { epoch, piece } = start;
        let mut documents = self.schedule.epoch(epoch);
        let n_pieces = documents.len().div_ceil(DOCUMENTS_A_PIECE) as u32;
        if piece >= n_pieces {
            return Err(Error::Piece { epoch, piece, n_pieces });
        }
        let mut place = start;
        Ok(std::iter::from_fn(move || {
            while place.piece as usize * DOCUMENTS_A_PIECE >= documents.len() {
                place = Place { epoch: place.epoch + 1, piece: 0 };
                documents = self.schedule.epoch(place.epoch);
            }
            let first = place.piece as usize * DOCUMENTS_A_PIECE;
            let last = (first + DOCUMENTS_A_PIECE).min(documents.len());
            let plan = Plan { place, documents: documents[first..last].to_vec() };
            place.piece += 1;
            Some(plan)
        }))
    }

    /// The piece of a plan.
    pub fn piece(&self, plan: &Plan) -> Piece {
        let Plan { place, documents } = plan;
        let seed = mix(&[self.seed, u64::from(place.epoch), u64::from(place.piece), self.row_tokens as u64]);
        let rng = fastrand::Rng::with_seed(seed);
        let open = |&idx: &u32| (idx, Open::new(&self.corpus.documents()[idx as usize]));
        let open: Vec<(u32, Open<'_>)> = documents.iter().map(open).collect();
        Packer { maker: self, open: &open, rng, rows: Vec::new(), n_plain: 0, n_tokens: 0 }.pack(*place)
    }
}

/// Fills rows with samples of the open documents.
struct Packer<'a> {
    maker: &'a Maker<'a>,
    open: &'a [(u32, Open<'a>)],
    rng: fastrand::Rng,
    /// The last one is being filled.
    rows: Vec<Row>,
    n_plain: usize,
    n_tokens: usize,
}

impl Packer<'_> {
    fn pack(mut self, place: Place) -> Piece {
        let mut strata = self.strata();
        self.rng.shuffle(&mut strata);
        for (nth, stratum) in strata {
            self.next_row();
            if self.n_plain * 100 < self.n_tokens * usize::from(self.maker.plain_percent) {
                self.plain(nth, stratum.start);
            } else {
                self.question(nth, &stratum);
            }
        }
        self.fill();
        self.rows.retain(|row| !row.samples.is_empty());
        self.rng.shuffle(&mut self.rows);
        Piece { place, rows: self.rows }
    }

    /// Stretches of the open documents, as many as each has samples to give.
    fn strata(&self) -> Vec<(usize, Range<usize>)> {
        let n_bytes = self.maker.row_tokens.min(USUAL_SAMPLE_TOKENS) * BYTES_A_TOKEN;
        let mut strata = Vec::new();
        for (nth, (_, open)) in self.open.iter().enumerate() {
            let n = worth(open.document).div_ceil(n_bytes);
            let at = |stratum: usize| open.source.clamp(open.text().len() * stratum / n);
            strata.extend((0..n).map(|stratum| (nth, at(stratum)..at(stratum + 1))));
        }
        strata.retain(|(_, range)| !range.is_empty());
        strata
    }

    /// Sees that a question fits the row; if not, fills it and begins the next.
    fn next_row(&mut self) {
        if self.room() < MIN_QUESTION_TOKENS {
            self.fill();
            self.rows.push(Row::default());
        }
    }

    /// Closes the row, with plain text where some fits.
    fn fill(&mut self) {
        if self.room() >= MIN_PLAIN_TOKENS {
            let nth = self.rng.usize(..self.open.len());
            let source = &self.open[nth].1.source;
            let start = source.clamp(self.rng.usize(..source.text().len()));
            self.plain(nth, start);
        }
    }

    /// Tokens that the row can still take.
    fn room(&self) -> usize {
        self.rows.last().map_or(0, |row| self.maker.row_tokens - row.n_tokens())
    }

    fn plain(&mut self, nth: usize, near: usize) {
        let (idx, open) = &self.open[nth];
        let start = line_start(open.text(), near);
        let sample = self.maker.sampler.plain((*idx, open), start, self.room());
        self.n_plain += sample.ids.len();
        self.push(sample);
    }

    fn question(&mut self, nth: usize, stratum: &Range<usize>) {
        let (idx, open) = &self.open[nth];
        let room = self.draw_room();
        let Some(cut) = cut::draw(open, stratum, room, &mut self.rng) else { return };
        if let Some(sample) = self.maker.sampler.fill_in((*idx, open), cut, room, &mut self.rng) {
            self.push(sample);
        }
    }

    /// Tokens of a question and its answer: small ones are as frequent as large ones, by orders of magnitude,
    /// and none leaves the row a rest that is too small for another.
    fn draw_room(&mut self) -> usize {
        let (low, high) = (libm::logf(BUDGETS.start), libm::logf(BUDGETS.end));
        let drawn = libm::expf(low + self.rng.f32() * (high - low)) as usize;
        let room = self.room();
        if drawn + MIN_QUESTION_TOKENS < room { drawn } else { room }
    }

    fn push(&mut self, sample: Sample) {
        self.n_tokens += sample.ids.len();
        if let Some(row) = self.rows.last_mut() {
            row.samples.push(sample);
        }
    }
}
