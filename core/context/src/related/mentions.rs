//! The names that the code around the cursor uses, and how.

use std::ops::Range;

use inkling_syntax::{Scope, ScopeKind, Symbol, SymbolKind};
use rustc_hash::FxHashMap;

use crate::Reason;
use crate::gather::Here;

/// A name that may be declared elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mention {
    pub(crate) name: String,
    pub(crate) reason: Reason,
    /// How much its declaration would help, from 0 to 1.
    pub(crate) weight: f32,
}

/// How much code before and after the cursor is read for names.
const NEAR_BYTES_BEFORE: usize = 2048;
const NEAR_BYTES_AFTER: usize = 512;

/// How far back the declaration of a variable is looked for.
const RECEIVER_BYTES: usize = 16 << 10;

/// Names that are looked up, at most.
const MAX_MENTIONS: usize = 96;

/// The names around the cursor, the most telling first, each once.
pub(crate) fn mentions(here: &Here<'_>, symbols: &[Symbol]) -> Vec<Mention> {
    let mut found = Mentions::default();
    found.receiver(&here.prefix.text);
    found.scopes(here, symbols);
    found.near(&here.prefix.text, &here.suffix.text);
    let mut mentions: Vec<Mention> = found.by_name.into_values().collect();
    mentions.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
    mentions.truncate(MAX_MENTIONS);
    mentions
}

#[derive(Default)]
struct Mentions {
    by_name: FxHashMap<String, Mention>,
}

impl Mentions {
    /// Keeps the best use of each name.
    fn add(&mut self, name: &str, reason: Reason, nearness: f32) {
        let weight = reason.weight() * nearness;
        match self.by_name.get_mut(name) {
            Some(mention) if mention.weight >= weight => {}
            _ => {
                let mention = Mention { name: name.to_string(), reason, weight };
                self.by_name.insert(mention.name.clone(), mention);
            }
        }
    }

    fn add_all(&mut self, text: &str, reason: Reason) {
        for word in words(text) {
            self.add(&text[word], reason, 1.0);
        }
    }

    /// What the cursor stands behind: `shop` in `self.shop.na`, and the names on the line that declares it.
    fn receiver(&mut self, prefix: &str) {
        let Some(name) = receiver(prefix) else { return };
        let (before, name) = (&prefix[..name.start], &prefix[name]);
        self.add(name, Reason::Receiver, 1.0);
        let start = before.ceil_char_boundary(before.len().saturating_sub(RECEIVER_BYTES));
        let declared = memchr::memmem::rfind_iter(&before.as_bytes()[start..], name.as_bytes());
        let lines = declared.filter_map(|at| declaring_line(&before[start..], at, name.len()));
        for line in lines.take(2) {
            self.add_all(line, Reason::Receiver);
        }
    }

    /// The heads of the enclosing functions and types, and the fields of the enclosing type.
    fn scopes(&mut self, here: &Here<'_>, symbols: &[Symbol]) {
        let text = here.source.text();
        for scope in here.source.scopes_at(here.offset) {
            let ScopeKind::Symbol(kind) = scope.kind else { continue };
            let head = &text[scope.range.start..head_end(&scope, here.offset)];
            if kind.is_callable() {
                self.add_all(head, Reason::Signature);
            } else if kind.has_members() {
                self.add_all(head, Reason::Supertype);
                let name = scope.name.as_deref().unwrap_or_default();
                self.add(name, Reason::Enclosing, 1.0);
                for field in fields(symbols, name) {
                    let line = text[field].lines().next().unwrap_or_default();
                    self.add_all(line, Reason::Field);
                }
            }
        }
    }

    /// The names near the cursor: what is called, and what else may be declared somewhere.
    fn near(&mut self, prefix: &str, suffix: &str) {
        let start = prefix.ceil_char_boundary(prefix.len().saturating_sub(NEAR_BYTES_BEFORE));
        let before = &prefix[start..];
        for word in words(before) {
            let nearness = 1.0 - 0.6 * (before.len() - word.end) as f32 / NEAR_BYTES_BEFORE as f32;
            self.add(&before[word.clone()], use_at(before, &word), nearness);
        }
        let after = &suffix[..suffix.floor_char_boundary(NEAR_BYTES_AFTER)];
        for word in words(after) {
            let nearness = 0.8 - 0.5 * word.start as f32 / NEAR_BYTES_AFTER as f32;
            self.add(&after[word.clone()], use_at(after, &word), nearness);
        }
    }
}

fn use_at(text: &str, word: &Range<usize>) -> Reason {
    let is_call = text[word.end..].trim_start_matches('!').starts_with(['(', '{']);
    if is_call { Reason::Callee } else { Reason::Use }
}

/// Where what a scope says of itself ends.
fn head_end(scope: &Scope, offset: usize) -> usize {
    let end = scope.body.as_ref().map_or(scope.range.end, |body| body.start);
    end.min(scope.range.end).min(offset.max(scope.range.start))
}

/// The fields of the types of the file with this name.
fn fields<'a>(symbols: &'a [Symbol], name: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let types = symbols.iter().enumerate().filter(move |(_, one)| one.name == name && one.kind.has_members());
    types.flat_map(|(idx, outer)| {
        let inside = symbols[idx + 1..].iter().take_while(|one| one.range.start < outer.range.end);
        inside
            .filter(|one| one.kind == SymbolKind::Field && one.depth == outer.depth + 1)
            .map(|one| one.range.clone())
    })
}

/// The name before the last dot (or `::`, `->`, `?.`) of the text, with what is being typed behind it.
pub(crate) fn receiver(prefix: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let before = prefix.trim_end_matches(is_part);
    let before = before
        .strip_suffix('.')
        .or_else(|| before.strip_suffix("::"))
        .or_else(|| before.strip_suffix("->"))?;
    let before = before.trim_end_matches(['?', '!', ' ', '\n', '\t']);
    let before = match before.strip_suffix(')') {
        Some(_) => &before[..opening(before)?],
        None => before,
    };
    let name = before.trim_end_matches(is_part).len()..before.len();
    (!name.is_empty() && !before[name.clone()].starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

/// Where the parenthesis begins that ends `text`.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().rev().take(NEAR_BYTES_BEFORE) {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The line at `at` if it looks like the declaration of the variable that is named there.
fn declaring_line(text: &str, at: usize, n_name: usize) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (before, after) = (&text[..at], &text[at + n_name..]);
    if before.ends_with(is_part) || after.starts_with(is_part) {
        return None;
    }
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |newline| at + n_name + newline);
    let next = after.trim_start();
    let is_assigned = next.starts_with('=') && !next.starts_with("==") && !next.starts_with("=>");
    let is_typed = next.starts_with(':') && !next.starts_with("::");
    let type_before = before.trim_end_matches(' ');
    // A type before the name, as in `Shop<T> *shop`.
    let is_after_type = type_before.len() < before.len()
        && type_before.ends_with(|c: char| is_part(c) || matches!(c, '>' | '*' | '&' | ']'));
    // Go: `shop *Shop`
    let is_before_type = after.starts_with(' ') && next.starts_with(|c: char| c == '*' || c.is_uppercase());
    (is_assigned || is_typed || is_after_type || is_before_type).then(|| &text[start..end])
}

/// The words of `text` that may be names worth looking up: no numbers, not too short.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += bytes[at..].iter().take_while(|&&byte| !is_part(byte)).count();
            let start = at;
            at += bytes[at..].iter().take_while(|&&byte| is_part(byte)).count();
            if at == start {
                return None;
            }
            if at - start > 2 && !bytes[start].is_ascii_digit() {
                return Some(start..at);
            }
        }
    })
}
