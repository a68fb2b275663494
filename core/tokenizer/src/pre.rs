use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input, Match};

use crate::Error;

/// Cuts text into the words within which tokens are merged.
#[derive(Debug)]
pub(crate) struct PreTokenizer {
    steps: Vec<Step>,
    whole_words: bool,
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
        &["deepseek-llm"],
        &[
            r"[\r\n]",
            DEEPSEEK_LETTERS,
            r"\s?[!-/:-~\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff5e}\u{2018}-\u{201f}\u{3000}-\u{3002}]+",
            r"\s+$",
            r"[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]+",
            r"\p{N}+",
        ],
    ),
    (
        &[LLAMA_BPE, "llama3", "llama-v3"],
        &[
            r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
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

const LLAMA_BPE: &str = "llama-bpe";

/// Letters by the alphabets that DeepSeek's model was trained with.
const DEEPSEEK_LETTERS: &str = concat!(
    r"\s?[",
    r"A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}",
    r"\u{295}-\u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}\u{38c}",
    r"\u{38e}-\u{3a1}\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}\u{10a0}-\u{10c5}",
    r"\u{13a0}-\u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}\u{1d00}-\u{1d2b}",
    r"\u{1d6b}-\u{1d77}\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}\u{1f20}-\u{1f45}",
    r"\u{1f48}-\u{1f4d}\u{1f50}-\u{1f57}\u{1f59}\u{1f5b}\u{1f5d}\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}",
    r"\u{1fb6}-\u{1fbc}\u{1fbe}\u{1fc2}-\u{1fc4}\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}",
    r"\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}\u{1ff6}-\u{1ffc}\u{2102}\u{2107}\u{210a}-\u{2113}\u{2115}",
    r"\u{2119}-\u{211d}\u{2124}\u{2126}\u{2128}\u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}",
    r"\u{213c}-\u{213f}\u{2145}-\u{2149}\u{214e}\u{2183}\u{2184}\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}",
    r"\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}\u{a680}-\u{a69b}\u{a722}-\u{a76f}",
    r"\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}\u{fb00}-\u{fb06}\u{fb13}-\u{fb17}",
    r"\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}",
    r"\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}",
    r"]+",
);

const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

impl PreTokenizer {
    pub(crate) fn new(name: &str) -> Result<PreTokenizer, Error> {
        let row = TABLE.iter().find(|(names, _)| names.contains(&name));
        let Some((names, expressions)) = row else {
            let names: Vec<&str> = TABLE.iter().flat_map(|(names, _)| *names).copied().collect();
            let (pre, supported) = (name.to_owned(), names.join(", "));
            return Err(Error::PreTokenizer { pre, supported });
        };
        let steps = expressions.iter().map(|e| Step::new(e)).collect();
        Ok(PreTokenizer { steps, whole_words: names.contains(&LLAMA_BPE) })
    }

    /// Whether a word that is a token becomes it even where merging its bytes would not make it, as in
    /// Llama 3, whose merges came from another tokenizer.
    pub(crate) fn whole_words(&self) -> bool {
        self.whole_words
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
        expect![[r#"the pre-tokenizer "gpt-9" is not supported; supported: gpt-2, starcoder, refact, deepseek-coder, deepseek-llm, llama-bpe, llama3, llama-v3, qwen2, default"#]].assert_eq(&error.to_string());
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
