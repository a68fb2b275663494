//! The assistant spoken as the Language Server Protocol 3.18, whatever carries the messages.
//!
//! The only crate that knows UTF-16 and the wire. A [`Host`] (the stdio of a process, a Worker) gives
//! it messages, timers and model files.

mod host;
mod server;
mod settings;
pub mod text;
mod trace;
pub mod wire;

pub use host::{Future, Host, Metrics, Models};
pub use server::Server;
pub use settings::Configuration;
pub use trace::trace;
