//! `inkling lsp`: the server on standard input and output.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use inkling_assist::context::File;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Source;
use inkling_assist::remote::Launcher;
use inkling_endpoint::Transport;
use inkling_lsp::{Future, Host, Server};
use lsp_server::{Connection, Message};
use serde_json::Value;

use crate::args::Where;
use crate::http::Http;
use crate::metrics::Metrics;
use crate::{config, endpoint, files, model, workspace};

/// Files that are taken into the index at once, between two messages of the client.
const FILES_A_BATCH: usize = 16;

/// Serves one client until it says `exit` or closes the stream.
pub(crate) fn run(engine: Option<Where>) -> Result<()> {
    let mut settings = config::read()?;
    settings.engine = engine.map(Where::into).or(settings.engine);
    endpoint::add_key(&mut settings);
    let (connection, io_threads) = Connection::stdio();
    let mut pool = LocalPool::new();
    let host = Rc::new(Stdio {
        sender: connection.sender.clone(),
        spawner: pool.spawner(),
        clock: Box::new(model::clock()),
        root: RefCell::default(),
        http: Rc::default(),
        metrics: Metrics::default(),
    });
    let server = Server::new(host.clone());
    server.configure(settings);
    let exited = pool.run_until(serve(&server, messages(connection)));
    // The tasks that are left hold senders; without them the writer thread ends.
    drop((server, host, pool));
    io_threads.join().context("standard output broke")?;
    if exited { Ok(()) } else { bail!("the client left without saying shutdown and exit") }
}

/// Whether the client left as the protocol asks.
async fn serve(server: &Server, mut messages: UnboundedReceiver<Value>) -> bool {
    while let Some(message) = messages.next().await {
        if message["method"] == "exit" {
            return server.is_shut_down();
        }
        server.receive(message);
    }
    false
}

/// The client's messages, moved off the reader's blocking channel.
fn messages(connection: Connection) -> UnboundedReceiver<Value> {
    let (sender, receiver) = unbounded();
    let incoming = connection.receiver;
    std::thread::spawn(move || {
        for message in incoming {
            let exit =
                matches!(&message, Message::Notification(notification) if notification.method == "exit");
            let Ok(message) = serde_json::to_value(message) else { continue };
            if sender.unbounded_send(message).is_err() || exit {
                break;
            }
        }
    });
    receiver
}

struct Stdio {
    sender: crossbeam_channel::Sender<Message>,
    spawner: LocalSpawner,
    clock: Box<dyn Fn() -> f64>,
    /// The workspace's folder, once it is known.
    root: RefCell<Option<PathBuf>>,
    http: Rc<Http>,
    metrics: Metrics,
}

impl Host for Stdio {
    fn send(&self, message: Value) {
        if let Ok(message) = serde_json::from_value(message) {
            // A client that is gone does not read; the reader's end says so.
            let _ = self.sender.send(message);
        }
    }

    fn spawn(&self, task: Future<()>) {
        let _ = self.spawner.spawn_local(task);
    }

    fn now_ms(&self) -> f64 {
        (self.clock)()
    }

    fn sleep(&self, ms: f64) -> Future<()> {
        Box::pin(futures_timer::Delay::new(std::time::Duration::from_secs_f64(ms.max(0.0) / 1000.0)))
    }

    fn pause(&self) -> Future<()> {
        let mut paused = false;
        Box::pin(std::future::poll_fn(move |context| {
            if std::mem::replace(&mut paused, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }))
    }

    fn open(
        &self,
        uri: &str,
        _progress: Box<dyn Fn(u64, u64)>,
        _cancel: Cancel,
    ) -> Future<Result<Box<dyn Source>, String>> {
        let path = uri.strip_prefix("file://").unwrap_or(uri);
        let source = files::open(std::path::Path::new(path)).map_err(|error| format!("{error:#}"));
        Box::pin(std::future::ready(source))
    }

    fn read_folder(&self, uri: &str, take: Box<dyn Fn(Vec<File>)>) {
        let Some(root) = files::path_from_uri(uri) else { return };
        self.root.replace(Some(root.clone()));
        let (sender, mut receiver) = unbounded();
        std::thread::spawn(move || {
            for batch in workspace::source_files(&root).chunks(FILES_A_BATCH) {
                let files = batch.iter().filter_map(|file| workspace::read(&root, file)?.ok()).collect();
                if sender.unbounded_send(files).is_err() {
                    return;
                }
            }
        });
        self.spawn(Box::pin(async move {
            while let Some(files) = receiver.next().await {
                take(files);
            }
            take(Vec::new());
        }));
    }

    fn may_read(&self, path: &str) -> bool {
        self.root.borrow().as_deref().is_none_or(|root| workspace::may_read(root, path))
    }

    fn engine(&self) -> Option<Rc<dyn Launcher>> {
        model::engine_launcher().ok()
    }

    fn transport(&self) -> Option<Rc<dyn Transport>> {
        Some(self.http.clone())
    }

    fn metrics(&self) -> Option<&dyn inkling_lsp::Metrics> {
        Some(&self.metrics)
    }

    fn default_model(&self) -> Option<String> {
        Some(files::EMBEDDED.to_string())
    }

    fn n_threads(&self) -> usize {
        model::all_threads()
    }
}
