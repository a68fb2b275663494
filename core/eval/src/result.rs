use serde::{Deserialize, Serialize};

use crate::Kind;

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The document's path.
    pub path: String,
    /// The cursor's line, from 1.
    pub line: usize,
    /// The document's language, by its identifier.
    pub language: String,
    /// Where in its line the cursor stood.
    pub kind: Kind,
    /// Fewer than four characters, or nothing but keywords and punctuation.
    pub trivial: bool,
    /// The whole line stands again behind the cursor.
    pub repeated: bool,
    /// What stood there.
    pub wanted: String,
    /// What was suggested, as shown; empty where nothing was.
    pub suggested: String,
    /// The suggestion's probability, 0 without one.
    pub probability: f32,
    /// From the cursor to the suggestion.
    pub latency_ms: f64,
    /// What the model gave the wanted text, in nats, and its bytes.
    pub nats: Option<(f64, usize)>,
    /// Keys for the line, one a character or one a suggestion taken, where that was simulated.
    pub keystrokes: Option<usize>,
}

impl CaseResult {
    /// The suggestion's first line is what stood there, but for trailing space.
    pub fn is_exact(&self) -> bool {
        self.first_line() == self.wanted
    }

    /// 1 less the Levenshtein distance of the suggestion's first line to what stood there, as a share of the
    /// longer of the two.
    pub fn similarity(&self) -> f64 {
        strsim::normalized_levenshtein(self.first_line(), &self.wanted)
    }

    fn first_line(&self) -> &str {
        self.suggested.lines().next().unwrap_or("").trim_end()
    }
}
