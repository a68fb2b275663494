//! The server that is asked in place of a model file.

use inkling_lsp::wire::{EndpointApi, EndpointSettings, SecretText, Settings};

use crate::args::{At, Server, ServerApi};

/// Where the key stands: arguments are seen by every process and kept in the shell's history.
const KEY_VARIABLE: &str = "INKLING_ENDPOINT_KEY";

/// The settings with the server or the model that the arguments name in place of theirs, and the key.
pub(crate) fn choose(at: &At, settings: &mut Settings) {
    if at.server.endpoint.is_some() || at.model.is_some() {
        settings.endpoint = named(&at.server);
    }
    add_key(settings);
}

/// Gives the server that the settings name its key, if that stands in the environment alone.
pub(crate) fn add_key(settings: &mut Settings) {
    if let Some(endpoint) = &mut settings.endpoint {
        endpoint.key = endpoint.key.take().or_else(|| std::env::var(KEY_VARIABLE).ok().map(SecretText));
    }
}

/// The server that the arguments name.
pub(crate) fn named(server: &Server) -> Option<EndpointSettings> {
    Some(EndpointSettings {
        url: server.endpoint.clone()?,
        model: server.endpoint_model.clone(),
        api: server.api.map(EndpointApi::from),
        ..EndpointSettings::default()
    })
}

impl From<ServerApi> for EndpointApi {
    fn from(api: ServerApi) -> EndpointApi {
        match api {
            ServerApi::Completions => EndpointApi::Completions,
            ServerApi::Suffix => EndpointApi::Suffix,
            ServerApi::Infill => EndpointApi::Infill,
            ServerApi::Chat => EndpointApi::Chat,
        }
    }
}
