//! Declarations without bodies.

use std::ops::Range;

use inkling_syntax::{Language, SymbolKind};

use crate::workspace::{Declaration, File};

/// A head longer than this is cut.
const MAX_HEAD_BYTES: usize = 240;

/// The declaration `idx` of `file`: its head, and where it is a type the heads of its members, one a line,
/// as far as `max_bytes` goes.
pub(crate) fn skeleton(file: &File, idx: usize, max_bytes: usize) -> String {
    let declaration = &file.declarations[idx];
    let head = head(file, declaration);
    if !declaration.kind.has_members()
        || head.is_empty()
        || body_start(file, declaration) >= declaration.range.end as usize
    {
        return closed(head, file.language, declaration.kind);
    }
    let (open, close) = match file.language {
        Language::Python => (if head.ends_with(':') { "" } else { ":" }, ""),
        _ => (" {", "}\n"),
    };
    let mut out = format!("{head}{open}\n");
    for member in members(file, idx) {
        if out.len() + member.len() + 5 + close.len() > max_bytes {
            break;
        }
        out.push_str("    ");
        out.push_str(&member);
        out.push('\n');
    }
    out.push_str(close);
    for method in go_methods(file, declaration) {
        if out.len() + method.len() > max_bytes {
            break;
        }
        out.push_str(&method);
    }
    out
}

/// The heads of the methods of a type, which Go declares beside it.
fn go_methods(file: &File, outer: &Declaration) -> Vec<String> {
    if file.language != Language::Go {
        return Vec::new();
    }
    let name = file.name(outer);
    let functions = file.declarations.iter().filter(|one| one.kind.is_callable() && one.depth == 0);
    let heads = functions.map(|one| head(file, one));
    let is_method = |head: &String| {
        let receiver =
            head.strip_prefix("func (").and_then(|rest| rest.split(')').next()).unwrap_or_default();
        super::mentions::words(receiver).any(|word| &receiver[word] == name)
    };
    heads.filter(is_method).map(|head| head + "\n").collect()
}

/// The heads of a file's outermost declarations, in its order.
pub(crate) fn overview(file: &File, max_bytes: usize) -> String {
    let mut out = String::new();
    for (idx, declaration) in file.declarations.iter().enumerate() {
        if declaration.depth > 0 || declaration.kind == SymbolKind::Module {
            continue;
        }
        let left = max_bytes.saturating_sub(out.len());
        let piece = skeleton(file, idx, left.min(max_bytes / 2));
        if piece.len() <= left {
            out.push_str(&piece);
        }
    }
    out
}

/// What a declaration says before its body, on one line.
pub(crate) fn head(file: &File, declaration: &Declaration) -> String {
    let text = &file.text[head_start(file, declaration)..body_start(file, declaration)];
    let is_note =
        |line: &&str| ["@", "#[", "//", "["].iter().any(|mark| line.trim_ascii_start().starts_with(mark));
    // A line that only annotates; the last line is the declaration itself in any case.
    let mut lines: Vec<&str> = text.lines().collect();
    let n_notes = lines.iter().take_while(|line| is_note(line)).count();
    lines.drain(..n_notes.min(lines.len().saturating_sub(1)));
    one_line(&lines.join(" "))
}

/// The declaration's start, with the words that stand before it on its line and belong to it for people:
/// `export const`, `type`, `typedef`.
fn head_start(file: &File, declaration: &Declaration) -> usize {
    let start = declaration.range.start as usize;
    let line = file.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &file.text[line..start];
    let is_words = before.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_whitespace());
    if is_words { line } else { start }
}

/// The heads of the members of a type.
fn members(file: &File, idx: usize) -> Vec<String> {
    let outer = &file.declarations[idx];
    if outer.body.is_none() {
        return members_by_lines(file, idx);
    }
    let body = body_start(file, outer) as u32;
    let is_member = |one: &&Declaration| one.depth == outer.depth + 1 && one.range.start >= body;
    inside(file, idx).filter(is_member).map(|one| member(file, one)).collect()
}

/// The declarations in a declaration.
fn inside(file: &File, idx: usize) -> impl Iterator<Item = &Declaration> {
    let end = file.declarations[idx].range.end;
    file.declarations[idx + 1..].iter().take_while(move |one| one.range.start < end)
}

fn member(file: &File, declaration: &Declaration) -> String {
    closed(head(file, declaration), file.language, declaration.kind).trim_end().to_string()
}

/// The lines that are indented least in the body of a type that is not parsed.
fn members_by_lines(file: &File, idx: usize) -> Vec<String> {
    let outer = &file.declarations[idx];
    let mut start = body_start(file, outer);
    let body = file.text.get(start..outer.range.end as usize).unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_ascii_start().len();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for line in body.split_inclusive('\n') {
        let asides = ["//", "/*", "*", "#", "@", "}", "{", ")", "]", "\"\"\""];
        let text = line.trim_ascii();
        if start > body_start(file, outer) && !text.is_empty() && !asides.iter().any(|a| text.starts_with(a))
        {
            lines.push((start + indent(line), line));
        }
        start += line.len();
    }
    let least = lines.iter().map(|(_, line)| indent(line)).min().unwrap_or(0);
    let of = |&(at, line): &(usize, &str)| match inside(file, idx).find(|one| one.range.start as usize == at)
    {
        Some(declaration) => member(file, declaration),
        None => one_line(line.trim_ascii().trim_end_matches('{')),
    };
    lines.iter().filter(|(_, line)| indent(line) == least).map(of).collect()
}

/// Where the body begins, or where the declaration ends.
fn body_start(file: &File, declaration: &Declaration) -> usize {
    match &declaration.body {
        Some(body) => body.start as usize,
        None if declaration.kind.is_value() || declaration.kind == SymbolKind::Type => {
            value_end(file, declaration)
        }
        None => end_of_head(file, declaration),
    }
}

/// The end of a value's first line, or where its initial value begins to be long.
fn value_end(file: &File, declaration: &Declaration) -> usize {
    let text = file.text_of(&declaration.range);
    let line = text.lines().next().unwrap_or_default();
    declaration.range.start as usize + line.len()
}

/// Where the head of a declaration ends that is known by its lines alone.
fn end_of_head(file: &File, declaration: &Declaration) -> usize {
    let start = declaration.name.end as usize;
    let end = (start + MAX_HEAD_BYTES).min(declaration.range.end as usize);
    let is_python = file.language == Language::Python;
    let mut depth = 0_i32;
    for (n, byte) in file.text.as_bytes()[start..end].iter().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' | b';' if depth <= 0 => return start + n,
            b':' if depth <= 0 && is_python => return start + n + 1,
            _ => {}
        }
    }
    file.text.floor_char_boundary(end)
}

/// As a declaration without a body ends in this language.
fn closed(head: String, language: Language, kind: SymbolKind) -> String {
    if head.is_empty() {
        return head;
    }
    let end = match language {
        Language::Python if kind.is_callable() => {
            if head.ends_with(':') {
                " ..."
            } else {
                ": ..."
            }
        }
        Language::Python | Language::Go | Language::Kotlin => "",
        Language::Rust if matches!(kind, SymbolKind::Field | SymbolKind::Variant) => ",",
        _ if kind == SymbolKind::Variant => ",",
        _ if kind == SymbolKind::Macro => "",
        _ => ";",
    };
    let bare = head.trim_end_matches("=>").trim_end_matches([',', ';', '=', ' ']);
    format!("{bare}{end}\n")
}

/// `text` with its runs of white space as single spaces, and no longer than a head may be.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        let tight = out.is_empty() || out.ends_with(['(', '[']) || word.starts_with([')', ']']);
        if tight && out.ends_with(',') {
            out.pop();
        }
        if !tight {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.truncate(out.floor_char_boundary(MAX_HEAD_BYTES));
    out
}

/// Where a declaration stands, as a range of the text.
pub(crate) fn range_of(declaration: &Declaration) -> Range<usize> {
    declaration.range.start as usize..declaration.range.end as usize
}
