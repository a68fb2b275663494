//! Typing along a suggestion keeps it, without asking the model again.

use inkling_syntax::Source;

/// Suggestions that were made at a place.
#[derive(Clone)]
pub struct Shown {
    path: String,
    source: Source,
    offset: usize,
    texts: Vec<String>,
    n_rejected: usize,
}

impl Shown {
    /// `texts` were suggested at `offset` of `source`, in a line in which the user had typed away from
    /// `n_rejected` suggestions before.
    pub fn new(path: &str, source: Source, offset: usize, texts: Vec<String>, n_rejected: usize) -> Shown {
        Shown { path: path.to_string(), source, offset, texts, n_rejected }
    }

    /// What is left of the suggestions when the only change since is that the user typed the beginning of
    /// one and the cursor stands behind it; empty when there was another change.
    pub fn typed_ahead(&self, path: &str, text: &str, offset: usize) -> Vec<String> {
        let after = &self.source.text()[self.offset..];
        match self.typed(path, text, offset) {
            Some(typed) if &text[offset..] == after => self.rests(typed),
            _ => Vec::new(),
        }
    }

    /// Whether the only change since is that one of the suggestions is there whole, with the cursor behind it.
    pub fn is_taken(&self, path: &str, text: &str, offset: usize) -> bool {
        let after = &self.source.text()[self.offset..];
        let typed = self.typed(path, text, offset).filter(|_| &text[offset..] == after);
        typed.is_some_and(|typed| self.texts.iter().any(|text| text == typed))
    }

    /// How many suggestions the user has typed away from in the line of `offset`, these among them: 0 in another
    /// line.
    pub fn n_rejected_at(&self, path: &str, text: &str, offset: usize) -> usize {
        match self.typed(path, text, offset) {
            Some(typed) if !typed.contains('\n') => {
                let goes_along = self.texts.iter().any(|text| text.starts_with(typed));
                self.n_rejected + usize::from(!self.texts.is_empty() && !goes_along)
            }
            _ => 0,
        }
    }

    /// What stands between the suggestions' place and the cursor, where the text before is the same.
    fn typed<'t>(&self, path: &str, text: &'t str, offset: usize) -> Option<&'t str> {
        let before = &self.source.text()[..self.offset];
        text.get(..offset).filter(|_| path == self.path)?.strip_prefix(before)
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
        let shown = Shown::new("a.rs", source, 8, vec!["foo()".to_string(), "far".to_string()], 0);
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
    fn one_that_is_there_whole_is_taken() {
        let source = Source::new("let x = ;".to_string(), Language::Rust);
        let shown = Shown::new("a.rs", source, 8, vec!["foo()".to_string(), "far".to_string()], 0);
        assert!(shown.is_taken("a.rs", "let x = foo();", 13) && shown.is_taken("a.rs", "let x = far;", 11));
        assert!(!shown.is_taken("a.rs", "let x = fa;", 10) && !shown.is_taken("a.rs", "let x = far;", 10));
        assert!(!shown.is_taken("a.rs", "let x = far();", 11) && !shown.is_taken("b.rs", "let x = far;", 11));
    }

    #[test]
    fn any_other_change_ends_it() {
        check("a.rs", "let x = g$0;", &[]);
        check("a.rs", "let y = f$0;", &[]);
        check("a.rs", "let x = f$0);", &[]);
        check("a.rs", "let x =$0 ;", &[]);
        check("b.rs", "let x = f$0;", &[]);
    }

    #[test]
    fn what_is_typed_away_from_is_counted_in_its_line() {
        let source = |text: &str| Source::new(text.to_string(), Language::Rust);
        let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let first = Shown::new("a.rs", source("let x = ;"), 8, texts(&["foo()"]), 0);
        assert_eq!(first.n_rejected_at("a.rs", "let x = fo;", 10), 0);
        assert_eq!(first.n_rejected_at("a.rs", "let x = b;", 9), 1);
        assert_eq!(first.n_rejected_at("a.rs", "let x = b\n;", 10), 0);
        assert_eq!(first.n_rejected_at("a.rs", "let y = b;", 9), 0);
        assert_eq!(first.n_rejected_at("b.rs", "let x = b;", 9), 0);
        let second = Shown::new("a.rs", source("let x = b;"), 9, texts(&["ar"]), 1);
        assert_eq!(second.n_rejected_at("a.rs", "let x = ba;", 10), 1);
        assert_eq!(second.n_rejected_at("a.rs", "let x = bu;", 10), 2);
        let silent = Shown::new("a.rs", source("let x = bu;"), 10, Vec::new(), 2);
        assert_eq!(silent.n_rejected_at("a.rs", "let x = buy;", 11), 2);
    }
}
