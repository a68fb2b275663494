//! Whatever the bytes and the edits.

use std::ops::Range;
use std::time::{Duration, Instant};

use inkling_syntax::{Language, MAX_LINE_BYTES, MAX_TREE_BYTES, Source};
use proptest::prelude::*;

const FIXTURES: [(Language, &str); 11] = [
    (Language::Rust, include_str!("../fixtures/rust.rs")),
    (Language::Python, include_str!("../fixtures/python.py")),
    (Language::TypeScript, include_str!("../fixtures/typescript.ts")),
    (Language::Tsx, include_str!("../fixtures/tsx.tsx")),
    (Language::JavaScript, include_str!("../fixtures/javascript.js")),
    (Language::Java, include_str!("../fixtures/java.java")),
    (Language::Kotlin, include_str!("../fixtures/kotlin.kt")),
    (Language::Go, include_str!("../fixtures/go.go")),
    (Language::C, include_str!("../fixtures/c.c")),
    (Language::Cpp, include_str!("../fixtures/cpp.cpp")),
    (Language::CSharp, include_str!("../fixtures/csharp.cs")),
];

/// A place and a length as shares of the text, and what is put there.
fn edit() -> impl Strategy<Value = (f64, f64, String)> {
    let replacement = prop_oneof![
        Just(String::new()),
        "[a-z]{1,8}",
        "[(){}\\[\\];:,.=\"'`#/* \n]{1,4}",
        "\\PC{1,4}",
        Just("def f():\n    return 1\n".to_string()),
        Just("fn f() { g(\"é\") }\n".to_string()),
    ];
    (0.0..1.0, 0.0..0.1, replacement)
}

fn place(share: f64, text: &str) -> usize {
    (share * text.len() as f64) as usize
}

fn tree(source: &Source) -> String {
    source.to_text(0..source.text().len())
}

/// Asks everything at one place.
fn ask_all(source: &Source, offset: usize) {
    source.outline();
    source.imports();
    source.calls();
    source.details();
    source.scopes_at(offset);
    source.identifiers_in_scope(offset);
    source.block_at(offset);
    source.statement_at(offset);
    source.is_in_comment(offset);
    source.is_in_string(offset);
    source.has_error_in(offset..offset.saturating_add(10));
    source.error_count();
    source.references("a");
    source.to_text(offset..offset);
    for boundary in source.boundaries(0..usize::MAX) {
        assert!(boundary == 0 || source.text().as_bytes()[boundary - 1] == b'\n');
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_keep_text_and_tree_in_step(
        which in 0..FIXTURES.len(),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        let (language, text) = FIXTURES[which];
        let mut source = Source::new(text.into(), language);
        let mut undo = Vec::new();
        for (at, share, replacement) in edits {
            let start = source.clamp(place(at, source.text()));
            let end = source.clamp(start + place(share, source.text()));
            let old = source.text()[start..end].to_string();
            source.edit(start..end, &replacement);
            undo.push((start..start + replacement.len(), old));
            let fresh = Source::new(source.text().into(), language);
            prop_assert_eq!(source.error_count() == 0, fresh.error_count() == 0);
            if fresh.error_count() == 0 {
                prop_assert_eq!(tree(&source), tree(&fresh));
            }
            ask_all(&source, start);
        }
        for (range, old) in undo.into_iter().rev() {
            source.edit(range, &old);
        }
        prop_assert_eq!(source.text(), text);
        prop_assert_eq!(tree(&source), tree(&Source::new(text.into(), language)));
    }

    #[test]
    fn any_bytes_and_any_offset_have_an_answer(
        which in 0..Language::ALL.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        offset in 0usize..400,
        replaced in 0usize..400,
    ) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut source = Source::new(text, Language::ALL[which]);
        ask_all(&source, offset);
        source.edit(offset..replaced, "é{");
        ask_all(&source, replaced);
    }
}

#[test]
fn empty_text() {
    for language in Language::ALL {
        let mut source = Source::new(String::new(), language);
        ask_all(&source, 0);
        ask_all(&source, usize::MAX);
        source.edit(Range { start: 5, end: 2 }, "x");
        assert_eq!(source.text(), "x");
    }
}

#[test]
fn oversized_texts_are_plain() {
    let line = "let x = 1; ".repeat(MAX_LINE_BYTES / 10);
    assert!(Source::new(line, Language::Rust).to_text(0..10).is_empty());
    let lines = "let x = 1;\n".repeat(MAX_TREE_BYTES / 10);
    assert!(Source::new(lines, Language::Rust).to_text(0..10).is_empty());
}

#[test]
fn a_text_may_end_anywhere() {
    let annotated = "class A(val b: Int) {\n    val c: Int\n    @Inject(1) lateinit var d: Int\n\n    @Get get() = 1\n}\n@E @F(\"g h\nclass H\n@I constructor() {}\n";
    let fixtures = FIXTURES.into_iter().chain([(Language::Kotlin, annotated)]);
    for (language, text) in fixtures {
        within(Duration::from_secs(60), language.name(), move || {
            let mut typed = Source::new(String::new(), language);
            for (end, c) in text.char_indices() {
                let fresh = Source::new(text[..end].to_string(), language);
                assert_eq!(typed.error_count() == 0, fresh.error_count() == 0, "{:?}", typed.text());
                typed.edit(end..end, c.encode_utf8(&mut [0; 4]));
            }
        });
    }
}

#[test]
fn a_line_of_fifty_megabytes_is_quick() {
    within(Duration::from_secs(20), "a long line", || {
        let mut source = Source::new("x+".repeat(25 << 20), Language::JavaScript);
        source.edit(1000..1001, "y");
        ask_all(&source, 1000);
    });
}

#[test]
fn deep_nesting_is_bounded() {
    for (open, close) in [("(", ")"), ("{", "}"), ("[", "]"), ("(", ""), ("{", ""), ("a(b", "")] {
        for (language, n) in Language::ALL.into_iter().flat_map(|l| [(l, 1_000), (l, 100_000)]) {
            within(Duration::from_secs(30), &format!("{n} {open}{close} {language:?}"), || {
                let nested = format!("{}\n{}\n", open.repeat(n), close.repeat(n));
                let mut source = Source::new(nested, language);
                source.edit(10..10, "x");
                ask_all(&source, n);
            });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test takes its own time")]
fn within(limit: Duration, what: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let elapsed = start.elapsed();
    assert!(elapsed < limit, "{what}: {elapsed:?}");
}
