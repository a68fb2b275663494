//! Typing along a suggestion keeps it, without asking the model again.

use inkling_syntax::Source;

/// Suggestions that were made at a place.
#[derive(Clone)]
pub struct Shown {
    path: String,
    source: Source,
    offset: usize,
    texts: Vec<String>,
}

impl Shown {
    /// `texts` were suggested at `offset` of `source`.
    pub fn new(path: &str, source: Source, offset: usize, texts: Vec<String>) -> Shown {
        Shown { path: path.to_string(), source, offset, texts }
    }

    /// What is left of the suggestions when the only change since is that the user typed the beginning of
    /// one and the cursor stands behind it; empty when there was another change.
    pub fn typed_ahead(&self, path: &str, text: &str, offset: usize) -> Vec<String> {
        let (before, after) = self.source.text().split_at(self.offset);
        if path != self.path || offset > text.len() || !text.is_char_boundary(offset) {
            return Vec::new();
        }
        match text[..offset].strip_prefix(before) {
            Some(typed) if &text[offset..] == after => self.rests(typed),
            _ => Vec::new(),
        }
    }

    fn rests(&self, typed: &str) -> Vec<String> {
        let rests = self.texts.iter().filter_map(|text| text.strip_prefix(typed));
        rests.filter(|rest| !rest.trim().is_empty()).map(str::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkling_syntax::Language;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let source = Source::new("let x = ;".to_string(), Language::Rust);
        let shown = Shown::new("a.rs", source, 8, vec!["foo()".to_string(), "far".to_string()]);
        let offset = text.find("$0").unwrap();
        assert_eq!(shown.typed_ahead(path, &text.replace("$0", ""), offset), expected, "{text}");
    }

    #[test]
    fn typing_the_beginning_keeps_the_rest() {
        check("a.rs", "let x = $0;", &["foo()", "far"]);
        check("a.rs", "let x = f$0;", &["oo()", "ar"]);
        check("a.rs", "let x = fo$0;", &["o()"]);
        check("a.rs", "let x = foo()$0;", &[]);
    }

    #[test]
    fn any_other_change_ends_it() {
        check("a.rs", "let x = g$0;", &[]);
        check("a.rs", "let y = f$0;", &[]);
        check("a.rs", "let x = f$0);", &[]);
        check("a.rs", "let x =$0 ;", &[]);
        check("b.rs", "let x = f$0;", &[]);
    }
}
