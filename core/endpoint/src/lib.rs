//! Models behind a server's HTTP interface: OpenAI's, as vLLM, llama.cpp, Ollama, LM Studio and many others
//! speak it, and llama.cpp's own `/infill`.
//!
//! Everything here is text in and text out; a [`Transport`] of the door's carries it. [`EndpointModel`] is a
//! [`Completer`](inkling_assist::Completer) like any model file.

mod answer;
mod endpoint;
mod error;
mod model;
mod request;
mod tidy;
mod transport;

pub use endpoint::{Api, Endpoint, Key};
pub use error::EndpointError;
pub use model::EndpointModel;
pub use transport::{Body, HttpRequest, HttpResponse, Transport};
