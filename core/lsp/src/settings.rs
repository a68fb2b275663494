use inkling_assist::Options;

use crate::wire::{EngineChoice, Executes, Settings};

/// The settings in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The model to load, if one was named.
    pub model: Option<String>,
    /// Lengths and choices; `n_candidates` is for requests by key.
    pub options: Options,
    /// Milliseconds of quiet before the model is asked.
    pub debounce_ms: f64,
    /// Threads that compute, if a number was named.
    pub threads: Option<usize>,
    /// Where models run.
    pub engine: EngineChoice,
    /// What runs them.
    pub executor: Executes,
}

impl Configuration {
    /// What holds where nothing is set.
    pub const DEFAULT: Configuration = Configuration {
        model: None,
        options: Options { n_candidates: 3, ..Options::DEFAULT },
        debounce_ms: 40.0,
        threads: None,
        engine: EngineChoice::Inside,
        executor: Executes::Auto,
    };

    /// Takes over what `settings` names, within sensible bounds.
    pub fn apply(&mut self, settings: Settings) {
        let Settings {
            model,
            max_tokens,
            prompt_tokens,
            debounce_ms,
            temperature,
            candidates,
            threads,
            engine,
            executor,
        } = settings;
        self.model = model.or(self.model.take());
        self.engine = engine.unwrap_or(self.engine);
        self.executor = executor.unwrap_or(self.executor);
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
}
