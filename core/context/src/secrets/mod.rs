//! Secrets in a context become placeholders before the prompt, and come back in the answer.

mod find;

use std::borrow::Cow;
use std::ops::Range;

pub use find::SecretKind;
use find::{Finding, findings};

use crate::{Context, Section};

/// The secrets that were taken out of a context, and what stands for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// What every placeholder begins with; a number follows.
    stem: String,
    found: Vec<Secret>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    kind: SecretKind,
    value: String,
}

/// What placeholders begin with where no text does.
const STEM: &str = "REDACTED_";

/// Ends their number: a digit may follow.
const END: char = '_';

impl Secrets {
    /// Takes all secrets out of `context`. The same secret has the same placeholder everywhere; those that
    /// stand nearest before the cursor have the last numbers, so that one more at the cursor changes nothing of
    /// what comes before it.
    pub fn take_from(context: &mut Context) -> Secrets {
        let mut secrets = Secrets { stem: stem(context), found: Vec::new() };
        let whole = format!("{}{}", context.prefix.text, context.suffix.text);
        let cursor = context.prefix.text.len();
        let around = findings(&whole);
        let (before, after): (Vec<Finding>, Vec<Finding>) =
            around.into_iter().partition(|finding| finding.range.start < cursor);
        // A secret that the cursor stands in is both.
        let cut_off = before.last().map_or(cursor, |last| last.range.end.max(cursor)) - cursor;
        let of_suffix: Vec<Finding> = after.iter().map(|finding| finding.moved_back(cursor)).collect();
        secrets.redact_section(&mut context.suffix, &of_suffix, cut_off);
        for text in context.snippets.iter_mut().map(|snippet| &mut snippet.text) {
            *text = secrets.redacted(text, &findings(text)).0;
        }
        for edit in &mut context.edits {
            edit.hunk = secrets.redacted(&edit.hunk, &findings(&edit.hunk)).0;
        }
        secrets.redact_section(&mut context.prefix, &before, 0);
        secrets
    }

    /// The kinds of what was taken out, in the order of the placeholders' numbers.
    pub fn kinds(&self) -> impl Iterator<Item = SecretKind> {
        self.found.iter().map(|secret| secret.kind)
    }

    /// `text` with secrets in the place of their placeholders. It ends before a placeholder that stands for
    /// nothing: that is an invention.
    pub fn restore(&self, text: &str) -> String {
        if self.found.is_empty() {
            return text.to_string();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(&self.stem) {
            out.push_str(&rest[..at]);
            let number = &rest[at + self.stem.len()..];
            let n_digits = number.bytes().take_while(u8::is_ascii_digit).count();
            let idx = number[..n_digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let secret = idx.and_then(|idx| self.found.get(idx));
            let (Some(secret), Some(after)) = (secret, number[n_digits..].strip_prefix(END)) else {
                return out;
            };
            out.push_str(&secret.value);
            rest = after;
        }
        out + rest
    }

    fn redact_section(&mut self, section: &mut Section, found: &[Finding], n_skipped: usize) {
        let text = section.text[n_skipped.min(section.text.len())..].to_string();
        let found: Vec<Finding> = found
            .iter()
            .filter_map(|finding| {
                let end = finding.range.end.min(section.text.len());
                let start = finding.range.start.checked_sub(n_skipped)?;
                (start < end - n_skipped)
                    .then(|| Finding { kind: finding.kind, range: start..end - n_skipped })
            })
            .collect();
        let (redacted, moves) = self.redacted(&text, &found);
        let cuts = section.cuts.iter().filter_map(|cut| moved(cut.checked_sub(n_skipped)?, &moves));
        *section = Section { cuts: cuts.collect(), text: redacted };
    }

    /// `text` with placeholders for what was found in it, and each replaced range with its new length.
    fn redacted(&mut self, text: &str, found: &[Finding]) -> (String, Vec<(Range<usize>, usize)>) {
        let mut out = String::with_capacity(text.len());
        let mut moves = Vec::new();
        let mut done = 0;
        for Finding { range, kind } in found {
            let placeholder = self.placeholder(&text[range.clone()], *kind);
            out.push_str(&text[done..range.start]);
            out.push_str(&placeholder);
            moves.push((range.clone(), placeholder.len()));
            done = range.end;
        }
        out.push_str(&text[done..]);
        (out, moves)
    }

    fn placeholder(&mut self, value: &str, kind: SecretKind) -> String {
        let known = self.found.iter().position(|secret| secret.value == value);
        let idx = known.unwrap_or_else(|| {
            self.found.push(Secret { kind, value: value.to_string() });
            self.found.len() - 1
        });
        format!("{}{}{END}", self.stem, idx + 1)
    }
}

/// `text` without the lines that a secret stands in.
pub fn lines_without_secrets(text: &str) -> Cow<'_, str> {
    let found = findings(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Finding { range, .. } in found {
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
        // Of two secrets in a line, the second begins in what is gone.
        out.push_str(text.get(done..start).unwrap_or_default());
        done = end;
    }
    Cow::Owned(out + &text[done..])
}

/// A beginning of placeholders that no text of the context has.
fn stem(context: &Context) -> String {
    let mut stem = STEM.to_string();
    let texts = || {
        let own = [&context.prefix.text, &context.suffix.text].into_iter();
        own.chain(context.snippets.iter().map(|snippet| &snippet.text))
            .chain(context.edits.iter().map(|edit| &edit.hunk))
    };
    while texts().any(|text| text.contains(&stem)) {
        stem.push('_');
    }
    stem
}

/// Where an offset is after the replacements; nowhere if it was inside one.
fn moved(offset: usize, moves: &[(Range<usize>, usize)]) -> Option<usize> {
    let mut new = offset;
    for (range, len) in moves.iter().filter(|(range, _)| range.start < offset) {
        if offset < range.end {
            return None;
        }
        new = new + len - range.len();
    }
    Some(new)
}
