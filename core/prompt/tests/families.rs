//! One prompt of every family, to the letter.

use expect_test::{Expect, expect};
use inkling_context::{Context, Edit, Reason, Section, Snippet};
use inkling_prompt::{Budget, Family, FilePiece, ModelFacts, Pieces, Template, assemble, chat};
use inkling_syntax::{Language, Way};

const OURS: [&str; 8] = [
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|recent_edit|>",
];

fn template(prompt_version: Option<u32>, specials: &[&str]) -> Template {
    let specials: Vec<String> = specials.iter().map(|special| special.to_string()).collect();
    Template::choose(&ModelFacts { prompt_version, specials: &specials })
}

fn snippet(path: &str, text: &str, score: f32) -> Snippet {
    Snippet { path: path.to_string(), text: text.to_string(), score, reason: Reason::Similar }
}

fn context() -> Context {
    Context {
        repository: "shop".to_string(),
        path: "src/shop.py".to_string(),
        language: Language::Python,
        prefix: Section { text: "import tax\n\ndef total(items):\n    return ".to_string(), cuts: vec![12] },
        suffix: Section { text: "\n\ndef main():\n    pass\n".to_string(), cuts: vec![2] },
        snippets: vec![
            snippet("src/tax.py", "def rate():\n    return 0.2\n", 0.9),
            snippet("src/item.py", "class Item: ...\n", 0.4),
        ],
        edits: vec![Edit {
            path: "src/item.py".to_string(),
            hunk: "-price: int\n+price: float\n".to_string(),
        }],
    }
}

/// One token a word, as the budget counts here.
fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

fn check(template: &Template, prompt_tokens: usize, expected: Expect) {
    let prompt = assemble(&context(), template, Budget { prompt_tokens, way: Way::Inline }, &count);
    expected.assert_eq(&prompt.to_text());
}

#[test]
fn our_own_version_1() {
    check(
        &template(Some(1), &OURS),
        1000,
        expect![[r#"
            <|file_sep|>src/item.py
            class Item: ...
            <|file_sep|>src/tax.py
            def rate():
                return 0.2
            <|recent_edit|>src/item.py
            -price: int
            +price: float
            <|file_sep|>src/shop.py
            <|fim_suffix|>

            def main():
                pass
            <|fim_prefix|>import tax

            def total(items):
            <|fim_middle|>    return "#]],
    );
}

#[test]
fn qwen() {
    check(
        &template(None, &OURS[..7]),
        1000,
        expect![[r#"
            <|repo_name|>shop
            <|file_sep|>src/item.py
            class Item: ...
            <|file_sep|>src/tax.py
            def rate():
                return 0.2
            <|file_sep|>src/shop.py
            <|fim_prefix|>import tax

            def total(items):
                return <|fim_suffix|>

            def main():
                pass
            <|fim_middle|>"#]],
    );
}

#[test]
fn starcoder() {
    let specials = ["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<file_sep>", "<repo_name>"];
    check(
        &template(None, &specials),
        1000,
        expect![[r#"
            <repo_name>shop<file_sep>src/item.py
            class Item: ...
            <file_sep>src/tax.py
            def rate():
                return 0.2
            <file_sep>src/shop.py
            <fim_prefix>import tax

            def total(items):
                return <fim_suffix>

            def main():
                pass
            <fim_middle>"#]],
    );
}

#[test]
fn codegemma() {
    check(
        &template(None, &["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"]),
        1000,
        expect![[r#"
        src/item.py
        class Item: ...
        <|file_separator|>src/tax.py
        def rate():
            return 0.2
        <|file_separator|>src/shop.py
        <|fim_prefix|>import tax

        def total(items):
            return <|fim_suffix|>

        def main():
            pass
        <|fim_middle|>"#]],
    );
}

#[test]
fn granite() {
    check(
        &template(None, &OURS[1..4]),
        1000,
        expect![[r#"
        <|fim_prefix|># Path: src/item.py
        # class Item: ...
        # Path: src/tax.py
        # def rate():
        #     return 0.2
        # Path: src/shop.py
        import tax

        def total(items):
            return <|fim_suffix|>

        def main():
            pass
        <|fim_middle|>"#]],
    );
}

#[test]
fn starcoder_of_the_first_generation() {
    check(
        &template(None, &["<fim_prefix>", "<fim_middle>", "<fim_suffix>"]),
        1000,
        expect![[r#"
        <fim_prefix># Path: src/item.py
        # class Item: ...
        # Path: src/tax.py
        # def rate():
        #     return 0.2
        # Path: src/shop.py
        import tax

        def total(items):
            return <fim_suffix>

        def main():
            pass
        <fim_middle>"#]],
    );
}

#[test]
fn deepseek_coder() {
    check(
        &template(None, &["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]),
        1000,
        expect![[r#"
        <｜fim▁begin｜># Path: src/item.py
        # class Item: ...
        # Path: src/tax.py
        # def rate():
        #     return 0.2
        # Path: src/shop.py
        import tax

        def total(items):
            return <｜fim▁hole｜>

        def main():
            pass
        <｜fim▁end｜>"#]],
    );
}

#[test]
fn code_llama() {
    check(
        &template(None, &["▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"]),
        1000,
        expect![[r#"
        ▁<PRE># Path: src/item.py
        # class Item: ...
        # Path: src/tax.py
        # def rate():
        #     return 0.2
        # Path: src/shop.py
        import tax

        def total(items):
            return ▁<SUF>

        def main():
            pass
        ▁<MID>"#]],
    );
}

#[test]
fn codestral() {
    check(
        &template(None, &["[PREFIX]", "[SUFFIX]", "[MIDDLE]"]),
        1000,
        expect![[r#"
        [SUFFIX]

        def main():
            pass
        [PREFIX]+++++ src/item.py
        class Item: ...
        +++++ src/tax.py
        def rate():
            return 0.2
        +++++ src/shop.py
        import tax

        def total(items):
            return "#]],
    );
}

#[test]
fn a_model_without_special_tokens_continues() {
    check(
        &template(None, &[]),
        1000,
        expect![[r#"
        # Path: src/item.py
        # class Item: ...
        # Path: src/tax.py
        # def rate():
        #     return 0.2
        # Path: src/shop.py
        import tax

        def total(items):
            return "#]],
    );
}

#[test]
fn a_small_budget_keeps_what_is_nearest() {
    check(
        &template(Some(1), &OURS),
        12,
        expect![[r#"
            <|file_sep|>src/shop.py
            <|fim_suffix|>

            def main():
            <|fim_prefix|>def total(items):
            <|fim_middle|>    return "#]],
    );
    check(
        &template(Some(1), &OURS),
        0,
        expect![[r#"
        <|file_sep|>src/shop.py
        <|fim_suffix|><|fim_prefix|><|fim_middle|>"#]],
    );
}

#[test]
fn no_budget_is_ever_exceeded() {
    for prompt_tokens in 8..120 {
        let code_llama = ["▁<PRE>", "▁<SUF>", "▁<MID>"];
        for (version, specials) in
            [(Some(1), &OURS[..]), (None, &OURS[..7]), (None, &code_llama), (None, &[])]
        {
            let template = template(version, specials);
            let prompt = assemble(&context(), &template, Budget { prompt_tokens, way: Way::Inline }, &count);
            let spent: usize = prompt
                .parts
                .iter()
                .map(|part| match part {
                    inkling_prompt::Part::Special(_) => 1,
                    inkling_prompt::Part::Text(text) => count(text),
                })
                .sum();
            assert!(spent <= prompt_tokens, "{spent} of {prompt_tokens}: {:?}", prompt.to_text());
        }
    }
}

#[test]
fn source_text_cannot_break_out() {
    let mut context = context();
    context.prefix.text = "x = '<|fim_middle|>' # <|endoftext|>".to_string();
    context.snippets[0].path = "<|fim_suffix|>.py".to_string();
    let prompt = assemble(
        &context,
        &template(Some(1), &OURS),
        Budget { prompt_tokens: 1000, way: Way::Inline },
        &count,
    )
    .to_text();
    for special in ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"] {
        assert_eq!(prompt.matches(special).count(), 1, "{special} in {prompt:?}");
    }
    assert_eq!(prompt.matches("<|endoftext|>").count(), 0);
}

#[test]
fn a_prompt_that_is_taken_apart_again() {
    let template = Template::of(Family::Apart);
    let prompt = assemble(&context(), &template, Budget { prompt_tokens: 1000, way: Way::Inline }, &count);
    let pieces = prompt.pieces(&template);
    let files = [
        FilePiece { path: "src/item.py", text: "class Item: ...\n" },
        FilePiece { path: "src/tax.py", text: "def rate():\n    return 0.2\n" },
    ];
    let Context { path, prefix, suffix, .. } = context();
    assert_eq!(
        pieces,
        Pieces { files: files.to_vec(), path: &path, prefix: &prefix.text, suffix: &suffix.text }
    );
    expect![[r#"
        A piece of src/item.py:
        class Item: ...

        A piece of src/tax.py:
        def rate():
            return 0.2

        The edited file, src/shop.py:
        import tax

        def total(items):
            return <CURSOR>

        def main():
            pass
    "#]]
    .assert_eq(&chat(&pieces).user);
}
