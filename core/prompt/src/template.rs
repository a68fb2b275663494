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
    /// Qwen2.5-Coder (arXiv 2409.12186, section 3.2).
    Qwen,
    /// CodeGemma (arXiv 2406.11409, section 2).
    CodeGemma,
    /// Granite 4, and others that have Qwen's three tokens alone.
    Granite,
    /// StarCoder2 (arXiv 2402.19173, section 5.1), and with its three tokens alone StarCoder and Granite Code.
    StarCoder,
    /// DeepSeek-Coder (arXiv 2401.14196, section 3.1).
    DeepSeekCoder,
    /// CodeLlama (arXiv 2308.12950, section 2.3).
    CodeLlama,
    /// Codestral, as `mistral-common` asks it.
    Codestral,
    /// A model that only continues text.
    Plain,
}

/// How a family is told which file a text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// A special token stands before every path.
    Before(&'static str),
    /// A special token stands between two files, and each begins with its path.
    Between(&'static str),
    /// A path stands on a line that begins so, in what precedes the gap.
    Line(&'static str),
    /// Other code stands in comments, in what precedes the gap.
    Comments,
}

/// How a family is asked.
struct Row {
    family: Family,
    prefix: &'static str,
    suffix: &'static str,
    /// Stands where the answer begins, unless that is behind the prefix.
    middle: Option<&'static str>,
    /// Stands before the repository's name, and what behind.
    repository: Option<(&'static str, &'static str)>,
    files: Files,
}

/// The first row whose tokens the vocabulary has is the model's family.
const FAMILIES: [Row; 8] = [
    Row { repository: Some(("<|repo_name|>", "\n")), ..bars(Family::Qwen, Files::Before("<|file_sep|>")) },
    bars(Family::CodeGemma, Files::Between("<|file_separator|>")),
    bars(Family::Granite, Files::Comments),
    Row { repository: Some(("<repo_name>", "")), ..angles(Files::Before("<file_sep>")) },
    angles(Files::Comments),
    Row {
        family: Family::DeepSeekCoder,
        prefix: "<｜fim▁begin｜>",
        suffix: "<｜fim▁hole｜>",
        middle: Some("<｜fim▁end｜>"),
        repository: None,
        files: Files::Comments,
    },
    Row {
        family: Family::CodeLlama,
        prefix: "▁<PRE>",
        suffix: "▁<SUF>",
        middle: Some("▁<MID>"),
        repository: None,
        files: Files::Comments,
    },
    Row {
        family: Family::Codestral,
        prefix: "[PREFIX]",
        suffix: "[SUFFIX]",
        middle: None,
        repository: None,
        files: Files::Line("+++++ "),
    },
];

const fn bars(family: Family, files: Files) -> Row {
    Row {
        family,
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: Some("<|fim_middle|>"),
        repository: None,
        files,
    }
}

const fn angles(files: Files) -> Row {
    Row {
        family: Family::StarCoder,
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: Some("<fim_middle>"),
        repository: None,
        files,
    }
}

impl Row {
    /// The special tokens that a model of the family cannot lack.
    fn needs(&self) -> impl Iterator<Item = &'static str> {
        let separator = match self.files {
            Files::Before(token) | Files::Between(token) => Some(token),
            Files::Line(_) | Files::Comments => None,
        };
        [Some(self.prefix), Some(self.suffix), self.middle, separator].into_iter().flatten()
    }
}

/// How to ask one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Whose template it is.
    pub family: Family,
    /// Texts that must not appear in what comes from the user's files.
    pub specials: Vec<String>,
    pub(crate) prefix: &'static str,
    pub(crate) suffix: &'static str,
    pub(crate) middle: Option<&'static str>,
    pub(crate) repository: Option<(&'static str, &'static str)>,
    pub(crate) files: Files,
    pub(crate) edit: Option<&'static str>,
}

impl Template {
    /// Chooses by the tokens that the model has; one without fill-in-the-middle tokens only continues.
    pub fn choose(facts: &ModelFacts<'_>) -> Template {
        let has = |token: &str| facts.specials.iter().any(|special| special == token);
        let specials = facts.specials.to_vec();
        let Some(row) = FAMILIES.iter().find(|row| row.needs().all(has)) else {
            return Template::plain(specials);
        };
        let own = facts.prompt_version == Some(1) && row.family == Family::Qwen;
        Template {
            family: if own { Family::Inkling1 } else { row.family },
            specials,
            prefix: row.prefix,
            suffix: row.suffix,
            middle: row.middle,
            repository: row.repository.filter(|(token, _)| !own && has(token)),
            files: row.files,
            edit: own.then_some("<|recent_edit|>"),
        }
    }

    fn plain(specials: Vec<String>) -> Template {
        Template {
            family: Family::Plain,
            specials,
            prefix: "",
            suffix: "",
            middle: None,
            repository: None,
            files: Files::Comments,
            edit: None,
        }
    }

    /// Whether the text behind this special token goes on with another, so that SentencePiece's space at the
    /// beginning of texts would be one too many.
    pub fn goes_on(&self, special: &str) -> bool {
        self.family != Family::Plain && special == self.suffix
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
        let gemma = [&qwen[..3], &["<|file_separator|>"]].concat();
        assert_eq!(family(None, &gemma), Family::CodeGemma);
        assert_eq!(family(None, &qwen[..3]), Family::Granite);
        assert_eq!(family(None, &["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]), Family::StarCoder);
        assert_eq!(
            family(None, &["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]),
            Family::DeepSeekCoder
        );
        assert_eq!(family(None, &["▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"]), Family::CodeLlama);
        assert_eq!(family(None, &["[PREFIX]", "[SUFFIX]", "[MIDDLE]"]), Family::Codestral);
        assert_eq!(family(None, &["<s>"]), Family::Plain);
    }
}
