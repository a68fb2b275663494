//! What is taken for a secret, counted over a corpus, and that it comes back.

use expect_test::{Expect, expect};
use inkling_context::{Config, Limits, RecentEdits, Secrets, Workspace, gather, lines_without_secrets};
use inkling_syntax::{Language, Source};
use proptest::prelude::*;

/// The corpus: one case a line, secrets between `⟦` and `⟧`. `~` is nothing: it keeps programs that look for
/// leaked secrets from finding these, which were made up. A line that begins with `#` is a heading.
const CORPUS: &str = include_str!("../fixtures/secrets.corpus");

fn redacted(text: &str, cursor: usize) -> (String, String, Secrets) {
    let source = Source::new(text.to_string(), Language::PlainText);
    let workspace = Workspace::new(Limits::STANDARD);
    let mut context = gather(&source, "a", cursor, &workspace, &RecentEdits::default(), &Config::STANDARD);
    let secrets = Secrets::take_from(&mut context);
    (context.prefix.text, context.suffix.text, secrets)
}

#[test]
fn recall_and_false_positives_on_the_corpus() {
    let (mut n_secrets, mut n_hidden, mut n_clean, mut n_false) = (0, 0, 0, 0);
    let mut wrong = String::new();
    for line in CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        let line = line.replace('~', "").replace("\\n", "\n");
        let text = line.replace(['⟦', '⟧'], "");
        let (shown, _, secrets) = redacted(&text, text.len());
        let marked: Vec<&str> = line.split('⟦').skip(1).map(|part| part.split('⟧').next().unwrap()).collect();
        if marked.is_empty() {
            n_clean += 1;
            n_false += usize::from(secrets.kinds().count() > 0);
        }
        let missed = marked.iter().filter(|secret| shown.contains(**secret)).count();
        n_secrets += marked.len();
        n_hidden += marked.len() - missed;
        if missed > 0 || secrets.kinds().count() != marked.len() {
            wrong.push_str(&format!("{}\n    {}\n", text.replace('\n', "\\n"), shown.replace('\n', "\\n")));
        }
        assert_eq!(secrets.restore(&shown), text);
    }
    expect![""].assert_eq(&wrong);
    expect!["59 of 59 secrets are hidden; 0 of 68 harmless lines are touched"].assert_eq(&format!(
        "{n_hidden} of {n_secrets} secrets are hidden; {n_false} of {n_clean} harmless lines are touched"
    ));
}

fn check(fixture: &str, expected: Expect) {
    let fixture = fixture.replace('~', "");
    let cursor = fixture.find("$0").unwrap();
    let (prefix, suffix, _) = redacted(&fixture.replacen("$0", "", 1), cursor);
    expected.assert_eq(&format!("{prefix}$0{suffix}"));
}

#[test]
fn the_same_secret_has_the_same_placeholder_and_the_nearest_the_last() {
    check(
        "a = \"gh~p_0123456789abcdefghijABCDEFGHIJ012345\"\npassword = \"tr0ub4dor\"\n$0\nb = \"gh~p_0123456789abcdefghijABCDEFGHIJ012345\"\n",
        expect![[r#"
            a = "REDACTED_1_"
            password = "REDACTED_2_"
            $0
            b = "REDACTED_1_"
        "#]],
    );
}

#[test]
fn a_secret_at_the_cursor_is_hidden_on_both_sides() {
    check(
        "key = \"gh~p_0123456789abcdefghij$0ABCDEFGHIJ012345\"\n",
        expect![[r#"
            key = "REDACTED_1_$0"
        "#]],
    );
}

#[test]
fn texts_with_placeholders_of_their_own_get_others() {
    check("REDACTED_1 password = \"tr0ub4dor\"$0", expect![[r#"REDACTED_1 password = "REDACTED__1_"$0"#]]);
}

#[test]
fn an_invented_placeholder_ends_the_answer() {
    let text = "password = \"tr0ub4dor\"";
    let (_, _, secrets) = redacted(text, text.len());
    assert_eq!(secrets.restore("a REDACTED_1_ b"), "a tr0ub4dor b");
    assert_eq!(secrets.restore("a REDACTED_2_ b"), "a ");
    assert_eq!(secrets.restore("a REDACTED_ b"), "a ");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the text and the cursor: what is taken out comes back. Of a secret that the cursor stands in
    /// the second half does not.
    #[test]
    fn all_comes_back(
        text in "(password = \"|token: |sk-|[a-zA-Z0-9]{8}|\"|\n|://u:|@h|-----BEGIN |PRIVATE KEY-----|-----END |ä){0,30}",
        cursor in 0_usize..200,
    ) {
        let source = Source::new(text.clone(), Language::PlainText);
        let cursor = source.clamp(cursor);
        let (prefix, suffix, secrets) = redacted(&text, cursor);
        prop_assert_eq!(secrets.restore(&prefix), &text[..cursor]);
        prop_assert!(text[cursor..].ends_with(&secrets.restore(&suffix)));
    }
}

#[test]
fn lines_without_secrets_are_kept() {
    let key = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
    let text = format!("one\nlet a = (\"{key}\", \"{key}\");\ntwo\n{key}");
    assert_eq!(lines_without_secrets(&text), "one\ntwo\n");
    assert_eq!(lines_without_secrets("one\ntwo"), "one\ntwo");
}
