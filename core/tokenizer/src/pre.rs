use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input, Match};

use crate::Error;

/// Cuts text into the words within which tokens are merged.
#[derive(Debug)]
pub(crate) struct PreTokenizer {
    steps: Vec<Step>,
}

/// The pre-tokenizers by `tokenizer.ggml.pre`, with the regular expressions of each in the order in
/// which they cut. What an expression matches is one piece, and so is what lies between matches; the
/// next expression cuts each piece further.
///
/// The names and expressions are facts of the model files: llama.cpp's `src/llama-vocab.cpp` lists
/// them, and each model's `tokenizer.json`.
const TABLE: &[(&[&str], &[&str])] = &[
    (&["gpt-2"], &[GPT_2]),
    (&["starcoder", "refact"], &[r"\p{N}", GPT_2]),
    (
        &["deepseek-coder"],
        &[
            r"[\r\n]",
            r"\s?\p{L}+",
            r"\s?\p{P}+",
            r"[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]+",
            r"\p{N}",
        ],
    ),
    (
        &["qwen2"],
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    ),
    (&["default"], &[r"[\p{P}\$\+<=>\^~\|]+", GPT_2, r"\p{N}+", r"[0-9][0-9][0-9]"]),
];

const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

impl PreTokenizer {
    pub(crate) fn new(name: &str) -> Result<PreTokenizer, Error> {
        let row = TABLE.iter().find(|(names, _)| names.contains(&name));
        let Some((_, expressions)) = row else {
            let names: Vec<&str> = TABLE.iter().flat_map(|(names, _)| *names).copied().collect();
            let (pre, supported) = (name.to_owned(), names.join(", "));
            return Err(Error::PreTokenizer { pre, supported });
        };
        Ok(PreTokenizer { steps: expressions.iter().map(|e| Step::new(e)).collect() })
    }

    /// Calls `word` with each word of `text`, in order.
    pub(crate) fn split<'t>(&self, text: &'t str, word: &mut impl FnMut(&'t str)) {
        split(&self.steps, text, word);
    }
}

fn split<'t>(steps: &[Step], text: &'t str, word: &mut impl FnMut(&'t str)) {
    match steps {
        [] => word(text),
        [step, rest @ ..] => step.pieces(text, |piece| split(rest, piece, word)),
    }
}

/// One regular expression.
///
/// The engine has no look-ahead, which keeps it linear. The expressions need just one:
/// `\s+(?!\S)`, as one of the last alternatives: the spaces before a word but the last one of them,
/// which goes with the word. It is matched as `\s+`, and the last space given back.
#[derive(Debug)]
struct Step {
    regex: Regex,
    /// Whether a match begins where the last one ended: the expressions that end in spaces leave no
    /// character unmatched, and looking for a match's end alone is faster.
    anchored: Anchored,
}

/// Of the patterns of a [`Step`], the one for spaces.
const SPACES: usize = 1;

impl Step {
    fn new(expression: &str) -> Step {
        let without = expression.strip_suffix(r"|\s+").unwrap_or(expression);
        let (patterns, anchored) = match without.strip_suffix(r"|\s+(?!\S)") {
            Some(others) => (vec![others, r"\s+"], Anchored::Yes),
            None => (vec![expression], Anchored::No),
        };
        let regex = Regex::new_many(&patterns).expect("the table's expressions are valid");
        Step { regex, anchored }
    }

    fn pieces<'t>(&self, text: &'t str, mut piece: impl FnMut(&'t str)) {
        let mut done = 0;
        let mut input = Input::new(text).anchored(self.anchored);
        while let Some(found) = self.regex.search(&input) {
            if done < found.start() {
                piece(&text[done..found.start()]);
            }
            done = end(text, &found);
            piece(&text[found.start()..done]);
            input.set_start(done);
        }
        if done < text.len() {
            piece(&text[done..]);
        }
    }
}

/// Where a match ends once a space is given back to the word that follows it.
fn end(text: &str, found: &Match) -> usize {
    if found.pattern().as_usize() != SPACES || found.end() == text.len() {
        return found.end();
    }
    match text[found.range()].char_indices().next_back() {
        Some((last @ 1.., _)) => found.start() + last,
        _ => found.end(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    /// The words of one text, with `·` between them.
    fn check(name: &str, expected: Expect) {
        let text = "if x1 == 1234:\n\t\treturn  'it''s'   # IT'S \u{dc}bung\u{3000}\u{4e2d}\u{6587}\r\n\n    +=-1;  ";
        let mut words = Vec::new();
        PreTokenizer::new(name).expect("known").split(text, &mut |word| words.push(word));
        expected.assert_eq(&format!("{:?}", words.join("·")));
    }

    #[test]
    fn each_pre_tokenizer_cuts_in_its_own_way() {
        check(
            "gpt-2",
            expect![[
                r#""if· x·1· ==· 1234·:·\n\t·\t·return· · '·it·''·s·'·  · #· IT·'·S· Übung·\u{3000}·中文·\r\n\n   · +=-·1·;·  ""#
            ]],
        );
        check(
            "starcoder",
            expect![[
                r#""if· x·1· ==· ·1·2·3·4·:·\n\t·\t·return· · '·it·''·s·'·  · #· IT·'·S· Übung·\u{3000}·中文·\r\n\n   · +=-·1·;·  ""#
            ]],
        );
        check(
            "deepseek-coder",
            expect![[
                r#""if· x·1· == ·1·2·3·4·:·\n·\t·\treturn· · '·it·''·s·'·  · #· IT·'·S· Übung·\u{3000}中文·\r·\n·\n·    +=·-·1·;·  ""#
            ]],
        );
        check(
            "qwen2",
            expect![[
                r#""if· x·1· ==· ·1·2·3·4·:\n·\t·\treturn· · '·it·''·s·'·  · #· IT·'S· Übung·\u{3000}中文·\r\n\n·   · +=-·1·;·  ""#
            ]],
        );
        check(
            "default",
            expect![[
                r#""if· x·1· ·==· ·123·4·:·\n\t·\t·return·  ·'·it·''·s·'·   ·#· IT·'·S· Übung·\u{3000}·中文·\r\n\n    ·+=-·1·;·  ""#
            ]],
        );
    }

    #[test]
    fn unknown_names_are_refused() {
        let error = PreTokenizer::new("gpt-9").expect_err("unknown");
        expect![[r#"the pre-tokenizer "gpt-9" is not supported; supported: gpt-2, starcoder, refact, deepseek-coder, qwen2, default"#]].assert_eq(&error.to_string());
    }

    /// The same cuts by an engine that has look-ahead.
    fn words_by_backtracking<'t>(steps: &[fancy_regex::Regex], text: &'t str) -> Vec<&'t str> {
        let Some((step, rest)) = steps.split_first() else {
            return vec![text];
        };
        let (mut pieces, mut done) = (Vec::new(), 0);
        for found in step.find_iter(text).map(|found| found.expect("short")) {
            pieces.extend([&text[done..found.start()], found.as_str()]);
            done = found.end();
        }
        pieces.push(&text[done..]);
        pieces.retain(|piece| !piece.is_empty());
        pieces.into_iter().flat_map(|piece| words_by_backtracking(rest, piece)).collect()
    }

    static BOTH: LazyLock<Vec<(PreTokenizer, Vec<fancy_regex::Regex>)>> = LazyLock::new(|| {
        let backtracking = |e: &&str| fancy_regex::Regex::new(e).expect("valid");
        let rows = TABLE.iter().map(|(names, expressions)| {
            let pre = PreTokenizer::new(names[0]).expect("in the table");
            (pre, expressions.iter().map(backtracking).collect())
        });
        rows.collect()
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn giving_back_a_space_is_look_ahead(text in r"(\s|\PC|[a-z'0-9=\r\n \t.]){0,60}") {
            for (pre, backtracking) in BOTH.iter() {
                let mut words = Vec::new();
                pre.split(&text, &mut |word| words.push(word));
                prop_assert_eq!(words, words_by_backtracking(backtracking, &text));
            }
        }
    }
}
