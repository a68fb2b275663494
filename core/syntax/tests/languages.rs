//! One fixture and one golden a language: everything that is asked of a source, at the cursor.

use std::fmt::Write;
use std::ops::Range;

use expect_test::expect_file;
use inkling_syntax::{Import, ImportedName, Language, Scope, ScopeKind, Source, Symbol};

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
    let sections = [
        ("outline", outline(source)),
        ("imports", imports(source)),
        ("scopes", scopes(source, offset)),
        ("identifiers", identifiers(source, offset)),
        ("calls", calls(source)),
        ("block", vec![quoted(source, source.block_at(offset))]),
        ("statement", vec![quoted(source, source.statement_at(offset))]),
        ("boundaries", boundaries(source)),
        ("errors", vec![source.error_count().to_string()]),
        ("comments and strings", marked(source)),
        ("tree", vec![source.to_text(offset..offset)]),
    ];
    let mut out = String::new();
    for (name, lines) in sections {
        let _ = writeln!(out, "== {name}");
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn outline(source: &Source) -> Vec<String> {
    let line = |symbol: &Symbol| {
        let indent = 2 * symbol.depth;
        let body = if symbol.body.is_some() { " {…}" } else { "" };
        let (kind, name) = (symbol.kind.name(), &symbol.name);
        format!("{:indent$}{kind} {name} {}{body}", "", lines(source, &symbol.range))
    };
    source.outline().iter().map(line).collect()
}

fn imports(source: &Source) -> Vec<String> {
    let name = |name: &ImportedName| match &name.alias {
        Some(alias) => format!("{} as {alias}", name.name),
        None => name.name.clone(),
    };
    let line = |import: &Import| {
        let names: Vec<String> = import.names.iter().map(name).collect();
        format!("{} {:?}: {}", line(source, &import.range), import.path, names.join(", "))
    };
    source.imports().iter().map(line).collect()
}

fn scopes(source: &Source, offset: usize) -> Vec<String> {
    let line = |scope: &Scope| {
        let kind = match scope.kind {
            ScopeKind::Symbol(kind) => kind.name(),
            ScopeKind::Block => "block",
        };
        format!("{kind} {} {}", scope.name.as_deref().unwrap_or("-"), lines(source, &scope.range))
    };
    source.scopes_at(offset).iter().map(line).collect()
}

fn identifiers(source: &Source, offset: usize) -> Vec<String> {
    let identifiers = source.identifiers_in_scope(offset).into_iter();
    identifiers.map(|one| format!("{} {} {}", one.kind.name(), one.name, line(source, &one.range))).collect()
}

fn calls(source: &Source) -> Vec<String> {
    let calls = source.calls().into_iter();
    calls
        .map(|call| {
            format!("{} {} {}", line(source, &call.range), call.name, quoted(source, Some(call.range)))
        })
        .collect()
}

fn boundaries(source: &Source) -> Vec<String> {
    let starts = source.boundaries(0..source.text().len()).into_iter();
    starts
        .map(|start| {
            let text = source.text()[start..].lines().next().unwrap_or_default();
            format!("{} {text}", line(source, &(start..start)))
        })
        .collect()
}

/// The number of the line on which a range begins, from 1.
fn line(source: &Source, range: &Range<usize>) -> usize {
    1 + source.text()[..range.start].matches('\n').count()
}

fn lines(source: &Source, range: &Range<usize>) -> String {
    let first = line(source, range);
    format!("{first}–{}", first + source.text()[range.clone()].matches('\n').count())
}

fn quoted(source: &Source, range: Option<Range<usize>>) -> String {
    range.map_or("none".to_string(), |range| format!("{:?}", &source.text()[range]))
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
