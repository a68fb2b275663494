//! `inkling engine`: runs a model for another process, on standard input and output.

use std::io::{Read, Write};
use std::process::exit;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use inkling_assist::gguf::Source;
use inkling_assist::remote::{EngineHost, Inbox, Response, inbox, serve};

use crate::{files, model};

/// How often the client hears that the engine works.
const BEAT: Duration = Duration::from_secs(1);

/// A computation that takes so long between two tokens hangs, in a driver most likely. Arranging the weights
/// of a large model takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Serves one client until it closes the stream.
pub(crate) fn run() -> Result<()> {
    let heart = Arc::new(Heart::new(frames_out()?));
    let (inbox, requests) = inbox();
    let (beating, host) = (Arc::clone(&heart), Rc::new(Stdio { heart }));
    std::thread::spawn(move || beating.beat());
    std::thread::spawn(move || read(inbox));
    block_on(serve(host, requests));
    Ok(())
}

/// Standard output for frames alone: what drivers print goes to standard error.
#[cfg(unix)]
fn frames_out() -> Result<std::fs::File> {
    use std::os::fd::AsFd;
    let own = std::io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(own.into())
}

#[cfg(windows)]
fn frames_out() -> Result<std::fs::File> {
    use std::os::windows::io::AsHandle;
    Ok(std::io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// The client's words, also while the model computes. Without a client there is nothing to finish.
fn read(mut inbox: Inbox) {
    let (mut stdin, mut piece) = (std::io::stdin().lock(), vec![0; 64 << 10]);
    while let Ok(n @ 1..) = stdin.read(&mut piece) {
        if let Err(garbage) = inbox.receive(&piece[..n]) {
            eprintln!(
                "inkling engine: {garbage}; this is for programs, people want `inkling complete` or `inkling lsp`"
            );
            exit(2);
        }
    }
    exit(0);
}

struct Stdio {
    heart: Arc<Heart>,
}

impl EngineHost for Stdio {
    fn send(&self, frame: Vec<u8>) {
        self.heart.work().alive_at = Instant::now();
        self.heart.send(&frame);
    }

    fn open(&self, uri: &str) -> LocalBoxFuture<'static, Result<Box<dyn Source>, String>> {
        let path = files::path_from_uri(uri).unwrap_or_else(|| uri.into());
        Box::pin(std::future::ready(files::open(&path).map_err(|error| format!("{error:#}"))))
    }

    /// The client is heard by a thread of its own.
    fn pause(&self) -> LocalBoxFuture<'static, ()> {
        self.heart.work().alive_at = Instant::now();
        Box::pin(std::future::ready(()))
    }

    fn n_threads(&self) -> usize {
        model::all_threads()
    }

    fn working(&self, works: bool) {
        *self.heart.work() = Work { works, alive_at: Instant::now() };
        self.heart.begun.notify_one();
    }
}

/// Tells the client that the engine works, and ends one that hangs.
struct Heart {
    out: Mutex<std::fs::File>,
    work: Mutex<Work>,
    begun: Condvar,
}

struct Work {
    works: bool,
    alive_at: Instant,
}

impl Heart {
    fn new(out: std::fs::File) -> Heart {
        let work = Work { works: false, alive_at: Instant::now() };
        Heart { out: Mutex::new(out), work: Mutex::new(work), begun: Condvar::new() }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, frame: &[u8]) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(frame).is_err() {
            exit(0);
        }
    }

    /// Sleeps while there is nothing to do.
    fn beat(&self) {
        loop {
            let idle = self.begun.wait_while(self.work(), |work| !work.works);
            drop(idle.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(BEAT);
            let Work { works, alive_at } = *self.work();
            if works && alive_at.elapsed() > PATIENCE {
                eprintln!("the model has computed nothing for {} s", PATIENCE.as_secs());
                exit(3);
            }
            if works {
                self.send(&Response::Working.frame(0));
            }
        }
    }
}
