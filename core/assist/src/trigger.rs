//! When to ask the model: debounce and cancellation as a pure state machine.

/// The host's name for a request.
pub type RequestId = u64;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The editor asks.
    Asked {
        /// The new request.
        id: RequestId,
        /// Not to be debounced: the user pressed the key for it, or has just taken the suggestion before.
        at_once: bool,
    },
    /// A document changed: what was asked before is stale.
    Edited,
    /// The editor does not want the answer any more.
    Cancelled {
        /// Which.
        id: RequestId,
    },
    /// The deadline of an earlier decision came.
    Tick,
    /// The model answered, or gave up.
    Finished {
        /// Which.
        id: RequestId,
    },
}

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decision {
    /// Ask the model for this request now.
    pub start: Option<RequestId>,
    /// Stop the model's work on this request.
    pub stop: Option<RequestId>,
    /// Answer this request with nothing: it never began.
    pub drop: Option<RequestId>,
    /// Send [`Event::Tick`] at this time.
    pub deadline: Option<f64>,
}

/// At most one request runs and at most one waits; a newer one replaces both.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Milliseconds of quiet before the model is asked.
    pub debounce_ms: f64,
    waiting: Option<(RequestId, f64)>,
    running: Option<RequestId>,
}

impl Trigger {
    /// Nothing waits and nothing runs.
    pub fn new(debounce_ms: f64) -> Trigger {
        Trigger { debounce_ms, waiting: None, running: None }
    }

    /// Takes an event at `now` (milliseconds of any steady clock) and says what to do.
    pub fn on_event(&mut self, event: Event, now: f64) -> Decision {
        let mut decision = Decision::default();
        match event {
            Event::Asked { id, at_once } => {
                self.clear(&mut decision);
                if at_once || self.debounce_ms <= 0.0 {
                    self.start(id, &mut decision);
                } else {
                    self.waiting = Some((id, now + self.debounce_ms));
                }
            }
            Event::Edited => self.clear(&mut decision),
            Event::Cancelled { id } => {
                decision.drop = self.waiting.take_if(|(waiting, _)| *waiting == id).map(|(id, _)| id);
                decision.stop = self.running.take_if(|running| *running == id);
            }
            Event::Tick => {
                if let Some((id, _)) = self.waiting.take_if(|(_, deadline)| *deadline <= now) {
                    self.start(id, &mut decision);
                }
            }
            Event::Finished { id } => {
                self.running.take_if(|running| *running == id);
            }
        }
        decision.deadline = self.waiting.map(|(_, deadline)| deadline);
        decision
    }

    fn clear(&mut self, decision: &mut Decision) {
        decision.drop = self.waiting.take().map(|(id, _)| id);
        decision.stop = self.running.take();
    }

    fn start(&mut self, id: RequestId, decision: &mut Decision) {
        self.running = Some(id);
        decision.start = Some(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Decision = Decision { start: None, stop: None, drop: None, deadline: None };

    fn check(events: &[(f64, Event, Decision)]) {
        let mut trigger = Trigger::new(50.0);
        for (idx, (now, event, expected)) in events.iter().enumerate() {
            assert_eq!(trigger.on_event(*event, *now), *expected, "event {idx}: {event:?}");
        }
    }

    fn asked(id: RequestId) -> Event {
        Event::Asked { id, at_once: false }
    }

    #[test]
    fn a_pause_in_typing_starts_the_last_request() {
        check(&[
            (0.0, asked(1), Decision { deadline: Some(50.0), ..NOTHING }),
            (30.0, Event::Edited, Decision { drop: Some(1), ..NOTHING }),
            (30.0, asked(2), Decision { deadline: Some(80.0), ..NOTHING }),
            (50.0, Event::Tick, Decision { deadline: Some(80.0), ..NOTHING }),
            (80.0, Event::Tick, Decision { start: Some(2), ..NOTHING }),
            (99.0, Event::Finished { id: 2 }, NOTHING),
        ]);
    }

    #[test]
    fn a_new_key_stops_the_running_request() {
        check(&[
            (0.0, Event::Asked { id: 1, at_once: true }, Decision { start: Some(1), ..NOTHING }),
            (5.0, Event::Edited, Decision { stop: Some(1), ..NOTHING }),
            (5.0, asked(2), Decision { deadline: Some(55.0), ..NOTHING }),
            (6.0, Event::Finished { id: 1 }, Decision { deadline: Some(55.0), ..NOTHING }),
            (55.0, Event::Tick, Decision { start: Some(2), ..NOTHING }),
        ]);
    }

    #[test]
    fn the_editor_may_cancel_either() {
        check(&[
            (0.0, asked(1), Decision { deadline: Some(50.0), ..NOTHING }),
            (1.0, Event::Cancelled { id: 7 }, Decision { deadline: Some(50.0), ..NOTHING }),
            (2.0, Event::Cancelled { id: 1 }, Decision { drop: Some(1), ..NOTHING }),
            (3.0, Event::Asked { id: 2, at_once: true }, Decision { start: Some(2), ..NOTHING }),
            (4.0, Event::Cancelled { id: 2 }, Decision { stop: Some(2), ..NOTHING }),
            (5.0, Event::Tick, NOTHING),
        ]);
    }
}
