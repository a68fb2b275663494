//! One function a rule.

use inkling_syntax::Way;

use crate::site::{Site, indentation};

/// A special token that the model spelled out ends the answer.
pub(crate) fn special_tokens(text: &str, _: &Site<'_>) -> String {
    let starts = ["<|", "<｜", "<fim_", "<file_sep>", "</s>", "<EOT>", "<think>", "</think>"];
    let leaked = |at: &usize| {
        let rest = &text[*at..];
        let end = rest.find('>').unwrap_or(rest.len());
        end < 40 && !rest[..end].contains(char::is_whitespace) && end < rest.len()
    };
    let first =
        starts.iter().flat_map(|start| text.match_indices(start)).map(|(at, _)| at).filter(leaked).min();
    text[..first.unwrap_or(text.len())].to_string()
}

/// Where the rest of a line is wanted, the answer is its first line; a line break before anything else is
/// skipped only where the cursor stands at the end of a finished line.
pub(crate) fn one_line(text: &str, site: &Site<'_>) -> String {
    if site.way != Way::Inline {
        return text.to_string();
    }
    text.split(['\n', '\r']).next().unwrap_or("").to_string()
}

/// The answer stays within the block that the cursor is in.
pub(crate) fn end_of_block(text: &str, site: &Site<'_>) -> String {
    let by_bracket = &text[..unmatched_closer(text).unwrap_or(text.len())];
    match site.way {
        // A closer is wanted where the line has an opener that nothing closes yet.
        Way::Inline if !closes_too_much(text, site) => text.to_string(),
        Way::InBlock => by_bracket[..dedent(by_bracket, site).unwrap_or(by_bracket.len())].to_string(),
        Way::Inline | Way::AfterBlock => by_bracket.to_string(),
    }
}

/// Whether the line would hold more closers than openers: typed pairs stand behind the cursor already.
fn closes_too_much(text: &str, site: &Site<'_>) -> bool {
    let Some(at) = unmatched_closer(text) else { return false };
    let closer = &text[at..at + 1];
    let open_before = unmatched_closer_count(site.line_before()) > 0;
    site.line_after().trim_start().starts_with(closer) || (!open_before && closer == "}")
}

/// How many brackets `line` opens and does not close.
fn unmatched_closer_count(line: &str) -> usize {
    let openers = line.matches(['(', '[', '{']).count();
    openers.saturating_sub(line.matches([')', ']', '}']).count())
}

/// The offset of the first closing bracket that nothing in `text` opened.
fn unmatched_closer(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    brackets(text).find_map(|(at, bracket)| match bracket {
        '(' | '[' | '{' => {
            depth += 1;
            None
        }
        _ => match depth.checked_sub(1) {
            Some(less) => {
                depth = less;
                None
            }
            None => Some(at),
        },
    })
}

/// The brackets of `text` and where they stand; those in strings count as text.
pub(crate) fn brackets(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    text.char_indices().filter(move |&(_, c)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match quote {
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q || c == '\n' => quote = None,
            None if c == '"' => quote = Some(c),
            None => return "()[]{}".contains(c),
            Some(_) => {}
        }
        false
    })
}

/// The offset of the first line that is indented less than the body being written.
fn dedent(text: &str, site: &Site<'_>) -> Option<usize> {
    let line_before = site.line_before();
    let body =
        if line_before.trim().is_empty() { indentation(line_before) } else { indentation(line_before) + 1 };
    let mut at = 0;
    for (idx, line) in text.split_inclusive('\n').enumerate() {
        if idx > 0 && !line.trim().is_empty() && indentation(line) < body {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// `a, a, a, a, …`: a unit of 3 or more characters six times at the end of a line stays once; one of 10 or
/// more, four times.
pub(crate) fn loop_in_line(text: &str, _: &Site<'_>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    for line in lines {
        let body = line.trim_end_matches('\n');
        match loop_start(body) {
            Some(end) => return out + &body[..end],
            None => out.push_str(line),
        }
    }
    out
}

/// The longest line that is searched for loops.
const MAX_LOOP_LINE_BYTES: usize = 2000;

/// Where the first repetition of a loop at the line's end ends.
fn loop_start(line: &str) -> Option<usize> {
    let line = &line[..line.floor_char_boundary(MAX_LOOP_LINE_BYTES)];
    let bytes = line.as_bytes();
    (3..=bytes.len() / 4).find_map(|unit| {
        let tail = bytes.len() - unit;
        let same = (0..tail).rev().take_while(|&i| bytes[i] == bytes[i + unit]).count();
        let n_times = same / unit + 1;
        let looping = n_times >= if unit >= 10 { 4 } else { 6 };
        let end = bytes.len() - unit * (n_times - 1);
        // A rule drawn in a comment (`-----`, `=====`) is meant.
        let varied = bytes[tail..].iter().any(|b| *b != bytes[tail]);
        (looping && varied && line.is_char_boundary(end)).then_some(end)
    })
}

/// A line or a group of up to four lines that comes three times in a row stays once.
pub(crate) fn repeated_lines(text: &str, _: &Site<'_>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for start in 0..lines.len() {
        for n in 1..=4 {
            let Some(group) = lines.get(start..start + 3 * n) else { break };
            let key =
                |range: std::ops::Range<usize>| group[range].iter().map(|l| l.trim()).collect::<Vec<_>>();
            let first = key(0..n);
            if first.iter().any(|line| line.len() > 1) && first == key(n..2 * n) && first == key(2 * n..3 * n)
            {
                return lines[..start + n].concat();
            }
        }
    }
    text.to_string()
}

/// What stands behind the cursor is not suggested again: neither the rest of the line nor the next lines.
pub(crate) fn suffix_overlap(text: &str, site: &Site<'_>) -> String {
    let next: Vec<&str> =
        site.suffix().lines().skip(1).filter(|line| !line.trim().is_empty()).take(3).collect();
    let mut kept = 0;
    for (idx, line) in text.split_inclusive('\n').enumerate() {
        // A single line may well stand below once more, farther off.
        let mut below = next.iter().take(if idx > 0 { 3 } else { 1 });
        // A lone closer below is the end of another block as often as not.
        let repeats = below.any(|below| below.trim().len() > 3 && are_same(line, below));
        if repeats && (idx > 0 || site.line_before().trim().is_empty()) {
            return text[..kept].to_string();
        }
        kept += line.len();
    }
    without_line_end(text, site.line_after())
}

/// Whether two lines differ in white space and in what ends them alone.
pub(crate) fn are_same(a: &str, b: &str) -> bool {
    let told = |line: &str| -> String {
        line.trim_end().trim_end_matches([',', ';']).split_whitespace().collect::<Vec<_>>().concat()
    };
    told(a) == told(b)
}

/// Takes off `text` what its end shares with the beginning of `line_after`.
fn without_line_end(text: &str, line_after: &str) -> String {
    let after = line_after.trim_end();
    if after.trim_start().is_empty() {
        return text.to_string();
    }
    let longest = (1..=after.len().min(text.len())).rev().find(|&n| {
        after.is_char_boundary(n)
            && text.ends_with(&after[..n])
            && (n == after.len() || closers_only(&after[..n]))
    });
    text[..text.len() - longest.unwrap_or(0)].to_string()
}

fn closers_only(text: &str) -> bool {
    text.chars().all(|c| ")]}>;,\"'`".contains(c))
}

/// A first line that only writes the line above again is a loop beginning.
pub(crate) fn line_above(text: &str, site: &Site<'_>) -> String {
    let mut above = site.prefix().lines().rev();
    if !site.prefix().ends_with('\n') {
        above.next();
    }
    let above = above.find(|line| !line.trim().is_empty()).map_or("", str::trim);
    let first = text.lines().next().unwrap_or("");
    let written = format!("{}{first}", site.line_before());
    if above.len() > 3 && are_same(&written, above) { String::new() } else { text.to_string() }
}

/// White space at the end is not worth a key; an answer of white space alone is none.
pub(crate) fn blank_end(text: &str, _: &Site<'_>) -> String {
    text.trim_end().to_string()
}

/// Accepting takes a key, so a suggestion of a single character saves none.
pub(crate) fn worth_a_key(text: &str, _: &Site<'_>) -> String {
    if text.trim().chars().nth(1).is_some() { text.to_string() } else { String::new() }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::{Site, refine};
    use inkling_syntax::{Language, Source};
    use proptest::prelude::*;

    /// What is left of `raw` at the `$0` of a fixture.
    pub(crate) fn check(fixture: &str, language: Language, raw: &str, expected: &str) {
        let offset = fixture.find("$0").expect("a cursor");
        let source = Source::new(fixture.replace("$0", ""), language);
        assert_eq!(refine(raw, &Site::new(&source, offset)).text, expected, "{fixture:?} + {raw:?}");
    }

    #[test]
    fn special_tokens_end_the_answer() {
        check("x = $0", Language::Python, "12<|endoftext|>y", "12");
        check("x = $0", Language::Python, "a <| b", "a <| b");
        check("x = $0", Language::Python, "a<b|>c", "a<b|>c");
        check("x = $0", Language::Python, "12<think>Is it?</think>", "12");
    }

    #[test]
    fn a_single_line_ends_at_its_end() {
        check("x = $0\n", Language::Python, "12\ny = 2\n", "12");
        check("x = $0", Language::Python, "   \n", "");
    }

    #[test]
    fn closers_that_stand_behind_the_cursor_are_not_repeated() {
        check("foo($0)", Language::Python, "a, b)", "a, b");
        check("let v = vec![$0];", Language::Rust, "1, 2];", "1, 2");
        check("foo(bar($0", Language::Python, "a))", "a))");
        check("print(\"$0\")", Language::Python, "hello\")", "hello");
    }

    #[test]
    fn a_body_ends_with_its_block() {
        check(
            "fn f() {\n    $0\n}",
            Language::Rust,
            "let x = 1;\n    x\n}\n\nfn g() {}",
            "let x = 1;\n    x",
        );
        check(
            "def f():\n    $0",
            Language::Python,
            "a = 1\n    return a\n\ndef g():\n    pass",
            "a = 1\n    return a",
        );
        check("def f():$0", Language::Python, "\n    return 1\n\nf()", "\n    return 1");
        check("fn f() {$0}", Language::Rust, "\n    \"}\".len()\n}", "\n    \"}\".len()");
    }

    #[test]
    fn a_single_character_is_not_worth_a_key() {
        check("x = f($0", Language::Python, ")", "");
        check("x = $0", Language::Python, " n\n", "");
        check("x = f($0", Language::Python, "n)", "n)");
    }

    #[test]
    fn loops_are_cut() {
        check("x = $0", Language::Python, "foo(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, ", "foo(1, 2,");
        check(
            "def f():\n    $0",
            Language::Python,
            "a()\n    b()\n    b()\n    b()\n    b()",
            "a()\n    b()",
        );
        check("# $0", Language::Python, "----------------", "----------------");
    }

    #[test]
    fn what_stands_around_is_not_repeated() {
        check(
            "def f():\n    $0\n\nreturn_value = f()\n",
            Language::Python,
            "return 1\nreturn_value = f()",
            "return 1",
        );
        check("foo(a)\n$0\n", Language::Python, "foo(a)", "");
        check("let total = $0\n", Language::TypeScript, "a + b;", "a + b;");
        check("f(a, b)\n$0\n", Language::Python, "f(a,b)", "");
        check("f(\n    $0\n    items[1],\n)\n", Language::Python, "items[0],", "items[0],");
        check("fn f() {\n    $0\n}\n\nfn g() {}\nfn h() {}\n", Language::Rust, "a();\n    fn h(){}", "a();");
    }

    proptest! {
        #[test]
        fn any_text_anywhere_gives_a_part_of_itself(text in "[a-c(){}\"\n :ä<|>]{0,60}", raw in "[a-c(){}\"\n :ä<|>]{0,60}", at in 0usize..80) {
            for language in [Language::Rust, Language::Python, Language::PlainText] {
                let source = Source::new(text.clone(), language);
                let site = Site::new(&source, at);
                let suggestion = refine(&raw, &site);
                prop_assert!(raw.starts_with(&suggestion.text));
                crate::is_complete(&raw, &site);
            }
        }
    }
}
