use std::fmt;

use inkling_assist::prompt::{Family, Template};

use crate::EndpointError;

/// A server, and the model on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its address up to and including `/v1`; an address without a path is taken to end so.
    pub url: String,
    /// The model's name there; empty where the server has but one.
    pub model: String,
    /// How to ask it.
    pub api: Api,
    /// Whose prompt it is sent; by its name if none.
    pub family: Option<Family>,
    /// What the server asks for, if anything.
    pub key: Option<Key>,
    /// Headers of the user's own.
    pub headers: Vec<(String, String)>,
    /// Milliseconds within which an answer has to be there.
    pub timeout_ms: f64,
    /// Tokens of a prompt, at most.
    pub prompt_tokens: usize,
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// With our prompt where the model's family is known, else with `suffix`.
    Auto,
    /// `/v1/completions` with our fill-in-the-middle prompt.
    Completions,
    /// `/v1/completions` with `prompt` and `suffix`: the server makes the prompt.
    Suffix,
    /// `/infill` of llama.cpp: the server makes the prompt.
    Infill,
    /// `/v1/chat/completions`, for models that only talk.
    Chat,
}

impl Api {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Api::Auto => "auto",
            Api::Completions => "completions",
            Api::Suffix => "suffix",
            Api::Infill => "infill",
            Api::Chat => "chat",
        }
    }
}

/// A secret. It is not shown by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What [`Api::Auto`] became, with its template.
pub(crate) struct Way {
    pub(crate) api: Api,
    pub(crate) template: Template,
    /// Where requests go.
    pub(crate) url: String,
}

impl Endpoint {
    /// Decides how to ask.
    pub(crate) fn way(&self) -> Result<Way, EndpointError> {
        let family = self.family.or_else(|| Family::of_model(&self.model));
        let (api, family) = match (self.api, family) {
            (Api::Auto | Api::Completions, Some(family)) => (Api::Completions, family),
            (Api::Auto, None) => (Api::Suffix, Family::Apart),
            (Api::Completions, None) => return Err(EndpointError::NoTemplate { model: self.model.clone() }),
            (api, _) => (api, Family::Apart),
        };
        Ok(Way { api, template: Template::of(family), url: self.route(api)? })
    }

    fn route(&self, api: Api) -> Result<String, EndpointError> {
        let base = self.base()?;
        Ok(match api {
            Api::Infill => format!("{}/infill", base.strip_suffix("/v1").unwrap_or(&base)),
            Api::Chat => format!("{base}/chat/completions"),
            _ => format!("{base}/completions"),
        })
    }

    /// The address up to where routes begin.
    fn base(&self) -> Result<String, EndpointError> {
        let wrong = |problem| EndpointError::Address { url: self.url.clone(), problem };
        let url = self.url.trim();
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let rest = rest.ok_or_else(|| wrong("it begins with neither http:// nor https://"))?;
        let (url, rest) = (url.trim_end_matches('/'), rest.trim_end_matches('/'));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || host.starts_with(':') {
            return Err(wrong("it names no host"));
        }
        if host.contains('@') {
            return Err(wrong("it has a user or a password in it, which belong into the key"));
        }
        if rest.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
            return Err(wrong("it has a space, `?` or `#` in it"));
        }
        // People copy whole addresses of routes.
        let routes = ["/chat/completions", "/completions", "/infill"];
        let base = routes.iter().find_map(|route| url.strip_suffix(route)).unwrap_or(url);
        let has_path = !path.is_empty() && base != format!("{}{host}", &url[..url.len() - rest.len()]);
        Ok(if has_path { base.to_string() } else { format!("{base}/v1") })
    }
}

#[cfg(test)]
impl Endpoint {
    /// For tests.
    pub(crate) fn example() -> Endpoint {
        Endpoint {
            url: "http://a".to_string(),
            model: "m".to_string(),
            api: Api::Auto,
            family: None,
            key: None,
            headers: Vec::new(),
            timeout_ms: 1000.0,
            prompt_tokens: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, model: &str, api: Api) -> Endpoint {
        Endpoint { url: url.to_string(), model: model.to_string(), api, ..Endpoint::example() }
    }

    #[test]
    fn an_address_is_understood_however_much_of_it_is_given() {
        let route = |url, api| endpoint(url, "qwen", api).way().unwrap().url;
        for url in [
            "http://localhost:8080",
            "http://localhost:8080/",
            "http://localhost:8080/v1",
            "http://localhost:8080/v1/completions",
        ] {
            assert_eq!(route(url, Api::Auto), "http://localhost:8080/v1/completions", "{url}");
            assert_eq!(route(url, Api::Infill), "http://localhost:8080/infill", "{url}");
            assert_eq!(route(url, Api::Chat), "http://localhost:8080/v1/chat/completions", "{url}");
        }
        assert_eq!(route("http://localhost:8080/infill", Api::Infill), "http://localhost:8080/infill");
        assert_eq!(route("https://a.b/openai/v1/", Api::Auto), "https://a.b/openai/v1/completions");
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong() {
        for url in [
            "",
            "localhost:8080",
            "http://",
            "http://:80",
            "https://me:secret@host",
            "http://a b",
            "http://a/?key=1",
        ] {
            assert!(
                matches!(endpoint(url, "qwen", Api::Auto).way(), Err(EndpointError::Address { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn the_model_decides_how_it_is_asked() {
        let way =
            |model, api| endpoint("http://a", model, api).way().map(|way| (way.api, way.template.family));
        assert_eq!(way("Qwen2.5-Coder-7B", Api::Auto).unwrap(), (Api::Completions, Family::Qwen));
        assert_eq!(way("codestral", Api::Auto).unwrap(), (Api::Suffix, Family::Apart));
        assert_eq!(way("qwen", Api::Chat).unwrap(), (Api::Chat, Family::Apart));
        assert!(matches!(way("codestral", Api::Completions), Err(EndpointError::NoTemplate { .. })));
    }

    #[test]
    fn a_key_is_not_shown() {
        let endpoint =
            Endpoint { key: Some(Key("sk-secret".to_string())), ..endpoint("http://a", "", Api::Auto) };
        assert!(!format!("{endpoint:?}").contains("secret"));
    }
}
