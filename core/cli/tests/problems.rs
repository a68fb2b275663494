//! Programs that a model wrote: what they may not do, and what becomes of those that try.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

fn inkling(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inkling"));
    command.args(args).env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).output().unwrap()
}

/// The rows as a file for `inkling eval infill|humaneval`.
fn data(name: &str, rows: &[Value]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(path.with_extension("out"));
    fs::write(&path, rows.iter().map(|row| row.to_string() + "\n").collect::<String>()).unwrap();
    path
}

/// A problem that any line solves, since it goes into a comment, with a test that does `what`.
fn harmless(nth: usize, what: &str) -> Value {
    json!({
        "task_id": format!("SingleLineInfilling/{nth}"), "entry_point": "f", "prompt": "def f():\n    # ",
        "suffix": "    return 1\n", "canonical_solution": "    # nothing\n",
        "test": format!("def check(f):\n{}", what.lines().map(|line| format!("    {line}\n")).collect::<String>()),
    })
}

/// What became of the only answer to every problem: the outcome, and the last word if there was one.
fn outcomes(data: &Path, args: &[&str]) -> Vec<(String, String)> {
    let out = data.with_extension("out");
    let fixed = ["eval", "infill", data.to_str().unwrap(), "--json", "--out", out.to_str().unwrap()];
    let output = inkling(&[&fixed[..], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = fs::read_to_string(out.join("cases.jsonl")).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let outcome = |line: &str| {
        let result: Value = serde_json::from_str(line).unwrap();
        let sample = &result["samples"][0];
        (word(&sample["outcome"]), word(&sample["reason"]))
    };
    log.lines().skip(1).map(outcome).collect()
}

#[test]
fn what_a_program_must_not_do_fails_and_leaves_nothing() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("left-behind");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept");
    fs::write(&kept, "as it was").unwrap();
    let (file_text, kept_text) = (file.to_str().unwrap(), kept.to_str().unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let no_call = "OSError: [Errno 38] Function not implemented";
    let programs = [
        ("while True: pass".to_string(), "timed_out", ""),
        ("import os\nwhile True: os.fork()".into(), "failed", no_call),
        ("import subprocess\nsubprocess.run(['true'])".into(), "failed", no_call),
        (
            "import threading\nthreading.Thread(target=print).start()".into(),
            "failed",
            "RuntimeError: can't start new thread",
        ),
        ("bytearray(1 << 30)".into(), "failed", "MemoryError"),
        ("items = []\nwhile True: items.append(items * 2 + [1])".into(), "failed", "MemoryError"),
        (format!("import socket\nsocket.create_connection(('127.0.0.1', {port}))"), "failed", no_call),
        (format!("open({file_text:?}, 'w').write('x')"), "failed", no_call),
        (format!("open({kept_text:?}, 'r+')"), "failed", no_call),
        (format!("import os\nos.open({kept_text:?}, os.O_TRUNC)"), "failed", no_call),
        (format!("import os\nos.remove({kept_text:?})"), "failed", no_call),
        (format!("import os\nos.mkdir({file_text:?})"), "failed", no_call),
        ("import os\nos.kill(os.getppid(), 9)".into(), "failed", no_call),
        ("import os\nos.setsid()".into(), "failed", no_call),
        ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (9, 9))".into(), "failed", no_call),
        ("import ctypes\nctypes.string_at(1)".into(), "killed", ""),
        ("raise SystemExit(0)".into(), "failed", "status 0"),
        ("import os\nos._exit(0)".into(), "failed", "status 0"),
        ("import sys\nwhile True: sys.stderr.write('no! ' * 9999)".into(), "timed_out", ""),
        ("assert not open('/proc/self/environ').read()".into(), "passed", ""),
        ("assert f() == 1 and open('/etc/passwd').read()".into(), "passed", ""),
    ];
    let rows: Vec<Value> = programs.iter().enumerate().map(|(nth, (what, ..))| harmless(nth, what)).collect();
    let found = outcomes(
        &data("hostile.jsonl", &rows),
        &["--seconds", "1", "--memory", "317", "--answers", "nobody"],
    );
    assert_eq!(found.len(), programs.len());
    for ((program, outcome, reason), found) in programs.iter().zip(&found) {
        assert!(found.0 == *outcome && found.1.starts_with(reason), "{program}: {found:?}");
    }
    assert!(!file.exists());
    assert_eq!(fs::read_to_string(&kept).unwrap(), "as it was");
    assert!(listener.accept().is_err(), "nobody has called");
    assert_eq!(running("317"), 0);
}

#[test]
fn a_program_that_sleeps_is_ended() {
    let started = Instant::now();
    let rows = [harmless(1, "import time\ntime.sleep(1000)")];
    let found =
        outcomes(&data("asleep.jsonl", &rows), &["--seconds", "1", "--memory", "318", "--answers", "nobody"]);
    assert_eq!(found[0].0, "timed_out");
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(running("318"), 0);
}

#[test]
fn a_program_dies_with_the_one_that_runs_it() {
    let rows = [harmless(1, "import time\ntime.sleep(1000)")];
    let data = data("orphan.jsonl", &rows);
    let mut eval = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .args(["eval", "infill", data.to_str().unwrap(), "--memory", "319", "--seconds", "99"])
        .args(["--answers", "nobody"])
        .spawn()
        .unwrap();
    await_running("319", 1);
    eval.kill().unwrap();
    eval.wait().unwrap();
    await_running("319", 0);
}

fn await_running(memory: &str, n: usize) {
    let started = Instant::now();
    while running(memory) != n {
        assert!(started.elapsed() < Duration::from_secs(60), "{n} programs were awaited");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Programs in sandboxes of so many mebibytes, by their limit.
fn running(memory: &str) -> usize {
    let limit = (memory.parse::<u64>().unwrap() << 20).to_string();
    let limits = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("limits")).unwrap_or_default();
    let is_limited = |limits: &String| {
        limits.lines().any(|line| line.starts_with("Max address space") && line.contains(&limit))
    };
    fs::read_dir("/proc").unwrap().flatten().map(limits).filter(is_limited).count()
}

/// Bodies of functions, each right for one of two.
fn bodies(file: &str) -> PathBuf {
    let row = |name: &str, body: &str| {
        json!({
            "task_id": format!("HumanEval/{name}"), "entry_point": name,
            "prompt": format!("def {name}(items):\n    \"\"\"Says how many items there are.\"\"\"\n"),
            "canonical_solution": body, "test": "def check(f):\n    assert f([1, 2]) == 2\n",
        })
    };
    data(file, &[row("count", "    return len(items)\n"), row("size", "    return 3\n")])
}

#[test]
fn figures_carry_their_names() {
    let bodies = bodies("named.jsonl");
    let output = inkling(&["eval", "humaneval", bodies.to_str().unwrap(), "--json", "--answers", "author"]);
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&figures["n"], &figures["pass_at_1"]), (&json!(2), &json!(0.5)));
    assert_eq!((&figures["pass_at_10"], &figures["run"]["model"]), (&Value::Null, &json!("the author")));
    let nobody = inkling(&["eval", "humaneval", bodies.to_str().unwrap(), "--json", "--answers", "nobody"]);
    let figures: Value = serde_json::from_slice(&nobody.stdout).unwrap();
    assert_eq!(figures["pass_at_1"], json!(0.0));
}

#[test]
fn the_model_answers_and_a_run_goes_on() {
    let bodies = bodies("resumed.jsonl");
    let out = bodies.with_extension("out");
    let args = ["eval", "humaneval", bodies.to_str().unwrap(), "--json", "--out", out.to_str().unwrap()];
    let args = [&args[..], &["--samples", "10", "--temperature", "0.8", "--max-tokens", "12"]].concat();
    let first = inkling(&args);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let figures: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!((&figures["n"], &figures["n_samples"]), (&json!(2), &json!(10)));
    for metric in ["pass_at_1", "pass_at_10", "edit_similarity", "latency_ms_p50", "latency_ms_p95"] {
        assert!(figures[metric].as_f64().is_some_and(|value| value >= 0.0), "{metric}");
    }
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("pass@10") && report.contains("<svg"), "{report}");

    let log = out.join("cases.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let samples: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let texts: std::collections::BTreeSet<&str> = samples["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| sample["text"].as_str().unwrap())
        .collect();
    assert!(texts.len() > 1, "drawn apart: {texts:?}");
    fs::write(&log, &text[..text.len() - 20]).unwrap();
    assert!(inkling(&args).status.success());
    let answers = |text: &str| -> Vec<Value> {
        text.lines()
            .skip(1)
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["samples"].clone())
            .collect()
    };
    assert_eq!(answers(&fs::read_to_string(&log).unwrap()), answers(&text), "the same draws");
}

#[test]
fn what_cannot_be_measured_says_why() {
    let bodies = bodies("refused.jsonl");
    let message = |args: &[&str]| {
        let output = inkling(&[&["eval"], args].concat());
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let path = bodies.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["infill", "no-such-file"], "cannot read no-such-file"),
        (&["infill", path], "HumanEval/count is no problem for this command"),
        (&["humaneval", path, "--samples", "2"], "give --temperature with --samples"),
        (&["humaneval", path, "--python", "no-such-python"], "name another Python 3 with --python"),
        (&["humaneval", path, "--memory", "1"], "programs cannot be run safely here"),
    ];
    for (args, expected) in cases {
        let message = message(args);
        assert!(message.contains(expected), "{message}");
    }
}
