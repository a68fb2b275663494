//! What becomes of suggestions, as the document's changes tell.

use std::rc::Rc;

use inkling_assist::syntax::Source;
use inkling_metrics as metrics;
use inkling_metrics::Kind;
use serde_json::json;

use super::Server;

/// A suggestion that the client was given and that has no end yet.
pub(super) struct Offer {
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
        Offer { path, before, offset, texts, latency_ms, n_taken: 0, n_leapt: 0 }
    }

    /// Its end, if the document's new text is one.
    fn follow(&mut self, text: &str) -> Option<(Kind, usize)> {
        let Some(taken) = self.taken(text) else { return Some(self.end()) };
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
    fn end(&self) -> (Kind, usize) {
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
    /// The client was given a suggestion, in place of the last one.
    pub(super) fn offered(&self, offer: Offer) {
        self.settle();
        if offer.texts.is_empty() {
            return;
        }
        self.record(&offer, Kind::Shown, offer.n_characters());
        self.state.borrow_mut().offer = Some(offer);
    }

    /// The text of a document is another now.
    pub(super) fn follow_offer(&self, uri: &str) {
        let mut state = self.state.borrow_mut();
        let Some(document) = state.documents.get(uri).cloned() else { return };
        let offer = state.offer.take_if(|offer| offer.path == document.path);
        drop(state);
        let Some(mut offer) = offer else { return };
        match offer.follow(document.source.text()) {
            Some((kind, characters)) => self.record(&offer, kind, characters),
            None => self.state.borrow_mut().offer = Some(offer),
        }
    }

    /// Nothing more happens to the last suggestion.
    pub(super) fn settle(&self) {
        let offer = self.state.borrow_mut().offer.take();
        if let Some(offer) = offer {
            let (kind, characters) = offer.end();
            self.record(&offer, kind, characters);
        }
    }

    fn record(&self, offer: &Offer, kind: Kind, characters: usize) {
        let state = self.state.borrow();
        if !state.configuration.records_metrics || state.metrics_failed {
            return;
        }
        drop(state);
        let event = metrics::Event {
            kind,
            source: metrics::Source::Inferred,
            language: offer.before.language().name().to_string(),
            characters: characters.try_into().unwrap_or(u32::MAX),
            latency_ms: offer.latency_ms,
        };
        if let Err(error) = self.host.record(&event) {
            self.state.borrow_mut().metrics_failed = true;
            let message = format!("Inkling keeps no metrics for now: {error}");
            self.notify("window/showMessage", json!({ "type": 2, "message": message }));
        }
    }
}
