//! The executor seam as frames of bytes, so that a model can run in another process or page.
//!
//! A frame is a little-endian u32, the length of what follows, and a [`Request`] or a [`Response`]. A
//! [`RemoteExecutor`] speaks to an engine through a [`Link`], which its host's [`Launcher`] makes: pipes of
//! a process, or `postMessage`. On the other side [`serve`] runs the model. One engine runs one model at a
//! time, so that to unload it is to end the engine, and no crash of a driver takes anything else along.

mod bytes;
mod client;
mod connection;
mod frame;
mod link;
mod message;
#[cfg(not(target_arch = "wasm32"))]
mod process;
mod serve;

pub use client::{Limits, Remote, RemoteExecutor, RemoteOptions};
pub use frame::{Deframer, Garbage, MAX_FRAME_BYTES};
pub use link::{Incoming, Launcher, Link, Outgoing};
pub use message::{Failure, PROTOCOL, Request, RequestId, Response};
#[cfg(not(target_arch = "wasm32"))]
pub use process::ProcessLauncher;
pub use serve::{Asked, EngineHost, Inbox, inbox, serve};
