//! The outline for people: a line a declaration, indented by depth.

use std::fmt::Write;

use super::schema::{Call, Declaration, FileOutline, Import, Members, Typed};

/// The files, one below the other.
pub(super) fn to_text(files: &[FileOutline]) -> String {
    files.iter().map(file).collect::<Vec<_>>().join("\n").trim_end().to_string()
}

fn file(file: &FileOutline) -> String {
    let package = file.package.as_ref().map_or(String::new(), |package| format!(", package {package}"));
    let errors = match file.errors {
        0 => String::new(),
        1 => ", 1 syntax error".to_string(),
        n => format!(", {n} syntax errors"),
    };
    let mut out = format!("{} ({}{package}{errors})\n", file.path, file.language);
    file.imports.iter().for_each(|one| import(&mut out, one));
    members(&mut out, &file.members, 1);
    calls(&mut out, &file.calls, 1);
    out
}

fn import(out: &mut String, import: &Import) {
    let name = |one: &super::schema::Imported| match &one.alias {
        Some(alias) => format!("{} as {alias}", one.name),
        None => one.name.clone(),
    };
    let names: Vec<String> = import.names.iter().map(name).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  import {}{names}  {}", import.path, import.lines[0]);
}

fn members(out: &mut String, members: &Members, depth: usize) {
    for one in members.in_order() {
        let indent = 2 * depth;
        for annotation in &one.annotations {
            let _ = writeln!(out, "{:indent$}{annotation}", "");
        }
        let [first, last] = one.lines;
        let lines = if first == last { first.to_string() } else { format!("{first}–{last}") };
        let _ = writeln!(out, "{:indent$}{}  {lines}", "", head(one));
        self::members(out, &one.members, depth + 1);
        calls(out, &one.calls, depth + 1);
    }
}

/// `method Shop.total(names: Names) → Long`, `class Shop : Base`, `field name : String`.
fn head(one: &Declaration) -> String {
    let is_function = matches!(one.kind, "function" | "method");
    let receiver = one.receiver.as_ref().map_or(String::new(), |receiver| format!("{receiver}."));
    let parameters: Vec<String> = one.parameters.iter().map(parameter).collect();
    let parameters = match (is_function, parameters.is_empty()) {
        (false, true) => String::new(),
        _ => format!("({})", parameters.join(", ")),
    };
    let supertypes = match one.supertypes.as_slice() {
        [] => String::new(),
        supertypes => format!(" : {}", supertypes.join(", ")),
    };
    let sign = if is_function { "→" } else { ":" };
    let ty = one.ty.as_ref().map_or(String::new(), |ty| format!(" {sign} {ty}"));
    format!("{} {receiver}{}{parameters}{supertypes}{ty}", one.kind, one.name)
}

fn parameter(Typed { name, ty }: &Typed) -> String {
    let parts = [name.as_deref(), ty.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// The names that are called, each once.
fn calls(out: &mut String, calls: &[Call], depth: usize) {
    let mut names: Vec<&str> = Vec::new();
    for call in calls {
        if !names.contains(&call.name.as_str()) {
            names.push(&call.name);
        }
    }
    if !names.is_empty() {
        let _ = writeln!(out, "{:indent$}calls {}", "", names.join(", "), indent = 2 * depth);
    }
}
