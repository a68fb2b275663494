//! The language server with a server behind it.

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::messages;
use crate::server::{events, read_request, serve_once, status};

const URI: &str = "file:///p/sum.py";

/// `inkling lsp` with a Python function open.
struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: i64,
    /// Messages of the last `inkling/status` with an error.
    problem: Option<String>,
}

impl Client {
    fn new(endpoint: Value) -> Client {
        let (child, input, output) = messages::start(env!("CARGO_TARGET_TMPDIR"));
        let mut client = Client { child, input, output, next_id: 1, problem: None };
        client.request(
            "initialize",
            json!({
                "capabilities": {}, "rootUri": "file:///p",
                "initializationOptions": { "endpoint": endpoint, "candidates": 1 },
            }),
        );
        client.notify("initialized", json!({}));
        client.notify(
            "textDocument/didOpen",
            json!({ "textDocument": {
                "uri": URI, "languageId": "python", "version": 1, "text": "def add(a, b):\n    return \n",
            } }),
        );
        client
    }

    fn send(&mut self, message: &Value) {
        messages::send(&mut self.input, message);
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params }));
        self.next_id
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = messages::read(&mut self.output);
            if message["method"] == "inkling/status" {
                self.problem = message["params"]["message"].as_str().map(str::to_string);
            }
            if message["id"] == id && message["method"].is_null() {
                return message;
            }
        }
    }

    /// Asks by key, which no pause precedes.
    fn ask_completion(&mut self) -> i64 {
        self.ask(
            "textDocument/inlineCompletion",
            json!({
                "textDocument": { "uri": URI }, "position": { "line": 1, "character": 11 },
                "context": { "triggerKind": 1 },
            }),
        )
    }

    fn complete(&mut self) -> Value {
        let id = self.ask_completion();
        self.answer(id)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn endpoint(url: &str) -> Value {
    json!({ "url": url, "model": "qwen", "key": "sk-secret", "timeoutMs": 20_000 })
}

fn text(text: &str) -> Value {
    json!({ "choices": [{ "text": text }] })
}

#[test]
fn a_server_answers_with_the_settings_headers_and_key() {
    let (url, asked) = serve_once(events(&[text("a "), text("+ b"), text("\nmore")]));
    let mut settings = endpoint(&url);
    settings["headers"] = json!({ "X-Team": "tools" });
    let mut client = Client::new(settings);
    assert_eq!(client.complete()["result"]["items"][0]["insertText"], "a + b");
    let (head, body) = asked.join().unwrap();
    let head = head.to_lowercase();
    assert!(head.contains("x-team: tools\r\n"), "{head}");
    assert!(head.contains("authorization: bearer sk-secret\r\n"), "{head}");
    assert_eq!(body["model"], "qwen");
}

#[test]
fn errors_reach_the_editor_and_its_status() {
    for (response, expected) in [
        (status("401 Unauthorized", "{\"error\":{\"message\":\"bad sk-secret\"}}"), "refuses the key (401)"),
        (status("404 Not Found", "{\"error\":\"model 'qwen' not found\"}"), "has no model \"qwen\""),
        (status("429 Too Many Requests", ""), "has had too many requests"),
        (status("200 OK", "<html>"), "check the address"),
    ] {
        let (url, asked) = serve_once(response);
        let mut client = Client::new(endpoint(&url));
        let message = client.complete()["error"]["message"].as_str().unwrap().to_string();
        asked.join().unwrap();
        assert!(message.contains(expected) && message.contains(&url), "{expected}: {message}");
        assert!(!message.contains("sk-secret"), "{message}");
        assert_eq!(client.problem.as_ref(), Some(&message));
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut client = Client::new(endpoint(&format!("http://{closed}")));
    assert!(client.complete()["error"]["message"].as_str().unwrap().contains("cannot reach"));
}

#[test]
fn a_server_with_too_many_requests_is_left_in_peace() {
    let (url, asked) = serve_once(status("429 Too Many Requests\r\nRetry-After: 60", ""));
    let mut client = Client::new(endpoint(&url));
    let first = client.complete()["error"]["message"].clone();
    asked.join().unwrap();
    // Nobody listens any more: this answer is the server's of before.
    assert_eq!(client.complete()["error"]["message"], first);
    assert!(first.as_str().unwrap().contains("60 s"), "{first}");
}

/// A server that begins an answer and then says no more; it tells when it was asked, and when left alone.
fn serve_hanging(begin: String) -> (String, Receiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, events) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&stream);
        stream.write_all(begin.as_bytes()).unwrap();
        sender.send("asked").unwrap();
        // The client says nothing more: what ends this is the end of the connection.
        let _ = stream.read(&mut [0]);
        sender.send("left").unwrap();
    });
    (url, events)
}

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_server_that_hangs_is_given_up() {
    for begin in ["", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: "] {
        let (url, server) = serve_hanging(begin.to_string());
        let mut settings = endpoint(&url);
        settings["timeoutMs"] = json!(300);
        let mut client = Client::new(settings);
        let message = client.complete()["error"]["message"].as_str().unwrap().to_string();
        assert!(message.contains("has not answered within 0.3 s"), "{message}");
        assert_eq!(server.recv_timeout(PATIENCE), Ok("asked"));
        assert_eq!(server.recv_timeout(PATIENCE), Ok("left"));
    }
}

#[test]
fn the_next_keystroke_ends_the_exchange() {
    for begin in ["", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"] {
        let (url, server) = serve_hanging(begin.to_string());
        let mut client = Client::new(endpoint(&url));
        let id = client.ask_completion();
        assert_eq!(server.recv_timeout(PATIENCE), Ok("asked"));
        let position = json!({ "line": 1, "character": 11 });
        client.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": URI, "version": 2 },
                "contentChanges": [{ "range": { "start": position, "end": position }, "text": "a" }],
            }),
        );
        assert_eq!(client.answer(id)["result"], Value::Null);
        assert_eq!(server.recv_timeout(PATIENCE), Ok("left"));
    }
}

#[test]
fn a_server_that_is_taken_away_is_asked_nothing_more() {
    let (url, server) = serve_hanging(String::new());
    let mut client = Client::new(endpoint(&url));
    let id = client.ask_completion();
    assert_eq!(server.recv_timeout(PATIENCE), Ok("asked"));
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "inkling": { "endpoint": {}, "model": "/none.gguf" } } }),
    );
    assert!(client.answer(id)["error"].is_object());
    assert_eq!(server.recv_timeout(PATIENCE), Ok("left"));
    assert!(client.complete()["error"]["message"].as_str().unwrap().contains("model"));
}

#[test]
fn a_server_is_tested_without_being_used() {
    let (url, asked) = serve_once(events(&[text("a + b")]));
    let mut client = Client::new(json!({ "url": "http://" }));
    let result = client.request("inkling/testEndpoint", endpoint(&url))["result"].clone();
    assert_eq!(result["text"], "a + b");
    assert_eq!(result["url"], format!("{url}/v1/completions"));
    assert!(result["firstMs"].as_f64() <= result["totalMs"].as_f64(), "{result}");
    assert!(asked.join().unwrap().1["prompt"].as_str().unwrap().contains("def add(a, b):"));
    let (url, _) = serve_once(status("401 Unauthorized", ""));
    let refused = client.request("inkling/testEndpoint", endpoint(&url));
    assert!(refused["error"]["message"].as_str().unwrap().contains("refuses the key"), "{refused}");
    let nowhere = client.request("inkling/testEndpoint", json!({}));
    assert!(nowhere["error"]["message"].as_str().unwrap().contains("no address"));
    // What the settings name is still what it was, and cannot be used.
    assert!(client.complete()["error"]["message"].as_str().unwrap().contains("no model is loaded"));
    let problem = client.problem.as_deref().unwrap_or_default();
    assert!(problem.contains("names no host"), "{problem}");
}
