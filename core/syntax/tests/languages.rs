//! One fixture and one golden a language: everything that is asked of a source, at the cursor.

use std::fmt::Write;
use std::ops::Range;

use expect_test::expect_file;
use inkling_syntax::{Language, ScopeKind, Source};

#[test]
fn rust() {
    check("rust.rs", include_str!("../fixtures/rust.rs"));
}

#[test]
fn python() {
    check("python.py", include_str!("../fixtures/python.py"));
}

#[test]
fn typescript() {
    check("typescript.ts", include_str!("../fixtures/typescript.ts"));
}

#[test]
fn tsx() {
    check("tsx.tsx", include_str!("../fixtures/tsx.tsx"));
}

#[test]
fn javascript() {
    check("javascript.js", include_str!("../fixtures/javascript.js"));
}

#[test]
fn java() {
    check("java.java", include_str!("../fixtures/java.java"));
}

#[test]
fn kotlin() {
    check("kotlin.kt", include_str!("../fixtures/kotlin.kt"));
}

#[test]
fn go() {
    check("go.go", include_str!("../fixtures/go.go"));
}

#[test]
fn c() {
    check("c.c", include_str!("../fixtures/c.c"));
}

#[test]
fn cpp() {
    check("cpp.cpp", include_str!("../fixtures/cpp.cpp"));
}

#[test]
fn csharp() {
    check("csharp.cs", include_str!("../fixtures/csharp.cs"));
}

#[test]
fn plain_text() {
    check("plain.txt", include_str!("../fixtures/plain.txt"));
}

fn check(file: &str, fixture: &str) {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    let source = Source::new(fixture.replacen("$0", "", 1), Language::from_path(file));
    expect_file![format!("../fixtures/{file}.golden")].assert_eq(&report(&source, offset));
}

fn report(source: &Source, offset: usize) -> String {
    let mut out = String::new();
    let line = |range: &Range<usize>| 1 + source.text()[..range.start].matches('\n').count();
    let lines = |range: &Range<usize>| {
        let n_more = source.text()[range.clone()].matches('\n').count();
        format!("{}–{}", line(range), line(range) + n_more)
    };
    let quoted = |range: Option<Range<usize>>| match range {
        Some(range) => format!("{:?}", &source.text()[range]),
        None => "none".to_string(),
    };
    let mut section = |name: &str, lines: Vec<String>| {
        let _ = writeln!(out, "== {name}");
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
    };
    section(
        "outline",
        source
            .outline()
            .iter()
            .map(|symbol| {
                let indent = 2 * symbol.depth;
                let body = if symbol.body.is_some() { " {…}" } else { "" };
                let (kind, name) = (symbol.kind.name(), &symbol.name);
                format!("{:indent$}{kind} {name} {}{body}", "", lines(&symbol.range))
            })
            .collect(),
    );
    section(
        "imports",
        source
            .imports()
            .iter()
            .map(|import| {
                let names: Vec<String> = import
                    .names
                    .iter()
                    .map(|name| match &name.alias {
                        Some(alias) => format!("{} as {alias}", name.name),
                        None => name.name.clone(),
                    })
                    .collect();
                format!(
                    "{} {:?}: {}",
                    line(&import.range),
                    import.path,
                    names.join(", ")
                )
            })
            .collect(),
    );
    section(
        "scopes",
        source
            .scopes_at(offset)
            .iter()
            .map(|scope| {
                let kind = match scope.kind {
                    ScopeKind::Symbol(kind) => kind.name(),
                    ScopeKind::Block => "block",
                };
                format!(
                    "{kind} {} {}",
                    scope.name.as_deref().unwrap_or("-"),
                    lines(&scope.range)
                )
            })
            .collect(),
    );
    section(
        "identifiers",
        source
            .identifiers_in_scope(offset)
            .iter()
            .map(|name| format!("{} {} {}", name.kind.name(), name.name, line(&name.range)))
            .collect(),
    );
    section(
        "calls",
        source
            .calls()
            .iter()
            .map(|call| {
                let range = call.range.clone();
                format!(
                    "{} {} {}",
                    line(&call.range),
                    call.name,
                    quoted(Some(range))
                )
            })
            .collect(),
    );
    section("block", vec![quoted(source.block_at(offset))]);
    section("statement", vec![quoted(source.statement_at(offset))]);
    section(
        "boundaries",
        source
            .boundaries(0..source.text().len())
            .iter()
            .map(|&start| {
                let text = source.text()[start..].lines().next().unwrap_or_default();
                format!("{} {text}", line(&(start..start)))
            })
            .collect(),
    );
    section("errors", vec![source.error_count().to_string()]);
    section("comments and strings", marked(source));
    section("tree", vec![source.to_text(offset..offset)]);
    out
}

/// The lines that hold comments (`~`) or strings (`"`), with a mark under each place where what
/// is typed becomes part of one.
fn marked(source: &Source) -> Vec<String> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let text = line.trim_end_matches('\n');
        let places = text.char_indices().map(|(i, _)| i).chain([text.len()]);
        let marks: String = places
            .map(|i| match start + i {
                offset if source.is_in_comment(offset) => '~',
                offset if source.is_in_string(offset) => '"',
                _ => ' ',
            })
            .collect();
        if !marks.trim().is_empty() {
            out.extend([text.to_string(), marks.trim_end().to_string()]);
        }
        start += line.len();
    }
    out
}
