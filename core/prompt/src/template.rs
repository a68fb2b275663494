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
    /// None in particular: whoever is asked puts the pieces together ([`crate::Prompt::pieces`]).
    Apart,
}

/// What models call themselves, in small letters without punctuation, and the family of each. CodeLlama and
/// Codestral are not among them: their servers make the prompt better than text can.
const NAMES: [(&str, Family); 9] = [
    ("inkling", Family::Inkling1),
    ("qwen", Family::Qwen),
    ("codegemma", Family::CodeGemma),
    ("starcoder", Family::StarCoder),
    ("santacoder", Family::StarCoder),
    ("stablecode", Family::StarCoder),
    ("granite4", Family::Granite),
    ("granite", Family::StarCoder),
    ("deepseekcoder", Family::DeepSeekCoder),
];

impl Family {
    /// The family of a model that is known by its name alone, such as `Qwen/Qwen2.5-Coder-7B`.
    pub fn of_model(name: &str) -> Option<Family> {
        let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        let name: String = letters.collect();
        NAMES.iter().find(|(part, _)| name.contains(part)).map(|(_, family)| *family)
    }
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

/// The pieces of a prompt that is taken apart again; nobody is sent these names.
const APART: Row = Row {
    family: Family::Apart,
    prefix: "<prefix>",
    suffix: "<suffix>",
    middle: Some("<middle>"),
    repository: None,
    files: Files::Before("<file>"),
};

/// What else acts as structure in a prompt that is sent as text, for one model or another.
const OTHER_SPECIALS: [&str; 12] = [
    "<|recent_edit|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<fim_pad>",
    "<reponame>",
    "<repo_name>",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<|EOT|>",
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
        Template::from_row(row, own, specials, &has)
    }

    /// `own`: the row's tokens in our models' order.
    fn from_row(row: &Row, own: bool, specials: Vec<String>, has: &dyn Fn(&str) -> bool) -> Template {
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

    /// The template of a family whose vocabulary is not at hand: what any model takes for structure must not
    /// appear in the user's text.
    pub fn of(family: Family) -> Template {
        let own = family == Family::Inkling1;
        let named = if own { Family::Qwen } else { family };
        let tokens = FAMILIES.iter().flat_map(Row::needs);
        let specials: Vec<String> = tokens.chain(OTHER_SPECIALS).map(str::to_string).collect();
        match FAMILIES.iter().chain([&APART]).find(|row| row.family == named) {
            None => Template::plain(specials),
            Some(row) => Template::from_row(row, own, specials, &|_| true),
        }
    }

    /// The special tokens that prompts of this template are built with, at most four: a model that writes one
    /// of them has ended its answer.
    pub fn markers(&self) -> Vec<&'static str> {
        let file = match self.files {
            Files::Before(token) | Files::Between(token) => token,
            Files::Line(_) | Files::Comments => "",
        };
        let tokens = [self.prefix, self.suffix, self.middle.unwrap_or_default(), file];
        tokens.into_iter().filter(|token| !token.is_empty()).collect()
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
    fn families_are_known_by_the_models_names() {
        let known = [
            ("Qwen/Qwen2.5-Coder-7B", Family::Qwen),
            ("qwen2.5-coder:1.5b-base", Family::Qwen),
            ("bigcode/starcoder2-3b", Family::StarCoder),
            ("ibm-granite/granite-3b-code-base", Family::StarCoder),
            ("granite-4.0-h-tiny", Family::Granite),
            ("deepseek-ai/DeepSeek-Coder-V2-Lite-Base", Family::DeepSeekCoder),
            ("inkling-1", Family::Inkling1),
        ];
        for (name, family) in known {
            assert_eq!(Family::of_model(name), Some(family), "{name}");
        }
        assert_eq!(Family::of_model("gpt-4o"), None);
        assert_eq!(Family::of_model(""), None);
    }

    #[test]
    fn a_family_is_asked_alike_with_and_without_its_vocabulary() {
        let specials =
            ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>", "<repo_name>"].map(str::to_string);
        let chosen = Template::choose(&ModelFacts { prompt_version: None, specials: &specials });
        let known = Template::of(Family::StarCoder);
        assert_eq!(known.markers(), specials[..4]);
        assert_eq!(Template { specials: Vec::new(), ..known }, Template { specials: Vec::new(), ..chosen });
        assert!(Template::of(Family::Plain).markers().is_empty());
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
