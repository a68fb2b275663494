//! An engine that runs, and waiting for what it says.

use std::rc::Rc;
use std::task::Poll;

use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use inkling_engine::{Cancel, LoadProgress};

use crate::{Deframer, Garbage, Incoming, Launcher, Link, PROTOCOL, Request, RequestId, Response};

/// Why no answer is waited for any more.
pub(crate) enum Trouble {
    Cancelled,
    /// The engine is of no more use, for this reason.
    Lost(String),
}

impl From<Garbage> for Trouble {
    fn from(garbage: Garbage) -> Trouble {
        Trouble::Lost(garbage.to_string())
    }
}

pub(crate) struct Connection {
    link: Link,
    launcher: Rc<dyn Launcher>,
    deframer: Deframer,
    greeted: bool,
    silence_ms: f64,
    heard_at: f64,
    /// Ends when it is time to see how long the engine has been silent.
    alarm: LocalBoxFuture<'static, ()>,
}

impl Connection {
    pub(crate) fn new(link: Link, launcher: Rc<dyn Launcher>, silence_ms: f64) -> Connection {
        let alarm = launcher.sleep(silence_ms);
        let heard_at = launcher.now_ms();
        Connection {
            link,
            launcher,
            deframer: Deframer::default(),
            greeted: false,
            silence_ms,
            heard_at,
            alarm,
        }
    }

    pub(crate) fn post(&self, request: &Request, id: RequestId) {
        self.link.outgoing.post(request.frame(id));
    }

    /// Waits for what the engine says to this request next, apart from how it gets on.
    pub(crate) async fn answer(
        &mut self,
        id: RequestId,
        cancel: &Cancel,
        progress: &dyn Fn(LoadProgress),
    ) -> Result<Response, Trouble> {
        self.heard_at = self.launcher.now_ms();
        loop {
            while let Some(message) = self.deframer.next_frame()? {
                match Response::read(message)? {
                    (_, Response::Hello { version }) => {
                        greet(version)?;
                        self.greeted = true;
                    }
                    _ if !self.greeted => return Err(Garbage("it does not greet".to_string()).into()),
                    (_, Response::Working) => {}
                    (of, Response::Progress { bytes, total_bytes }) if of == id => {
                        progress(LoadProgress { bytes, total_bytes });
                    }
                    (of, answer) if of == id => return Ok(answer),
                    // An answer that nobody waits for any more.
                    _ => {}
                }
            }
            self.hear(cancel).await?;
        }
    }

    /// Waits for the next piece of what the engine says.
    async fn hear(&mut self, cancel: &Cancel) -> Result<(), Trouble> {
        let mut cancelled = cancel.cancelled();
        let incoming = std::future::poll_fn(|context| {
            if cancelled.poll_unpin(context).is_ready() {
                return Poll::Ready(Err(Trouble::Cancelled));
            }
            if let Poll::Ready(incoming) = self.link.incoming.poll_next_unpin(context) {
                return Poll::Ready(Ok(incoming));
            }
            while self.alarm.poll_unpin(context).is_ready() {
                let silent_ms = self.launcher.now_ms() - self.heard_at;
                if silent_ms >= self.silence_ms {
                    let reason = format!("it has said nothing for {:.1} s", silent_ms / 1000.0);
                    return Poll::Ready(Err(Trouble::Lost(reason)));
                }
                self.alarm = self.launcher.sleep(self.silence_ms - silent_ms);
            }
            Poll::Pending
        });
        match incoming.await? {
            Some(Incoming::Bytes(bytes)) => {
                self.heard_at = self.launcher.now_ms();
                self.deframer.push(&bytes);
                Ok(())
            }
            Some(Incoming::Ended(reason)) => Err(Trouble::Lost(reason)),
            None => Err(Trouble::Lost("it ended".to_string())),
        }
    }
}

impl Drop for Connection {
    /// A page that stays need not keep the model.
    fn drop(&mut self) {
        self.post(&Request::Unload, 0);
    }
}

fn greet(version: u32) -> Result<(), Trouble> {
    if version == PROTOCOL {
        return Ok(());
    }
    let reason = format!(
        "it speaks version {version} of the protocol and not {PROTOCOL}; install the same release of both"
    );
    Err(Trouble::Lost(reason))
}
