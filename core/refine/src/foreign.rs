//! What a model writes that is no part of the file: other files, and talk around code.

use inkling_syntax::Language;

use crate::site::Site;

/// A line that begins another file ends the answer: models have seen files begin with their paths.
pub(crate) fn other_file(text: &str, site: &Site<'_>) -> String {
    before_line(text, |line| line.starts_with("+++++ ") || names_a_file(line, site))
}

/// A comment that is a path and nothing else.
fn names_a_file(line: &str, site: &Site<'_>) -> bool {
    let comment = line.trim_start().strip_prefix(site.source.language().line_comment());
    let Some(path) = comment.map(|said| said.trim().trim_start_matches("Path:").trim_start()) else {
        return false;
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let has_extension = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..5).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    path.contains('/') && !path.contains("//") && !path.contains(char::is_whitespace) && has_extension
}

/// Models that talk put code between fences, which mean nothing in code.
pub(crate) fn code_fence(text: &str, site: &Site<'_>) -> String {
    if site.source.language() == Language::PlainText || site.source.is_in_comment(site.offset) {
        return text.to_string();
    }
    before_line(text, |line| line.trim_start().starts_with("```"))
}

fn before_line(text: &str, ends: impl Fn(&str) -> bool) -> String {
    let mut kept = 0;
    let whole = text.split_inclusive('\n').take_while(|line| !ends(line.trim_end()));
    whole.for_each(|line| kept += line.len());
    text[..kept].to_string()
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::check;
    use inkling_syntax::Language;

    #[test]
    fn another_file_ends_the_answer() {
        let fixture = "fn f() {\n    $0\n}";
        check(fixture, Language::Rust, "a();\n// src/lib.rs\nuse b;", "a();");
        check(fixture, Language::Rust, "// Path: src/lib.rs\n    use b;", "");
        check(fixture, Language::Rust, "a();\n+++++ src/lib.rs\nuse b;", "a();");
        check(fixture, Language::Rust, "// see src/lib.rs\n    a();", "// see src/lib.rs\n    a();");
        check(fixture, Language::Rust, "// and/or\n    a();", "// and/or\n    a();");
    }

    #[test]
    fn a_fence_ends_the_answer() {
        check("def f():\n    $0\n", Language::Python, "a()\n```\nThis calls a.", "a()");
        check("def f():\n    $0\n", Language::Python, "```python\na()\n```", "");
        check("$0", Language::PlainText, "```sh", "```sh");
    }
}
