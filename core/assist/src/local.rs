//! A model file behind the executor seam.

use std::rc::Rc;

use inkling_context::Workspace;
use inkling_engine::{
    Cancel, Executor, ExecutorInfo, ModelConfig, Prefilled, Sampler, Sampling, TokenId, Top, Want,
};
use inkling_gguf::{Gguf, Source};
use inkling_ngram::N_FEATURES;
use inkling_prompt::{ModelFacts, Part, Prompt, Template};
use inkling_syntax::Language;
use inkling_tokenizer::Tokenizer;

use crate::completer::{
    Alternative, Answer, Ask, AssistError, Completer, Completion, PromptToken, Remembered, Reply, Step,
};
use crate::confidence::Confidence;
use crate::draft::{Foreseen, guess};
use crate::load::{LoadOptions, load};
use crate::recall::{Observation, Recall};
use crate::summary::ModelSummary;
use crate::writing::Writing;

/// Alternatives kept of every step, for people to look at.
const N_ALTERNATIVES: usize = 5;

/// Bytes of a word that the model is made to write again; what is longer it cannot foresee anyway.
const MAX_HEALED: usize = 64;

/// Most likely tokens that are looked at in each step.
const TOP_K: usize = 64;

/// A tokenizer, a template and an executor that belong together.
pub struct LocalModel {
    summary: ModelSummary,
    tokenizer: Tokenizer,
    template: Template,
    executor: Box<dyn Executor>,
    /// Tokens that end an answer: all special ones, since none is ever wanted in code.
    stops: Vec<TokenId>,
    /// What the files at hand say, for models that come with a weight for it.
    recall: Option<Recall>,
    confidence: Option<Confidence>,
}

impl LocalModel {
    /// Reads header, vocabulary and weights from `source` onto an executor.
    pub async fn load(source: Rc<dyn Source>, options: LoadOptions<'_>) -> Result<LocalModel, AssistError> {
        let gguf = Gguf::read(&*source).await?;
        let tokenizer = Tokenizer::from_gguf(&gguf)?;
        let n_bytes = source.len();
        let executor = load(&gguf, source, options).await?;
        Ok(LocalModel::new(&gguf, n_bytes, tokenizer, executor))
    }

    pub(crate) fn new(
        gguf: &Gguf,
        n_bytes: u64,
        tokenizer: Tokenizer,
        executor: Box<dyn Executor>,
    ) -> LocalModel {
        let stops: Vec<TokenId> = tokenizer.specials().collect();
        let text = |id: &TokenId| String::from_utf8_lossy(tokenizer.bytes(*id)).into_owned();
        let specials: Vec<String> = stops.iter().map(text).collect();
        let prompt_version = gguf.get_u32("inkling.prompt.version");
        LocalModel {
            summary: ModelSummary::new(gguf, n_bytes, executor.info()),
            template: Template::choose(&ModelFacts { prompt_version, specials: &specials }),
            stops,
            recall: Recall::from_gguf(gguf),
            confidence: Confidence::from_gguf(gguf),
            tokenizer,
            executor,
        }
    }

    /// What a person wants to know, of this moment: what runs a model can change.
    pub fn summary(&self) -> ModelSummary {
        let ExecutorInfo { name, reason, n_threads, .. } = self.executor.info();
        ModelSummary {
            executor: name.clone(),
            executor_reason: reason.clone(),
            n_threads: *n_threads,
            ..self.summary.clone()
        }
    }

    /// Its sizes.
    pub fn config(&self) -> &ModelConfig {
        &self.executor.info().model
    }

    /// Its vocabulary.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The executor, for measuring.
    pub fn executor(&mut self) -> &mut dyn Executor {
        &mut *self.executor
    }

    /// From now on believes the own file, and the workspace's others if they shall be, by these mixing weights,
    /// whatever the model came with.
    pub fn recall_with(&mut self, own: [f32; N_FEATURES], workspace: Option<[f32; N_FEATURES]>) {
        self.recall = Some(Recall::new(own, workspace));
    }

    /// A prompt's token ids, every text between two special tokens on its own, and what the answer must
    /// begin with.
    pub fn encode<'p>(&self, prompt: &'p Prompt) -> (Vec<TokenId>, &'p str) {
        let bos = self.tokenizer.bos().filter(|_| self.tokenizer.adds_bos());
        let mut goes_on = false;
        let ids = |part: &Part| match part {
            Part::Special(text) => {
                goes_on = self.template.goes_on(text);
                self.tokenizer.special(text).into_iter().collect()
            }
            Part::Text(text) if goes_on => self.tokenizer.encode_continued(text),
            Part::Text(text) => self.tokenizer.encode(text),
        };
        let last_word = self.tokenizer.last_word(&prompt.begun);
        let healed = if prompt.begun.len() - last_word > MAX_HEALED { prompt.begun.len() } else { last_word };
        let (given, required) = prompt.begun.split_at(healed);
        let parts = prompt.parts.iter().flat_map(ids);
        (bos.into_iter().chain(parts).chain(self.tokenizer.encode(given)).collect(), required)
    }

    fn piece(&self, id: TokenId) -> String {
        String::from_utf8_lossy(self.tokenizer.bytes(id)).into_owned()
    }

    async fn answer(&mut self, ask: Ask<'_>) -> Result<Answer, AssistError> {
        let (tokens, required) = self.encode(ask.prompt);
        let started = (ask.now_ms)();
        let writing = Writing::new(required, self.without_specials(&tokens));
        let prefilled = self.prefill(&tokens, &writing, ask.cancel).await?;
        let decoding = (ask.now_ms)();
        let prompt = tokens.iter().map(|&id| self.prompt_token(id)).collect();
        let fork = self.heal(Fork { tokens, writing, top: prefilled.top }, ask.cancel).await?;
        let mut completions = Vec::new();
        for nth in 0..ask.n_completions.max(1) {
            match self.complete_nth(nth, &fork, ask).await? {
                Some(completion) => completions.push(completion),
                None => break,
            }
        }
        let decode_ms = (ask.now_ms)() - decoding;
        Ok(Answer {
            prompt,
            n_reused: prefilled.n_reused,
            completions,
            prefill_ms: decoding - started,
            decode_ms,
        })
    }

    /// Writes the required text up to the first token that adds to it, where answers begin to differ.
    async fn heal<'p>(&mut self, mut fork: Fork<'p>, cancel: &Cancel) -> Result<Fork<'p>, AssistError> {
        loop {
            let token = fork.top.entries[0].0;
            if self.tokenizer.bytes(token).len() > fork.writing.missing().len() {
                return Ok(fork);
            }
            self.push(&mut fork.writing, token, fork.top.probability(0), &fork.top);
            fork.tokens.push(token);
            fork.top = self.step(token, &fork.writing, cancel).await?;
        }
    }

    /// The answer that goes on from `fork` with the `nth` likeliest token, `None` past the last; sampled
    /// answers go on as chance has it.
    async fn complete_nth(
        &mut self,
        nth: usize,
        fork: &Fork<'_>,
        ask: Ask<'_>,
    ) -> Result<Option<Completion>, AssistError> {
        let sampling = Sampling { seed: ask.sampling.seed.wrapping_add(nth as u64), ..ask.sampling };
        let mut sampler = Sampler::new(sampling);
        let Fork { mut tokens, mut writing, mut top } = fork.clone();
        if nth > 0 {
            if sampling.temperature <= 0.0 {
                let Some((idx, token)) = self.nth_beginning(nth, &fork.top) else { return Ok(None) };
                self.push(&mut writing, token, fork.top.probability(idx), &fork.top);
                tokens.push(token);
            }
            top = self.prefill(&tokens, &writing, ask.cancel).await?.top;
        }
        let (mut is_cut, mut end_probability, mut foreseen) = (true, None, Foreseen::default());
        while writing.n_free < ask.max_tokens {
            let (token, probability) = sampler.choose(&top);
            let is_complete = writing.broken || (ask.is_complete)(writing.text());
            if is_complete || self.stops.contains(&token) {
                is_cut = false;
                end_probability = (!is_complete).then_some(probability);
                break;
            }
            self.push(&mut writing, token, probability, &top);
            tokens.push(token);
            let n_left = ask.max_tokens.saturating_sub(writing.n_free);
            if n_left > 0 {
                top = self.next(&tokens, &writing, &mut foreseen, n_left - 1, ask.cancel).await?;
            }
        }
        let text = writing.text().to_string();
        Ok(Some(Completion { text, steps: writing.steps, is_cut, end_probability }))
    }

    /// What may follow `tokens`, which the answer so far ends. Evaluates at most `max_draft` guesses with them.
    async fn next(
        &mut self,
        tokens: &[TokenId],
        writing: &Writing<'_>,
        foreseen: &mut Foreseen,
        max_draft: usize,
        cancel: &Cancel,
    ) -> Result<Top, AssistError> {
        let token = tokens[tokens.len() - 1];
        if let Some(top) = foreseen.after(token) {
            return Ok(self.recalled(top, writing));
        }
        if self.executor.max_draft() == 0 {
            return self.step(token, writing, cancel).await;
        }
        let n_free = self.summary.n_context.saturating_sub(tokens.len());
        let max_draft = max_draft.min(self.executor.max_draft()).min(n_free);
        // What is required of one token is not what is required of the next.
        let draft = if writing.missing().is_empty() {
            guess(&writing.history, self.recall.as_ref(), max_draft)
        } else {
            Vec::new()
        };
        let guessed = [tokens, &draft].concat();
        let want = self.want(writing);
        let mut tops = self.executor.verify(&guessed, draft.len(), &want, cancel).await?.into_iter();
        let top = tops.next().expect("there is one for the last known token");
        *foreseen = Foreseen::new(draft, tops);
        Ok(self.recalled(top, writing))
    }

    async fn prefill(
        &mut self,
        tokens: &[TokenId],
        writing: &Writing<'_>,
        cancel: &Cancel,
    ) -> Result<Prefilled, AssistError> {
        let mut prefilled = self.executor.prefill(tokens, &self.want(writing), cancel).await?;
        prefilled.top = self.recalled(prefilled.top, writing);
        Ok(prefilled)
    }

    async fn step(
        &mut self,
        token: TokenId,
        writing: &Writing<'_>,
        cancel: &Cancel,
    ) -> Result<Top, AssistError> {
        let top = self.executor.step(token, &self.want(writing), cancel).await?;
        Ok(self.recalled(top, writing))
    }

    /// What the model expects, mixed with what the files at hand say.
    fn recalled(&self, top: Top, writing: &Writing) -> Top {
        let Some(recall) = &self.recall else { return top };
        recall.mix(top, &writing.history, |id| self.agrees(id, writing.missing()))
    }

    fn without_specials(&self, tokens: &[TokenId]) -> Vec<TokenId> {
        tokens.iter().copied().filter(|&id| !self.tokenizer.is_special(id)).collect()
    }

    /// What may follow: as long as required text is not written, only tokens that agree with it.
    fn want(&self, writing: &Writing) -> Want {
        let missing = writing.missing();
        let masked = match missing {
            [] => Vec::new(),
            _ => (0..self.tokenizer.n_vocab() as TokenId).filter(|&id| !self.agrees(id, missing)).collect(),
        };
        Want { top_k: TOP_K, masked }
    }

    /// Whether a token may stand where `missing` is required.
    fn agrees(&self, id: TokenId, missing: &[u8]) -> bool {
        let bytes = self.tokenizer.bytes(id);
        let n_common = bytes.len().min(missing.len());
        missing.is_empty()
            || n_common > 0 && bytes[..n_common] == missing[..n_common] && !self.tokenizer.is_special(id)
    }

    /// Every token of `text` as the answer to `prompt`, from the last typed word on: what the model and the
    /// files at hand expected there.
    ///
    /// # Errors
    /// Those of the executor.
    pub async fn observe(&mut self, prompt: &Prompt, text: &str) -> Result<Vec<Observation>, AssistError> {
        let (mut tokens, required) = self.encode(prompt);
        let n_given = tokens.len();
        tokens.extend(self.tokenizer.encode(&format!("{required}{text}")));
        let logits = self.executor.logits(&tokens, &Cancel::default()).await?;
        let n_vocab = self.executor.info().model.n_vocab;
        let want = Want { top_k: TOP_K, masked: Vec::new() };
        let mut observations = Vec::new();
        for idx in n_given..tokens.len() {
            let row = &logits[(idx - 1) * n_vocab..idx * n_vocab];
            let (top, token) = (Top::of(row, &want)?, tokens[idx]);
            let nats = f64::from(top.log_sum_exp - row[token as usize]);
            let n_bytes = self.tokenizer.bytes(token).len();
            let history = self.without_specials(&tokens[..idx]);
            observations.push(Observation::new(self.recall.as_ref(), top, &history, token, nats, n_bytes));
        }
        Ok(observations)
    }

    /// The `nth` likeliest token that does not end the answer, and its place among the entries.
    fn nth_beginning(&self, nth: usize, first: &Top) -> Option<(usize, TokenId)> {
        let begins = |(_, entry): &(usize, &(TokenId, f32))| !self.stops.contains(&entry.0);
        first.entries.iter().enumerate().filter(begins).nth(nth).map(|(idx, entry)| (idx, entry.0))
    }

    fn push(&self, writing: &mut Writing, id: TokenId, probability: f32, top: &Top) {
        let alternative = |(idx, &(id, _)): (usize, &(TokenId, f32))| Alternative {
            id,
            text: self.piece(id),
            probability: top.probability(idx),
        };
        let alternatives = top.entries.iter().enumerate().take(N_ALTERNATIVES).map(alternative).collect();
        let recalled = self.recall.as_ref().map_or(0.0, |recall| recall.share(&writing.history, id));
        let (bytes, text) = (self.tokenizer.bytes(id), self.piece(id));
        writing.push(bytes, Step { id, text, n_bytes: bytes.len(), probability, recalled, alternatives });
    }

    fn prompt_token(&self, id: TokenId) -> PromptToken {
        PromptToken { id, text: self.piece(id), special: self.tokenizer.is_special(id) }
    }
}

impl Completer for LocalModel {
    fn template(&self) -> &Template {
        &self.template
    }

    fn count(&self, text: &str) -> usize {
        self.tokenizer.count(text)
    }

    fn n_context(&self) -> usize {
        self.summary.n_context
    }

    fn name(&self) -> &str {
        &self.summary.name
    }

    fn complete<'a>(&'a mut self, ask: Ask<'a>) -> Reply<'a, Answer> {
        Box::pin(self.answer(ask))
    }

    fn remember(&mut self, texts: &[Remembered<'_>]) {
        if let Some(recall) = &mut self.recall {
            texts.iter().for_each(|text| recall.remember(text, &self.tokenizer));
        }
    }

    fn study(&mut self, workspace: &Workspace, path: &str, language: Language, max_bytes: usize) -> bool {
        let Some(recall) = &mut self.recall else { return false };
        recall.study(workspace, (path, language), &self.tokenizer, max_bytes)
    }

    fn confidence(&self) -> Option<Confidence> {
        self.confidence
    }

    fn likelihood<'a>(&'a mut self, prompt: &'a Prompt, text: &'a str) -> Reply<'a, Option<(f64, usize)>> {
        Box::pin(async move {
            let observations = self.observe(prompt, text).await?;
            let nats = observations.iter().map(Observation::mixed_nats).sum();
            Ok(Some((nats, observations.iter().map(|observation| observation.n_bytes).sum())))
        })
    }
}

/// Where the answers to one prompt begin to differ.
#[derive(Clone)]
struct Fork<'a> {
    /// The prompt and the steps so far.
    tokens: Vec<TokenId>,
    writing: Writing<'a>,
    /// What may follow.
    top: Top,
}
