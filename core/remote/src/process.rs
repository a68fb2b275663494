//! An engine that is a process of its own, on pipes.
#![expect(clippy::disallowed_methods, reason = "this file is not in the WASM module")]

use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::LocalBoxFuture;

use crate::{Incoming, Launcher, Link, Outgoing};

/// Bytes that are read of an engine at once.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes of a dying engine's last words that are kept.
const MAX_LAST_WORDS: usize = 2_000;

/// Starts a program as the engine, such as `inkling engine`.
pub struct ProcessLauncher {
    command: Vec<String>,
    started: Instant,
}

impl ProcessLauncher {
    /// The program and its arguments.
    pub fn new(command: Vec<String>) -> ProcessLauncher {
        ProcessLauncher { command, started: Instant::now() }
    }

    fn spawn(&self) -> Result<Link, String> {
        let (program, args) = self.command.split_first().ok_or("no program is named")?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(format!("cannot start {program}: it has no pipes"));
        };
        let child = Arc::new(Mutex::new(child));
        let (incoming_sender, incoming) = unbounded();
        let (sender, outgoing) = channel();
        // A pipe that is full must hold up neither the client nor what the engine has to say.
        std::thread::spawn(move || write(stdin, &outgoing));
        let last_words = std::thread::spawn(move || last_words(stderr));
        let read_child = Arc::clone(&child);
        std::thread::spawn(move || read(stdout, &incoming_sender, &read_child, last_words));
        Ok(Link { incoming, outgoing: Box::new(Pipes { sender, child }) })
    }
}

impl Launcher for ProcessLauncher {
    fn launch(&self) -> LocalBoxFuture<'static, Result<Link, String>> {
        Box::pin(std::future::ready(self.spawn()))
    }

    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()> {
        Box::pin(futures_timer::Delay::new(Duration::from_secs_f64(ms.max(0.0) / 1000.0)))
    }

    fn now_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }
}

struct Pipes {
    sender: Sender<Vec<u8>>,
    child: Arc<Mutex<Child>>,
}

impl Outgoing for Pipes {
    fn post(&self, bytes: Vec<u8>) {
        // The reader tells of an engine that is gone.
        let _ = self.sender.send(bytes);
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

fn write(mut stdin: ChildStdin, outgoing: &Receiver<Vec<u8>>) {
    for bytes in outgoing {
        if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read(
    mut stdout: ChildStdout,
    incoming: &UnboundedSender<Incoming>,
    child: &Mutex<Child>,
    last_words: JoinHandle<String>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(n @ 1..) = stdout.read(&mut piece) {
        if incoming.unbounded_send(Incoming::Bytes(piece[..n].to_vec())).is_err() {
            break;
        }
    }
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // An engine that says nothing more is of no use; one that is over keeps the status it has.
    let _ = child.kill();
    let status = child.wait();
    drop(child);
    let last_words = last_words.join().unwrap_or_default();
    let _ = incoming.unbounded_send(Incoming::Ended(reason(status, last_words.trim())));
}

fn reason(status: std::io::Result<ExitStatus>, last_words: &str) -> String {
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    if last_words.is_empty() {
        format!("it ended ({status})")
    } else {
        format!("it ended ({status}): {last_words}")
    }
}

/// Reads all that the engine complains about, and returns the end of it.
fn last_words(mut stderr: ChildStderr) -> String {
    let (mut kept, mut piece) = (Vec::new(), vec![0; PIECE_BYTES]);
    while let Ok(n @ 1..) = stderr.read(&mut piece) {
        kept.extend_from_slice(&piece[..n]);
        kept.drain(..kept.len().saturating_sub(MAX_LAST_WORDS));
    }
    String::from_utf8_lossy(&kept).into_owned()
}
