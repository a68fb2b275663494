//! Several conversations in one cache, so that going back and forth between two files keeps both.

use crate::executor::TokenId;

/// Conversations that are kept at most.
const MAX_SLOTS: u64 = 4;

/// What lies in which part of a key-value cache, and which part is in use.
pub(crate) struct Slots {
    slots: Vec<Slot>,
    current: usize,
    n_turns: u64,
}

#[derive(Clone, Default)]
struct Slot {
    /// Evaluated, in the cache.
    tokens: Vec<TokenId>,
    /// When it was last turned to.
    last_turn: u64,
}

impl Slots {
    /// As many as have room within `max_bytes` of `n_bytes` each, but one at least.
    pub(crate) fn within(max_bytes: u64, n_bytes: u64) -> Slots {
        let n = (max_bytes / n_bytes.max(1)).clamp(1, MAX_SLOTS);
        Slots { slots: vec![Slot::default(); n as usize], current: 0, n_turns: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Gives up all but the first `n`.
    pub(crate) fn keep(&mut self, n: usize) {
        self.slots.truncate(n.max(1));
        self.current = self.current.min(self.slots.len() - 1);
    }

    /// The index of the one in use. Unused ones are begun in order.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// What the one in use holds.
    pub(crate) fn tokens(&self) -> &[TokenId] {
        &self.slots[self.current].tokens
    }

    /// Adds to the one in use.
    pub(crate) fn push(&mut self, tokens: &[TokenId]) {
        self.slots[self.current].tokens.extend_from_slice(tokens);
    }

    /// Turns to the conversation that `prompt` goes on with, or puts it in the place of the one that rested longest,
    /// and cuts that to what both have in common, but for the prompt's last token. Returns how much that is. An
    /// empty prompt begins a conversation.
    pub(crate) fn turn_to(&mut self, prompt: &[TokenId]) -> usize {
        let common = |slot: &Slot| slot.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let best = (0..self.len()).max_by_key(|&idx| common(&self.slots[idx])).unwrap_or(0);
        let (n_common, n_held) = (common(&self.slots[best]), self.slots[best].tokens.len());
        // Most of the shorter: another file's prompt may begin with the same repository's name.
        let goes_on = 2 * n_common > n_held.min(prompt.len());
        self.turn(if goes_on { best } else { self.rested_longest() });
        let n_reused = common(&self.slots[self.current]).min(prompt.len().saturating_sub(1));
        self.slots[self.current].tokens.truncate(n_reused);
        n_reused
    }

    /// Forgets all conversations.
    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot = Slot::default());
    }

    fn rested_longest(&self) -> usize {
        (0..self.len()).min_by_key(|&idx| self.slots[idx].last_turn).unwrap_or(0)
    }

    fn turn(&mut self, idx: usize) {
        self.current = idx;
        self.n_turns += 1;
        self.slots[idx].last_turn = self.n_turns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluates a prompt; the slot that it went to and how much of it was there.
    fn evaluate(slots: &mut Slots, prompt: &[TokenId]) -> (usize, usize) {
        let n_reused = slots.turn_to(prompt);
        slots.push(&prompt[n_reused..]);
        assert_eq!(slots.tokens(), prompt);
        (slots.current(), n_reused)
    }

    #[test]
    fn conversations_stay_until_another_has_no_room() {
        let mut slots = Slots::within(300, 100);
        assert_eq!(slots.len(), 3);
        assert_eq!(evaluate(&mut slots, &[1, 2, 3, 4]), (0, 0));
        assert_eq!(evaluate(&mut slots, &[1, 5, 6, 7]), (1, 0), "a quarter in common is another file");
        assert_eq!(evaluate(&mut slots, &[1, 2, 3, 4, 9]), (0, 4));
        assert_eq!(evaluate(&mut slots, &[1, 2, 3, 8]), (0, 3));
        assert_eq!(evaluate(&mut slots, &[1, 5, 6, 7]), (1, 3), "the last token is evaluated anew");
        assert_eq!(evaluate(&mut slots, &[7, 7]), (2, 0));
        assert_eq!(evaluate(&mut slots, &[8, 8]), (0, 0), "in place of the one that rested longest");
        assert_eq!(evaluate(&mut slots, &[]), (1, 0), "and so does a new one");
    }

    #[test]
    fn fewer_slots_still_serve() {
        let mut slots = Slots::within(1, 100);
        assert_eq!(slots.len(), 1);
        assert_eq!(evaluate(&mut slots, &[1, 2]), (0, 0));
        assert_eq!(evaluate(&mut slots, &[3, 4]), (0, 0));
        let mut slots = Slots::within(u64::MAX, 0);
        assert_eq!(slots.len(), 4);
        evaluate(&mut slots, &[1]);
        evaluate(&mut slots, &[2]);
        slots.keep(1);
        assert_eq!(evaluate(&mut slots, &[3]), (0, 0));
        slots.clear();
        assert!(slots.tokens().is_empty());
    }
}
