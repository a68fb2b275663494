use inkling_assist::Options;
use inkling_assist::prompt::Family;
use inkling_endpoint::{Api, Endpoint, Key};

use crate::wire::{
    EndpointApi, EndpointSettings, EngineChoice, Executes, PromptTemplate, SecretText, Settings,
};

/// Milliseconds that a server may take, unless it is said otherwise.
const TIMEOUT_MS: f64 = 30_000.0;

/// Tokens of a prompt to a server, unless it is said otherwise: servers read faster than this machine.
const ENDPOINT_PROMPT_TOKENS: usize = 2_048;

/// The settings in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The model to load, if one was named.
    pub model: Option<String>,
    /// Lengths and choices; `n_candidates` is for requests by key.
    pub options: Options,
    /// Whether suggestions that are more likely wrong than worth reading are shown unasked.
    pub shows_unsure: bool,
    /// Milliseconds of quiet before the model is asked.
    pub debounce_ms: f64,
    /// Threads that compute, if a number was named.
    pub threads: Option<usize>,
    /// Where models run.
    pub engine: EngineChoice,
    /// What runs them.
    pub executor: Executes,
    /// The server that answers in place of a model file.
    pub endpoint: Option<Endpoint>,
    /// Whether what happens to suggestions is kept on this machine.
    pub records_metrics: bool,
}

impl Configuration {
    /// What holds where nothing is set.
    pub const DEFAULT: Configuration = Configuration {
        model: None,
        options: Options { n_candidates: 3, ..Options::DEFAULT },
        shows_unsure: false,
        debounce_ms: 40.0,
        threads: None,
        engine: EngineChoice::Inside,
        executor: Executes::Auto,
        endpoint: None,
        records_metrics: true,
    };

    /// Takes over what `settings` names, within sensible bounds.
    pub fn apply(&mut self, settings: Settings) {
        let Settings {
            model,
            max_tokens,
            prompt_tokens,
            show_unsure,
            debounce_ms,
            temperature,
            candidates,
            threads,
            engine,
            executor,
            endpoint,
            metrics,
        } = settings;
        self.model = model.or(self.model.take());
        self.engine = engine.unwrap_or(self.engine);
        self.executor = executor.unwrap_or(self.executor);
        self.endpoint = endpoint.map_or(self.endpoint.take(), EndpointSettings::endpoint);
        self.records_metrics = metrics.and_then(|metrics| metrics.enabled).unwrap_or(self.records_metrics);
        self.shows_unsure = show_unsure.unwrap_or(self.shows_unsure);
        self.threads = threads.map(|n| n.clamp(1, 256)).or(self.threads);
        self.debounce_ms = debounce_ms.map_or(self.debounce_ms, |ms| ms.clamp(0.0, 10_000.0));
        let options = &mut self.options;
        options.max_tokens = max_tokens.map_or(options.max_tokens, |n| n.clamp(1, 1024));
        options.prompt_tokens = prompt_tokens.map_or(options.prompt_tokens, |n| n.clamp(16, 32_768));
        options.n_candidates = candidates.map_or(options.n_candidates, |n| n.clamp(1, 10));
        if let Some(temperature) = temperature {
            options.sampling.temperature = temperature.clamp(0.0, 2.0);
            options.sampling.top_k = 40;
            options.sampling.top_p = 0.95;
        }
    }
}

impl EndpointSettings {
    /// The server that these settings name, within sensible bounds; none without an address.
    pub fn endpoint(self) -> Option<Endpoint> {
        let EndpointSettings { url, model, api, template, key, headers, timeout_ms, prompt_tokens } = self;
        let trimmed = |SecretText(text): SecretText| text.trim().to_string();
        Some(Endpoint {
            url: Some(url.trim().to_string()).filter(|url| !url.is_empty())?,
            model: model.unwrap_or_default().trim().to_string(),
            api: api.map_or(Api::Auto, Api::from),
            family: template.and_then(family),
            key: key.map(|key| Key(trimmed(key))),
            headers: headers.into_iter().map(|(name, value)| (name, trimmed(value))).collect(),
            timeout_ms: timeout_ms.unwrap_or(TIMEOUT_MS).clamp(100.0, 600_000.0),
            prompt_tokens: prompt_tokens.unwrap_or(ENDPOINT_PROMPT_TOKENS).clamp(16, 131_072),
        })
    }
}

impl From<EndpointApi> for Api {
    fn from(api: EndpointApi) -> Api {
        match api {
            EndpointApi::Auto => Api::Auto,
            EndpointApi::Completions => Api::Completions,
            EndpointApi::Suffix => Api::Suffix,
            EndpointApi::Infill => Api::Infill,
            EndpointApi::Chat => Api::Chat,
        }
    }
}

fn family(template: PromptTemplate) -> Option<Family> {
    Some(match template {
        PromptTemplate::Auto => return None,
        PromptTemplate::Inkling => Family::Inkling1,
        PromptTemplate::Qwen => Family::Qwen,
        PromptTemplate::Codegemma => Family::CodeGemma,
        PromptTemplate::Granite => Family::Granite,
        PromptTemplate::Starcoder => Family::StarCoder,
        PromptTemplate::DeepseekCoder => Family::DeepSeekCoder,
        PromptTemplate::Plain => Family::Plain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_keeps_its_value_and_the_rest_is_bounded() {
        let mut configuration = Configuration::DEFAULT;
        let settings: Settings = serde_json::from_str(r#"{"maxTokens": 100000, "debounceMs": -5}"#).unwrap();
        configuration.apply(settings);
        assert_eq!(configuration.options.max_tokens, 1024);
        assert_eq!(configuration.debounce_ms, 0.0);
        assert_eq!(configuration.options.prompt_tokens, Options::DEFAULT.prompt_tokens);
        configuration.apply(Settings { model: Some("a.gguf".to_string()), ..Settings::default() });
        configuration.apply(Settings::default());
        assert_eq!(configuration.model.as_deref(), Some("a.gguf"));
    }

    #[test]
    fn an_endpoint_comes_stays_and_goes_as_a_whole() {
        let mut configuration = Configuration::DEFAULT;
        let mut apply = |json: &str| {
            configuration.apply(serde_json::from_str(json).unwrap());
            configuration.endpoint.clone()
        };
        let first = r#"{"endpoint": {"url": " http://a ", "key": "sk-secret", "timeoutMs": 1}}"#;
        let first = apply(first).unwrap();
        assert_eq!((first.url.as_str(), first.timeout_ms), ("http://a", 100.0));
        assert_eq!(apply("{}").as_ref(), Some(&first));
        let other = r#"{"endpoint": {"url": "http://b", "template": "deepseekCoder", "api": "infill"}}"#;
        let other = apply(other).unwrap();
        assert_eq!((other.key, other.api, other.family), (None, Api::Infill, Some(Family::DeepSeekCoder)));
        assert_eq!(apply(r#"{"endpoint": {}}"#), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let json = r#"{"endpoint": {"url": "a", "key": "sk-secret", "headers": {"X-Key": "a-secret"}}}"#;
        let settings: Settings = serde_json::from_str(json).unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
