//! Servers in place of a model file, each a real one on this machine.

mod lsp;
#[path = "../messages/mod.rs"]
mod messages;
mod server;

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use server::{events, serve_once, status};

/// Asks at the end of the second line of a Python function.
fn complete(url: &str, more: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .args(["complete", "-:2:12", "--path", "sum.py", "--endpoint", url])
        .args(more)
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("INKLING_ENDPOINT_KEY", "sk-secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"def add(a, b):\n    return \n\n\nprint(add(1, 2))\n").unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_known_model_is_sent_its_own_prompt() {
    let text = |text: &str| json!({ "choices": [{ "text": text }] });
    let (url, asked) = serve_once(events(&[text("a "), text("+ b"), text("\nmore")]));
    let output = complete(&url, &["--endpoint-model", "qwen2.5-coder:1.5b-base"]);
    assert_eq!(stdout(&output), "a + b\n");
    let (head, body) = asked.join().unwrap();
    assert!(head.starts_with("POST /v1/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer sk-secret\r\n"), "{head}");
    let prompt = body["prompt"].as_str().unwrap();
    assert!(prompt.contains("<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n"), "{prompt}");
    assert!(prompt.ends_with("<|fim_middle|>"), "{prompt}");
    assert_eq!(body["model"], "qwen2.5-coder:1.5b-base");
    assert_eq!(body["stream"], true);
    assert!(body["stop"].as_array().unwrap().len() <= 4);
}

#[test]
fn servers_that_make_the_prompt_get_its_pieces() {
    let (url, asked) = serve_once(events(&[json!({ "content": "a + b", "stop": true })]));
    assert_eq!(stdout(&complete(&url, &["--api", "infill"])), "a + b\n");
    let (head, body) = asked.join().unwrap();
    assert!(head.starts_with("POST /infill "), "{head}");
    assert_eq!(body["input_prefix"], "def add(a, b):\n    return ");
    assert_eq!(body["input_suffix"], "\n\n\nprint(add(1, 2))\n");

    let (url, asked) = serve_once(events(&[json!({ "choices": [{ "text": "a + b" }] })]));
    assert_eq!(stdout(&complete(&url, &[])), "a + b\n");
    assert_eq!(asked.join().unwrap().1["suffix"], "\n\n\nprint(add(1, 2))\n");
}

#[test]
fn a_model_that_talks_is_understood() {
    let piece = |text: &str| json!({ "choices": [{ "delta": { "content": text } }] });
    let (url, asked) =
        serve_once(events(&[piece("```python\n"), piece("a + b"), piece("\n```\nThat adds.")]));
    let output = complete(&url, &["--api", "chat", "--endpoint-model", "gpt"]);
    assert_eq!(stdout(&output), "a + b\n");
    let (head, body) = asked.join().unwrap();
    assert!(head.starts_with("POST /v1/chat/completions "), "{head}");
    assert!(body["messages"][1]["content"].as_str().unwrap().contains("return <CURSOR>"));
}

#[test]
fn errors_say_what_to_do_and_not_the_key() {
    for (response, expected) in [
        (status("401 Unauthorized", "{\"error\":{\"message\":\"bad key sk-secret\"}}"), "key"),
        (status("404 Not Found", ""), "404"),
        (status("429 Too Many Requests", ""), "too many requests"),
        (status("200 OK", "<html>"), "check the address"),
    ] {
        let (url, asked) = serve_once(response);
        let message = stderr(&complete(&url, &["--endpoint-model", "qwen"]));
        asked.join().unwrap();
        assert!(message.to_lowercase().contains(expected), "{expected}: {message}");
        assert!(message.contains(&url) && !message.contains("sk-secret"), "{message}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let message = stderr(&complete(&format!("http://{closed}"), &["--endpoint-model", "qwen"]));
    assert!(message.contains("refused"), "{message}");
    assert!(stderr(&complete("localhost:1", &[])).contains("http://"));
}
