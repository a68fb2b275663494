//! The server as its client sees it: messages in, messages out, on a clock that the test turns.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use expect_test::{Expect, expect};
use futures::channel::oneshot;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::{self, Dtype};
use inkling_fixture::{tiny, tiny_llama};
use inkling_lsp::{Future, Host, Metrics, Server};
use inkling_metrics::{Event, Kind, Source};
use serde_json::{Value, json};

/// A client and the machine it runs on.
struct Client {
    server: Server,
    host: Rc<TestHost>,
    pool: RefCell<LocalPool>,
    next_id: Cell<i64>,
}

struct TestHost {
    sent: RefCell<Vec<Value>>,
    now_ms: Cell<f64>,
    sleepers: RefCell<Vec<(f64, oneshot::Sender<()>)>>,
    spawner: LocalSpawner,
    events: RefCell<Vec<Event>>,
    disk_is_full: Cell<bool>,
}

impl Host for TestHost {
    fn send(&self, message: Value) {
        self.sent.borrow_mut().push(message);
    }

    fn spawn(&self, task: Future<()>) {
        self.spawner.spawn_local(task).unwrap();
    }

    fn now_ms(&self) -> f64 {
        self.now_ms.get()
    }

    fn sleep(&self, ms: f64) -> Future<()> {
        let (wake, woken) = oneshot::channel();
        self.sleepers.borrow_mut().push((self.now_ms.get() + ms, wake));
        Box::pin(async { woken.await.unwrap_or(()) })
    }

    fn pause(&self) -> Future<()> {
        // Past a pause time goes on, so that a test can act between two tokens.
        self.sleep(1.0)
    }

    fn open(
        &self,
        uri: &str,
        progress: Box<dyn Fn(u64, u64)>,
        cancel: Cancel,
    ) -> Future<Result<Box<dyn gguf::Source>, String>> {
        let file = match uri {
            "tiny.gguf" => Ok(tiny_llama(Dtype::Q8_0, 1)),
            "other.gguf" => Ok(tiny_llama(Dtype::F32, 2)),
            "unsure.gguf" => Ok(tiny("llama-unsure", Dtype::Q8_0, 1)),
            "recalling.gguf" => Ok(tiny("llama-recalling", Dtype::Q8_0, 1)),
            "cut.gguf" => Ok(tiny_llama(Dtype::F32, 2)[..100_000].to_vec()),
            _ => Err(format!("cannot open {uri}: there is no such file")),
        };
        progress(1, 2);
        let fetched = self.sleep(1.0);
        Box::pin(async move {
            fetched.await;
            if cancel.is_cancelled() {
                return Err("cancelled".to_string());
            }
            file.map(|bytes| Box::new(bytes) as Box<dyn gguf::Source>)
        })
    }

    fn metrics(&self) -> Option<&dyn Metrics> {
        Some(self)
    }

    fn default_model(&self) -> Option<String> {
        None
    }

    fn n_threads(&self) -> usize {
        1
    }
}

impl Metrics for TestHost {
    fn record(&self, event: &Event) -> Result<(), String> {
        if self.disk_is_full.get() {
            return Err("the disk is full".to_string());
        }
        self.events.borrow_mut().push(event.clone());
        Ok(())
    }

    fn recorded(&self, days: Option<u32>) -> Result<Vec<(String, Event)>, String> {
        let day = format!("one of {}", days.unwrap_or(0));
        Ok(self.events.borrow().iter().map(|event| (day.clone(), event.clone())).collect())
    }
}

impl Client {
    fn new() -> Client {
        let pool = LocalPool::new();
        let host = Rc::new(TestHost {
            sent: RefCell::default(),
            now_ms: Cell::new(0.0),
            sleepers: RefCell::default(),
            spawner: pool.spawner(),
            events: RefCell::default(),
            disk_is_full: Cell::new(false),
        });
        let server = Server::new(host.clone());
        Client { server, host, pool: RefCell::new(pool), next_id: Cell::new(1) }
    }

    /// Initialized, with the tiny model loaded and a document open.
    fn ready(text: &str) -> Client {
        let client = Client::new();
        client.request(
            "initialize",
            json!({
                "rootUri": "file:///project",
                "initializationOptions": { "model": "tiny.gguf", "maxTokens": 6, "debounceMs": 50 },
                "capabilities": {},
            }),
        );
        client.notify("initialized", json!({}));
        client.run_for(10.0);
        client.notify(
            "textDocument/didOpen",
            json!({
                "textDocument": { "uri": URI, "languageId": "rust", "version": 1, "text": text },
            }),
        );
        client
    }

    fn request(&self, method: &str, params: Value) -> i64 {
        let id = self.next_id.replace(self.next_id.get() + 1);
        self.server.receive(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn notify(&self, method: &str, params: Value) {
        self.server.receive(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn complete(&self, character: u32, invoked: bool) -> i64 {
        self.request(
            "textDocument/inlineCompletion",
            json!({
                "textDocument": { "uri": URI }, "position": { "line": 0, "character": character },
                "context": { "triggerKind": if invoked { 1 } else { 2 } },
            }),
        )
    }

    fn insert(&self, character: u32, text: &str, version: i32) {
        let position = json!({ "line": 0, "character": character });
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": URI, "version": version },
                "contentChanges": [{ "range": { "start": position, "end": position }, "text": text }],
            }),
        );
    }

    /// Lets `ms` milliseconds pass.
    fn run_for(&self, ms: f64) {
        let end = self.host.now_ms.get() + ms;
        loop {
            self.pool.borrow_mut().run_until_stalled();
            let mut sleepers = self.host.sleepers.borrow_mut();
            let next = (0..sleepers.len()).min_by(|&a, &b| sleepers[a].0.total_cmp(&sleepers[b].0));
            match next {
                Some(next) if sleepers[next].0 <= end => {
                    let (at, wake) = sleepers.remove(next);
                    drop(sleepers);
                    self.host.now_ms.set(at.max(self.host.now_ms.get()));
                    let _ = wake.send(());
                }
                _ => break,
            }
        }
        self.host.now_ms.set(end);
    }

    /// The answer to a request; there is at most one.
    fn answer(&self, id: i64) -> Option<Value> {
        let sent = self.host.sent.borrow();
        let answers: Vec<&Value> =
            sent.iter().filter(|message| message["id"] == id && message["method"].is_null()).collect();
        assert!(answers.len() <= 1, "{answers:?}");
        answers.first().map(|answer| (*answer).clone())
    }

    fn items(&self, id: i64) -> Vec<Value> {
        let answer = self.answer(id).expect("an answer");
        answer["result"]["items"].as_array().expect("a list of items").clone()
    }

    fn texts(&self, id: i64) -> Vec<String> {
        self.items(id).iter().map(|item| item["insertText"].as_str().unwrap().to_string()).collect()
    }

    fn n_thoughts(&self) -> usize {
        self.host.sent.borrow().iter().filter(|message| message["params"]["state"] == "thinking").count()
    }

    fn last_status(&self) -> Value {
        let sent = self.host.sent.borrow();
        sent.iter().rev().find(|message| message["method"] == "inkling/status").unwrap()["params"].clone()
    }
}

const URI: &str = "file:///project/src/main.rs";

fn check(actual: &Value, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(actual).unwrap());
}

#[test]
fn it_introduces_itself() {
    let client = Client::new();
    let id = client.request("initialize", json!({ "capabilities": {} }));
    check(
        &client.answer(id).unwrap()["result"]["capabilities"],
        expect![[r#"
            {
              "executeCommandProvider": {
                "commands": [
                  "inkling.accepted"
                ]
              },
              "inlineCompletionProvider": true,
              "positionEncoding": "utf-16",
              "textDocumentSync": {
                "change": 2,
                "openClose": true
              }
            }"#]],
    );
}

#[test]
fn without_a_model_it_says_what_to_do() {
    let client = Client::new();
    client.request("initialize", json!({ "capabilities": {} }));
    client.notify("initialized", json!({}));
    assert_eq!(client.last_status()["message"], "no model: set `inkling.model` to a GGUF file");
}

#[test]
fn a_pause_in_typing_brings_one_suggestion() {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, false);
    client.run_for(49.0);
    assert_eq!(client.n_thoughts(), 0, "debounced");
    client.run_for(1000.0);
    assert_eq!(client.texts(id).len(), 1);
    assert_eq!(client.last_status()["state"], "idle");
}

#[test]
fn behind_a_suggestion_that_was_taken_the_next_is_made_at_once() {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, true);
    client.run_for(1000.0);
    let taken = client.texts(id).remove(0);
    client.insert(8, &taken, 2);
    client.complete(8 + taken.chars().count() as u32, false);
    client.run_for(1.0);
    assert_eq!(client.n_thoughts(), 2, "not debounced");
}

#[test]
fn what_is_more_likely_wrong_than_worth_reading_is_shown_only_when_asked_for() {
    let client = Client::ready("let x = ;");
    client.request("inkling/loadModel", json!({ "uri": "unsure.gguf" }));
    client.run_for(100.0);
    let unasked = client.complete(8, false);
    client.run_for(1000.0);
    assert_eq!(client.texts(unasked), [""; 0]);
    let trace = client.request(
        "inkling/trace",
        json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 } }),
    );
    client.run_for(1000.0);
    let trace = client.answer(trace).unwrap()["result"].clone();
    assert_eq!((&trace["confidence"], &trace["sure"]), (&json!(0.5), &json!(false)));
    let asked = client.complete(8, true);
    client.run_for(1000.0);
    assert!(!client.texts(asked).is_empty());
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "inkling": { "showUnsure": true } } }),
    );
    let unasked = client.complete(8, false);
    client.run_for(1000.0);
    assert!(!client.texts(unasked).is_empty());
}

#[test]
fn the_key_brings_several_at_once() {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, true);
    client.run_for(1000.0);
    assert!(client.texts(id).len() > 1, "{:?}", client.texts(id));
}

#[test]
fn a_newer_request_replaces_one_that_waits_and_one_that_runs() {
    let client = Client::ready("let x = ;");
    let first = client.complete(8, false);
    client.run_for(10.0);
    let second = client.complete(8, false);
    assert_eq!(client.answer(first).unwrap()["result"], Value::Null);
    client.run_for(52.0);
    assert_eq!((client.n_thoughts(), client.answer(second)), (1, None), "it runs");
    client.insert(8, "q", 2);
    assert_eq!(client.answer(second).unwrap()["result"], Value::Null);
    let third = client.complete(9, false);
    client.run_for(1000.0);
    assert_eq!(client.texts(third).len(), 1);
}

#[test]
fn a_cancelled_request_is_answered_at_once_and_only_once() {
    for ms in [10.0, 52.0] {
        let client = Client::ready("let x = ;");
        let id = client.complete(8, false);
        client.run_for(ms);
        client.notify("$/cancelRequest", json!({ "id": id }));
        assert_eq!(client.answer(id).unwrap()["error"]["code"], -32800, "after {ms} ms");
        client.run_for(1000.0);
        client.answer(id);
    }
}

#[test]
fn typing_along_a_suggestion_does_not_ask_the_model_again() {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, false);
    client.run_for(1000.0);
    let text = client.texts(id).remove(0);
    let first: String = text.chars().take(1).collect();
    client.insert(8, &first, 2);
    let id = client.complete(8 + first.encode_utf16().count() as u32, false);
    assert_eq!(client.texts(id), [text[first.len()..].to_string()]);
    assert_eq!(client.n_thoughts(), 1);
}

#[test]
fn a_trace_shows_the_way_of_the_last_suggestion_without_going_it_again() {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, false);
    client.run_for(1000.0);
    let trace = client.request(
        "inkling/trace",
        json!({
            "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 },
        }),
    );
    let trace = client.answer(trace).unwrap()["result"].clone();
    assert_eq!(trace["suggestion"], client.texts(id)[0]);
    assert_eq!(
        trace["prompt"],
        "<|file_sep|>src/main.rs\n<|fim_prefix|>let x = <|fim_suffix|>;<|fim_middle|>"
    );
    assert_eq!(client.n_thoughts(), 1);
    let elsewhere = client.request(
        "inkling/trace",
        json!({
            "textDocument": { "uri": URI }, "position": { "line": 0, "character": 3 },
        }),
    );
    client.run_for(1000.0);
    assert_eq!(
        client.answer(elsewhere).unwrap()["result"]["prompt"],
        "<|file_sep|>src/main.rs\n<|fim_prefix|>let<|fim_suffix|> x = ;<|fim_middle|>"
    );
}

#[test]
fn another_model_answers_otherwise_and_a_broken_one_leaves_the_old() {
    let client = Client::ready("let x = ;");
    let before = client.complete(8, true);
    client.run_for(1000.0);
    for (uri, expected) in
        [("gone.gguf", "cannot open gone.gguf: there is no such file"), ("cut.gguf", "cut.gguf: ")]
    {
        let id = client.request("inkling/loadModel", json!({ "uri": uri }));
        client.run_for(1000.0);
        let message = client.answer(id).unwrap()["error"]["message"].as_str().unwrap().to_string();
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(client.last_status()["model"]["uri"], "tiny.gguf");
    }
    let id = client.request("inkling/loadModel", json!({ "uri": "other.gguf" }));
    client.run_for(1000.0);
    assert_eq!(client.answer(id).unwrap()["result"]["quantization"], "F32");
    let after = client.complete(8, true);
    client.run_for(1000.0);
    assert_ne!(client.texts(before), client.texts(after));
}

#[test]
fn settings_that_name_the_loaded_model_do_not_load_it_again() {
    let client = Client::ready("let x = ;");
    client.request("inkling/loadModel", json!({ "uri": "other.gguf" }));
    client.run_for(1000.0);
    let n_sent = client.host.sent.borrow().len();
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "inkling": { "model": "other.gguf" } } }),
    );
    client.run_for(1000.0);
    assert_eq!(client.host.sent.borrow().len(), n_sent);
}

#[test]
fn what_cannot_be_understood_gets_an_error_and_nothing_breaks() {
    let client = Client::ready("let x = ;");
    let code = |id: i64| client.answer(id).unwrap()["error"]["code"].as_i64().unwrap();
    assert_eq!(code(client.request("textDocument/hover", json!({}))), -32601);
    assert_eq!(code(client.request("textDocument/inlineCompletion", json!({ "position": 3 }))), -32602);
    assert_eq!(
        code(client.request(
            "inkling/trace",
            json!({
                "textDocument": { "uri": "file:///nowhere" }, "position": { "line": 0, "character": 0 },
            })
        )),
        -32602
    );
    for garbage in [Value::Null, json!([]), json!("x"), json!({ "id": {} }), json!({ "method": 3 })] {
        client.server.receive(garbage);
    }
    client.notify("textDocument/didChange", json!({ "textDocument": { "uri": "file:///nowhere", "version": 2 }, "contentChanges": [{ "text": "" }] }));
    client.insert(9999, "x", 2);
    let id = client.complete(9999, true);
    client.run_for(1000.0);
    assert!(!client.texts(id).is_empty());
}

#[test]
fn the_catalogue_says_what_fits_where_the_memory_is_known() {
    let client = Client::ready("let x = ;");
    let fits = |params: Value| {
        let answer = client.answer(client.request("inkling/catalogue", params)).unwrap();
        let models = answer["result"].as_array().unwrap().clone();
        models.into_iter().map(|model| (model["name"].clone(), model["fits"].clone())).collect::<Vec<_>>()
    };
    let [unknown, small, large] =
        [json!({}), json!({ "memoryBytes": 2_000_000_000 }), json!({ "memoryBytes": 64_000_000_000_u64 })]
            .map(fits);
    assert!(!unknown.is_empty() && unknown.iter().all(|(_, fits)| fits.is_null()));
    assert_eq!(small[0], (json!("Qwen2.5-Coder 0.5B"), json!(true)));
    assert!(small[1..].iter().all(|(_, fits)| *fits == json!(false)));
    assert!(large.iter().all(|(_, fits)| *fits == json!(true)));
}

#[test]
fn a_host_without_a_store_keeps_no_models() {
    let client = Client::ready("let x = ;");
    let asked = [
        client.request("inkling/keptModels", json!({})),
        client.request("inkling/keepModel", json!({ "url": "https://example.org/tiny.gguf" })),
        client.request("inkling/deleteModel", json!({ "uri": "tiny.gguf" })),
    ];
    for id in asked {
        assert_eq!(client.answer(id).unwrap()["error"]["message"], "this host keeps no model files");
    }
}

#[test]
fn the_model_reads_other_files_on_the_way_to_answers_and_in_the_pauses() {
    let client = Client::ready("    let total\n");
    client.request("inkling/loadModel", json!({ "uri": "recalling.gguf" }));
    client.run_for(10.0);
    // The first to be read, each more than is read on the way to one answer.
    let long = "// nothing of interest\n".repeat(3_000);
    let files =
        [("src/a.rs", long.as_str()), ("src/b.rs", &long), ("src/price.rs", "    let total\n= price;\n")];
    let files = files.map(|(path, text)| json!({ "path": path, "text": text }));
    client.notify("inkling/files", json!({ "files": files }));
    let answer = || {
        let id = client.complete(13, true);
        client.run_for(200.0);
        client.texts(id)
    };
    let texts = answer();
    assert!(texts.iter().all(|text| !text.starts_with("= ")), "{texts:?}");
    let texts = answer();
    assert!(texts[0].starts_with("= "), "{texts:?}");
}

#[test]
fn it_waits_for_initialize_and_ends_after_shutdown() {
    let client = Client::new();
    let early = client.request("inkling/loadModel", json!({ "uri": "tiny.gguf" }));
    assert_eq!(client.answer(early).unwrap()["error"]["code"], -32002);
    client.request("initialize", json!({ "capabilities": {} }));
    client.request("shutdown", Value::Null);
    assert!(client.server.is_shut_down());
    let late = client.request("inkling/loadModel", json!({ "uri": "tiny.gguf" }));
    assert_eq!(client.answer(late).unwrap()["error"]["code"], -32600);
}

#[test]
fn loading_shows_a_progress_bar_that_cancels() {
    let client = Client::new();
    client.request(
        "initialize",
        json!({
            "capabilities": { "window": { "workDoneProgress": true } },
            "initializationOptions": { "model": "tiny.gguf" },
        }),
    );
    client.notify("initialized", json!({}));
    client.run_for(10.0);
    let kinds: Vec<Value> = client
        .host
        .sent
        .borrow()
        .iter()
        .filter(|message| message["method"] == "$/progress")
        .map(|message| message["params"]["value"]["kind"].clone())
        .collect();
    assert_eq!(kinds.first(), Some(&json!("begin")));
    assert_eq!(kinds.last(), Some(&json!("end")));
    let reload = client.request("inkling/loadModel", json!({ "uri": "other.gguf" }));
    client.pool.borrow_mut().run_until_stalled();
    client.notify("window/workDoneProgress/cancel", json!({ "token": "inkling/load/1" }));
    client.run_for(10.0);
    assert_eq!(client.answer(reload).unwrap()["error"]["code"], -32800);
    assert_eq!(client.last_status()["model"]["uri"], "tiny.gguf", "the old one goes on");
}

/// The snippets of the suggestion at the end of line 2 of `text`, best first, and the kinds of what was redacted.
fn snippets(client: &Client) -> (Vec<String>, Value) {
    let position = json!({ "line": 2, "character": 21 });
    let id = client.request("inkling/trace", json!({ "textDocument": { "uri": URI }, "position": position }));
    client.run_for(5_000.0);
    let trace = client.answer(id).unwrap()["result"].clone();
    let snippet = |snippet: &Value| {
        format!("{} {}", snippet["path"].as_str().unwrap(), snippet["reason"].as_str().unwrap())
    };
    let mut snippets: Vec<String> = trace["snippets"].as_array().unwrap().iter().map(snippet).collect();
    snippets.reverse();
    (snippets, trace["redacted"].clone())
}

#[test]
fn pushed_and_open_files_are_told_of_until_they_are_gone() {
    let client = Client::ready(
        "use crate::shop::Shop;\nfn sell(shop: &Shop) {\n    let price = shop.;\n    let password = \"tr0ub4dor\";\n}\n",
    );
    assert_eq!(snippets(&client), (vec![], json!(["assigned secret"])), "nothing is known yet");
    let text = "pub struct Shop {\n    name: String,\n}\nimpl Shop {\n    pub fn price(&self) -> u64 {\n        1\n    }\n}\n";
    let pushed = json!({ "path": "src/shop.rs", "text": text });
    client.notify(
        "inkling/files",
        json!({ "files": [pushed, { "path": "a.min.js", "text": "x".repeat(200_000) }] }),
    );
    client.insert(0, " ", 2);
    assert_eq!(snippets(&client).0, ["src/shop.rs receiver"]);
    client.notify(
        "textDocument/didOpen",
        json!({ "textDocument": {
            "uri": "file:///project/src/shop.rs", "languageId": "rust", "version": 1, "text": "fn other() {}\n",
        } }),
    );
    client.insert(0, " ", 3);
    assert_eq!(snippets(&client).0, Vec::<String>::new(), "the open text is the true one");
    client.notify("inkling/files", json!({ "files": [pushed] }));
    client.insert(0, " ", 4);
    assert_eq!(snippets(&client).0, ["src/shop.rs receiver"]);
    client.notify("inkling/files", json!({ "files": [{ "path": "src/shop.rs" }] }));
    client.insert(0, " ", 5);
    assert_eq!(snippets(&client).0, Vec::<String>::new());
}

/// What was recorded, without the characters and the latency.
fn kinds(client: &Client) -> Vec<Kind> {
    client.host.events.borrow().iter().map(|event| event.kind).collect()
}

/// A client that shows a suggestion at the end of `let x = `, and the suggestion.
fn offering() -> (Client, String) {
    let client = Client::ready("let x = ;");
    let id = client.complete(8, false);
    client.run_for(1000.0);
    let text = client.texts(id).remove(0);
    assert!(text.chars().count() > 3, "{text:?}");
    (client, text)
}

#[test]
fn what_becomes_of_a_suggestion_is_recorded_without_its_text() {
    let (client, text) = offering();
    client.insert(8, &text, 2);
    client.run_for(1000.0);
    assert_eq!(kinds(&client), [Kind::Shown, Kind::Accepted]);
    let events = client.host.events.borrow();
    assert_eq!((events[1].language.as_str(), events[1].characters as usize), ("Rust", text.chars().count()));
    assert!((50..1000).contains(&events[0].latency_ms), "{events:?}");
}

#[test]
fn a_piece_is_a_part_and_a_typed_beginning_is_not() {
    for (n, kind) in [(2, Kind::PartlyAccepted), (1, Kind::Dismissed)] {
        let (client, text) = offering();
        let piece: String = text.chars().take(n).collect();
        client.insert(8, &piece, 2);
        assert_eq!(kinds(&client), [Kind::Shown], "the rest may still be taken");
        client.insert(0, "\u{1f980}", 3);
        client.run_for(1000.0);
        assert_eq!(kinds(&client), [Kind::Shown, kind]);
    }
}

/// A suggestion of which the first character is typed, and how its client reports the rest.
fn typed_into() -> (Client, String, Value) {
    let (client, text) = offering();
    let first: String = text.chars().take(1).collect();
    client.insert(8, &first, 2);
    let id = client.complete(8 + first.encode_utf16().count() as u32, false);
    let command = client.items(id)[0]["command"].clone();
    (client, text[first.len()..].to_string(), command)
}

#[test]
fn what_the_client_reports_takes_the_place_of_what_the_document_says() {
    // An editor may put more into the document than the suggestion, such as a bracket.
    for more in ["", ")"] {
        let (client, rest, command) = typed_into();
        client.insert(9, &format!("{rest}{more}"), 3);
        assert_eq!(kinds(&client), [Kind::Shown], "the report may still come");
        client.request("workspace/executeCommand", command.clone());
        client.request("workspace/executeCommand", command);
        client.run_for(2000.0);
        assert_eq!(kinds(&client), [Kind::Shown, Kind::Accepted]);
        let events = client.host.events.borrow();
        assert_eq!((events[0].source, events[1].source), (Source::Inferred, Source::Reported));
        assert_eq!(events[1].characters as usize, 1 + rest.chars().count(), "what was typed of it counts");
    }
}

#[test]
fn a_report_of_a_suggestion_that_is_over_changes_nothing() {
    let (client, rest, command) = typed_into();
    client.insert(9, &rest, 3);
    client.run_for(1000.0);
    client.request("workspace/executeCommand", command);
    assert_eq!(kinds(&client), [Kind::Shown, Kind::Accepted]);
    assert_eq!(client.host.events.borrow()[1].source, Source::Inferred);
    for wrong in [json!({ "command": "inkling.accepted" }), json!({ "command": "rm", "arguments": [1, 2] })] {
        let id = client.request("workspace/executeCommand", wrong);
        assert_eq!(client.answer(id).unwrap()["error"]["code"], -32602);
    }
}

#[test]
fn what_was_recorded_is_reported() {
    let (client, text) = offering();
    client.insert(8, &text, 2);
    client.run_for(1000.0);
    let id = client.request("inkling/metrics", json!({ "days": 7 }));
    let report = client.answer(id).unwrap()["result"].clone();
    assert_eq!(report["isKept"], true);
    assert_eq!(report["byDay"][0]["key"], "one of 7");
    let rust = &report["byLanguage"][0];
    assert_eq!((&rust["key"], &rust["shown"], &rust["accepted"]), (&json!("Rust"), &json!(1), &json!(1)));
    assert_eq!(rust["characters"], text.chars().count());
}

#[test]
fn metrics_that_are_off_record_nothing() {
    let client = Client::ready("let x = ;");
    let settings = json!({ "inkling": { "metrics": { "enabled": false } } });
    client.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
    let id = client.complete(8, false);
    client.run_for(1000.0);
    assert_eq!(client.items(id)[0]["command"], Value::Null);
    client.insert(8, &client.texts(id)[0], 2);
    client.run_for(1000.0);
    assert_eq!(kinds(&client), []);
}

#[test]
fn a_store_that_fails_is_told_of_once_and_suggestions_go_on() {
    let client = Client::ready("let x = ;");
    client.host.disk_is_full.set(true);
    for version in 2..4 {
        let id = client.complete(8, true);
        client.run_for(1000.0);
        assert!(!client.texts(id).is_empty());
        client.insert(0, "y", version);
    }
    let sent = client.host.sent.borrow();
    let warnings = sent.iter().filter(|message| message["method"] == "window/showMessage");
    let warnings: Vec<&Value> = warnings.map(|message| &message["params"]["message"]).collect();
    assert_eq!(warnings, ["Inkling keeps no metrics for now: the disk is full"]);
}
