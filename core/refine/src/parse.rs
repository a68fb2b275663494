//! Whether the file still parses.

use inkling_syntax::Way;

use crate::site::Site;

/// Longer files are not parsed once more for a suggestion.
const MAX_BYTES: usize = 1 << 17;

/// How many line ends are tried.
const MAX_TRIES: usize = 12;

/// Of several lines those at the end go with which the file has syntax errors that it had not; the first line
/// stays, as something to go on from.
pub(crate) fn breaks_parse(text: &str, site: &Site<'_>) -> String {
    let is_one_line = site.way == Way::Inline || !text.trim_end().contains('\n');
    if is_one_line {
        return text.to_string();
    }
    let is_fine = |end: &usize| parses(&text[..*end], site);
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).chain([text.len()]).collect();
    let longest = ends.iter().rev().take(MAX_TRIES).find(|end| is_fine(end));
    let first = ends.iter().find(|end| !text[..**end].trim().is_empty());
    let end = longest.or(first).copied().unwrap_or(text.len());
    text[..end].to_string()
}

/// Whether the file has no more syntax errors with `text` at the cursor than without. Of a long file that is not
/// known, and held for true.
pub fn parses(text: &str, site: &Site<'_>) -> bool {
    site.source.text().len() > MAX_BYTES || {
        let mut source = site.source.clone();
        source.edit(site.offset..site.offset, text.trim_end());
        source.error_count() <= site.source.error_count()
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::check;
    use inkling_syntax::Language;

    #[test]
    fn lines_that_break_the_file_are_not_shown() {
        let fixture = "fn f() {\n    $0\n}\n";
        check(fixture, Language::Rust, "let a = 1;\n    if a > 0 {\n        b();", "let a = 1;");
        check(fixture, Language::Rust, "let a = 1;\n    let b = 2;", "let a = 1;\n    let b = 2;");
        check("def f():\n    $0\n", Language::Python, "a = 1\n    b = (2 +", "a = 1");
        // Where nothing parses the first line is left to go on from.
        check(fixture, Language::Rust, "if a > 0 {\n        b();", "if a > 0 {");
        // Errors that are there already are no reason.
        check("fn g( {}\nfn f() {\n    $0\n}\n", Language::Rust, "a();\n    b();", "a();\n    b();");
    }
}
