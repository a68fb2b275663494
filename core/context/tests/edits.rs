//! What the log of recent edits remembers.

use expect_test::{Expect, expect};
use inkling_context::RecentEdits;
use proptest::prelude::*;

/// Pushes each text after the other as the text of one file.
fn check(versions: &[&str], expected: Expect) {
    let mut edits = RecentEdits::default();
    for pair in versions.windows(2) {
        edits.push("a.py", pair[0], pair[1]);
    }
    expected.assert_eq(&to_text(&edits));
}

fn to_text(edits: &RecentEdits) -> String {
    let hunks = edits.hunks_except("", 0).into_iter();
    hunks.map(|edit| format!("@ {}\n{}", edit.path, edit.hunk)).collect()
}

#[test]
fn typing_is_one_edit() {
    check(
        &["a\nb\nc\n", "a\nbx\nc\n", "a\nbxy\nc\n", "a\nbxyz\nc\n"],
        expect![[r#"
        @ a.py
        -b
        +bxyz
    "#]],
    );
}

#[test]
fn neighbouring_lines_are_one_edit() {
    check(
        &["a\nb\nc\n", "a\nB\nc\n", "a\nB\nC\n"],
        expect![[r#"
        @ a.py
        -b
        -c
        +B
        +C
    "#]],
    );
    check(
        &["a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nB\nc\nD\n"],
        expect![[r#"
        @ a.py
        -b
        +B
        @ a.py
        -d
        +D
    "#]],
    );
}

#[test]
fn undone_is_forgotten() {
    check(&["a\nb\n", "a\nx\n", "a\nb\n"], expect![""]);
    check(&["a\nb\n", "a\nb\nc\n", "a\nb\n"], expect![""]);
}

#[test]
fn lines_added_and_removed() {
    check(
        &["a\nc\n", "a\nb\nc\n"],
        expect![[r#"
        @ a.py
        +b
    "#]],
    );
    check(
        &["a\nb\nc\n", "a\nc\n"],
        expect![[r#"
        @ a.py
        -b
    "#]],
    );
    check(&["a", "a\n", "a\r\n"], expect![""]);
    check(
        &["", "a"],
        expect![[r#"
        @ a.py
        +a
    "#]],
    );
}

#[test]
fn edits_move_with_the_lines_above() {
    check(
        &["a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "new\na\nb\nc\nd\nE\n", "new\na\nb\nc\nd\nEE\n"],
        expect![[r#"
            @ a.py
            +new
            @ a.py
            -e
            +EE
        "#]],
    );
}

#[test]
fn one_edit_may_join_others() {
    check(
        &["a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n", "A\nx\ny\nE\n"],
        expect![[r#"
        @ a.py
        -a
        -b
        -c
        -d
        -e
        +A
        +x
        +y
        +E
    "#]],
    );
}

#[test]
fn large_changes_are_no_edits() {
    let paste = "line\n".repeat(1000);
    check(&["a\n", &paste, "a\n"], expect![""]);
}

#[test]
fn only_the_newest_are_kept() {
    let mut edits = RecentEdits::default();
    for i in 0..20 {
        edits.push(&format!("{i}.py"), "a\n", "b\n");
    }
    let paths: Vec<String> = edits.hunks_except("", 0).into_iter().map(|edit| edit.path).collect();
    assert_eq!(paths, ["12.py", "13.py", "14.py", "15.py", "16.py", "17.py", "18.py", "19.py"]);
}

fn text() -> impl Strategy<Value = String> {
    "([ab]{0,2}\n){0,8}[ab]{0,2}"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The hunks, applied backwards, lead from the last text to the first, whatever happened
    /// between; a text that was not told of does no harm.
    #[test]
    fn hunks_lead_back(versions in prop::collection::vec(text(), 2..6), untold in text()) {
        let mut edits = RecentEdits::default();
        for pair in versions.windows(2) {
            edits.push("a.py", &pair[0], &pair[1]);
        }
        let count = |text: &str, line: &str| {
            text.lines().filter(|l| *l == line).count() as i64
        };
        let (first, last) = (&versions[0], &versions[versions.len() - 1]);
        let hunks: String = edits.hunks_except("", 0).into_iter().map(|edit| edit.hunk).collect();
        for line in ["", "a", "b", "aa", "ab", "ba", "bb"] {
            let added = count(&hunks, &format!("+{line}")) - count(&hunks, &format!("-{line}"));
            prop_assert_eq!(count(last, line) - count(first, line), added, "{:?} {}", line, hunks);
        }
        edits.push("a.py", &untold, "a\nb\n");
        edits.hunks_except("a.py", 3);
    }
}
