use inkling_context::{Context, Snippet};

use crate::fit::{fit_prefix, fit_suffix};
use crate::neutralise::neutralise;
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

/// How many tokens a prompt may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// All of the prompt.
    pub prompt_tokens: usize,
}

/// Shares of the budget in percent; what one does not use falls to the prefix.
const SNIPPETS_PERCENT: usize = 25;
const EDITS_PERCENT: usize = 10;
const SUFFIX_PERCENT: usize = 20;

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
    let mut packer = Packer { template, count, parts: Vec::new(), left: budget.prompt_tokens };
    let share = |percent: usize| budget.prompt_tokens * percent / 100;
    if template.family == Family::Plain {
        let prefix = fit_prefix(&context.prefix, packer.left, count).to_string();
        packer.text(prefix);
        return Prompt { parts: packer.parts, begun: String::new() };
    }
    packer.left = packer.left.saturating_sub(FIM_TOKENS);
    let header = packer.section_cost(&context.path, "");
    packer.left = packer.left.saturating_sub(header);
    packer.snippets(context, share(SNIPPETS_PERCENT));
    packer.edits(context, share(EDITS_PERCENT));
    packer.left += header;
    packer.section(template.file_sep, &context.path, "");

    let suffix = fit_suffix(&context.suffix, share(SUFFIX_PERCENT).min(packer.left), count).to_string();
    let n_prefix = packer.left.saturating_sub(count(&suffix));
    let prefix = fit_prefix(&context.prefix, n_prefix, count).to_string();
    let begun = packer.body(&prefix, suffix);
    Prompt { parts: packer.parts, begun }
}

/// The three fill-in-the-middle tokens and the beginning of text.
const FIM_TOKENS: usize = 4;

struct Packer<'a> {
    template: &'a Template,
    count: &'a dyn Fn(&str) -> usize,
    parts: Vec<Part>,
    left: usize,
}

impl Packer<'_> {
    /// The best snippets that fit, best last.
    fn snippets(&mut self, context: &Context, share: usize) {
        let mut ranked: Vec<&Snippet> = context.snippets.iter().collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut share = share.min(self.left);
        ranked.retain(|snippet| {
            let cost = self.section_cost(&snippet.path, &snippet.text);
            let fits = self.template.file_sep.is_some() && cost <= share;
            share -= if fits { cost } else { 0 };
            fits
        });
        for snippet in ranked.into_iter().rev() {
            self.section(self.template.file_sep, &snippet.path, &snippet.text);
        }
    }

    /// The newest edits that fit, newest last.
    fn edits(&mut self, context: &Context, share: usize) {
        let mut share = share.min(self.left);
        let fits = |edit: &&inkling_context::Edit| {
            let cost = self.section_cost(&edit.path, &edit.hunk);
            let fits = self.template.edit.is_some() && cost <= share;
            share -= if fits { cost } else { 0 };
            fits
        };
        let newest: Vec<_> = context.edits.iter().rev().take_while(fits).collect();
        for edit in newest.into_iter().rev() {
            self.section(self.template.edit, &edit.path, &edit.hunk);
        }
    }

    /// One special token, the path on a line of its own, whole lines.
    fn section(&mut self, special: Option<&'static str>, path: &str, text: &str) {
        let Some(special) = special else { return };
        self.left = self.left.saturating_sub(self.section_cost(path, text));
        self.parts.push(Part::Special(special));
        self.text(section_text(path, text));
    }

    fn section_cost(&self, path: &str, text: &str) -> usize {
        if self.template.file_sep.is_none() { 0 } else { 1 + (self.count)(&section_text(path, text)) }
    }

    /// The fill-in-the-middle part; returns what the answer begins with.
    fn body(&mut self, prefix: &str, suffix: String) -> String {
        let Template { family, prefix: before, suffix: after, middle, .. } = *self.template;
        let own = family == Family::Inkling1;
        // Our models write whole lines: a small one goes on from its own line's beginning better than from
        // words before a special token.
        let line_start = if own { prefix.rfind('\n').map_or(0, |at| at + 1) } else { prefix.len() };
        let (prefix, begun) = prefix.split_at(line_start);
        let mut pair = [(before, prefix.to_string()), (after, suffix)];
        if own {
            pair.reverse(); // SPM: typing appends to the end
        }
        for (special, text) in pair {
            self.parts.push(Part::Special(special));
            self.text(text);
        }
        self.parts.push(Part::Special(middle));
        neutralise(begun, &self.template.specials)
    }

    fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.parts.push(Part::Text(neutralise(&text, &self.template.specials)));
        }
    }
}

fn section_text(path: &str, text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{path}\n{text}{end}")
}
