use inkling_assist::Signals;
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
    /// What was asked for.
    pub kind: Kind,
    /// Fewer than four characters, or nothing but keywords and punctuation.
    pub trivial: bool,
    /// Its whole lines stand again behind the cursor.
    pub repeated: bool,
    /// What stood there.
    pub wanted: String,
    /// What was suggested, as shown; empty where nothing was.
    pub suggested: String,
    /// The rules of refinement that shortened the answer.
    pub rules: Vec<String>,
    /// The suggestion's probability, 0 without one.
    pub probability: f32,
    /// What the suggestion is judged by, if there is one.
    pub signals: Option<Signals>,
    /// The chance that it is right, of models that know their own.
    pub confidence: Option<f32>,
    /// Whether it would be shown to somebody who has not asked for it.
    pub is_sure: bool,
    /// From the cursor to the suggestion.
    pub latency_ms: f64,
    /// What the model gave the wanted text, in nats, and its bytes.
    pub nats: Option<(f64, usize)>,
    /// Tokens of the prompts while it was typed, where that was simulated: those still computed from the prompt
    /// before, and all.
    pub reused: Option<(usize, usize)>,
    /// Keys for the line, one a character or one a suggestion taken, where that was simulated.
    pub keystrokes: Option<usize>,
}

impl CaseResult {
    /// The answer is what stood there, but for trailing space.
    pub fn is_exact(&self) -> bool {
        self.answer() == self.wanted
    }

    /// 1 less the Levenshtein distance of the answer to what stood there, as a share of the longer of the two.
    pub fn similarity(&self) -> f64 {
        strsim::normalized_levenshtein(self.answer(), &self.wanted)
    }

    /// All that is suggested where several lines stood there, else its first line.
    fn answer(&self) -> &str {
        let is_one_line = !self.wanted.contains('\n');
        let answer = if is_one_line { self.suggested.lines().next().unwrap_or("") } else { &self.suggested };
        answer.trim_end()
    }
}
