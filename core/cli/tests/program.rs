//! The program as its user meets it: messages, exit codes, hostile files.

mod messages;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use inkling_assist::gguf::Dtype;
use inkling_fixture::{tiny_adapter, tiny_llama, tiny_vocabulary};
use serde_json::{Value, json};

fn inkling(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .args(args)
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        // Some Vulkan drivers complain on standard error where it is missing.
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn file(name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Tests that run at once share these: none may see a half-written one.
    let own = path.with_extension(format!("{:?}", std::thread::current().id()));
    std::fs::write(&own, bytes).unwrap();
    std::fs::rename(own, &path).unwrap();
    path.to_str().unwrap().to_string()
}

/// Fails with this message, exit code 1 and nothing on standard output.
fn check_error(args: &[&str], input: &[u8], expected: Expect) {
    let output = inkling(args, input);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap().replace(env!("CARGO_TARGET_TMPDIR"), "TMP");
    expected.assert_eq(&message);
}

fn stdout(args: &[&str], input: &[u8]) -> String {
    let output = inkling(args, input);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_catalogue_names_what_can_be_pulled() {
    let models: Vec<Value> = serde_json::from_str(&stdout(&["--json", "model", "list"], b"")).unwrap();
    let text = stdout(&["model", "list"], b"");
    assert!(!models.is_empty());
    for model in models {
        assert!(text.contains(model["name"].as_str().unwrap()), "{model}");
        assert!(text.contains(model["licence"].as_str().unwrap()), "{model}");
        assert!(model["cpu_bytes"].as_u64() > model["bytes"].as_u64(), "{model}");
        assert_eq!(model["fits_cpu"].is_boolean(), cfg!(target_os = "linux"), "{model}");
    }
}

#[test]
fn wrong_places_and_files_say_what_to_do() {
    check_error(
        &["complete", "nonsense"],
        b"",
        expect![[r#"
        inkling: "nonsense" is not a place; write FILE:LINE:COL, such as src/main.rs:10:5 (both count from 1)
    "#]],
    );
    check_error(
        &["complete", "gone.rs:1:1"],
        b"",
        expect![[r#"
        inkling: cannot read gone.rs: No such file or directory (os error 2)
    "#]],
    );
    check_error(
        &["complete", "-:3:1"],
        b"one line",
        expect![[r#"
        inkling: -:3:1: no such place: line 3 of 1
    "#]],
    );
    check_error(
        &["complete", "-:1:99"],
        b"one line",
        expect![[r#"
        inkling: -:1:99: no such place: column 99 of 9 in line 1
    "#]],
    );
    check_error(
        &["complete", "-:1:1"],
        b"caf\xe9",
        expect![[r#"
        inkling: - is not UTF-8 (at byte 3); convert it first, for example with iconv
    "#]],
    );
    check_error(
        &["complete", "-:1:1", "--model", "gone.gguf"],
        b"x",
        expect![[r#"
        inkling: cannot open the model gone.gguf: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn broken_models_say_what_is_wrong() {
    let model = tiny_llama(Dtype::F32, 1);
    let cut = file("cut.gguf", &model[..model.len() / 2]);
    check_error(
        &["complete", "-:1:1", "--model", &cut],
        b"x",
        expect![[r#"
        inkling: TMP/cut.gguf: truncated: the header says tensor blk.0.ffn_down.weight ends at byte 203424 but the file has 200400 bytes: download it again
    "#]],
    );
    let text = file("text.gguf", b"<html>404</html>");
    check_error(
        &["model", "info", &text],
        b"",
        expect![[r#"
        inkling: TMP/text.gguf: not a GGUF file: it begins with "<html>404</html>"; download the model's .gguf file itself, not the page that links to it
    "#]],
    );
    let empty = file("empty.gguf", b"");
    check_error(
        &["model", "info", &empty],
        b"",
        expect![[r#"
        inkling: TMP/empty.gguf: truncated: the header needs 4 bytes at byte 0 but the file has 0 bytes: download it again
    "#]],
    );
    let mut nan = model.clone();
    let at = nan.len() - 1000;
    nan[at..].fill(0xff);
    let nan = file("nan.gguf", &nan);
    check_error(
        &["complete", "-:1:1", "--model", &nan],
        b"x",
        expect![[r#"
        inkling: the model's output is not finite: its weights are broken; download the file again
    "#]],
    );
}

#[test]
fn a_line_of_fifty_megabytes_is_completed_like_any_other() {
    let line = vec![b'x'; 50 << 20];
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let args = ["complete", "-:1:30000000", "--path", "a.py", "--model", &model, "--json"];
    let answer: Value = serde_json::from_str(&stdout(&args, &line)).unwrap();
    assert!(answer["prompt_tokens"].as_u64().unwrap() <= 128);
}

#[test]
fn an_empty_file_is_completed() {
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let args = ["trace", "-:1:1", "--path", "a.py", "--root", ".", "--model", &model, "--json"];
    let trace: Value = serde_json::from_str(&stdout(&args, b"")).unwrap();
    assert_eq!(trace["prompt"], "<|file_sep|>a.py\n<|fim_prefix|><|fim_suffix|><|fim_middle|>");
}

#[test]
fn tokens_go_out_and_come_back() {
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let text = "der Bär\n<|fim_prefix|>";
    let ids = stdout(&["model", "tokenize", &model], text.as_bytes());
    assert!(!ids.contains("258"), "special tokens are text unless asked for: {ids}");
    assert_eq!(stdout(&["model", "tokenize", &model, "--decode"], ids.as_bytes()), text);
    let special = stdout(&["model", "tokenize", &model, "--special"], text.as_bytes());
    assert!(special.trim_end().ends_with("258]"), "{special}");
}

#[test]
fn logits_are_written_as_floats() {
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let out = file("logits.bin", b"");
    stdout(&["model", "logits", &model, "--ids", "1,2,3", "--out", &out], b"");
    assert_eq!(std::fs::read(&out).unwrap().len(), 3 * 288 * 4);
    check_error(
        &["model", "logits", &model, "--ids", "1,999", "--out", &out],
        b"",
        expect![[r#"
        inkling: token 999 is not in the vocabulary of 288; was the text tokenized for another model?
    "#]],
    );
}

#[test]
fn a_quantized_copy_computes_and_a_failed_one_leaves_nothing() {
    let original = file("to-quantize.gguf", &tiny_llama(Dtype::F32, 1));
    let copy = original.replace("to-quantize", "quantized");
    let report: Value =
        serde_json::from_str(&stdout(&["--json", "model", "quantize", &original, &copy, "q4_k"], b""))
            .unwrap();
    // Rows of 64 and 96 elements are no blocks of 256.
    assert_eq!(report["exceptions"][0], json!({ "tensor": "token_embd.weight", "type": "Q5_0" }));
    assert_eq!(report["bytes"], std::fs::metadata(&copy).unwrap().len());
    stdout(&["model", "bench", &copy, "--prompt", "4", "--decode", "2", "--threads", "1"], b"");
    check_error(
        &["model", "quantize", &copy, &copy, "Q4_0"],
        b"",
        expect![[r#"
            inkling: TMP/quantized.gguf: tensor token_embd.weight is already quantized, as Q5_0; quantize the model's file in F16, BF16 or F32 instead
        "#]],
    );
    assert!(!std::path::Path::new(&format!("{copy}.part")).exists());
    check_error(
        &["model", "quantize", &original, &copy, "Q3_X"],
        b"",
        expect![[r#"
            inkling: there is no type "Q3_X"; use F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K
        "#]],
    );
}

#[test]
fn an_adapter_changes_logits_and_suggestions_by_its_factor() {
    let (model, adapter) =
        (file("adapted.gguf", &tiny_llama(Dtype::F32, 1)), file("adapter.gguf", &tiny_adapter(1)));
    let logits = |options: &[&str]| {
        let out = file("adapted.f32", b"");
        stdout(&[&["model", "logits", &model, "--ids", "1,2,3", "--out", &out], options].concat(), b"");
        std::fs::read(out).unwrap()
    };
    let plain = logits(&[]);
    assert_ne!(logits(&["--lora", &adapter]), plain);
    assert_ne!(logits(&["--lora", &adapter, "--lora-scale", "2"]), logits(&["--lora", &adapter]));
    assert_eq!(logits(&["--lora", &adapter, "--lora-scale", "0"]), plain);
    let complete = |options: &[&str]| {
        let place = ["complete", "-:1:4", "--path", "a.py", "--root", ".", "--model", &model];
        stdout(&[&place, options].concat(), b"for")
    };
    assert_ne!(complete(&["--lora", &adapter, "--lora-scale", "8"]), complete(&[]));
    check_error(
        &["model", "bench", &model, "--lora", &model],
        b"",
        expect![[r#"
            inkling: TMP/adapted.gguf: the file is no LoRA adapter; name one that was converted to GGUF as an adapter
        "#]],
    );
}

#[test]
fn the_information_plans_the_memory_of_both_executors() {
    let model = file("planned.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let text = stdout(&["model", "info", &model], b"");
    let table: Vec<&str> = text.lines().take(4).collect();
    expect![[r#"
        0.1 million parameters, 0.1 MB of weights
        memory in MB  context  weights  keys and values  activations     all
        CPU               128      0.1              0.1          0.1     0.3
        GPU               128      0.1              0.0          0.8     0.9  fits a card of 8 GB"#]]
    .assert_eq(&table.join("\n"));
    let info: Value = serde_json::from_str(&stdout(&["model", "info", &model, "--json"], b"")).unwrap();
    // Two layers, keys and values, 128 positions of two heads of 16, as f32 and as f16.
    assert_eq!(info["memory"][0]["cache_bytes"], 2 * 2 * 128 * 32 * 4);
    assert_eq!(info["memory"][1]["cache_bytes"], 2 * 2 * 128 * 32 * 2);
    let vocabulary = stdout(&["model", "info", &file("vocabulary.gguf", &tiny_vocabulary())], b"");
    assert!(vocabulary.contains("\ncannot run here: "), "{vocabulary}");
}

#[test]
fn the_bench_reports_what_ran() {
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let args = ["model", "bench", &model, "--threads", "1", "--prompt", "20", "--decode", "4", "--json"];
    let report: Value = serde_json::from_str(&stdout(&args, b"")).unwrap();
    assert!(
        report["prefill_tok_s"].as_f64().unwrap() > 0.0 && report["decode_tok_s"].as_f64().unwrap() > 0.0
    );
    assert_eq!(report["threads"], 1);
    assert!(report["executor"].as_str().unwrap().starts_with("CPU"));
}

#[test]
fn the_doctor_and_the_shells_are_served() {
    let report: Value = serde_json::from_str(&stdout(&["doctor", "--json"], b"")).unwrap();
    assert_eq!(report["problems"], json!([]));
    assert!(report["threads"].as_u64().unwrap() > 0);
    assert!(stdout(&["completions", "bash"], b"").contains("inkling"));
}

/// A client of the server on standard input and output.
#[test]
fn the_server_speaks_on_standard_input_and_output() {
    let model = file("tiny.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let position = json!({ "line": 0, "character": 4 });
    let greeting = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "capabilities": {}, "rootUri": "file:///p", "initializationOptions": { "maxTokens": 4 } } }),
        json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "inkling/loadModel", "params": { "uri": model } }),
        json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": {
            "uri": "file:///p/a.py", "languageId": "python", "version": 1, "text": "x = \n" } } }),
    ];
    let (mut child, mut input, mut output) = messages::start(env!("CARGO_TARGET_TMPDIR"));
    let mut send = |message: &Value| messages::send(&mut input, message);
    greeting.iter().for_each(&mut send);
    let mut answer = |id: i64| loop {
        let message = messages::read(&mut output);
        if message["id"] == id && message["method"].is_null() {
            return message;
        }
    };
    assert_eq!(answer(1)["result"]["serverInfo"]["name"], "inkling");
    assert_eq!(answer(2)["result"]["name"], "Tiny");
    send(&json!({ "jsonrpc": "2.0", "id": 3, "method": "textDocument/inlineCompletion", "params": {
        "textDocument": { "uri": "file:///p/a.py" }, "position": position, "context": { "triggerKind": 1 } } }));
    assert!(!answer(3)["result"]["items"].as_array().unwrap().is_empty());
    send(&json!({ "jsonrpc": "2.0", "id": 4, "method": "shutdown" }));
    answer(4);
    send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_suggestion_is_told_of_the_workspace_but_not_of_what_is_ignored() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shop");
    let model = file("tiny-in-workspace.gguf", &tiny_llama(Dtype::Q8_0, 1));
    let stock = "class Stock:\n    def price_of(self, name: str) -> int:\n        return 1\n";
    for (path, text) in [
        (".gitignore", "old/\n"),
        ("shop/stock.py", stock),
        ("old/stock.py", stock),
        ("till.py", "from shop.stock import Stock\n\ndef sell(stock: Stock):\n    price = stock.\n"),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let place = format!("{}:4:19", root.join("till.py").display());
    let args = ["trace", &place, "--root", root.to_str().unwrap(), "--model", &model, "--json"];
    let trace: Value = serde_json::from_str(&stdout(&args, b"")).unwrap();
    let snippets = trace["snippets"].as_array().unwrap();
    let paths: Vec<&str> = snippets.iter().map(|snippet| snippet["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["shop/stock.py"]);
    assert_eq!(snippets[0]["reason"], "receiver");
    let skeleton = "class Stock:\n    def price_of(self, name: str) -> int: ...\n";
    assert_eq!(snippets[0]["text"], skeleton);
    assert!(trace["context"].as_str().unwrap().contains(skeleton), "people see it too");
}
