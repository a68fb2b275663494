//! Where a member or a function ends.

use inkling_syntax::{Language, Way};

use crate::rules::{are_same, brackets};
use crate::site::{Site, indentation};

/// The answer behind a block is one member, with the comments and annotations before it. Of one that its
/// brackets show to be unfinished only the first line is kept.
pub(crate) fn end_of_member(text: &str, site: &Site<'_>) -> String {
    if site.way != Way::AfterBlock {
        return text.to_string();
    }
    let end = match member(text, site) {
        Member::Ends(end) => end,
        Member::Unfinished => first_line(text),
        Member::Open => text.len(),
    };
    text[..end].to_string()
}

/// A member that begins as another one of the same body does is that one again.
pub(crate) fn repeats_member(text: &str, site: &Site<'_>) -> String {
    let mut lines = text.split_inclusive('\n').filter(|line| !line.trim().is_empty() && !leads(line));
    let Some(head) = lines.next().filter(|_| site.way == Way::AfterBlock) else {
        return text.to_string();
    };
    let whole = site.source.text();
    let body = site.source.block_at(site.offset).unwrap_or(0..whole.len());
    let column = if text.starts_with(head) { indentation(site.line_before()) } else { indentation(head) };
    // An indented block begins behind its first line's indentation.
    let start = whole[..body.start].rfind('\n').map_or(0, |newline| newline + 1);
    let mut others = whole[start..body.end].lines().filter(|line| indentation(line) == column);
    if others.any(|line| are_same(line, head)) { String::new() } else { text.to_string() }
}

/// Whether what follows `text` would be another member.
pub(crate) fn is_whole(text: &str, site: &Site<'_>) -> bool {
    matches!(member(text, site), Member::Ends(_))
}

/// What a text says of its first member.
enum Member {
    /// It ends at this offset.
    Ends(usize),
    /// Its brackets are open.
    Unfinished,
    /// It may go on.
    Open,
}

fn member(text: &str, site: &Site<'_>) -> Member {
    let is_indented = site.source.language() == Language::Python;
    let (mut depth, mut has_begun, mut has_body, mut base, mut at) = (0i32, false, false, 0, 0);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let column = indentation(line) + if start == 0 { indentation(site.line_before()) } else { 0 };
        let is_blank = line.trim().is_empty();
        if !has_begun && (is_blank || leads(line)) {
            continue;
        }
        let is_next = if is_indented { !is_blank && column <= base } else { is_blank };
        if has_begun && depth <= 0 && is_next {
            return Member::Ends(start);
        }
        if !std::mem::replace(&mut has_begun, true) {
            base = column;
        }
        for (_, bracket) in brackets(line) {
            depth += if "([{".contains(bracket) { 1 } else { -1 };
            has_body |= bracket == '{';
        }
        let is_closed = has_body || line.trim_end().ends_with(';');
        if depth <= 0 && is_closed && !is_indented {
            return Member::Ends(at);
        }
    }
    if depth > 0 { Member::Unfinished } else { Member::Open }
}

/// Whether a line is a comment or an annotation, which belongs to the member below.
fn leads(line: &str) -> bool {
    ["//", "/*", "*", "#", "@", "["].iter().any(|mark| line.trim_start().starts_with(mark))
}

/// The end of the first line that is not blank.
fn first_line(text: &str) -> usize {
    let blank = text.len() - text.trim_start().len();
    text[blank..].find('\n').map_or(text.len(), |newline| blank + newline)
}

#[cfg(test)]
mod tests {
    use crate::{Site, is_complete, refine};
    use inkling_syntax::{Language, Source};

    fn check(fixture: &str, language: Language, raw: &str, expected: &str) {
        let offset = fixture.find("$0").expect("a cursor");
        let source = Source::new(fixture.replace("$0", ""), language);
        let site = Site::new(&source, offset);
        assert_eq!(refine(raw, &site).text, expected, "{fixture:?} + {raw:?}");
        // The model may stop where the suggestion ends, and not before.
        let ends: Vec<usize> = raw.match_indices('\n').map(|(at, _)| at + 1).collect();
        let stopped = ends.iter().find(|&&end| is_complete(&raw[..end], &site)).copied().unwrap_or(raw.len());
        assert_eq!(refine(&raw[..stopped], &site).text, expected, "{fixture:?} + {raw:?} stopped");
    }

    const RUST: &str = "impl Shop {\n    fn open() {\n        a();\n    }\n\n    $0\n}\n";
    const PYTHON: &str = "class Shop:\n    def open(self):\n        a()\n\n    $0\n";

    #[test]
    fn one_member_is_suggested() {
        check(
            RUST,
            Language::Rust,
            "/// Closes it {.\n    #[inline]\n    fn close() {\n        b();\n    }\n\n    fn more() {}\n",
            "/// Closes it {.\n    #[inline]\n    fn close() {\n        b();\n    }",
        );
        check(RUST, Language::Rust, "const A: u32 = 1;\n    const B: u32 = 2;\n", "const A: u32 = 1;");
        check(RUST, Language::Rust, "fn close() {}\n}\n\nfn other() {}\n", "fn close() {}");
        check(
            "void a() {}\n$0\n",
            Language::CSharp,
            "\nvoid B()\n{\n    c();\n}\n\nvoid D()\n{\n}\n",
            "\nvoid B()\n{\n    c();\n}",
        );
        check(
            PYTHON,
            Language::Python,
            "@property\n    def total(self):\n        a = 1\n\n        return a\n\n    def more(self):\n",
            "@property\n    def total(self):\n        a = 1\n\n        return a",
        );
        check("fun a() {}\n$0\n", Language::Kotlin, "fun b() = 1\n\nfun c() = 2\n", "fun b() = 1");
    }

    #[test]
    fn a_member_is_not_suggested_again() {
        check(RUST, Language::Rust, "fn open() {\n        b();\n    }\n", "");
        check(RUST, Language::Rust, "fn open(&self) {}\n", "fn open(&self) {}");
        check(PYTHON, Language::Python, "def open(self):\n        b()\n\n    def c(self):\n", "");
        let two = "class A:\n    def run(self):\n        a()\n\nclass B:\n    def open(self):\n        a()\n\n    $0\n";
        check(two, Language::Python, "def run(self):\n        b()", "def run(self):\n        b()");
    }

    #[test]
    fn of_an_unfinished_member_the_first_line_is_suggested() {
        check(RUST, Language::Rust, "fn close() {\n        b();\n        c(", "fn close() {");
        check(PYTHON, Language::Python, "def close(self):\n        b()\n", "def close(self):\n        b()");
    }
}
