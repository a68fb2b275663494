//! The way of a keystroke through the real program, with the model inside it: a golden of every arrow.
//!
//! `web-demo/test/node/cases.test.mjs` holds the WASM module to the same goldens. `UPDATE_EXPECT=1` rewrites them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::expect_file;
use serde_json::{Value, json};

/// Runs `inkling` with `args` and `text` on standard input; returns standard output.
fn inkling(args: &[&str], text: &str) -> String {
    let output = run(args, text);
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(args: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .args(args)
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A fixture's text without its `$0`, and the place where that stood as `-:LINE:COL`.
fn fixture(path: &Path) -> (String, String) {
    let text = std::fs::read_to_string(path).unwrap();
    let (before, after) = text.split_once("$0").expect("a cursor");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (format!("{before}{after}"), format!("-:{line}:{column}"))
}

/// A workspace without other files.
fn empty_folder() -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    std::fs::create_dir_all(&folder).unwrap();
    folder.to_str().unwrap().to_string()
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e != "json")).collect();
    cases.sort();
    assert!(cases.len() > 10);
    cases
}

/// The trace without what differs from run to run.
fn trace(path: &Path, place: &str, text: &str) -> Value {
    let name = path.file_name().unwrap().to_str().unwrap();
    let args = ["trace", place, "--path", name, "--root", &empty_folder(), "--executor", "cpu", "--json"];
    let trace: Value = serde_json::from_str(&inkling(&args, text)).unwrap();
    let keys = ["tree", "context", "prompt", "tokens", "logits", "raw", "suggestion", "rules"];
    keys.iter().map(|key| (key.to_string(), trace[*key].clone())).collect()
}

#[test]
fn every_arrow_of_every_case() {
    for path in cases() {
        let (text, place) = fixture(&path);
        let trace = trace(&path, &place, &text);
        let golden = serde_json::to_string_pretty(&trace).unwrap() + "\n";
        expect_file![format!("{}.json", path.display())].assert_eq(&golden);
    }
}

#[test]
fn complete_gives_the_traces_suggestion_first_with_its_probability() {
    let path = cases().into_iter().find(|path| path.ends_with("rust.rs")).unwrap();
    let (text, place) = fixture(&path);
    let trace = trace(&path, &place, &text);
    let args = [
        "complete",
        &place,
        "--path",
        "rust.rs",
        "--root",
        &empty_folder(),
        "-n",
        "4",
        "--executor",
        "cpu",
        "--json",
    ];
    let answer: Value = serde_json::from_str(&inkling(&args, &text)).unwrap();
    let candidates = answer["candidates"].as_array().unwrap();
    assert_eq!(candidates[0]["text"], trace["suggestion"]);
    assert!(
        candidates.iter().all(|candidate| (0.0..=1.0).contains(&candidate["probability"].as_f64().unwrap()))
    );
    let texts: std::collections::BTreeSet<&str> =
        candidates.iter().map(|c| c["text"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), candidates.len(), "candidates differ");
    for key in ["prompt_tokens", "reused_tokens", "latency_ms", "model"] {
        assert!(!answer[key].is_null(), "{key}");
    }
}

#[test]
fn source_text_cannot_act_as_a_special_token() {
    let path = cases().into_iter().find(|path| path.ends_with("specials.py")).unwrap();
    let (text, place) = fixture(&path);
    let trace = trace(&path, &place, &text);
    let special = |name: &str| {
        let named = |token: &&Value| token["text"] == name && token["special"] == json!(true);
        trace["tokens"].as_array().unwrap().iter().filter(named).count()
    };
    assert_eq!((special("<|fim_prefix|>"), special("<|fim_suffix|>"), special("<|fim_middle|>")), (1, 1, 1));
    assert_eq!(special("<|endoftext|>"), 1, "the beginning of text alone");
    assert_eq!(trace["prompt"].as_str().unwrap().matches("<|fim_middle|>").count(), 1);
}

/// Floats differ in the last places on a graphics processor; what is likeliest does not in these cases.
#[test]
fn the_graphics_processor_gives_the_same_suggestion() {
    for name in ["rust.rs", "python.py"] {
        let path = cases().into_iter().find(|path| path.ends_with(name)).unwrap();
        let (text, place) = fixture(&path);
        let folder = empty_folder();
        let args = |executor| {
            ["complete", &place, "--path", name, "--root", &folder, "--executor", executor, "--json"]
        };
        let output = run(&args("gpu"), &text);
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(message.contains("there is no graphics processor"), "{message}");
            return println!("skipped: {message}");
        }
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected: Value = serde_json::from_str(&inkling(&args("cpu"), &text)).unwrap();
        assert_eq!(answer["candidates"][0]["text"], expected["candidates"][0]["text"]);
    }
}
