//! Raw model text becomes a suggestion, or nothing: nothing shown beats noise.
//!
//! Every rule is one small function from text to the part of it that is kept. The rules are total: any
//! text at any cursor gives an answer.

mod foreign;
mod member;
mod parse;
mod rules;
mod site;

use inkling_syntax::Way;

pub use parse::parses;
pub use site::Site;

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
const RULES: [(&str, Rule); 14] = [
    ("leaked special token", rules::special_tokens),
    ("another file", foreign::other_file),
    ("code fence", foreign::code_fence),
    ("one line", rules::one_line),
    ("end of block", rules::end_of_block),
    ("end of member", member::end_of_member),
    ("repeats a member", member::repeats_member),
    ("loop in line", rules::loop_in_line),
    ("repeated lines", rules::repeated_lines),
    ("repeats what follows", rules::suffix_overlap),
    ("repeats the line above", rules::line_above),
    ("breaks the parse", parse::breaks_parse),
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
    // Parsing after every token would cost more than it saves: once a line is enough.
    let is_line = raw.ends_with('\n');
    let cuts = |rule: &Rule| rule(raw, site).trim_end().len() < raw.trim_end().len();
    match site.way {
        Way::Inline => rules::one_line(raw, site).len() < raw.len(),
        Way::InBlock => is_line && IN_BLOCK_ENDS.iter().any(cuts),
        Way::AfterBlock => is_line && (member::is_whole(raw, site) || AFTER_BLOCK_ENDS.iter().any(cuts)),
    }
}

/// What ends a body.
const IN_BLOCK_ENDS: [Rule; 3] = [rules::end_of_block, rules::repeated_lines, rules::suffix_overlap];

/// What ends a member before it is whole.
const AFTER_BLOCK_ENDS: [Rule; 2] = [rules::repeated_lines, rules::suffix_overlap];
