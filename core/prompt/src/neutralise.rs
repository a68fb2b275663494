/// Breaks every spelling of a special token in `text` by a space after its first character, so that source
/// code cannot act as the prompt's own structure.
pub(crate) fn neutralise(text: &str, specials: &[String]) -> String {
    let mut out = text.to_string();
    for special in specials.iter().filter(|special| special.chars().count() > 1) {
        if out.contains(special.as_str()) {
            let first = special.chars().next().map_or(0, char::len_utf8);
            out = out.replace(special.as_str(), &format!("{} {}", &special[..first], &special[first..]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::neutralise;
    use proptest::prelude::*;

    #[test]
    fn spellings_are_broken_and_other_text_kept() {
        let specials = ["<|fim_prefix|>".to_string(), "<｜end｜>".to_string()];
        assert_eq!(neutralise("a <|fim_prefix|> b <｜end｜>", &specials), "a < |fim_prefix|> b < ｜end｜>");
        assert_eq!(neutralise("if a <| b", &specials), "if a <| b");
    }

    proptest! {
        #[test]
        fn nothing_special_is_left(text in "[<|>ab]{0,40}") {
            let specials = ["<|a|>".to_string(), "<b>".to_string(), "<|b|>".to_string()];
            let out = neutralise(&text, &specials);
            prop_assert!(specials.iter().all(|special| !out.contains(special.as_str())));
        }
    }
}
