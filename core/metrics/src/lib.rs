//! What happened to suggestions: events, their store and their sums. No event holds code, paths or names.
//!
//! A suggestion is shown, and then accepted, partly accepted or dismissed; one that is still on the screen has no
//! end yet.

mod log;
mod report;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use log::{Files, Log};
pub use report::{Report, Sums};
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

/// Something that happened to a suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// How it is known.
    pub source: Source,
    /// The document's language, by its name.
    pub language: String,
    /// Characters of the suggestion when it is shown or dismissed, those that were taken otherwise.
    pub characters: u32,
    /// Milliseconds from the question to the answer.
    pub latency_ms: u32,
}

/// What can happen to a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The editor was given it.
    Shown,
    /// All of it is in the document.
    Accepted,
    /// A piece of it was taken at once, such as a word, and the rest was not.
    PartlyAccepted,
    /// Something else was written.
    Dismissed,
}

impl Kind {
    /// All, in the order of a suggestion's life.
    pub const ALL: [Kind; 4] = [Kind::Shown, Kind::Accepted, Kind::PartlyAccepted, Kind::Dismissed];

    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Shown => "shown",
            Kind::Accepted => "accepted",
            Kind::PartlyAccepted => "partly accepted",
            Kind::Dismissed => "dismissed",
        }
    }
}

/// How an event is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the document's changes: most editors do not tell.
    Inferred,
    /// The editor said so.
    Reported,
}

impl Source {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Source::Inferred => "inferred",
            Source::Reported => "reported",
        }
    }
}

/// When the last `days` days (UTC) began, today included; before all events without a number.
pub fn since_s(now_s: i64, days: Option<u32>) -> i64 {
    const DAY_S: i64 = 86_400;
    days.map_or(i64::MIN, |days| (now_s.div_euclid(DAY_S) + 1 - i64::from(days)) * DAY_S)
}

/// Keeps events on this machine, a bounded number of them: the oldest go first.
pub trait Store {
    /// Keeps an event that happened `at_s` seconds after 1970 began (UTC); once this returns, it survives the end
    /// of the process. The error, for people, says what is wrong with the store.
    fn record(&self, at_s: i64, event: &Event) -> Result<(), String>;

    /// The events from `since_s` on, each with its day (UTC) as `YYYY-MM-DD`, the oldest first.
    fn read(&self, since_s: i64) -> Result<Vec<(String, Event)>, String>;
}
