//! The algorithm on a small vocabulary.

mod common;

use common::{ADDED, CONTROL, NORMAL, USER_DEFINED, gguf};
use expect_test::{Expect, expect};
use inkling_tokenizer::{TokenId, Tokenizer};
use proptest::prelude::*;

fn tokenizer() -> Tokenizer {
    Tokenizer::from_gguf(&gguf(&ADDED)).expect("the fixture is well formed")
}

/// Each token as its id and its bytes.
fn show(tokenizer: &Tokenizer, ids: &[TokenId]) -> String {
    let token = |&id: &TokenId| format!("{id}:{:?}", String::from_utf8_lossy(tokenizer.bytes(id)));
    ids.iter().map(token).collect::<Vec<_>>().join(" ")
}

fn check(text: &str, expected: Expect) {
    let tokenizer = tokenizer();
    let (plain, special) = (tokenizer.encode(text), tokenizer.encode_with_special(text));
    let mut shown = show(&tokenizer, &plain);
    if plain != special {
        shown += &format!("\nwith special: {}", show(&tokenizer, &special));
    }
    expected.assert_eq(&shown);
}

#[test]
fn merges_are_applied_in_their_order() {
    check("low lower slow", expect![[r#"258:"low" 261:" lower" 32:" " 115:"s" 258:"low""#]]);
}

#[test]
fn merges_do_not_cross_words() {
    check("\n\nlo\nw", expect![[r#"262:"\n\n" 256:"lo" 10:"\n" 119:"w""#]]);
}

#[test]
fn characters_without_a_token_are_bytes() {
    check("é🦙", expect![[r#"195:"�" 169:"�" 240:"�" 159:"�" 166:"�" 153:"�""#]]);
}

#[test]
fn special_tokens_are_text_unless_asked_for() {
    check(
        "low<|end|>er<|fim|>",
        expect![[r#"
            258:"low" 60:"<" 124:"|" 101:"e" 110:"n" 100:"d" 124:"|" 62:">" 259:"er" 60:"<" 124:"|" 102:"f" 105:"i" 109:"m" 124:"|" 62:">"
            with special: 258:"low" 263:"<|end|>" 259:"er" 264:"<|fim|>""#]],
    );
}

#[test]
fn added_text_is_a_token_wherever_it_stands() {
    check("a→lo", expect![[r#"97:"a" 265:"→" 256:"lo""#]]);
}

#[test]
fn no_text_is_no_token() {
    check("", expect![[""]]);
}

#[test]
fn decoding_spells_special_tokens_and_drops_unknown_ones() {
    let text = tokenizer().decode(&[0xc3, 0xa9, 262, 263, 0xff, 9999]);
    expect![[r#""é\n\n<|end|>�""#]].assert_eq(&format!("{text:?}"));
}

#[test]
fn the_metadata_is_kept() {
    let tokenizer = tokenizer();
    assert_eq!((tokenizer.n_vocab(), tokenizer.bos(), tokenizer.eos()), (266, None, Some(263)));
    assert_eq!(tokenizer.fim().middle, Some(263));
    assert_eq!(tokenizer.specials().collect::<Vec<_>>(), [263, 264]);
    assert_eq!((tokenizer.special("<|fim|>"), tokenizer.special("→")), (Some(264), None));
    assert!(!tokenizer.adds_bos());
}

#[test]
fn of_two_special_tokens_the_longer_one_counts() {
    let added = [("<|a|>", CONTROL), ("<|a|><|b|>", CONTROL), ("<|b|>", USER_DEFINED)];
    let tokenizer = Tokenizer::from_gguf(&gguf(&added)).expect("well formed");
    let ids = tokenizer.encode_with_special("<|a|><|b|><|b|>");
    assert_eq!(ids, [264, 265]);
}

#[test]
fn no_merge_makes_a_special_token() {
    let mut gguf = gguf(&ADDED);
    let low_is_control = (0..266).map(|id| if id == 258 { CONTROL } else { NORMAL });
    let types: Vec<i32> = low_is_control.collect();
    gguf.metadata.insert("tokenizer.ggml.token_type".to_owned(), types.into());
    let tokenizer = Tokenizer::from_gguf(&gguf).expect("well formed");
    expect![[r#"256:"lo" 119:"w" 261:" lower""#]]
        .assert_eq(&show(&tokenizer, &tokenizer.encode("low lower")));
}

#[test]
fn long_words_take_no_longer_than_long_texts() {
    // A merge that searched the word anew would need hours for these.
    let tokenizer = tokenizer();
    let n = 1 << 20;
    assert_eq!(tokenizer.count(&"a".repeat(n)), n);
    assert_eq!(tokenizer.count(&"lo".repeat(n / 2)), n / 2);
    assert_eq!(tokenizer.count(&"\n".repeat(n)), n / 2);
    assert_eq!(tokenizer.count(&" ".repeat(n)), n);
    assert_eq!(tokenizer.count(&" low".repeat(n / 4)), n / 4);
    assert_eq!(tokenizer.count(&"<|".repeat(n / 2)), n);
}

/// Text with whatever the vocabulary and the pre-tokenizer treat in a way of their own.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[lower \n]{1,9}",
        Just("<|end|>".to_owned()),
        Just("<|fim|>".to_owned()),
        Just("→".to_owned()),
    ];
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(text in text()) {
        let tokenizer = tokenizer();
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), &text[..]);
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode_with_special(&text)), &text[..]);
    }

    #[test]
    fn encoding_plain_text_gives_no_special_token(text in text()) {
        let tokenizer = tokenizer();
        prop_assert!(tokenizer.encode(&text).iter().all(|&id| !tokenizer.is_special(id)));
        prop_assert_eq!(tokenizer.count(&text), tokenizer.encode(&text).len());
    }

    #[test]
    fn decoding_takes_any_ids(ids in proptest::collection::vec(0u32..300, 0..30)) {
        tokenizer().decode(&ids);
    }
}
