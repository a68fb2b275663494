//! The server's messages: what arrives is taken apart here, what it means is in the modules below.

mod completion;
mod documents;
mod endpoint;
mod metrics;
mod model;
mod models;
mod place;
mod workspace;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::lock::Mutex;
use inkling_assist::context::{Limits, Workspace};
use inkling_assist::engine::Cancel;
use inkling_assist::{Completer, LocalModel, RequestId, Shown, Trigger};
use inkling_endpoint::EndpointModel;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::wire::{ModelInfo, Settings, State as StatusState, Status};
use crate::{Configuration, Host};
use completion::{Asked, LastOutcome};
use documents::Documents;
use metrics::{ACCEPTED, Offer};

/// A language server with one client. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {
    host: Rc<dyn Host>,
    state: Rc<RefCell<State>>,
}

/// Whether the client has introduced itself.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    New,
    Running,
    ShutDown,
}

struct State {
    phase: Phase,
    configuration: Configuration,
    /// The client shows progress bars.
    shows_progress: bool,
    documents: Documents,
    /// The other files; apart, so that a suggestion under way does not keep it.
    workspace: Rc<RefCell<Workspace>>,
    /// The document that the user was in last.
    near: Option<String>,
    /// Files to be parsed in the pauses, the nearest last, and whether that is under way.
    to_parse: Vec<String>,
    parses: bool,
    model: Option<Rc<ModelSlot>>,
    /// The load under way; a newer one cancels it.
    loading: Option<Cancel>,
    /// Why no more engines are started.
    engines_gone: Option<String>,
    /// There is no model, since the one that was asked for cannot be had.
    has_failed: bool,
    trigger: Trigger,
    asked: HashMap<RequestId, Asked>,
    next_request: RequestId,
    shown: Option<Shown>,
    last: Option<LastOutcome>,
    /// The suggestion whose end is not known for certain.
    offer: Option<Offer>,
    n_offers: u64,
    /// The user knows that metrics cannot be kept.
    metrics_failed: bool,
    /// Requests other than completions that can be cancelled, by their JSON-RPC ids.
    cancels: HashMap<String, Cancel>,
    /// Counts this server's own requests to the client.
    next_own_id: i64,
}

/// The model that answers, one question at a time.
struct ModelSlot {
    info: RefCell<ModelInfo>,
    model: Mutex<Answerer>,
    /// Tokens of a prompt, where the settings for this machine's models do not hold.
    prompt_tokens: Option<usize>,
}

/// A model file, or a model on a server.
enum Answerer {
    Local(Box<LocalModel>),
    Endpoint(Box<EndpointModel>),
}

impl Answerer {
    fn completer(&mut self) -> &mut dyn Completer {
        match self {
            Answerer::Local(model) => &mut **model,
            Answerer::Endpoint(model) => &mut **model,
        }
    }
}

/// A JSON-RPC error.
struct Refusal {
    code: i64,
    message: String,
}

const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const NOT_INITIALIZED: i64 = -32002;
const REQUEST_FAILED: i64 = -32803;
const REQUEST_CANCELLED: i64 = -32800;

impl Server {
    /// A server that waits for `initialize`.
    pub fn new(host: Rc<dyn Host>) -> Server {
        let configuration = Configuration::DEFAULT;
        let state = State {
            phase: Phase::New,
            trigger: Trigger::new(configuration.debounce_ms),
            configuration,
            shows_progress: false,
            documents: Documents::default(),
            workspace: Rc::new(RefCell::new(Workspace::new(Limits::STANDARD))),
            near: None,
            to_parse: Vec::new(),
            parses: false,
            model: None,
            loading: None,
            engines_gone: None,
            has_failed: false,
            asked: HashMap::new(),
            next_request: 0,
            shown: None,
            last: None,
            offer: None,
            n_offers: 0,
            metrics_failed: false,
            cancels: HashMap::new(),
            next_own_id: 0,
        };
        Server { host, state: Rc::new(RefCell::new(state)) }
    }

    /// Takes one JSON-RPC message. Answers go out through the host, now or later.
    pub fn receive(&self, message: Value) {
        let id = message.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
        let method = message.get("method").and_then(Value::as_str);
        let params = message.get("params").cloned().unwrap_or(Value::Null);
        match (id, method) {
            (Some(id), Some(method)) => self.request(id, method, params),
            (None, Some(method)) => self.notification(method, params),
            // The client's answer to a request of ours, of which there is only the creation of a progress bar.
            (Some(_), None) => {}
            (None, None) => {
                let message = "a JSON-RPC message has a method, or the id of a request".to_string();
                self.respond(Value::Null, Err(Refusal { code: INVALID_REQUEST, message }));
            }
        }
    }

    /// Whether the client has said `exit`'s precondition, `shutdown`.
    pub fn is_shut_down(&self) -> bool {
        self.state.borrow().phase == Phase::ShutDown
    }

    fn request(&self, id: Value, method: &str, params: Value) {
        let phase = self.state.borrow().phase;
        match (phase, method) {
            (Phase::New, "initialize") => self.respond(id, self.initialize(&params)),
            (Phase::New, _) => self.respond(id, Err(refusal(NOT_INITIALIZED, "initialize comes first"))),
            (Phase::ShutDown, _) => {
                self.respond(id, Err(refusal(INVALID_REQUEST, "the server is shut down")))
            }
            (Phase::Running, "shutdown") => self.respond(id, Ok(self.shut_down())),
            (Phase::Running, "textDocument/inlineCompletion") => {
                self.parsed(id, params, Server::inline_completion)
            }
            (Phase::Running, "inkling/trace") => self.parsed(id, params, Server::trace),
            (Phase::Running, "inkling/loadModel") => self.parsed(id, params, Server::load_model),
            (Phase::Running, "inkling/catalogue") => self.parsed(id, params, Server::catalogue),
            (Phase::Running, "inkling/keptModels") => self.parsed(id, params, Server::kept_models),
            (Phase::Running, "inkling/keepModel") => self.parsed(id, params, Server::keep_model),
            (Phase::Running, "inkling/deleteModel") => self.parsed(id, params, Server::delete_model),
            (Phase::Running, "inkling/testEndpoint") => self.parsed(id, params, Server::test_endpoint),
            (Phase::Running, "inkling/metrics") => self.parsed(id, params, Server::report_metrics),
            (Phase::Running, "workspace/executeCommand") => self.parsed(id, params, Server::execute_command),
            (Phase::Running, "initialize") => {
                self.respond(id, Err(refusal(INVALID_REQUEST, "initialized already")))
            }
            (Phase::Running, _) => {
                self.respond(id, Err(refusal(METHOD_NOT_FOUND, &format!("no such method: {method}"))));
            }
        }
    }

    /// Notifications have no answer: what cannot be understood is passed over, as the protocol asks.
    fn notification(&self, method: &str, params: Value) {
        if self.state.borrow().phase != Phase::Running {
            return;
        }
        match method {
            "initialized" => {
                self.load_configured_model();
                self.read_workspace();
            }
            "inkling/files" => self.heard(params, Server::push_files),
            "textDocument/didOpen" => self.heard(params, Server::did_open),
            "textDocument/didChange" => self.heard(params, Server::did_change),
            "textDocument/didClose" => self.heard(params, Server::did_close),
            "workspace/didChangeConfiguration" => {
                self.heard(params["settings"]["inkling"].clone(), Server::configure)
            }
            "$/cancelRequest" => self.cancel(&params["id"]),
            "window/workDoneProgress/cancel" => self.cancel_progress(),
            _ => {}
        }
    }

    fn parsed<P: DeserializeOwned>(&self, id: Value, params: Value, handle: fn(&Server, Value, P)) {
        match serde_json::from_value(params) {
            Ok(params) => handle(self, id, params),
            Err(error) => self.respond(id, Err(refusal(INVALID_PARAMS, &error.to_string()))),
        }
    }

    fn heard<P: DeserializeOwned>(&self, params: Value, handle: fn(&Server, P)) {
        if let Ok(params) = serde_json::from_value(params) {
            handle(self, params);
        }
    }

    /// Only what this server uses is read of the parameters, so that any client's are understood.
    fn initialize(&self, params: &Value) -> Result<Value, Refusal> {
        let settings: Settings = match &params["initializationOptions"] {
            Value::Null => Settings::default(),
            options => serde_json::from_value(options.clone())
                .map_err(|error| refusal(INVALID_PARAMS, &format!("initializationOptions: {error}")))?,
        };
        let folder = params["workspaceFolders"][0]["uri"].as_str().or(params["rootUri"].as_str());
        let mut state = self.state.borrow_mut();
        state.documents.set_root(folder);
        let name = folder.and_then(|uri| uri.trim_end_matches('/').rsplit('/').next()).unwrap_or("");
        state.workspace.borrow_mut().set_name(params["workspaceFolders"][0]["name"].as_str().unwrap_or(name));
        state.shows_progress = params["capabilities"]["window"]["workDoneProgress"].as_bool() == Some(true);
        state.phase = Phase::Running;
        drop(state);
        self.configure(settings);
        Ok(json!({
            "capabilities": {
                "positionEncoding": "utf-16",
                "textDocumentSync": { "openClose": true, "change": 2 },
                "inlineCompletionProvider": true,
                "executeCommandProvider": { "commands": [ACCEPTED] },
            },
            "serverInfo": { "name": "inkling", "version": env!("CARGO_PKG_VERSION") },
        }))
    }

    /// Takes over what `settings` names, as `initialize` and a changed configuration do.
    pub fn configure(&self, settings: Settings) {
        let mut state = self.state.borrow_mut();
        let before = state.configuration.clone();
        state.configuration.apply(settings);
        state.trigger.debounce_ms = state.configuration.debounce_ms;
        let now = &state.configuration;
        let is_other =
            (&now.model, now.executor, &now.endpoint) != (&before.model, before.executor, &before.endpoint);
        let is_in_use = state.model.is_some() || state.loading.is_some() || state.has_failed;
        if now.endpoint.is_none() && before.endpoint.is_some() {
            // Who takes a server away wants it to see nothing from now on.
            state.asked.values().for_each(|asked| asked.cancel.cancel());
            state.model = None;
        }
        drop(state);
        if is_other && is_in_use {
            self.load_configured_model();
        }
    }

    fn shut_down(&self) -> Value {
        self.settle();
        let mut state = self.state.borrow_mut();
        state.phase = Phase::ShutDown;
        state.cancels.values().chain(&state.loading).for_each(Cancel::cancel);
        state.asked.values().for_each(|asked| asked.cancel.cancel());
        state.model = None;
        Value::Null
    }

    fn cancel(&self, id: &Value) {
        self.cancel_completion(id);
        if let Some(cancel) = self.state.borrow_mut().cancels.remove(&id.to_string()) {
            cancel.cancel();
        }
    }

    fn respond(&self, id: Value, result: Result<Value, Refusal>) {
        self.host.send(match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(Refusal { code, message }) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
        });
    }

    fn notify(&self, method: &str, params: Value) {
        self.host.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn status(&self, state: StatusState, message: Option<String>) {
        let model = self.state.borrow().model.as_ref().map(|slot| slot.info.borrow().clone());
        self.notify("inkling/status", json!(Status { state, message, model }));
    }
}

fn refusal(code: i64, message: &str) -> Refusal {
    Refusal { code, message: message.to_string() }
}
