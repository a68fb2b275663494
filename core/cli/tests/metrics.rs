//! `inkling metrics report`, and what the language server puts there.

mod messages;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use inkling_assist::gguf::Dtype;
use inkling_fixture::tiny_llama;
use inkling_metrics::{Event, Kind, Source, Sqlite, Store};
use serde_json::{Value, json};

/// A data folder without metrics, and the database's place in it.
fn fresh(name: &str) -> (PathBuf, PathBuf) {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("metrics-{name}"));
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(home.join("inkling")).unwrap();
    let file = home.join("inkling/metrics.db");
    (home, file)
}

fn report(home: &PathBuf, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inkling"));
    command.args(["metrics", "report"]).args(args).env("XDG_DATA_HOME", home).output().unwrap()
}

fn check(home: &PathBuf, args: &[&str], expected: Expect) {
    let output = report(home, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    expected.assert_eq(&String::from_utf8(output.stdout).unwrap());
}

/// Four suggestions of two days, in a data folder of their own.
fn recorded(name: &str) -> PathBuf {
    let (home, file) = fresh(name);
    let store = Sqlite::open(&file).unwrap();
    let record = |at_s, kind, language: &str, characters, latency_ms| {
        let language = language.to_string();
        store
            .record(at_s, &Event { kind, source: Source::Inferred, language, characters, latency_ms })
            .unwrap();
    };
    for (n, kind) in [(0, Kind::Accepted), (1, Kind::PartlyAccepted), (2, Kind::Dismissed)] {
        record(1_767_225_600 + n, Kind::Shown, "Rust", 40, 100 + n as u32);
        record(1_767_225_600 + n, kind, "Rust", 20, 100 + n as u32);
    }
    record(1_767_312_000, Kind::Shown, "Python", 8, 35);
    record(1_767_312_000, Kind::Accepted, "Python", 8, 35);
    home
}

#[test]
fn suggestions_are_summed_by_language_and_by_day() {
    let home = recorded("sums");
    check(
        &home,
        &[],
        expect![[r#"
        Language       shown  accepted  partly    rate  characters  p50 ms  p95 ms
        Python             1         1       0  100.0%           8      35      35
        Rust               3         1       1   33.3%          40     101     102
        All                4         2       1   50.0%          48     100     102

        Day (UTC)      shown  accepted  partly    rate  characters  p50 ms  p95 ms
        2026-01-01         3         1       1   33.3%          40     101     102
        2026-01-02         1         1       0  100.0%           8      35      35
    "#]],
    );
    check(
        &home,
        &["--days", "1"],
        expect![[r#"
        No suggestions were recorded.
    "#]],
    );
}

#[test]
fn programs_get_the_same_as_json() {
    let home = recorded("json");
    let report: Value = serde_json::from_slice(&report(&home, &["--json"]).stdout).unwrap();
    let rust = json!({
        "shown": 3, "accepted": 1, "partly_accepted": 1, "dismissed": 1, "acceptance_rate": 1.0 / 3.0,
        "characters": 40, "latency_ms": { "p50": 101, "p95": 102 },
    });
    assert_eq!(report["by_language"]["Rust"], rust);
    assert_eq!(report["by_day"]["2026-01-01"], rust);
    assert_eq!((&report["total"]["shown"], &report["total"]["characters"]), (&json!(4), &json!(48)));
}

#[test]
fn a_report_makes_no_file_and_a_broken_one_says_what_to_do() {
    let (home, file) = fresh("broken");
    check(
        &home,
        &[],
        expect![[r#"
        No suggestions were recorded.
    "#]],
    );
    assert!(!file.exists());
    std::fs::write(&file, [7; 4096]).unwrap();
    let output = report(&home, &[]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap().replace(file.to_str().unwrap(), "FILE");
    expect![[r#"
        inkling: FILE is broken (file is not a database); remove it to begin anew
    "#]]
    .assert_eq(&message);
}

/// Has `inkling lsp` make a suggestion, reports that it was taken, and answers with the command that reports it and
/// what `inkling/metrics` says then.
fn take_a_suggestion(home: &Path, settings: &Value) -> (Value, Value) {
    let model = home.join("tiny.gguf");
    std::fs::write(&model, tiny_llama(Dtype::Q8_0, 1)).unwrap();
    let (mut child, mut input, mut output) = messages::start(home);
    let mut send = |id: Option<i64>, method: &str, params: Value| {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        messages::send(&mut input, &message);
        while id.is_some() {
            let answer = messages::read(&mut output);
            if answer["id"] == json!(id) && answer["method"].is_null() {
                return answer["result"].clone();
            }
        }
        Value::Null
    };
    send(Some(1), "initialize", json!({ "capabilities": {}, "initializationOptions": settings }));
    send(Some(2), "inkling/loadModel", json!({ "uri": model }));
    let document = json!({ "uri": "file:///p/a.py", "languageId": "python", "version": 1, "text": "x = \n" });
    send(None, "textDocument/didOpen", json!({ "textDocument": document }));
    let place = json!({ "textDocument": { "uri": "file:///p/a.py" }, "position": { "line": 0, "character": 4 },
        "context": { "triggerKind": 1 } });
    let command = send(Some(3), "textDocument/inlineCompletion", place)["items"][0]["command"].clone();
    send(Some(4), "workspace/executeCommand", command.clone());
    let report = send(Some(5), "inkling/metrics", json!({ "days": 1 }));
    send(Some(6), "shutdown", Value::Null);
    send(None, "exit", Value::Null);
    assert!(child.wait().unwrap().success());
    (command, report)
}

#[test]
fn the_server_keeps_what_its_client_reports_and_reports_it() {
    let (home, file) = fresh("server");
    let (command, report) = take_a_suggestion(&home, &json!({ "maxTokens": 4 }));
    assert_eq!(command["command"], "inkling.accepted");
    assert_eq!(report["isKept"], true);
    assert_eq!(report["byLanguage"][0]["key"], "Python");
    let total = &report["total"];
    assert_eq!(
        (&total["shown"], &total["accepted"], &total["acceptanceRate"]),
        (&json!(1), &json!(1), &json!(1.0))
    );
    let events = Sqlite::open(&file).unwrap().read(0).unwrap();
    let known: Vec<_> = events.iter().map(|(_, event)| (event.kind, event.source)).collect();
    assert_eq!(known, [(Kind::Shown, Source::Inferred), (Kind::Accepted, Source::Reported)]);
}

#[test]
fn metrics_that_are_off_make_no_file() {
    let (home, _) = fresh("off");
    let settings = json!({ "maxTokens": 4, "metrics": { "enabled": false } });
    let (command, report) = take_a_suggestion(&home, &settings);
    assert_eq!(
        (&command, &report["isKept"], &report["total"]["shown"]),
        (&Value::Null, &json!(false), &json!(0))
    );
    assert_eq!(std::fs::read_dir(home.join("inkling")).unwrap().count(), 0);
}
