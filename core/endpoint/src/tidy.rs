//! What models that talk put around code.

/// The code in a talkative answer so far: without thoughts and without the fence around it.
pub(crate) fn code(answer: &str) -> &str {
    let answer = after_thoughts(answer);
    let trimmed = answer.trim_start();
    // A fence may be only begun.
    if "```".starts_with(trimmed) && !trimmed.is_empty() {
        return "";
    }
    let Some(fenced) = trimmed.strip_prefix("```") else { return answer };
    let Some((_language, code)) = fenced.split_once('\n') else { return "" };
    let end = if code.starts_with("```") { Some(0) } else { code.find("\n```") };
    &code[..end.unwrap_or(code.len())]
}

/// Reasoning models think aloud first.
fn after_thoughts(answer: &str) -> &str {
    match answer.trim_start().strip_prefix("<think>") {
        None => answer,
        Some(thoughts) => match thoughts.split_once("</think>") {
            Some((_, rest)) => rest.trim_start_matches(['\n', '\r']),
            None => "",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn code_is_found_in_what_surrounds_it() {
        for (answer, expected) in [
            ("a + b", "a + b"),
            ("    return a", "    return a"),
            ("```python\na + b\n```", "a + b"),
            ("```\n    a\n    b\n```\nThis adds them.", "    a\n    b"),
            ("\n```rs\na", "a"),
            ("```", ""),
            ("``", ""),
            ("```rust", ""),
            ("```\n```", ""),
            ("let s = \"```\";", "let s = \"```\";"),
            ("<think>\nhm ```x", ""),
            ("<think>\nhm\n</think>\n\n```\nx\n```", "x"),
            ("", ""),
        ] {
            assert_eq!(code(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn an_answer_that_grows_is_never_cut_back_to_other_code() {
        let answer = "```python\n    x = 1\n    y = 2\n```\nDone.";
        let mut before = "";
        for end in 0..=answer.len() {
            let now = code(&answer[..end]);
            assert!(now.starts_with(before.trim_end_matches(['`', '\n'])), "{now:?} after {before:?}");
            before = now;
        }
    }
}
