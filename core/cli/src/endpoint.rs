//! The server that is asked in place of a model file.

use std::rc::Rc;

use anyhow::Result;
use inkling_endpoint::{Api, Endpoint, EndpointModel, Key};

use crate::args::Server;
use crate::http::Http;

/// Where the key stands: arguments are seen by every process and kept in the shell's history.
const KEY_VARIABLE: &str = "INKLING_ENDPOINT_KEY";

/// Milliseconds that a server may take.
const TIMEOUT_MS: f64 = 30_000.0;

/// Tokens of a prompt: servers read faster than this machine.
const PROMPT_TOKENS: usize = 2_048;

/// The server that the arguments name; nothing is sent yet.
pub(crate) fn connect(server: &Server) -> Result<Option<EndpointModel>> {
    let Some(url) = &server.endpoint else { return Ok(None) };
    let endpoint = Endpoint {
        url: url.clone(),
        model: server.endpoint_model.clone().unwrap_or_default(),
        api: server.api.map_or(Api::Auto, Api::from),
        family: None,
        key: std::env::var(KEY_VARIABLE).ok().map(|key| Key(key.trim().to_string())),
        headers: Vec::new(),
        timeout_ms: TIMEOUT_MS,
        prompt_tokens: PROMPT_TOKENS,
    };
    Ok(Some(EndpointModel::new(endpoint, Rc::<Http>::default())?))
}
