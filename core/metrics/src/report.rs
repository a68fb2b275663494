use std::collections::BTreeMap;

use crate::{Event, Kind};

/// What became of the suggestions of some days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Of all.
    pub total: Sums,
    /// By the language's name, in alphabetical order.
    pub by_language: Vec<(String, Sums)>,
    /// By day (`YYYY-MM-DD`, UTC), in order.
    pub by_day: Vec<(String, Sums)>,
}

/// What became of a group of suggestions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Given to the editor.
    pub shown: usize,
    /// Taken whole.
    pub accepted: usize,
    /// Taken in part.
    pub partly_accepted: usize,
    /// Not taken.
    pub dismissed: usize,
    /// Characters that were taken.
    pub characters: u64,
    /// Milliseconds from question to answer of what was shown, in order.
    latencies_ms: Vec<u32>,
}

impl Report {
    /// Sums up events that come with their days, as [`Store::read`](crate::Store::read) gives them.
    pub fn new(events: &[(String, Event)]) -> Report {
        let mut total = Sums::default();
        let (mut by_language, mut by_day) = (BTreeMap::<_, Sums>::new(), BTreeMap::<_, Sums>::new());
        for (day, event) in events {
            total.add(event);
            by_language.entry(event.language.clone()).or_default().add(event);
            by_day.entry(day.clone()).or_default().add(event);
        }
        total.latencies_ms.sort_unstable();
        let sorted = |(key, mut sums): (String, Sums)| {
            sums.latencies_ms.sort_unstable();
            (key, sums)
        };
        Report {
            total,
            by_language: by_language.into_iter().map(sorted).collect(),
            by_day: by_day.into_iter().map(sorted).collect(),
        }
    }
}

impl Sums {
    fn add(&mut self, event: &Event) {
        match event.kind {
            Kind::Shown => {
                self.shown += 1;
                self.latencies_ms.push(event.latency_ms);
            }
            Kind::Accepted => self.accepted += 1,
            Kind::PartlyAccepted => self.partly_accepted += 1,
            Kind::Dismissed => self.dismissed += 1,
        }
        if matches!(event.kind, Kind::Accepted | Kind::PartlyAccepted) {
            self.characters += u64::from(event.characters);
        }
    }

    /// Suggestions that were taken whole, of those that were shown, 0 to 1; none where nothing was shown.
    pub fn acceptance_rate(&self) -> Option<f64> {
        (self.shown > 0).then(|| self.accepted as f64 / self.shown as f64)
    }

    /// The smallest latency, in milliseconds, that `percent` of what was shown did not exceed (nearest rank).
    pub fn latency_ms(&self, percent: usize) -> Option<u32> {
        let rank = (self.latencies_ms.len() * percent).div_ceil(100).max(1);
        self.latencies_ms.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    fn event(kind: Kind, language: &str, characters: u32, latency_ms: u32) -> Event {
        Event { kind, source: Source::Inferred, language: language.to_string(), characters, latency_ms }
    }

    #[test]
    fn sums_are_by_language_and_by_day() {
        let day = |day: &str, event| (day.to_string(), event);
        let report = Report::new(&[
            day("2026-01-01", event(Kind::Shown, "Rust", 9, 30)),
            day("2026-01-01", event(Kind::Accepted, "Rust", 9, 30)),
            day("2026-01-02", event(Kind::Shown, "Go", 8, 10)),
            day("2026-01-02", event(Kind::PartlyAccepted, "Go", 3, 10)),
            day("2026-01-02", event(Kind::Shown, "Rust", 7, 20)),
            day("2026-01-02", event(Kind::Dismissed, "Rust", 7, 20)),
        ]);
        let keys = |groups: &[(String, Sums)]| groups.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&report.by_language), ["Go", "Rust"]);
        assert_eq!(keys(&report.by_day), ["2026-01-01", "2026-01-02"]);
        let total = &report.total;
        assert_eq!((total.shown, total.accepted, total.partly_accepted, total.dismissed), (3, 1, 1, 1));
        assert_eq!(total.characters, 12);
        assert_eq!(report.by_language[1].1.acceptance_rate(), Some(0.5));
        assert_eq!(report.by_day[1].1.latency_ms(50), Some(10));
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let shown = |ms| ("2026-01-01".to_string(), event(Kind::Shown, "Rust", 1, ms));
        let sums = Report::new(&(1..=40).rev().map(shown).collect::<Vec<_>>()).total;
        assert_eq!((sums.latency_ms(50), sums.latency_ms(95)), (Some(20), Some(38)));
        assert_eq!((Sums::default().latency_ms(50), Sums::default().acceptance_rate()), (None, None));
    }
}
