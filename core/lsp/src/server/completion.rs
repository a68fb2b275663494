//! `textDocument/inlineCompletion` and `inkling/trace`.

use std::rc::Rc;

use gen_lsp_types::{InlineCompletionParams, InlineCompletionTriggerKind, TextDocumentPositionParams};
use inkling_assist::engine::Cancel;
use inkling_assist::syntax::Source;
use inkling_assist::{AssistError, Decision, Event, Options, Outcome, Request, RequestId, Shown, suggest};
use serde_json::{Value, json};

use super::documents::Document;
use super::metrics::{Offer, Ticket};
use super::{
    Answerer, INVALID_PARAMS, ModelSlot, REQUEST_CANCELLED, REQUEST_FAILED, Refusal, Server, refusal,
};
use crate::text::utf16_from_byte;
use crate::wire::State;

/// A completion request that has no answer yet.
pub(super) struct Asked {
    /// The client's name for it.
    id: Value,
    at: Place,
    invoked: bool,
    /// By the host's steady clock.
    asked_ms: f64,
    pub(super) cancel: Cancel,
}

/// A cursor in a version of a document.
#[derive(Clone)]
struct Place {
    uri: String,
    document: Document,
    offset: usize,
}

/// The last answer of the model, for those who ask how it came about.
pub(super) struct LastOutcome {
    uri: String,
    version: i32,
    offset: usize,
    source: Rc<Source>,
    outcome: Outcome,
    model: String,
}

impl Server {
    pub(super) fn inline_completion(&self, id: Value, params: InlineCompletionParams) {
        let invoked = params.context.trigger_kind == InlineCompletionTriggerKind::Invoked;
        let at = match self.place(&params.text_document_position_params) {
            Ok(at) => at,
            Err(refusal) => return self.respond(id, Err(refusal)),
        };
        let rests = self.typed_ahead(&at);
        if !invoked && !rests.is_empty() {
            return self.respond(id, Ok(items(&at, &rests, self.ticket())));
        }
        let (asked_ms, at_once) = (self.host.now_ms(), invoked || self.is_behind_taken(&at));
        let mut state = self.state.borrow_mut();
        let request = state.next_request;
        state.next_request += 1;
        state.asked.insert(request, Asked { id, at, invoked, asked_ms, cancel: Cancel::default() });
        drop(state);
        self.on_event(Event::Asked { id: request, at_once });
    }

    /// How the suggestion at a place comes about: the last one's, if it was made there or is being typed, else
    /// a new one's.
    pub(super) fn trace(&self, id: Value, params: TextDocumentPositionParams) {
        let (at, slot) = match self.place(&params).and_then(|at| Ok((at, self.slot()?))) {
            Ok(found) => found,
            Err(refusal) => return self.respond(id, Err(refusal)),
        };
        let typed_ahead = !self.typed_ahead(&at).is_empty();
        if let Some(last) = &self.state.borrow().last
            && (typed_ahead
                || (&last.uri, last.version, last.offset) == (&at.uri, at.document.version, at.offset))
        {
            return self
                .respond(id, Ok(json!(crate::trace(&last.source, last.offset, &last.outcome, &last.model))));
        }
        let cancel = Cancel::default();
        self.state.borrow_mut().cancels.insert(id.to_string(), cancel.clone());
        let server = self.clone();
        self.host.spawn(Box::pin(async move {
            let result = server.ask(&at, &slot, 1, &cancel).await;
            server.state.borrow_mut().cancels.remove(&id.to_string());
            let trace = |outcome: Outcome| {
                json!(crate::trace(&at.document.source, at.offset, &outcome, &slot.info.borrow().name))
            };
            server.respond(id, result.map(trace).map_err(refused));
        }));
    }

    /// A document changed: what was asked before is stale.
    pub(super) fn edited(&self) {
        self.on_event(Event::Edited);
    }

    pub(super) fn cancel_completion(&self, id: &Value) {
        let found =
            self.state.borrow().asked.iter().find(|(_, asked)| asked.id == *id).map(|(request, _)| *request);
        if let Some(request) = found {
            self.on_event(Event::Cancelled { id: request });
            self.forget(request, Err(refusal(REQUEST_CANCELLED, "cancelled")));
        }
    }

    fn on_event(&self, event: Event) {
        let now = self.host.now_ms();
        let decision = self.state.borrow_mut().trigger.on_event(event, now);
        let Decision { start, stop, drop, deadline } = decision;
        // A client that cancelled has its answer already; one that asks for something newer is told "nothing".
        if !matches!(event, Event::Cancelled { .. }) {
            stop.into_iter().chain(drop).for_each(|request| self.forget(request, Ok(Value::Null)));
        }
        if let (Some(deadline), Event::Asked { .. }) = (deadline, event) {
            let server = self.clone();
            let sleep = self.host.sleep(deadline - now);
            self.host.spawn(Box::pin(async move {
                sleep.await;
                server.on_event(Event::Tick);
            }));
        }
        if let Some(request) = start {
            self.start(request);
        }
    }

    /// Answers a request for good; the model's work on it, if any, stops.
    fn forget(&self, request: RequestId, result: Result<Value, Refusal>) {
        let asked = self.state.borrow_mut().asked.remove(&request);
        if let Some(asked) = asked {
            asked.cancel.cancel();
            self.respond(asked.id, result);
        }
    }

    fn start(&self, request: RequestId) {
        let state = self.state.borrow();
        let Some(asked) = state.asked.get(&request) else { return };
        let (at, cancel) = (asked.at.clone(), asked.cancel.clone());
        // Only who presses the key for it waits for several.
        let n_candidates = if asked.invoked { state.configuration.options.n_candidates } else { 1 };
        drop(state);
        let slot = match self.slot() {
            Ok(slot) => slot,
            Err(refusal) => {
                self.on_event(Event::Finished { id: request });
                return self.forget(request, Err(refusal));
            }
        };
        let server = self.clone();
        self.host.spawn(Box::pin(async move {
            let result = server.ask(&at, &slot, n_candidates, &cancel).await;
            server.finish(request, at, &slot, result);
        }));
    }

    async fn ask(
        &self,
        at: &Place,
        slot: &ModelSlot,
        n_candidates: usize,
        cancel: &Cancel,
    ) -> Result<Outcome, AssistError> {
        let mut model = slot.model.lock().await;
        if cancel.is_cancelled() {
            return Err(inkling_assist::engine::EngineError::Cancelled.into());
        }
        self.status(State::Thinking, None);
        let Place { document, offset, .. } = at;
        self.sync_documents(&document.path);
        let line = utf16_from_byte(document.source.text(), *offset).line as usize;
        self.view(&document.path, line);
        let (options, edits, workspace) = {
            let state = self.state.borrow();
            let options = state.configuration.options;
            let prompt_tokens = slot.prompt_tokens.unwrap_or(options.prompt_tokens);
            let options = Options { n_candidates, prompt_tokens, ..options };
            (options, state.documents.edits().clone(), Rc::clone(&state.workspace))
        };
        let request = Request {
            source: &document.source,
            path: &document.path,
            offset: *offset,
            workspace: &workspace,
            edits: &edits,
            n_rejected: self.n_rejected(at),
            options,
        };
        let outcome = suggest(request, model.completer(), cancel, &|| self.host.now_ms()).await;
        if let Answerer::Local(model) = &*model {
            self.tell_of_move(slot, model.summary());
        }
        if let Err(error) = &outcome {
            self.bring_inside(slot, error);
        }
        match &outcome {
            Err(error @ AssistError::Elsewhere(_)) => self.status(State::Error, Some(error.to_string())),
            _ => self.status(State::Idle, None),
        }
        outcome
    }

    fn finish(&self, request: RequestId, at: Place, slot: &ModelSlot, result: Result<Outcome, AssistError>) {
        // One that was forgotten meanwhile has its answer, and nothing of this is shown.
        let asked = self.state.borrow().asked.get(&request).map(|asked| (asked.asked_ms, asked.invoked));
        self.on_event(Event::Finished { id: request });
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => return self.forget(request, Err(refused(error))),
        };
        let shows_unsure = self.state.borrow().configuration.shows_unsure;
        let shows_all = shows_unsure || asked.is_some_and(|(_, invoked)| invoked);
        let worth_showing = outcome.candidates.iter().filter(|candidate| shows_all || candidate.is_sure);
        let texts: Vec<String> = worth_showing.map(|candidate| candidate.text.clone()).collect();
        let ticket = asked.and_then(|(asked_ms, _)| {
            let (latency_ms, source) = (self.host.now_ms() - asked_ms, Rc::clone(&at.document.source));
            self.offer(Offer::new(&at.document.path, source, at.offset, texts.clone(), latency_ms))
        });
        let answer = items(&at, &texts, ticket);
        let n_rejected = self.n_rejected(&at);
        let Place { uri, document, offset } = at;
        let (version, model) = (document.version, slot.info.borrow().name.clone());
        let mut state = self.state.borrow_mut();
        let source = (*document.source).clone();
        state.shown = Some(Shown::new(&document.path, source, offset, texts, n_rejected));
        state.last = Some(LastOutcome { uri, version, offset, source: document.source, outcome, model });
        drop(state);
        self.forget(request, Ok(answer));
    }

    /// Suggestions that the user has typed away from in this line.
    fn n_rejected(&self, at: &Place) -> usize {
        let (state, Document { path, source, .. }) = (self.state.borrow(), &at.document);
        state.shown.as_ref().map_or(0, |shown| shown.n_rejected_at(path, source.text(), at.offset))
    }

    /// Whether the user has just taken a suggestion, and waits for what follows it.
    fn is_behind_taken(&self, at: &Place) -> bool {
        let (state, Document { path, source, .. }) = (self.state.borrow(), &at.document);
        state.shown.as_ref().is_some_and(|shown| shown.is_taken(path, source.text(), at.offset))
    }

    fn typed_ahead(&self, at: &Place) -> Vec<String> {
        let state = self.state.borrow();
        let shown = state.shown.as_ref();
        shown.map_or_else(Vec::new, |shown| {
            shown.typed_ahead(&at.document.path, at.document.source.text(), at.offset)
        })
    }

    fn place(&self, params: &TextDocumentPositionParams) -> Result<Place, Refusal> {
        let uri = params.text_document.uri.0.clone();
        let document = self.state.borrow().documents.get(&uri).cloned();
        let document = document.ok_or_else(|| refusal(INVALID_PARAMS, &format!("{uri} is not open")))?;
        let offset = document.offset(params.position);
        Ok(Place { uri, document, offset })
    }

    fn slot(&self) -> Result<Rc<ModelSlot>, Refusal> {
        let state = self.state.borrow();
        state.model.clone().ok_or_else(|| match state.loading {
            Some(_) => refusal(REQUEST_FAILED, "the model is still loading"),
            None => refusal(REQUEST_FAILED, "no model is loaded; set `inkling.model` to a GGUF file"),
        })
    }
}

pub(super) fn refused(error: AssistError) -> Refusal {
    let code = if error.is_cancelled() { REQUEST_CANCELLED } else { REQUEST_FAILED };
    refusal(code, &error.to_string())
}

/// An `InlineCompletionList`: every text is inserted at the cursor, and reported by `ticket` when it is taken.
fn items(at: &Place, texts: &[String], ticket: Option<Ticket>) -> Value {
    let position = utf16_from_byte(at.document.source.text(), at.offset);
    let range = json!({ "start": position, "end": position });
    let item = |text: &String| {
        let mut item = json!({ "insertText": text, "range": range });
        if let Some(ticket) = ticket {
            item["command"] = ticket.command(text);
        }
        item
    };
    json!({ "items": texts.iter().map(item).collect::<Vec<_>>() })
}
