//! The side that runs the model.

use std::collections::VecDeque;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::LocalBoxFuture;
use inkling_engine::{
    Cancel, EngineError, Executor, ExecutorChoice, ExecutorOptions, LoadProgress, load_executor,
};
use inkling_gguf::{Gguf, Source};

use crate::{Deframer, Failure, Garbage, PROTOCOL, Request, RequestId, Response};

/// Logits in one frame, far below what a frame may hold.
const MAX_LOGITS: usize = 1 << 20;

/// Requests whose cancellation is listened for; a client waits for one answer before it asks again.
const MAX_RECENT: usize = 16;

/// What an engine needs of the process or page that it is in.
pub trait EngineHost {
    /// Sends a frame to the client.
    fn send(&self, frame: Vec<u8>);

    /// Opens a model file. The error says what to do.
    fn open(&self, uri: &str) -> LocalBoxFuture<'static, Result<Box<dyn Source>, String>>;

    /// Ends after the messages that have arrived were received; called between two tokens.
    fn pause(&self) -> LocalBoxFuture<'static, ()>;

    /// Threads that compute where the client names none.
    fn n_threads(&self) -> usize;

    /// Whether the engine works; while it does, the client is to see a `Working` every second.
    fn working(&self, works: bool);
}

/// A request on its way to whoever works on it.
pub struct Asked {
    id: RequestId,
    request: Request,
    cancel: Cancel,
}

/// Takes what the client sends, on any thread, also while the model computes. Dropping it ends [`serve`].
pub struct Inbox {
    deframer: Deframer,
    sender: UnboundedSender<Asked>,
    recent: VecDeque<(RequestId, Cancel)>,
}

/// An inbox, and the requests that come out of it.
pub fn inbox() -> (Inbox, UnboundedReceiver<Asked>) {
    let (sender, receiver) = unbounded();
    (Inbox { deframer: Deframer::default(), sender, recent: VecDeque::new() }, receiver)
}

impl Inbox {
    /// Takes the next piece of the client's stream.
    ///
    /// # Errors
    /// When that is no client of this protocol; nothing more can be understood then.
    pub fn receive(&mut self, piece: &[u8]) -> Result<(), Garbage> {
        self.deframer.push(piece);
        while let Some(message) = self.deframer.next_frame()? {
            match Request::read(message)? {
                (id, Request::Cancel) => {
                    let meant = self.recent.iter().filter(|(recent, _)| *recent == id);
                    meant.for_each(|(_, cancel)| cancel.cancel());
                }
                (id, request) => {
                    let cancel = Cancel::default();
                    self.recent.push_back((id, cancel.clone()));
                    if self.recent.len() > MAX_RECENT {
                        self.recent.pop_front();
                    }
                    // Nobody works any more: the engine ends.
                    let _ = self.sender.unbounded_send(Asked { id, request, cancel });
                }
            }
        }
        Ok(())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.recent.iter().for_each(|(_, cancel)| cancel.cancel());
    }
}

/// Answers one request after the other until the inbox is gone.
pub async fn serve(host: Rc<dyn EngineHost>, mut requests: UnboundedReceiver<Asked>) {
    host.send(Response::Hello { version: PROTOCOL }.frame(0));
    let mut engine = Engine { host: Rc::clone(&host), executor: None };
    while let Some(Asked { id, request, cancel }) = requests.next().await {
        host.working(true);
        let answer = engine.answer(id, request, &cancel).await;
        host.working(false);
        host.send(answer.unwrap_or_else(Response::Failed).frame(id));
    }
}

struct Engine {
    host: Rc<dyn EngineHost>,
    executor: Option<Box<dyn Executor>>,
}

impl Engine {
    async fn answer(
        &mut self,
        id: RequestId,
        request: Request,
        cancel: &Cancel,
    ) -> Result<Response, Failure> {
        Ok(match request {
            Request::Load { uri, choice, n_context, n_threads } => {
                // Two models may not fit into memory.
                self.executor = None;
                let executor = self.load(id, &uri, choice, (n_context, n_threads), cancel).await?;
                let info = executor.info();
                let loaded = Response::Loaded {
                    name: info.name.clone(),
                    reason: info.reason.clone().unwrap_or_default(),
                    n_threads: info.n_threads as u32,
                    n_context: info.model.n_context as u32,
                };
                self.executor = Some(executor);
                loaded
            }
            Request::Prefill { tokens, want } => {
                let prefilled = self.executor()?.prefill(&tokens, &want, cancel).await?;
                Response::Prefilled { n_reused: prefilled.n_reused as u32, top: prefilled.top }
            }
            Request::Greedy { token, n_steps, stops, want } => {
                Response::Tops(self.executor()?.greedy(token, n_steps as usize, &stops, &want, cancel).await?)
            }
            Request::Logits { tokens } => {
                let logits = self.executor()?.logits(&tokens, cancel).await?;
                for part in logits.chunks(MAX_LOGITS) {
                    self.host.send(Response::Logits(part.to_vec()).frame(id));
                }
                Response::Done
            }
            Request::Unload => {
                self.executor = None;
                Response::Done
            }
            Request::Ping | Request::Cancel => Response::Done,
        })
    }

    fn executor(&mut self) -> Result<&mut dyn Executor, Failure> {
        match &mut self.executor {
            Some(executor) => Ok(&mut **executor),
            None => Err(Failure::Said("the engine has no model: load one first".to_string())),
        }
    }

    async fn load(
        &self,
        id: RequestId,
        uri: &str,
        choice: ExecutorChoice,
        (n_context, n_threads): (u32, u32),
        cancel: &Cancel,
    ) -> Result<Box<dyn Executor>, Failure> {
        let source: Rc<dyn Source> = Rc::from(self.host.open(uri).await.map_err(Failure::Said)?);
        let gguf = Gguf::read(&*source).await.map_err(EngineError::from)?;
        let host = Rc::clone(&self.host);
        let options = ExecutorOptions {
            choice,
            n_context: n_context as usize,
            n_threads: if n_threads == 0 { self.host.n_threads() } else { n_threads as usize },
            pause: Rc::new(move || host.pause()),
            progress: &|LoadProgress { bytes, total_bytes }| {
                self.host.send(Response::Progress { bytes, total_bytes }.frame(id));
            },
            cancel,
        };
        Ok(load_executor(&gguf, source, options).await?)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        match error {
            EngineError::Cancelled => Failure::Cancelled,
            error => Failure::Said(error.to_string()),
        }
    }
}
