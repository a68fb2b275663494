//! What becomes of suggestions, as the document's changes and the client tell.

use std::rc::Rc;

use gen_lsp_types::ExecuteCommandParams;
use inkling_assist::syntax::Source;
use inkling_metrics::{Event, Kind, Report, Source as Origin, Sums};
use serde_json::{Value, json};

use super::{INVALID_PARAMS, REQUEST_FAILED, Server, refusal};
use crate::wire::{MetricsParams, MetricsReport, MetricsSums};

/// The command that the client runs when a suggestion was taken whole; its arguments are those of [`Ticket`].
pub(super) const ACCEPTED: &str = "inkling.accepted";

/// Clients run the command after the change; what the change alone says holds once so much time has passed.
const REPORT_MS: f64 = 1_000.0;

/// What a client reports a suggestion by.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    offer: u64,
    /// Characters of the suggestion that are in the document already.
    n_taken: usize,
}

impl Ticket {
    /// The command of an item that inserts `text`.
    pub(super) fn command(self, text: &str) -> Value {
        let n_characters = self.n_taken + text.chars().count();
        json!({ "title": "Accepted", "command": ACCEPTED, "arguments": [self.offer, n_characters] })
    }
}

/// The last suggestion that the client was given.
pub(super) struct Offer {
    id: u64,
    path: String,
    /// The document that it was made for.
    before: Rc<Source>,
    offset: usize,
    texts: Vec<String>,
    latency_ms: u32,
    /// Characters of it that are in the document.
    n_taken: usize,
    /// The most that were there after several came at once, as no key does.
    n_leapt: usize,
    /// What became of it, unless the client reports something else.
    end: Option<(Kind, usize)>,
}

impl Offer {
    pub(super) fn new(
        path: &str,
        before: Rc<Source>,
        offset: usize,
        texts: Vec<String>,
        latency_ms: f64,
    ) -> Offer {
        let (path, latency_ms) = (path.to_string(), latency_ms.round() as u32);
        Offer { id: 0, path, before, offset, texts, latency_ms, n_taken: 0, n_leapt: 0, end: None }
    }

    /// Its end, if the document's new text is one.
    fn follow(&mut self, text: &str) -> Option<(Kind, usize)> {
        let Some(taken) = self.taken(text) else { return Some(self.untaken()) };
        if self.texts.iter().any(|text| text == taken) {
            return Some((Kind::Accepted, taken.chars().count()));
        }
        let n_taken = taken.chars().count();
        if n_taken > self.n_taken + 1 {
            self.n_leapt = n_taken;
        }
        self.n_taken = n_taken;
        None
    }

    /// What the document has of it, where that is the only change.
    fn taken<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (before, after) = self.before.text().split_at(self.offset);
        let taken = text.strip_prefix(before)?.strip_suffix(after)?;
        self.texts.iter().any(|text| text.starts_with(taken)).then_some(taken)
    }

    /// What becomes of it where it is not accepted whole.
    fn untaken(&self) -> (Kind, usize) {
        match self.n_leapt {
            0 => (Kind::Dismissed, self.n_characters()),
            n => (Kind::PartlyAccepted, n),
        }
    }

    fn n_characters(&self) -> usize {
        self.texts[0].chars().count()
    }
}

impl Server {
    /// The client is about to be given a suggestion, in place of the last one; answers by what it may report it.
    pub(super) fn offer(&self, offer: Offer) -> Option<Ticket> {
        self.settle();
        if offer.texts.is_empty() {
            return None;
        }
        self.record(&offer, Kind::Shown, Origin::Inferred, offer.n_characters());
        let mut state = self.state.borrow_mut();
        state.n_offers += 1;
        state.offer = Some(Offer { id: state.n_offers, ..offer });
        drop(state);
        self.ticket()
    }

    /// By what the client may report the last suggestion, or what is left of it.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        let state = self.state.borrow();
        let offer = state.offer.as_ref().filter(|offer| offer.end.is_none())?;
        (self.host.metrics().is_some() && state.configuration.records_metrics)
            .then_some(Ticket { offer: offer.id, n_taken: offer.n_taken })
    }

    /// The text of a document is another now.
    pub(super) fn follow_offer(&self, uri: &str) {
        let mut state = self.state.borrow_mut();
        let Some(document) = state.documents.get(uri).cloned() else { return };
        let offer = state.offer.as_mut();
        let Some(offer) = offer.filter(|offer| offer.path == document.path && offer.end.is_none()) else {
            return;
        };
        offer.end = offer.follow(document.source.text());
        if offer.end.is_none() {
            return;
        }
        let (server, id, report) = (self.clone(), offer.id, self.host.sleep(REPORT_MS));
        drop(state);
        self.host.spawn(Box::pin(async move {
            report.await;
            if server.state.borrow().offer.as_ref().is_some_and(|offer| offer.id == id) {
                server.settle();
            }
        }));
    }

    /// Nothing more happens to the last suggestion.
    pub(super) fn settle(&self) {
        let offer = self.state.borrow_mut().offer.take();
        if let Some(offer) = offer {
            let (kind, characters) = offer.end.unwrap_or_else(|| offer.untaken());
            self.record(&offer, kind, Origin::Inferred, characters);
        }
    }

    /// `workspace/executeCommand`: the client reports that a suggestion was taken.
    pub(super) fn execute_command(&self, id: Value, params: ExecuteCommandParams) {
        let arguments =
            serde_json::to_value(params.arguments).and_then(serde_json::from_value::<(u64, usize)>);
        let result = match arguments {
            Ok((offer, characters)) if params.command == ACCEPTED => {
                self.accepted(offer, characters);
                Ok(Value::Null)
            }
            _ => Err(refusal(INVALID_PARAMS, &format!("no such command: {}", params.command))),
        };
        self.respond(id, result);
    }

    fn accepted(&self, id: u64, characters: usize) {
        let offer = self.state.borrow_mut().offer.take_if(|offer| offer.id == id);
        if let Some(offer) = offer {
            self.record(&offer, Kind::Accepted, Origin::Reported, characters);
        }
    }

    /// `inkling/metrics`: what became of the suggestions that are kept.
    pub(super) fn report_metrics(&self, id: Value, params: MetricsParams) {
        let metrics = self.host.metrics();
        let events = metrics.map_or(Ok(Vec::new()), |metrics| metrics.recorded(params.days));
        let is_kept = metrics.is_some() && self.state.borrow().configuration.records_metrics;
        let report = events.map(|events| json!(report(is_kept, &Report::new(&events))));
        self.respond(id, report.map_err(|error| refusal(REQUEST_FAILED, &error)));
    }

    fn record(&self, offer: &Offer, kind: Kind, source: Origin, characters: usize) {
        let Some(metrics) = self.host.metrics() else { return };
        let state = self.state.borrow();
        if !state.configuration.records_metrics || state.metrics_failed {
            return;
        }
        drop(state);
        let event = Event {
            kind,
            source,
            language: offer.before.language().name().to_string(),
            characters: characters.try_into().unwrap_or(u32::MAX),
            latency_ms: offer.latency_ms,
        };
        if let Err(error) = metrics.record(&event) {
            self.state.borrow_mut().metrics_failed = true;
            let message = format!("Inkling keeps no metrics for now: {error}");
            self.notify("window/showMessage", json!({ "type": 2, "message": message }));
        }
    }
}

fn report(is_kept: bool, report: &Report) -> MetricsReport {
    let sums = |(key, sums): &(String, Sums)| MetricsSums {
        key: key.clone(),
        shown: sums.shown,
        accepted: sums.accepted,
        partly_accepted: sums.partly_accepted,
        dismissed: sums.dismissed,
        characters: sums.characters,
        acceptance_rate: sums.acceptance_rate(),
        p50_ms: sums.latency_ms(50),
        p95_ms: sums.latency_ms(95),
    };
    MetricsReport {
        is_kept,
        total: sums(&(String::new(), report.total.clone())),
        by_language: report.by_language.iter().map(sums).collect(),
        by_day: report.by_day.iter().map(sums).collect(),
    }
}
