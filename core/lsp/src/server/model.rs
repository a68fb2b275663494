//! Loading the model: `inkling/loadModel`, the settings' one, and the progress bar.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::lock::Mutex;
use inkling_assist::ModelSummary;
use inkling_assist::engine::{Cancel, ExecutorChoice, LoadProgress};
use serde_json::{Value, json};

use super::place::{Loading, Placed};
use super::{Answerer, ModelSlot, REQUEST_CANCELLED, REQUEST_FAILED, Refusal, Server, refusal};
use crate::wire::{Executes, LoadModelParams, ModelInfo, State};

impl From<Executes> for ExecutorChoice {
    fn from(executes: Executes) -> ExecutorChoice {
        match executes {
            Executes::Auto => ExecutorChoice::Auto,
            Executes::Cpu => ExecutorChoice::Cpu,
            Executes::Gpu => ExecutorChoice::Gpu,
        }
    }
}

/// Milliseconds between two reports of a progress bar.
const REPORT_MS: f64 = 100.0;

impl Server {
    pub(super) fn load_model(&self, id: Value, params: LoadModelParams) {
        let server = self.clone();
        self.host.spawn(Box::pin(async move {
            let result = server.load(params.uri).await;
            server.respond(id, result.map(|info| json!(info)));
        }));
    }

    /// Loads the model that the settings or the host name; without one the client is told.
    pub(super) fn load_configured_model(&self) {
        let endpoint = self.state.borrow().configuration.endpoint.clone();
        if let Some(endpoint) = endpoint {
            return self.connect(endpoint);
        }
        let configured = self.state.borrow().configuration.model.clone();
        let Some(uri) = configured.or_else(|| self.host.default_model()) else {
            return self
                .status(State::Error, Some("no model: set `inkling.model` to a GGUF file".to_string()));
        };
        let server = self.clone();
        self.host.spawn(Box::pin(async move { server.load_or_tell(uri).await }));
    }

    /// Loads a model that no request waits for.
    pub(super) async fn load_or_tell(&self, uri: String) {
        if let Err(refusal) = self.load(uri).await
            && refusal.code != REQUEST_CANCELLED
        {
            self.notify("window/showMessage", json!({ "type": 1, "message": refusal.message }));
        }
    }

    pub(super) fn cancel_progress(&self) {
        if let Some(loading) = self.state.borrow_mut().loading.take() {
            loading.cancel();
        }
    }

    /// Loads `uri` beside the present model, which answers until the new one is there and stays if it fails.
    async fn load(&self, uri: String) -> Result<ModelInfo, Refusal> {
        let cancel = self.begin_loading();
        self.status(State::Loading, None);
        let bar = Rc::new(self.progress_bar("Loading", uri.rsplit(['/', '\\']).next().unwrap_or(&uri)));
        let result = self.read(&uri, &bar, &cancel).await;
        bar.end();
        let mut state = self.state.borrow_mut();
        if cancel.is_cancelled() {
            let replaced = state.loading.is_some();
            drop(state);
            if !replaced {
                self.status(State::Idle, None);
            }
            return Err(refusal(REQUEST_CANCELLED, "cancelled"));
        }
        state.loading = None;
        let result = result.map(|slot| {
            let info = slot.info.borrow().clone();
            // Settings that name it from now on name nothing new.
            (state.configuration.model, state.configuration.endpoint) = (Some(uri.clone()), None);
            (state.model, state.shown, state.last) = (Some(Rc::new(slot)), None, None);
            info
        });
        let has_model = state.model.is_some();
        state.has_failed = !has_model;
        drop(state);
        match &result {
            Ok(_) => self.status(State::Idle, None),
            Err(message) => {
                self.status(if has_model { State::Idle } else { State::Error }, Some(message.clone()))
            }
        }
        result.map_err(|message| refusal(REQUEST_FAILED, &message))
    }

    async fn read(&self, uri: &str, bar: &Rc<ProgressBar>, cancel: &Cancel) -> Result<ModelSlot, String> {
        let fetching = Rc::clone(bar);
        let source = self
            .host
            .open(uri, Box::new(move |bytes, total| fetching.report(bytes, total)), cancel.clone())
            .await?;
        let progress = |LoadProgress { bytes, total_bytes }| bar.report(bytes, total_bytes);
        let loading = Loading { uri, source: Rc::from(source), progress: &progress, cancel };
        let placed = self.load_somewhere(loading).await;
        let placed = placed.map_err(|error| format!("{uri}: {error}"))?;
        let info = RefCell::new(model_info(uri, &placed));
        let model = placed.model;
        Ok(ModelSlot { info, model: Mutex::new(Answerer::Local(Box::new(model))), prompt_tokens: None })
    }

    /// Tells the user where a model goes on that lost what ran it in the middle of an answer.
    pub(super) fn tell_of_move(&self, slot: &ModelSlot, summary: ModelSummary) {
        if slot.info.borrow().executor == summary.executor {
            return;
        }
        let why = summary.executor_reason.clone().map_or(String::new(), |reason| format!(", since {reason}"));
        let message = format!("The model goes on on the {}{why}.", summary.executor);
        let mut info = slot.info.borrow_mut();
        (info.executor, info.executor_reason) = (summary.executor, summary.executor_reason);
        info.threads = summary.n_threads;
        drop(info);
        self.notify("window/showMessage", json!({ "type": 2, "message": message }));
    }

    /// A progress bar titled by what is done (`"Loading"`) with the file `name`.
    pub(super) fn progress_bar(&self, verb: &str, name: &str) -> ProgressBar {
        let mut state = self.state.borrow_mut();
        let token = state.shows_progress.then(|| format!("inkling/load/{}", state.next_own_id));
        let own_id = state.next_own_id;
        state.next_own_id += 1;
        drop(state);
        let bar = ProgressBar { server: self.clone(), token, reported: Cell::new(f64::MIN) };
        if let Some(token) = &bar.token {
            self.host.send(json!({
                "jsonrpc": "2.0", "id": format!("inkling/{own_id}"),
                "method": "window/workDoneProgress/create", "params": { "token": token },
            }));
        }
        bar.send(json!({ "kind": "begin", "title": format!("{verb} {name}"), "cancellable": true, "percentage": 0 }));
        bar
    }
}

fn model_info(uri: &str, placed: &Placed) -> ModelInfo {
    let summary = placed.model.summary();
    ModelInfo {
        name: summary.name,
        uri: uri.to_string(),
        file_bytes: summary.n_bytes,
        n_parameters: summary.n_parameters,
        quantization: summary.quantization,
        architecture: summary.architecture,
        n_context: summary.n_context,
        executor: summary.executor,
        executor_reason: summary.executor_reason,
        threads: summary.n_threads,
        engine: Some(placed.engine),
        engine_reason: placed.reason.clone(),
    }
}

/// A work-done progress of the protocol; silent where the client has none.
pub(super) struct ProgressBar {
    server: Server,
    token: Option<String>,
    reported: Cell<f64>,
}

impl ProgressBar {
    pub(super) fn report(&self, bytes: u64, total: u64) {
        let now = self.server.host.now_ms();
        if now - self.reported.get() < REPORT_MS && bytes < total {
            return;
        }
        self.reported.set(now);
        let percentage = (bytes * 100).checked_div(total).unwrap_or(0).min(100);
        let message = format!("{:.1} of {:.1} MB", bytes as f64 / 1e6, total as f64 / 1e6);
        self.send(json!({ "kind": "report", "percentage": percentage, "message": message }));
    }

    pub(super) fn end(&self) {
        self.send(json!({ "kind": "end" }));
    }

    fn send(&self, value: Value) {
        if let Some(token) = &self.token {
            self.server.notify("$/progress", json!({ "token": token, "value": value }));
        }
    }
}
