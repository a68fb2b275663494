//! Raw model text becomes a suggestion, or nothing: nothing shown beats noise.
//!
//! Every rule is one small function from text to the part of it that is kept. The rules are total: any
//! text at any cursor gives an answer.

mod rules;
mod site;

pub use site::{Lines, Site};

/// What is left to show, and which rules shortened it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Suggestion {
    /// Inserted at the cursor; empty when there is nothing worth showing.
    pub text: String,
    /// The names of the rules that took something away, in order.
    pub rules: Vec<&'static str>,
}

/// A rule: the text so far and where it would stand; returns what it keeps.
type Rule = fn(&str, &Site<'_>) -> String;

/// In the order in which they apply: first where the answer ends, then what it may not repeat.
const RULES: [(&str, Rule); 9] = [
    ("leaked special token", rules::special_tokens),
    ("one line", rules::one_line),
    ("end of block", rules::end_of_block),
    ("loop in line", rules::loop_in_line),
    ("repeated lines", rules::repeated_lines),
    ("repeats what follows", rules::suffix_overlap),
    ("repeats the line above", rules::line_above),
    ("blank end", rules::blank_end),
    ("not worth a key", rules::worth_a_key),
];

/// Applies every rule to the model's `raw` text at `site`.
pub fn refine(raw: &str, site: &Site<'_>) -> Suggestion {
    let mut suggestion = Suggestion { text: raw.to_string(), rules: Vec::new() };
    for (name, rule) in RULES {
        let kept = rule(&suggestion.text, site);
        if kept != suggestion.text {
            suggestion.rules.push(name);
        }
        suggestion.text = kept;
    }
    suggestion
}

/// Whether more text after `raw` would only be cut away again, so that the model can stop.
pub fn is_complete(raw: &str, site: &Site<'_>) -> bool {
    let newline_at_end = raw.ends_with('\n');
    match site.lines {
        Lines::Single => rules::one_line(raw, site).len() < raw.len(),
        // Parsing after every token would cost more than it saves: once a line is enough.
        Lines::Multi => {
            newline_at_end
                && [rules::end_of_block, rules::repeated_lines, rules::suffix_overlap]
                    .iter()
                    .any(|rule| rule(raw, site).trim_end().len() < raw.trim_end().len())
        }
    }
}
