use inkling_context::{Context, Edit, Snippet};
use inkling_syntax::Way;

use crate::fit::{fit_prefix, fit_suffix};
use crate::neutralise::neutralise;
use crate::template::Files;
use crate::{Family, Template};

/// A stretch of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// One special token, by its text.
    Special(&'static str),
    /// Source text, tokenized with special tokens switched off.
    Text(String),
}

/// What the model is asked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Prompt {
    /// In order; the beginning-of-text token is the tokenizer's to add.
    pub parts: Vec<Part>,
    /// What of the answer is already typed. The model is given it but for the last word, whose tokens depend
    /// on what follows: it must write that one again (token healing).
    pub begun: String,
    /// The snippets that found room, in their order in the prompt.
    pub snippets: Vec<Packed>,
}

/// A snippet that is part of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its place in [`Context::snippets`].
    pub idx: usize,
    /// What it takes of the budget, its path and separator included.
    pub n_tokens: usize,
}

impl Prompt {
    /// The prompt as one string, special tokens spelled out.
    pub fn to_text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Special(token) => (*token).to_string(),
            Part::Text(text) => text.clone(),
        };
        self.parts.iter().map(text).chain([self.begun.clone()]).collect()
    }
}

/// How many tokens a prompt may have, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// All of the prompt.
    pub prompt_tokens: usize,
    /// Decides its shares.
    pub way: Way,
}

/// Shares of the budget in percent; what one does not use falls to the prefix.
struct Shares {
    snippets: usize,
    edits: usize,
    suffix: usize,
}

impl Shares {
    fn of(way: Way) -> Shares {
        match way {
            Way::Inline => Shares { snippets: 25, edits: 10, suffix: 20 },
            // A body is told by what it may use more than by what comes after it.
            Way::InBlock => Shares { snippets: 30, edits: 10, suffix: 15 },
            // What is added beside other members follows from them, and from what was just changed.
            Way::AfterBlock => Shares { snippets: 20, edits: 15, suffix: 20 },
        }
    }
}

/// The three fill-in-the-middle tokens and the beginning of text.
const FIM_TOKENS: usize = 4;

/// Packs `context` into a prompt of at most `budget.prompt_tokens` tokens (special tokens included) of
/// `count`, the parts that outlive a keystroke first.
///
/// A budget too small for the prefix's last characters gives an empty prefix, never an error.
pub fn assemble(
    context: &Context,
    template: &Template,
    budget: Budget,
    count: &dyn Fn(&str) -> usize,
) -> Prompt {
    let is_plain = template.family == Family::Plain;
    let left = budget.prompt_tokens.saturating_sub(if is_plain { 0 } else { FIM_TOKENS });
    let mut packer = Packer { context, template, count, parts: Vec::new(), head: String::new(), left };
    let shares = Shares::of(budget.way);
    let share = |percent: usize| budget.prompt_tokens * percent / 100;
    let header = packer.file_text(&context.path, "");
    let n_header = packer.cost(&header);
    packer.left = packer.left.saturating_sub(n_header);
    let snippets = packer.snippets(share(shares.snippets));
    packer.edits(share(shares.edits));
    packer.left += n_header;
    if packer.names_the_file(&snippets) {
        packer.file(header);
    }

    let n_suffix = if is_plain { 0 } else { share(shares.suffix).min(packer.left) };
    let suffix = fit_suffix(&context.suffix, n_suffix, count).to_string();
    let n_prefix = packer.left.saturating_sub(count(&suffix));
    let prefix = fit_prefix(&context.prefix, n_prefix, count).to_string();
    let begun = packer.body(&prefix, suffix);
    Prompt { parts: packer.parts, begun, snippets }
}

struct Packer<'a> {
    context: &'a Context,
    template: &'a Template,
    count: &'a dyn Fn(&str) -> usize,
    parts: Vec<Part>,
    /// Stands before the prefix where a family has no place of its own for other files.
    head: String,
    left: usize,
}

impl Packer<'_> {
    /// The repository's name and the best snippets that fit, best last.
    fn snippets(&mut self, share: usize) -> Vec<Packed> {
        let all = &self.context.snippets;
        let mut ranked: Vec<usize> = (0..all.len()).collect();
        ranked.sort_by(|&a, &b| all[b].score.total_cmp(&all[a].score));
        let mut share = share.min(self.left);
        let mut packed = Vec::new();
        for idx in ranked {
            let Snippet { path, text, .. } = &all[idx];
            let n_tokens = self.cost(&self.file_text(path, text));
            if n_tokens <= share {
                share -= n_tokens;
                packed.push(Packed { idx, n_tokens });
            }
        }
        packed.reverse();
        if !packed.is_empty() {
            self.repository(share);
        }
        for Packed { idx, .. } in &packed {
            self.file(self.file_text(&all[*idx].path, &all[*idx].text));
        }
        packed
    }

    fn repository(&mut self, share: usize) {
        let Some((special, end)) = self.template.repository else { return };
        let text = format!("{}{end}", self.context.repository);
        let cost = self.cost(&text);
        if !self.context.repository.is_empty() && cost <= share {
            self.left -= cost;
            self.parts.push(Part::Special(special));
            self.text(text);
        }
    }

    /// The newest edits that fit, newest last.
    fn edits(&mut self, share: usize) {
        let Some(special) = self.template.edit else { return };
        let mut share = share.min(self.left);
        let text = |edit: &Edit| section(&edit.path, &edit.hunk);
        let fits = |edit: &&Edit| {
            let cost = self.cost(&text(edit));
            let fits = cost <= share;
            share -= if fits { cost } else { 0 };
            fits
        };
        let newest: Vec<_> = self.context.edits.iter().rev().take_while(fits).collect();
        for edit in newest.into_iter().rev() {
            self.left = self.left.saturating_sub(self.cost(&text(edit)));
            self.parts.push(Part::Special(special));
            self.text(text(edit));
        }
    }

    /// A model that has seen files begin with their paths is told this one's; where paths are comments, only
    /// others' code needs telling apart from it.
    fn names_the_file(&self, snippets: &[Packed]) -> bool {
        !matches!(self.template.files, Files::Comments) || !snippets.is_empty()
    }

    /// A file as its family reads it, or only its path.
    fn file_text(&self, path: &str, text: &str) -> String {
        match self.template.files {
            Files::Before(_) | Files::Between(_) => section(path, text),
            Files::Line(start) => format!("{start}{}", section(path, text)),
            Files::Comments => {
                let comment = self.context.language.line_comment();
                let lines =
                    text.lines().map(|line| format!("{comment} {line}").trim_end().to_string() + "\n");
                [format!("{comment} Path: {path}\n")].into_iter().chain(lines).collect()
            }
        }
    }

    /// Appends what `file_text` made.
    fn file(&mut self, text: String) {
        self.left = self.left.saturating_sub(self.cost(&text));
        match self.template.files {
            Files::Line(_) | Files::Comments => return self.head.push_str(&text),
            Files::Before(separator) => self.parts.push(Part::Special(separator)),
            Files::Between(_) if self.parts.is_empty() => {}
            Files::Between(separator) => self.parts.push(Part::Special(separator)),
        }
        self.text(text);
    }

    /// Tokens of a section and of the special one before it.
    fn cost(&self, text: &str) -> usize {
        let special = matches!(self.template.files, Files::Before(_) | Files::Between(_));
        usize::from(special) + (self.count)(text)
    }

    /// The text around the gap; returns what the answer begins with.
    fn body(&mut self, prefix: &str, suffix: String) -> String {
        let Template { family, prefix: before, suffix: after, middle, .. } = *self.template;
        // Our models write whole lines: a small one goes on from its own line's beginning better than from
        // words before a special token.
        let line_start = prefix.rfind('\n').map_or(0, |at| at + 1);
        let (prefix, begun) =
            prefix.split_at(if family == Family::Inkling1 { line_start } else { prefix.len() });
        let prefix = format!("{}{prefix}", self.head);
        if family == Family::Plain {
            self.text(prefix);
            return String::new();
        }
        let mut pair = [(before, prefix), (after, suffix)];
        if matches!(family, Family::Inkling1 | Family::Codestral) {
            pair.reverse(); // SPM: typing appends to the end
        }
        for (special, text) in pair {
            self.parts.push(Part::Special(special));
            self.text(text);
        }
        self.parts.extend(middle.map(Part::Special));
        neutralise(begun, &self.template.specials)
    }

    fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.parts.push(Part::Text(neutralise(&text, &self.template.specials)));
        }
    }
}

/// The path on a line of its own, then whole lines.
fn section(path: &str, text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{path}\n{text}{end}")
}
