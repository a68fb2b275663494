use std::cell::Cell;
use std::rc::Rc;

use futures::StreamExt;
use futures::future::{Either, select, try_join_all};
use inkling_assist::engine::EngineError;
use inkling_assist::prompt::Template;
use inkling_assist::{Answer, Ask, AssistError, Completer, Completion, Reply};

use crate::answer::Reader;
use crate::endpoint::Way;
use crate::request::{Question, request};
use crate::tidy::code;
use crate::{Api, Body, Endpoint, EndpointError, HttpResponse, Transport};

/// Bytes of code that one token stands for, rather too few than too many: the server has the vocabulary.
const BYTES_PER_TOKEN: usize = 3;

/// Tokens of an answer that a prompt of the set length leaves room for.
const ANSWER_TOKENS: usize = 1024;

/// Bytes of an answer, at most; thoughts included.
const MAX_ANSWER: usize = 256 << 10;

/// Bytes of an error's page that are read.
const MAX_ERROR: usize = 64 << 10;

/// A model on a server.
pub struct EndpointModel {
    endpoint: Endpoint,
    way: Way,
    name: String,
    transport: Rc<dyn Transport>,
    /// Until when the server wants no requests, on the clock of the questions, and its words.
    rests: Cell<Option<(f64, EndpointError)>>,
}

impl EndpointModel {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is none, or the model of no known family is to be asked with our prompt.
    pub fn new(endpoint: Endpoint, transport: Rc<dyn Transport>) -> Result<EndpointModel, EndpointError> {
        let way = endpoint.way()?;
        let name = if endpoint.model.is_empty() { endpoint.url.clone() } else { endpoint.model.clone() };
        Ok(EndpointModel { endpoint, way, name, transport, rests: Cell::new(None) })
    }

    /// Where requests go.
    pub fn url(&self) -> &str {
        &self.way.url
    }

    /// How the model is asked.
    pub fn api(&self) -> Api {
        self.way.api
    }

    /// Tokens of a prompt, at most.
    pub fn prompt_tokens(&self) -> usize {
        self.endpoint.prompt_tokens
    }

    async fn answer(&self, ask: Ask<'_>) -> Result<Answer, AssistError> {
        let started = (ask.now_ms)();
        let all = (0..ask.n_completions.max(1)).map(|nth| self.in_time(ask, nth));
        let written = try_join_all(all).await?;
        let first = written.iter().map(|(_, first_ms)| *first_ms).fold(f64::INFINITY, f64::min);
        let completion = |(text, _)| Completion { text, ..Completion::default() };
        Ok(Answer {
            completions: written.into_iter().map(completion).collect(),
            prefill_ms: first - started,
            decode_ms: (ask.now_ms)() - first,
            ..Answer::default()
        })
    }

    /// Writes the `nth` completion unless it is cancelled or takes too long; either ends the exchange.
    async fn in_time(&self, ask: Ask<'_>, nth: usize) -> Result<(String, f64), AssistError> {
        self.may_ask((ask.now_ms)())?;
        let deadline = self.transport.sleep(self.endpoint.timeout_ms);
        let interrupted = select(ask.cancel.cancelled(), deadline);
        let writing = Box::pin(self.write(ask, nth));
        match select(interrupted, writing).await {
            Either::Right((written, _)) => written.map_err(|error| self.note(error, (ask.now_ms)())),
            Either::Left((Either::Left(_), _)) => Err(EngineError::Cancelled.into()),
            Either::Left((Either::Right(_), _)) => {
                let seconds = self.endpoint.timeout_ms / 1000.0;
                Err(elsewhere(EndpointError::TimedOut { url: self.way.url.clone(), seconds }))
            }
        }
    }

    /// The text, and when its first piece came.
    async fn write(&self, ask: Ask<'_>, nth: usize) -> Result<(String, f64), EndpointError> {
        let Ask { prompt, max_tokens, sampling, .. } = ask;
        let question = Question { prompt, max_tokens, sampling, nth };
        let request = request(&self.endpoint, &self.way, &question);
        let mut body = self.body(self.transport.post(request).await).await?;
        let mut reader = Reader::new(&self.endpoint, &self.way.url);
        let (mut text, mut first_ms) = (String::new(), None);
        loop {
            let piece = body.next().await;
            first_ms.get_or_insert_with(ask.now_ms);
            let Some(piece) = piece else {
                text.push_str(&reader.end()?);
                break;
            };
            text.push_str(&reader.push(&piece.map_err(|reason| self.unreachable(reason))?)?);
            if reader.is_done() || text.len() > MAX_ANSWER || (ask.is_complete)(self.shown(&text)) {
                break;
            }
        }
        Ok((self.shown(&text).to_string(), first_ms.unwrap_or_else(ask.now_ms)))
    }

    /// The body of a response that is no error.
    async fn body(&self, response: Result<HttpResponse, String>) -> Result<Body, EndpointError> {
        let HttpResponse { status, retry_after_s, mut body } =
            response.map_err(|reason| self.unreachable(reason))?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let mut page = Vec::new();
        while let Some(Ok(piece)) = body.next().await {
            page.extend(piece);
            if page.len() > MAX_ERROR {
                break;
            }
        }
        Err(EndpointError::from_status(&self.endpoint, &self.way.url, status, retry_after_s, &page))
    }

    /// The part of an answer that is code.
    fn shown<'t>(&self, text: &'t str) -> &'t str {
        if self.way.api == Api::Chat { code(text) } else { text }
    }

    fn may_ask(&self, now_ms: f64) -> Result<(), AssistError> {
        match self.rests.take() {
            Some((until, error)) if now_ms < until => {
                self.rests.set(Some((until, error.clone())));
                Err(elsewhere(error))
            }
            _ => Ok(()),
        }
    }

    /// Leaves a server in peace that asks for it.
    fn note(&self, error: EndpointError, now_ms: f64) -> AssistError {
        if let EndpointError::RateLimited { seconds, .. } = error {
            self.rests.set(Some((now_ms + seconds * 1000.0, error.clone())));
        }
        elsewhere(error)
    }

    fn unreachable(&self, reason: String) -> EndpointError {
        EndpointError::Unreachable { url: self.way.url.clone(), reason }
    }
}

fn elsewhere(error: EndpointError) -> AssistError {
    AssistError::Elsewhere(Box::new(error))
}

impl Completer for EndpointModel {
    fn template(&self) -> &Template {
        &self.way.template
    }

    fn count(&self, text: &str) -> usize {
        text.len().div_ceil(BYTES_PER_TOKEN)
    }

    fn n_context(&self) -> usize {
        self.endpoint.prompt_tokens + ANSWER_TOKENS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn complete<'a>(&'a mut self, ask: Ask<'a>) -> Reply<'a, Answer> {
        Box::pin(self.answer(ask))
    }
}
