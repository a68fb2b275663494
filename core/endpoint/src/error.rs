use serde_json::Value;

use crate::Endpoint;

/// Why a server gives no completion. Each message says what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// The address is none.
    #[error("{url:?} is no address of a server: {problem}; write it like http://localhost:8080/v1")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Our prompt is wanted for a model of a family that is not known.
    #[error(
        "there is no prompt template for the model {model:?}: name its family as `template`, or ask with `suffix`, `infill` or `chat`"
    )]
    NoTemplate {
        /// The model's name.
        model: String,
    },
    /// Nobody answers.
    #[error("cannot reach {url}: {reason}; check that the server runs and that its address is right")]
    Unreachable {
        /// Where the request went.
        url: String,
        /// Why.
        reason: String,
    },
    /// No answer in time.
    #[error(
        "{url} has not answered within {seconds} s; it may be loading the model, or `timeoutMs` is too short for it"
    )]
    TimedOut {
        /// Where the request went.
        url: String,
        /// The limit.
        seconds: f64,
    },
    /// Status 401 or 403.
    #[error("{url} refuses the key ({status}){said}; set the right one")]
    WrongKey {
        /// Where the request went.
        url: String,
        /// The status code.
        status: u16,
        /// The server's words.
        said: String,
    },
    /// Status 404 and the like, about the model.
    #[error("{url} has no model {model:?}{said}; choose one that it serves")]
    NoModel {
        /// Where the request went.
        url: String,
        /// The model's name.
        model: String,
        /// The server's words.
        said: String,
    },
    /// Status 404 or 405, about the address.
    #[error(
        "{url} is not there ({status}){said}; check the address, or ask the server in another way (`api`)"
    )]
    NoRoute {
        /// Where the request went.
        url: String,
        /// The status code.
        status: u16,
        /// The server's words.
        said: String,
    },
    /// Status 429.
    #[error("{url} has had too many requests{said}; it is asked again in {seconds:.0} s")]
    RateLimited {
        /// Where the request went.
        url: String,
        /// The server's words.
        said: String,
        /// How long nothing is asked.
        seconds: f64,
    },
    /// Any other status, or an error within an answer.
    #[error("{url} answers with an error ({status}){said}")]
    Refused {
        /// Where the request went.
        url: String,
        /// The status code.
        status: u16,
        /// The server's words.
        said: String,
    },
    /// What came is no answer.
    #[error("{url} answers something else than a completion: {problem}; check the address and `api`")]
    NoAnswer {
        /// Where the request went.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Characters of a server's words that are shown.
const MAX_SAID: usize = 300;

/// Seconds of rest after too many requests, where the server names none, and at most.
const REST_S: f64 = 5.0;
const MAX_REST_S: f64 = 120.0;

impl EndpointError {
    /// What a status other than 2xx means, with the body that came with it.
    pub(crate) fn from_status(
        endpoint: &Endpoint,
        url: &str,
        status: u16,
        retry_after_s: Option<f64>,
        body: &[u8],
    ) -> EndpointError {
        let (url, said) = (url.to_string(), said(body, endpoint));
        let lower = said.to_lowercase();
        let about_the_model = lower.contains("model")
            && ["not found", "does not exist", "no such", "unknown", "not exist", "invalid model"]
                .iter()
                .any(|words| lower.contains(words));
        match status {
            401 | 403 => EndpointError::WrongKey { url, status, said },
            400 | 404 | 422 if about_the_model => {
                EndpointError::NoModel { url, model: endpoint.model.clone(), said }
            }
            404 | 405 => EndpointError::NoRoute { url, status, said },
            429 => {
                let seconds =
                    retry_after_s.filter(|s| s.is_finite()).unwrap_or(REST_S).clamp(1.0, MAX_REST_S);
                EndpointError::RateLimited { url, said, seconds }
            }
            _ => EndpointError::Refused { url, status, said },
        }
    }

    /// An error that a server reports in an answer that began well.
    pub(crate) fn within(endpoint: &Endpoint, url: &str, error: &Value) -> EndpointError {
        let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200);
        EndpointError::from_status(endpoint, url, status, None, error.to_string().as_bytes())
    }
}

/// A server's own words about an error, on one line, behind a colon; without the key, which some repeat.
fn said(body: &[u8], endpoint: &Endpoint) -> String {
    let text = String::from_utf8_lossy(body);
    let message = match serde_json::from_str::<Value>(&text) {
        Ok(value) => message(&value).unwrap_or_default(),
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    };
    let message = match &endpoint.key {
        Some(key) if !key.0.is_empty() => message.replace(&key.0, "…"),
        _ => message,
    };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = message.chars().take(MAX_SAID).collect();
    if short.is_empty() { String::new() } else { format!(": {}", short.trim_end_matches('.')) }
}

/// The places where servers put it.
fn message(value: &Value) -> Option<String> {
    let places = [&value["error"]["message"], &value["error"], &value["message"], &value["detail"], value];
    places.iter().find_map(|place| place.as_str()).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use expect_test::{Expect, expect};

    fn check(status: u16, body: &str, expected: Expect) {
        let endpoint = Endpoint { key: Some(Key("sk-123".to_string())), ..Endpoint::example() };
        let error =
            EndpointError::from_status(&endpoint, "http://a/v1/completions", status, None, body.as_bytes());
        expected.assert_eq(&error.to_string());
    }

    #[test]
    fn what_servers_say_is_understood() {
        check(
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-123."}}"#,
            expect![
                "http://a/v1/completions refuses the key (401): Incorrect API key provided: …; set the right one"
            ],
        );
        check(
            404,
            r#"{"error":"model 'm' not found"}"#,
            expect![[
                r#"http://a/v1/completions has no model "m": model 'm' not found; choose one that it serves"#
            ]],
        );
        check(
            404,
            r#"{"object":"error","message":"The model `m` does not exist."}"#,
            expect![[
                r#"http://a/v1/completions has no model "m": The model `m` does not exist; choose one that it serves"#
            ]],
        );
        check(
            404,
            r#"{"detail":"Not Found"}"#,
            expect![
                "http://a/v1/completions is not there (404): Not Found; check the address, or ask the server in another way (`api`)"
            ],
        );
        check(
            404,
            "<html><body>nginx</body></html>",
            expect![
                "http://a/v1/completions is not there (404); check the address, or ask the server in another way (`api`)"
            ],
        );
        check(
            429,
            "slow\ndown",
            expect!["http://a/v1/completions has had too many requests: slow down; it is asked again in 5 s"],
        );
        check(500, "", expect!["http://a/v1/completions answers with an error (500)"]);
        check(
            503,
            &"x".repeat(1000),
            expect![
                "http://a/v1/completions answers with an error (503): xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            ],
        );
    }
}
