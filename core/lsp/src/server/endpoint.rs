//! Models on servers: taking one into use, and `inkling/testEndpoint`.

use std::cell::RefCell;
use std::rc::Rc;

use futures::lock::Mutex;
use inkling_assist::context::{Limits, RecentEdits, Workspace};
use inkling_assist::engine::Cancel;
use inkling_assist::syntax::{Language, Source};
use inkling_assist::{AssistError, Completer, Options, Outcome, Request, suggest};
use inkling_endpoint::{Endpoint, EndpointModel};
use serde_json::{Value, json};

use super::completion::refused;
use super::{Answerer, INVALID_PARAMS, ModelSlot, Server, refusal};
use crate::wire::{EndpointSettings, EndpointTest, ModelInfo, State};

/// What a server is asked to see whether it answers.
const QUESTION: &str = "def add(a, b):\n    return ";

/// Tokens of the answer to it.
const TEST_TOKENS: usize = 16;

impl Server {
    /// Has `endpoint` answer from now on. Nothing is asked of it yet.
    pub(super) fn connect(&self, endpoint: Endpoint) {
        self.cancel_progress();
        let uri = endpoint.url.clone();
        let slot = self.endpoint_model(endpoint).map(|model| slot(uri, model));
        let mut state = self.state.borrow_mut();
        state.has_failed = slot.is_err();
        let (model, problem) = match slot {
            Ok(slot) => (Some(Rc::new(slot)), None),
            Err(problem) => (None, Some(problem)),
        };
        (state.model, state.shown, state.last) = (model, None, None);
        drop(state);
        if let Some(problem) = &problem {
            self.notify("window/showMessage", json!({ "type": 1, "message": problem }));
        }
        self.status(if problem.is_none() { State::Idle } else { State::Error }, problem);
    }

    /// Whether a server answers, and how fast; the present model stays.
    pub(super) fn test_endpoint(&self, id: Value, settings: EndpointSettings) {
        let endpoint = settings.endpoint().ok_or_else(|| "the server has no address".to_string());
        let mut model = match endpoint.and_then(|endpoint| self.endpoint_model(endpoint)) {
            Ok(model) => model,
            Err(problem) => return self.respond(id, Err(refusal(INVALID_PARAMS, &problem))),
        };
        let cancel = Cancel::default();
        self.state.borrow_mut().cancels.insert(id.to_string(), cancel.clone());
        let server = self.clone();
        self.host.spawn(Box::pin(async move {
            let result = test(&mut model, &cancel, &|| server.host.now_ms()).await;
            server.state.borrow_mut().cancels.remove(&id.to_string());
            server.respond(id, result.map(|test| json!(test)).map_err(refused));
        }));
    }

    fn endpoint_model(&self, endpoint: Endpoint) -> Result<EndpointModel, String> {
        let transport = self.host.transport();
        let transport =
            transport.ok_or("this editor gives the core no network, so no server can be asked")?;
        EndpointModel::new(endpoint, transport).map_err(|error| error.to_string())
    }
}

fn slot(uri: String, model: EndpointModel) -> ModelSlot {
    let info = ModelInfo {
        name: model.name().to_string(),
        uri,
        executor: format!("{} ({})", model.url(), model.api().name()),
        n_context: model.n_context(),
        ..ModelInfo::default()
    };
    let prompt_tokens = Some(model.prompt_tokens());
    ModelSlot {
        info: RefCell::new(info),
        model: Mutex::new(Answerer::Endpoint(Box::new(model))),
        prompt_tokens,
    }
}

async fn test(
    model: &mut EndpointModel,
    cancel: &Cancel,
    now_ms: &dyn Fn() -> f64,
) -> Result<EndpointTest, AssistError> {
    let request = Request {
        source: &Source::new(QUESTION.to_string(), Language::Python),
        path: "add.py",
        offset: QUESTION.len(),
        workspace: &RefCell::new(Workspace::new(Limits::STANDARD)),
        edits: &RecentEdits::default(),
        n_rejected: 0,
        options: Options {
            max_tokens: TEST_TOKENS,
            prompt_tokens: model.prompt_tokens(),
            ..Options::DEFAULT
        },
    };
    let Outcome { answer, timings, .. } = suggest(request, model, cancel, now_ms).await?;
    Ok(EndpointTest {
        url: model.url().to_string(),
        api: model.api().name().to_string(),
        text: answer.completions.into_iter().next().map_or(String::new(), |completion| completion.text),
        first_ms: timings.prefill_ms,
        total_ms: timings.prefill_ms + timings.decode_ms,
    })
}
