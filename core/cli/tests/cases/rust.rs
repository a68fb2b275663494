use std::collections::HashMap;

/// Counts words.
#[derive(Default)]
pub struct Counter {
    counts: HashMap<String, usize>,
}

impl Counter {
    pub fn add(&mut self, word: &str) {
        *self.counts.entry(word.to_string()).or_insert(0) += 1;
    }

    pub fn len(&self) -> usize {
        self.$0
    }
}
