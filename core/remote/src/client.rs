//! The side that asks: an executor whose model runs elsewhere.

use std::rc::Rc;

use inkling_engine::{
    Cancel, EngineError, Executor, ExecutorChoice, ExecutorInfo, LoadProgress, ModelConfig, Prefilled, Reply,
    TokenId, Top, Want,
};

use crate::connection::{Connection, Trouble};
use crate::{Failure, Launcher, Request, RequestId, Response};

/// Where a model is to run.
#[derive(Clone)]
pub struct Remote {
    /// Starts the engine.
    pub launcher: Rc<dyn Launcher>,
    /// The model's path or address, as the engine can open it.
    pub uri: String,
    /// How long to wait for what.
    pub limits: Limits,
}

/// How long to wait for what, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An engine that works and says nothing for so long hangs.
    pub silence_ms: f64,
    /// Rests before the first, second … new start; an engine that fails once more is given up.
    pub back_off_ms: &'static [f64],
    /// An engine that has lived so long no longer pays for the failures of those before.
    pub steady_ms: f64,
}

impl Limits {
    /// Engines say every second that they work.
    pub const STANDARD: Limits =
        Limits { silence_ms: 10_000.0, back_off_ms: &[0.0, 1_000.0, 4_000.0], steady_ms: 60_000.0 };
}

/// How an engine is to run a model.
#[derive(Clone, Copy, Debug)]
pub struct RemoteOptions {
    /// What is to run it.
    pub choice: ExecutorChoice,
    /// Positions of the context, at most the model's own.
    pub n_context: usize,
    /// Threads of the CPU executor; 0 leaves it to the engine.
    pub n_threads: usize,
}

/// A model in another process or page.
///
/// When the engine is killed, hangs or says what cannot be understood, the call under way fails with
/// [`EngineError::EngineLost`]; a later one starts another engine, which takes as long as loading does. Once
/// there were too many in a row it is [`EngineError::EngineGone`] for good.
pub struct RemoteExecutor {
    remote: Remote,
    options: RemoteOptions,
    info: ExecutorInfo,
    state: State,
    /// By the launcher's clock.
    started_at: f64,
    /// Failures of engines that did not live long.
    n_failures: usize,
    next_id: RequestId,
}

enum State {
    /// There is no engine, and no new one before `retry_at`; none at all without it.
    Down { reason: String, retry_at: Option<f64> },
    /// The model is on its way, by this request.
    Loading(Connection, RequestId),
    /// The model is there; it has read a prompt, or none.
    Ready { connection: Connection, prompted: bool },
}

impl RemoteExecutor {
    /// Starts an engine and has it load the model of which `config` is known from the file's header.
    ///
    /// # Errors
    /// [`EngineError::EngineLost`] where no engine can be had, [`EngineError::Elsewhere`] where it refuses
    /// the model.
    pub async fn load(
        remote: Remote,
        config: ModelConfig,
        options: RemoteOptions,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<RemoteExecutor, EngineError> {
        let n_threads = options.n_threads;
        let info = ExecutorInfo { name: String::new(), reason: None, n_threads, model: config };
        let started_at = remote.launcher.now_ms();
        let state = State::Down { reason: String::new(), retry_at: Some(started_at) };
        let mut executor =
            RemoteExecutor { remote, options, info, state, started_at, n_failures: 0, next_id: 1 };
        executor.get_ready(progress, cancel).await?;
        Ok(executor)
    }

    /// Waits for an answer that takes no work: the time of a round trip.
    pub async fn ping(&mut self) -> Result<(), EngineError> {
        match self.ask(Request::Ping, &Cancel::default()).await? {
            Response::Done => Ok(()),
            _ => Err(self.misunderstood()),
        }
    }

    /// The engine's answer to one request, of which there is only one.
    async fn ask(&mut self, request: Request, cancel: &Cancel) -> Result<Response, EngineError> {
        let id = self.post(request, cancel).await?;
        self.next_answer(id, cancel).await
    }

    async fn post(&mut self, request: Request, cancel: &Cancel) -> Result<RequestId, EngineError> {
        self.get_ready(&|_| {}, cancel).await?;
        let id = self.new_id();
        let State::Ready { connection, prompted } = &mut self.state else { unreachable!("it is ready") };
        if matches!(request, Request::Greedy { .. }) && !*prompted {
            let reason = "it has started anew since the prompt was read".to_string();
            return Err(EngineError::EngineLost { reason });
        }
        *prompted |= matches!(request, Request::Prefill { .. });
        connection.post(&request, id);
        Ok(id)
    }

    async fn next_answer(&mut self, id: RequestId, cancel: &Cancel) -> Result<Response, EngineError> {
        let State::Ready { connection, .. } = &mut self.state else { unreachable!("it was asked") };
        match connection.answer(id, cancel, &|_| {}).await {
            Ok(Response::Failed(failure)) => Err(failed(failure)),
            Ok(answer) => Ok(answer),
            Err(Trouble::Cancelled) => {
                connection.post(&Request::Cancel, id);
                Err(EngineError::Cancelled)
            }
            Err(Trouble::Lost(reason)) => Err(self.lose(reason)),
        }
    }

    /// Has the model loaded, also where an earlier call was cancelled while it waited for that.
    async fn get_ready(
        &mut self,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        if let State::Down { reason, retry_at } = &self.state {
            let Some(retry_at) = retry_at else {
                return Err(EngineError::EngineGone { reason: reason.clone() });
            };
            let retry_ms = (retry_at - self.remote.launcher.now_ms()).ceil();
            if retry_ms > 0.0 {
                return Err(EngineError::EngineRests { reason: reason.clone(), retry_ms: retry_ms as u64 });
            }
            self.start().await?;
        }
        let State::Loading(connection, id) = &mut self.state else { return Ok(()) };
        match connection.answer(*id, cancel, progress).await {
            Ok(Response::Loaded { name, reason, n_threads, n_context }) => {
                self.info.name = name;
                self.info.reason = Some(reason).filter(|reason| !reason.is_empty());
                self.info.n_threads = n_threads as usize;
                self.info.model.n_context = n_context as usize;
                self.become_ready();
                Ok(())
            }
            Ok(Response::Failed(failure)) => {
                let error = failed(failure);
                self.lose(error.to_string());
                Err(error)
            }
            Ok(_) => Err(self.misunderstood()),
            Err(Trouble::Cancelled) => Err(EngineError::Cancelled),
            Err(Trouble::Lost(reason)) => Err(self.lose(reason)),
        }
    }

    async fn start(&mut self) -> Result<(), EngineError> {
        let launcher = Rc::clone(&self.remote.launcher);
        self.started_at = launcher.now_ms();
        let link = match launcher.launch().await {
            Ok(link) => link,
            Err(reason) => return Err(self.lose(reason)),
        };
        let connection = Connection::new(link, launcher, self.remote.limits.silence_ms);
        let RemoteOptions { choice, n_context, n_threads } = self.options;
        let (n_context, n_threads) = (n_context as u32, n_threads as u32);
        let id = self.new_id();
        connection.post(&Request::Load { uri: self.remote.uri.clone(), choice, n_context, n_threads }, id);
        self.state = State::Loading(connection, id);
        Ok(())
    }

    fn become_ready(&mut self) {
        let nothing = State::Down { reason: String::new(), retry_at: None };
        if let State::Loading(connection, _) = std::mem::replace(&mut self.state, nothing) {
            self.state = State::Ready { connection, prompted: false };
        }
    }

    fn new_id(&mut self) -> RequestId {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    /// Ends the engine, if it still runs.
    fn lose(&mut self, reason: String) -> EngineError {
        let (now, limits) = (self.remote.launcher.now_ms(), self.remote.limits);
        if now - self.started_at >= limits.steady_ms {
            self.n_failures = 0;
        }
        let retry_at = limits.back_off_ms.get(self.n_failures).map(|rest| now + rest);
        self.n_failures += 1;
        self.state = State::Down { reason: reason.clone(), retry_at };
        match retry_at {
            Some(_) => EngineError::EngineLost { reason },
            None => EngineError::EngineGone { reason },
        }
    }

    fn misunderstood(&mut self) -> EngineError {
        self.lose("it answers what was not asked".to_string())
    }

    async fn all_logits(&mut self, tokens: &[TokenId], cancel: &Cancel) -> Result<Vec<f32>, EngineError> {
        let id = self.post(Request::Logits { tokens: tokens.to_vec() }, cancel).await?;
        let n_expected = tokens.len() * self.info.model.n_vocab;
        let mut logits = Vec::new();
        loop {
            match self.next_answer(id, cancel).await? {
                Response::Logits(part) if logits.len() + part.len() <= n_expected => logits.extend(part),
                Response::Done if logits.len() == n_expected => return Ok(logits),
                _ => return Err(self.misunderstood()),
            }
        }
    }
}

impl Executor for RemoteExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    fn prefill<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Prefilled> {
        Box::pin(async move {
            let request = Request::Prefill { tokens: tokens.to_vec(), want: want.clone() };
            match self.ask(request, cancel).await? {
                Response::Prefilled { n_reused, top } => Ok(Prefilled { top, n_reused: n_reused as usize }),
                _ => Err(self.misunderstood()),
            }
        })
    }

    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
        Box::pin(async move {
            let tops = self.greedy(token, 1, &[], want, cancel).await?;
            tops.into_iter().next().ok_or_else(|| self.misunderstood())
        })
    }

    fn greedy<'a>(
        &'a mut self,
        token: TokenId,
        n_steps: usize,
        stops: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(async move {
            let (stops, want) = (stops.to_vec(), want.clone());
            let request = Request::Greedy { token, n_steps: n_steps as u32, stops, want };
            match self.ask(request, cancel).await? {
                Response::Tops(tops) if tops.len() <= n_steps => Ok(tops),
                _ => Err(self.misunderstood()),
            }
        })
    }

    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
        Box::pin(self.all_logits(tokens, cancel))
    }
}

fn failed(failure: Failure) -> EngineError {
    match failure {
        Failure::Cancelled => EngineError::Cancelled,
        Failure::Said(message) => EngineError::Elsewhere { message },
    }
}
