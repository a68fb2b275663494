//! `inkling dataset tokens` as its user, a trainer, meets it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use inkling_assist::gguf::Dtype;
use inkling_fixture::{tiny_llama, tiny_vocabulary};
use serde_json::json;

fn file(name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Tests run side by side; the vocabulary must never be seen half written.
    let unique = path.with_extension(format!("{:?}", std::thread::current().id()));
    std::fs::write(&unique, bytes).unwrap();
    std::fs::rename(&unique, &path).unwrap();
    path.to_str().unwrap().to_string()
}

/// A hundred small Python files in ten packages, one of them held out.
fn corpus(name: &str) -> String {
    let line = |idx: usize| {
        let text = (0..20).map(|n| format!("def f{n}(x):\n    y = x + {n}\n    return g{idx}(x, y)\n\n"));
        let split = if idx < 10 { "held_out" } else { "train" };
        let line = json!({
            "package": format!("p{}", idx / 10), "version": "1", "licence": "MIT", "path": format!("f{idx}.py"),
            "language": "python", "sha256": "", "split": split, "text": text.collect::<String>(),
        });
        format!("{line}\n")
    };
    file(name, (0..100).map(line).collect::<String>().as_bytes())
}

fn tokens(corpus: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inkling"));
    command.args(["dataset", "tokens", "--corpus", corpus]).args(args);
    if !args.contains(&"--tokenizer") {
        command.args(["--tokenizer", &file("vocabulary.gguf", &tiny_vocabulary())]);
    }
    command
}

fn stdout(corpus: &str, args: &[&str]) -> Vec<u8> {
    let output: Output = tokens(corpus, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn check_error(corpus: &str, args: &[&str], expected: Expect) {
    let output = tokens(corpus, args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap().replace(env!("CARGO_TARGET_TMPDIR"), "TMP");
    expected.assert_eq(&message);
}

/// The frames' heads (epoch, piece, rows, length) and, of each, its rows.
fn frames(bytes: &[u8]) -> Vec<([u32; 4], Vec<u16>)> {
    let mut frames = Vec::new();
    let mut left = bytes;
    while !left.is_empty() {
        let number = |at: usize| u32::from_le_bytes(left[at * 4..][..4].try_into().unwrap());
        assert_eq!(&left[..4], b"INKT");
        let head: [u32; 4] = std::array::from_fn(|at| number(at + 1));
        let n_ids = head[2] as usize * (head[3] as usize + 1);
        let ids = left[20..][..n_ids * 2].chunks_exact(2).map(|id| u16::from_le_bytes([id[0], id[1]]));
        frames.push((head, ids.collect()));
        left = &left[20 + n_ids * 2..];
    }
    frames
}

#[test]
fn frames_go_on_from_any_piece() {
    let corpus = corpus("frames.jsonl");
    let all = stdout(&corpus, &["--length", "300", "--pieces", "5"]);
    let heads: Vec<_> = frames(&all).into_iter().map(|(head, _)| head).collect();
    let places: Vec<_> = heads.iter().map(|[epoch, piece, ..]| (*epoch, *piece)).collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)], "90 documents make two pieces");
    assert!(heads.iter().all(|[_, _, n_rows, length]| *n_rows > 20 && *length == 300));
    let tail = stdout(&corpus, &["--length", "300", "--start", "1:0", "--pieces", "3"]);
    assert!(all.ends_with(&tail) && tail.len() < all.len());
    let threads = ["--length", "300", "--pieces", "5", "--threads", "3"];
    assert_eq!(stdout(&corpus, &threads), all, "threads change nothing but the speed");
    let row_begins = |ids: &[u16]| ids.chunks(301).all(|row| row[0] == 0);
    assert!(frames(&all).iter().all(|(_, ids)| row_begins(ids)));
}

#[test]
fn samples_can_be_read() {
    let text = stdout(&corpus("text.jsonl"), &["--split", "held_out", "--text"]);
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("== 0:0 row 0: "), "{text}");
    assert!(text.contains("<|fim_middle|>") && text.contains(", p0 f3.py, "));
    assert!(!text.contains("p1 "), "the training split stays out");
}

#[test]
fn a_reader_that_has_enough_ends_it() {
    let mut child =
        tokens(&corpus("pipe.jsonl"), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut head = [0; 20];
    child.stdout.take().unwrap().read_exact(&mut head).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stderr).contains("inkling:"));
}

#[test]
fn a_wrong_corpus_says_where_and_what() {
    let line = |language: &str| {
        format!(r#"{{"package":"p","path":"a","language":"{language}","split":"train","text":"x"}}"#)
    };
    check_error(
        "gone.jsonl",
        &[],
        expect![[r#"
        inkling: cannot open the corpus gone.jsonl: No such file or directory (os error 2)
    "#]],
    );
    let broken = file("broken.jsonl", format!("{}\n{{\"package\": 1}}\n", line("go")).as_bytes());
    check_error(
        &broken,
        &[],
        expect![[r#"
        inkling: TMP/broken.jsonl, line 2: invalid type: integer `1`, expected a string at line 1 column 13
    "#]],
    );
    let cut_off = file("cut-off.jsonl", &line("go").as_bytes()[..30]);
    check_error(
        &cut_off,
        &[],
        expect![[r#"
        inkling: TMP/cut-off.jsonl, line 1: EOF while parsing a string at line 1 column 30
    "#]],
    );
    let binary = file("binary.jsonl", b"\xff\xfe\n");
    check_error(
        &binary,
        &[],
        expect![[r#"
        inkling: TMP/binary.jsonl, line 1: stream did not contain valid UTF-8
    "#]],
    );
    check_error(
        &file("cobol.jsonl", line("cobol").as_bytes()),
        &[],
        expect![[r#"
        inkling: TMP/cobol.jsonl, line 1: the language "cobol" is unknown; these are known: rust, python, typescript, typescriptreact, javascript, java, kotlin, go, c, cpp, csharp
    "#]],
    );
    check_error(
        &file("empty.jsonl", b""),
        &[],
        expect![[r#"
        inkling: TMP/empty.jsonl: the corpus has no documents of the split "train"; its splits are: none
    "#]],
    );
}

#[test]
fn wrong_options_say_what_to_do() {
    let good = corpus("good.jsonl");
    check_error(
        &good,
        &["--split", "test"],
        expect![[r#"
        inkling: TMP/good.jsonl: the corpus has no documents of the split "test"; its splits are: held_out, train
    "#]],
    );
    check_error(
        &good,
        &["--start", "7"],
        expect![[r#"
        inkling: "7" is not a place to start at; write EPOCH:PIECE, such as 0:120 (both count from 0)
    "#]],
    );
    check_error(
        &good,
        &["--start", "1:9"],
        expect![[r#"
        inkling: there is no piece 9 in epoch 1, which has 2: from 0 to 1
    "#]],
    );
    check_error(
        &good,
        &["--length", "20"],
        expect![[r#"
        inkling: rows of 20 tokens are too short; take 128 or more
    "#]],
    );
    check_error(
        &good,
        &["--tokenizer", &file("other.gguf", &tiny_llama(Dtype::F32, 1))],
        expect![[r#"
        inkling: the tokenizer is not one of Inkling's own models: <|endoftext|> is not its token 0; name a GGUF file that training/ made
    "#]],
    );
}
