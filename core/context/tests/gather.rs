//! From a place in a file to its context.

use expect_test::{Expect, expect};
use inkling_context::{Config, Limits, RecentEdits, Workspace, gather};
use inkling_syntax::{Language, Source};
use proptest::prelude::*;

const PATH: &str = "src/shop.rs";

/// A workspace without files.
fn nothing() -> Workspace {
    Workspace::new(Limits::STANDARD)
}

fn check(max_bytes: usize, fixture: &str, expected: Expect) {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    let source = Source::new(fixture.replacen("$0", "", 1), Language::Rust);
    let config = Config { max_prefix_bytes: max_bytes, max_suffix_bytes: max_bytes, ..Config::STANDARD };
    let context = gather(&source, PATH, offset, &nothing(), &RecentEdits::default(), &config);
    expected.assert_eq(&context.to_text());
}

const SHOP: &str = "\
use std::io;

/// A shop.
struct Shop {
    name: String,
}

impl Shop {
    fn name(&self) -> &str {
        &self.name
    }

    /// The sum.
    #[must_use]
    fn sum(&self, prices: &[u64]) -> u64 {
        let mut sum = 0;
        for price in prices {
            sum += $0
        }
        sum
    }

    fn close(self) {}
}

fn main() {}
";

#[test]
fn a_small_file_is_whole() {
    check(
        1000,
        SHOP,
        expect![[r#"
            == src/shop.rs (Rust)
            == prefix (278 bytes)
            use std::io;

            ┄
            /// A shop.
            struct Shop {
            ┄
                name: String,
            }

            ┄
            impl Shop {
            ┄
                fn name(&self) -> &str {
                    &self.name
                }

            ┄
                /// The sum.
                #[must_use]
                fn sum(&self, prices: &[u64]) -> u64 {
                    let mut sum = 0;
                    for price in prices {
                        sum += 
            == suffix (68 bytes)

                    }
                    sum
                }

            ┄
                fn close(self) {}
            }

            ┄
            fn main() {}
        "#]],
    );
}

#[test]
fn a_bounded_side_ends_at_a_line() {
    check(
        100,
        SHOP,
        expect![[r#"
            == src/shop.rs (Rust)
            == prefix (74 bytes)
                    let mut sum = 0;
                    for price in prices {
                        sum += 
            == suffix (68 bytes)

                    }
                    sum
                }

            ┄
                fn close(self) {}
            }

            ┄
            fn main() {}
        "#]],
    );
}

#[test]
fn a_long_line_is_cut_between_characters() {
    check(
        5,
        "let a = \"ääääää$0öööööö\";",
        expect![[r#"
        == src/shop.rs (Rust)
        == prefix (4 bytes)
        ää
        == suffix (4 bytes)
        öö
    "#]],
    );
}

#[test]
fn recent_edits_come_without_the_one_at_the_cursor() {
    let mut edits = RecentEdits::default();
    edits.push("src/item.rs", "struct Item;\n", "struct Item {\n    price: u64,\n}\n");
    edits.push(PATH, "fn a() {}\n\nfn c() {}\n", "fn b() {}\n\nfn c() {}\n");
    edits.push(PATH, "fn b() {}\n\nfn c() {}\n", "fn b() {}\n\nfn c() { b() }\n");
    let source = Source::new("fn b() {}\n\nfn c() { b() }\n".into(), Language::Rust);
    let context = gather(&source, PATH, 24, &nothing(), &edits, &Config::STANDARD);
    expect![[r#"
        == src/shop.rs (Rust)
        == edit src/item.rs
        -struct Item;
        +struct Item {
        +    price: u64,
        +}
        == edit src/shop.rs
        -fn a() {}
        +fn b() {}
        == prefix (24 bytes)
        fn b() {}

        ┄
        fn c() { b() 
        == suffix (2 bytes)
        }
    "#]]
    .assert_eq(&context.to_text());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prefix_and_suffix_meet_at_the_cursor(
        text in "([a-zäé{}() ]{0,12}\n){0,20}",
        offset in 0usize..300,
        max_prefix_bytes in 0usize..100,
        max_suffix_bytes in 0usize..100,
        language in prop::sample::select(Language::ALL.to_vec()),
    ) {
        let source = Source::new(text.clone(), language);
        let config = Config { max_prefix_bytes, max_suffix_bytes, ..Config::STANDARD };
        let context = gather(&source, PATH, offset, &nothing(), &RecentEdits::default(), &config);
        let (prefix, suffix) = (&context.prefix, &context.suffix);
        let offset = source.clamp(offset);
        prop_assert!(text[..offset].ends_with(&prefix.text));
        prop_assert!(text[offset..].starts_with(&suffix.text));
        prop_assert!(prefix.text.len() <= max_prefix_bytes && suffix.text.len() <= max_suffix_bytes);
        let starts_line = |at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
        let start = offset - prefix.text.len();
        prop_assert!(starts_line(start) || !prefix.text.contains('\n'));
        prop_assert!(prefix.cuts.iter().all(|cut| starts_line(start + cut)));
        prop_assert!(suffix.cuts.iter().all(|cut| starts_line(offset + cut)));
        prop_assert!(prefix.cuts.is_sorted() && suffix.cuts.is_sorted());
    }
}

#[test]
fn fifty_megabytes_are_not_copied() {
    let source = Source::new("x = 1\n".repeat(50 << 17), Language::Python);
    let context =
        gather(&source, "data.py", 20 << 20, &nothing(), &RecentEdits::default(), &Config::STANDARD);
    assert!(context.prefix.text.len() <= Config::STANDARD.max_prefix_bytes);
    assert!(context.suffix.text.len() <= Config::STANDARD.max_suffix_bytes);
}
