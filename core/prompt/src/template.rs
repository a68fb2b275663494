//! Which special tokens a model family uses, and in which order.

/// What the model file says about itself.
pub struct ModelFacts<'a> {
    /// `inkling.prompt.version`: the format of our own models.
    pub prompt_version: Option<u32>,
    /// Every special token's text.
    pub specials: &'a [String],
}

/// A family of models that are asked in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Our own, version 1 of `docs/prompt-format.md`.
    Inkling1,
    /// Qwen2.5-Coder, CodeGemma, Granite.
    Qwen,
    /// StarCoder and StarCoder2.
    StarCoder,
    /// DeepSeek-Coder.
    DeepSeekCoder,
    /// A model that only continues text.
    Plain,
}

/// A family's fill-in-the-middle tokens.
struct Fim {
    family: Family,
    prefix: &'static str,
    suffix: &'static str,
    middle: &'static str,
    /// Stands before every file's path where the family was trained with several files.
    file_sep: Option<&'static str>,
}

/// The first row whose tokens the vocabulary has is the model's family.
const FAMILIES: [Fim; 3] = [
    Fim {
        family: Family::Qwen,
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: "<|fim_middle|>",
        file_sep: Some("<|file_sep|>"),
    },
    Fim {
        family: Family::StarCoder,
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: "<fim_middle>",
        file_sep: Some("<file_sep>"),
    },
    Fim {
        family: Family::DeepSeekCoder,
        prefix: "<｜fim▁begin｜>",
        suffix: "<｜fim▁hole｜>",
        middle: "<｜fim▁end｜>",
        file_sep: None,
    },
];

/// How to ask one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Whose template it is.
    pub family: Family,
    /// Texts that must not appear in what comes from the user's files.
    pub specials: Vec<String>,
    pub(crate) prefix: &'static str,
    pub(crate) suffix: &'static str,
    pub(crate) middle: &'static str,
    pub(crate) file_sep: Option<&'static str>,
    pub(crate) edit: Option<&'static str>,
}

impl Template {
    /// Chooses by the tokens that the model has; one without fill-in-the-middle tokens only continues.
    pub fn choose(facts: &ModelFacts<'_>) -> Template {
        let has = |token: &str| facts.specials.iter().any(|special| special == token);
        let fim = FAMILIES.iter().find(|fim| has(fim.prefix) && has(fim.suffix) && has(fim.middle));
        let own = facts.prompt_version == Some(1) && fim.is_some_and(|fim| fim.family == Family::Qwen);
        let token = |text: fn(&Fim) -> &'static str| fim.map_or("", text);
        Template {
            family: if own { Family::Inkling1 } else { fim.map_or(Family::Plain, |fim| fim.family) },
            specials: facts.specials.to_vec(),
            prefix: token(|fim| fim.prefix),
            suffix: token(|fim| fim.suffix),
            middle: token(|fim| fim.middle),
            file_sep: fim.and_then(|fim| fim.file_sep).filter(|file_sep| has(file_sep)),
            edit: own.then_some("<|recent_edit|>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(version: Option<u32>, specials: &[&str]) -> Family {
        let specials: Vec<String> = specials.iter().map(|s| s.to_string()).collect();
        Template::choose(&ModelFacts { prompt_version: version, specials: &specials }).family
    }

    #[test]
    fn families_are_known_by_their_tokens() {
        let qwen = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>"];
        assert_eq!(family(None, &qwen), Family::Qwen);
        assert_eq!(family(Some(1), &qwen), Family::Inkling1);
        assert_eq!(family(Some(2), &qwen), Family::Qwen, "a later format is not ours to guess");
        assert_eq!(family(None, &["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]), Family::StarCoder);
        assert_eq!(
            family(None, &["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]),
            Family::DeepSeekCoder
        );
        assert_eq!(family(None, &["<s>"]), Family::Plain);
    }
}
