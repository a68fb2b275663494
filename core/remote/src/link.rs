//! What a host provides to reach an engine.

use futures::channel::mpsc::UnboundedReceiver;
use futures::future::LocalBoxFuture;

/// Starts engines, and gives the client time. Everything happens on the client's one thread.
pub trait Launcher {
    /// Starts an engine of its own. The error says what to do.
    fn launch(&self) -> LocalBoxFuture<'static, Result<Link, String>>;

    /// Ends after `ms` milliseconds.
    fn sleep(&self, ms: f64) -> LocalBoxFuture<'static, ()>;

    /// Milliseconds of a steady clock.
    fn now_ms(&self) -> f64;
}

/// An engine that was started.
pub struct Link {
    /// What it says.
    pub incoming: UnboundedReceiver<Incoming>,
    /// What is said to it; dropping this ends the engine.
    pub outgoing: Box<dyn Outgoing>,
}

/// A piece of what an engine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Bytes, with no regard to where frames end.
    Bytes(Vec<u8>),
    /// Nothing more will come, for this reason.
    Ended(String),
}

/// The way to an engine.
pub trait Outgoing {
    /// Sends bytes without waiting until they are read. An engine that is gone says so by [`Incoming::Ended`].
    fn post(&self, bytes: Vec<u8>);
}
