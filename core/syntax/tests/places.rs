//! Small questions at one place: half-typed code, blank lines, errors.

use expect_test::{Expect, expect};
use inkling_syntax::{Language, ScopeKind, Source};

fn parse(language: Language, fixture: &str) -> (Source, usize) {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    (Source::new(fixture.replacen("$0", "", 1), language), offset)
}

fn check(language: Language, fixture: &str, expected: Expect) {
    let (source, offset) = parse(language, fixture);
    let scopes: Vec<String> = source
        .scopes_at(offset)
        .iter()
        .map(|scope| match scope.kind {
            ScopeKind::Symbol(kind) => {
                format!("{} {}", kind.name(), scope.name.as_deref().unwrap())
            }
            ScopeKind::Block => "block".to_string(),
        })
        .collect();
    let names: Vec<String> = source.identifiers_in_scope(offset).into_iter().map(|name| name.name).collect();
    let text = |range: Option<std::ops::Range<usize>>| {
        range.map_or("none".to_string(), |range| format!("{:?}", &source.text()[range]))
    };
    expected.assert_eq(&format!(
        "scopes: {}\nnames: {}\nblock: {}\nstatement: {}\n",
        scopes.join(" > "),
        names.join(" "),
        text(source.block_at(offset)),
        text(source.statement_at(offset)),
    ));
}

#[test]
fn python_block_goes_on_below_its_last_line() {
    check(
        Language::Python,
        "def f(a):\n    b = a\n\n    # more\n    $0\nc = 1\n",
        expect![[r#"
            scopes: function f
            names: b a c f
            block: "b = a\n\n    # more\n    "
            statement: none
        "#]],
    );
    check(
        Language::Python,
        "def f(a):\n    b = a\n\n$0\nc = 1\n",
        expect![[r#"
            scopes: 
            names: c f
            block: none
            statement: none
        "#]],
    );
    check(
        Language::Python,
        "class A:\n    def f(self):\n        b = 1\n    $0",
        expect![[r#"
            scopes: class A
            names: f A
            block: "def f(self):\n        b = 1\n    "
            statement: none
        "#]],
    );
    check(
        Language::Python,
        "def f(a):\n    $0",
        expect![[r#"
        scopes: function f
        names: a f
        block: none
        statement: none
    "#]],
    );
    check(
        Language::Python,
        "class A:\n    def f(self, a):\n        $0\n\nB = 1\n",
        expect![[r#"
            scopes: class A > method f
            names: a self f B A
            block: "def f(self, a):\n        "
            statement: none
        "#]],
    );
}

#[test]
fn half_typed_statement() {
    check(
        Language::Rust,
        "fn f(a: u8) {\n    let b = a.$0\n}\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "{\n    let b = a.\n}"
            statement: "let b = a."
        "#]],
    );
    check(
        Language::Rust,
        "fn f(a: u8) {\n    let b = $0\n    g();\n}\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "{\n    let b = \n    g();\n}"
            statement: "let b = \n    g();"
        "#]],
    );
    check(
        Language::TypeScript,
        "function f(a) {\n  const b = a.$0\n}\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "{\n  const b = a.\n}"
            statement: "const b = a."
        "#]],
    );
    check(
        Language::Python,
        "def f(a):\n    b = a.$0\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "b = a."
            statement: "b = a."
        "#]],
    );
    check(
        Language::Python,
        "def f(a):\n    if a:\n        return$0\n    else:\n        pass\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "if a:\n        return\n    else:\n        pass"
            statement: "return"
        "#]],
    );
    check(
        Language::Java,
        "class A { void f(int a) {\n    a.$0\n} }\n",
        expect![[r#"
            scopes: class A > method f
            names: a f A
            block: "{\n    a.\n}"
            statement: "void f(int a) {\n    a.\n}"
        "#]],
    );
    check(
        Language::Go,
        "func f(a int) {\n\tb := a.$0\n}\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "{\n\tb := a.\n}"
            statement: "b := a."
        "#]],
    );
}

#[test]
fn missing_closers() {
    check(
        Language::Rust,
        "fn f(a: u8) {\n    let b = 1;\n    $0\n",
        expect![[r#"
            scopes: function f
            names: b a f
            block: "{\n    let b = 1;\n    "
            statement: "fn f(a: u8) {\n    let b = 1;\n    "
        "#]],
    );
    check(
        Language::JavaScript,
        "function f(a) {\n  const b = 1;\n  if (a) {\n    $0\n",
        expect![[r#"
            scopes: function f > block
            names: b a f
            block: "{\n    "
            statement: "if (a) {\n    "
        "#]],
    );
    check(
        Language::C,
        "int f(int a) {\n  int b = 1;\n  $0\n",
        expect![[r#"
            scopes: function f
            names: b a f
            block: "{\n  int b = 1;\n  "
            statement: "int f(int a) {\n  int b = 1;\n  "
        "#]],
    );
}

#[test]
fn empty_bodies() {
    check(
        Language::Rust,
        "fn f(a: u8) {$0}",
        expect![[r#"
        scopes: function f
        names: a f
        block: "{}"
        statement: "fn f(a: u8) {}"
    "#]],
    );
    check(
        Language::Rust,
        "fn f(a: u8) {}$0",
        expect![[r#"
        scopes: 
        names: f
        block: none
        statement: "fn f(a: u8) {}"
    "#]],
    );
    check(
        Language::Kotlin,
        "fun f(a: Int) {\n    $0\n}\n",
        expect![[r#"
            scopes: function f
            names: a f
            block: "{\n    \n}"
            statement: "fun f(a: Int) {\n    \n}"
        "#]],
    );
    check(
        Language::CSharp,
        "class A { int P { get { $0 } } }",
        expect![[r#"
            scopes: class A > field P > block
            names: P A
            block: "{  }"
            statement: "int P { get {  } }"
        "#]],
    );
}

#[test]
fn end_of_comment_and_string() {
    let lexical = |language, fixture| {
        let (source, offset) = parse(language, fixture);
        (source.is_in_comment(offset), source.is_in_string(offset))
    };
    let (comment, string, code) = ((true, false), (false, true), (false, false));
    assert_eq!(lexical(Language::Rust, "// a$0"), comment);
    assert_eq!(lexical(Language::Rust, "/// a$0\nfn f() {}"), comment);
    assert_eq!(lexical(Language::Rust, "/// a\n$0fn f() {}"), code);
    assert_eq!(lexical(Language::Rust, "/* a */$0"), code);
    assert_eq!(lexical(Language::Python, "x = 1  # a$0\n"), comment);
    assert_eq!(lexical(Language::Python, "x = 'a$0'\n"), string);
    assert_eq!(lexical(Language::Python, "x = 'a'$0\n"), code);
    assert_eq!(lexical(Language::Python, "x = f'{a$0}'\n"), code);
    assert_eq!(lexical(Language::Go, "var x = `a\n$0`\n"), string);
    assert_eq!(lexical(Language::PlainText, "# a$0"), code);
}

#[test]
fn boundaries_are_line_starts_of_items_with_what_leads_them() {
    let check = |language, text: &str, expected: &[usize]| {
        let source = Source::new(text.into(), language);
        assert_eq!(source.boundaries(0..text.len()), expected, "{text}");
    };
    check(Language::Python, "a = 1  # one\nb = 2\n# three\nc = 3\n", &[0, 13, 19]);
    check(Language::Rust, "/// A\n#[x]\nfn a() {}\nfn b() {} fn c() {}\n", &[0, 21]);
    check(Language::JavaScript, "class A {\n  a = 1;\n  b() {\n    c();\n  }\n}\n", &[0, 10, 19]);
    check(Language::PlainText, "a\nb\n\nc\n", &[0, 5]);
}

#[test]
fn errors() {
    let source = Source::new("fn f( {}\n\nfn g() { let x = ; }\n\nfn h() {}\n".into(), Language::Rust);
    assert!(source.error_count() >= 2);
    assert!(source.has_error_in(0..9));
    assert!(source.has_error_in(10..31));
    assert!(!source.has_error_in(33..41));
}

#[test]
fn references_are_identifiers() {
    let check = |language, text: &str, expected: &[usize]| {
        let source = Source::new(text.into(), language);
        let starts: Vec<usize> = source.references("item").iter().map(|range| range.start).collect();
        assert_eq!(starts, expected);
    };
    check(Language::Rust, "fn item() { /* item */ item(\"item\", items, a.item) }", &[3, 23, 45]);
    check(Language::PlainText, "item, items, (item)", &[0, 14]);
}
