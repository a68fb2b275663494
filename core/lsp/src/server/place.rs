//! Where a model runs: in an engine that the host starts, or here.

use std::rc::Rc;

use inkling_assist::engine::{Cancel, EngineError, LoadProgress};
use inkling_assist::gguf::Source;
use inkling_assist::remote::{Limits, Remote};
use inkling_assist::{AssistError, LoadOptions, LocalModel};
use serde_json::json;

use super::{ModelSlot, Server};
use crate::Configuration;
use crate::wire::EngineChoice;

/// A model where it runs.
pub(super) struct Placed {
    pub(super) model: LocalModel,
    pub(super) engine: EngineChoice,
    /// Why it runs here, where the settings want it in an engine.
    pub(super) reason: Option<String>,
}

/// What is to be loaded, and who hears of it.
pub(super) struct Loading<'a> {
    pub(super) uri: &'a str,
    pub(super) source: Rc<dyn Source>,
    pub(super) progress: &'a dyn Fn(LoadProgress),
    pub(super) cancel: &'a Cancel,
}

impl Server {
    /// Loads a model where the settings say, and here where that cannot be.
    pub(super) async fn load_somewhere(&self, loading: Loading<'_>) -> Result<Placed, AssistError> {
        let reason = match self.wanted_engine() {
            Wanted::Here(reason) => reason,
            Wanted::Engine(launcher) => {
                let remote = Remote { launcher, uri: loading.uri.to_string(), limits: Limits::STANDARD };
                match self.load_at(Some(remote), &loading).await {
                    Ok(model) => return Ok(Placed { model, engine: EngineChoice::Process, reason: None }),
                    Err(AssistError::Engine(EngineError::EngineLost { reason })) => {
                        Some(self.without_engines(reason))
                    }
                    // This model may run here all the same: an engine cannot open all that a host can.
                    Err(AssistError::Engine(EngineError::Elsewhere { message })) => {
                        self.tell_of_no_engine(&message);
                        Some(message)
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let model = self.load_at(None, &loading).await?;
        Ok(Placed { model, engine: EngineChoice::Inside, reason })
    }

    /// Loads the model of `slot` again, here, once its engine has failed too often.
    pub(super) fn bring_inside(&self, slot: &ModelSlot, error: &AssistError) {
        let AssistError::Engine(EngineError::EngineGone { reason }) = error else { return };
        if self.state.borrow().engines_gone.is_some() {
            return;
        }
        self.without_engines(format!("it keeps failing: {reason}"));
        let (server, uri) = (self.clone(), slot.info.borrow().uri.clone());
        self.host.spawn(Box::pin(async move { server.load_or_tell(uri).await }));
    }

    fn wanted_engine(&self) -> Wanted {
        if self.state.borrow().configuration.engine == EngineChoice::Inside {
            return Wanted::Here(None);
        }
        let gone = self.state.borrow().engines_gone.clone();
        match (gone, self.host.engine()) {
            (Some(reason), _) => Wanted::Here(Some(reason)),
            (None, Some(launcher)) => Wanted::Engine(launcher),
            (None, None) => Wanted::Here(Some(self.without_engines("this editor starts none".to_string()))),
        }
    }

    /// Starts no engine from now on, says so, and gives the reason back.
    fn without_engines(&self, reason: String) -> String {
        self.state.borrow_mut().engines_gone = Some(reason.clone());
        self.tell_of_no_engine(&reason);
        reason
    }

    fn tell_of_no_engine(&self, reason: &str) {
        let message =
            format!("The model runs in the core itself, since there is no engine for it: {reason}.");
        self.notify("window/showMessage", json!({ "type": 2, "message": message }));
    }

    async fn load_at(
        &self,
        remote: Option<Remote>,
        loading: &Loading<'_>,
    ) -> Result<LocalModel, AssistError> {
        let Configuration { executor, threads, .. } = self.state.borrow().configuration;
        let host = Rc::clone(&self.host);
        let here = || if remote.is_some() { 0 } else { self.host.n_threads() };
        let options = LoadOptions {
            executor: executor.into(),
            n_threads: threads.unwrap_or_else(here),
            remote,
            pause: Rc::new(move || host.pause()),
            progress: loading.progress,
            cancel: loading.cancel,
        };
        LocalModel::load(Rc::clone(&loading.source), options).await
    }
}

/// Where the settings, and what has happened so far, want a model.
enum Wanted {
    Engine(Rc<dyn inkling_assist::remote::Launcher>),
    /// Here; for this reason, where the settings want an engine.
    Here(Option<String>),
}
