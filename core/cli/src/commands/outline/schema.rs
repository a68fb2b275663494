//! The shape of `inkling outline --json`, which `docs/outline.md` describes.

use std::ops::Range;

use inkling_assist::syntax::{Declared, Details, ImportedName, Parameter, Source, SymbolKind};
use serde::Serialize;

/// A file. What is empty is left out of JSON, here and below.
#[derive(Serialize)]
pub(super) struct FileOutline {
    pub(super) path: String,
    /// The name that people use, such as `C#`.
    pub(super) language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package: Option<String>,
    /// Syntax errors and missing tokens.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) errors: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) imports: Vec<Import>,
    #[serde(flatten)]
    pub(super) members: Members,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) calls: Vec<Call>,
}

/// What a file or a declaration holds, by what it is.
#[derive(Default, Serialize)]
pub(super) struct Members {
    /// Types, modules and what adds members to types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) types: Vec<Declaration>,
    /// Named values, variants of enumerations among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<Declaration>,
    /// Functions, methods and macros.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) functions: Vec<Declaration>,
}

/// First and last line, from 1.
pub(super) type Lines = [usize; 2];

#[derive(Serialize)]
pub(super) struct Import {
    pub(super) path: String,
    pub(super) lines: Lines,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<Imported>,
}

#[derive(Serialize)]
pub(super) struct Imported {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Declaration {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) lines: Lines,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) supertypes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receiver: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parameters: Vec<Typed>,
    /// A value's type, or what a function returns.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) ty: Option<String>,
    #[serde(flatten)]
    pub(super) members: Members,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) calls: Vec<Call>,
}

#[derive(Serialize)]
pub(super) struct Typed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) ty: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) line: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl FileOutline {
    pub(super) fn new(path: &str, source: &Source) -> FileOutline {
        let lines = LineStarts::new(source.text());
        let Details { package, imports, declarations, calls } = source.details();
        let import = |import: inkling_assist::syntax::Import| Import {
            path: import.path,
            lines: lines.of(&import.range),
            names: import.names.into_iter().map(Imported::from).collect(),
        };
        let mut declarations = declarations.into_iter().peekable();
        FileOutline {
            path: path.to_string(),
            language: source.language().name(),
            package,
            errors: source.error_count(),
            imports: imports.into_iter().map(import).collect(),
            members: members(&mut declarations, 0, &lines),
            calls: lines.calls(calls),
        }
    }
}

/// What is nested deeper, which people do not write, is told of beside what holds it.
const MAX_DEPTH: usize = 64;

/// Takes the declarations at `depth` and what they hold: they come in the order of the text.
fn members(
    declarations: &mut std::iter::Peekable<impl Iterator<Item = Declared>>,
    depth: usize,
    lines: &LineStarts,
) -> Members {
    let mut found = Members::default();
    while let Some(declared) = declarations.next_if(|next| next.symbol.depth >= depth) {
        let kind = declared.symbol.kind;
        let depth = declared.symbol.depth;
        let declaration = Declaration {
            kind: kind.name(),
            lines: lines.of(&declared.symbol.range),
            name: declared.symbol.name,
            annotations: declared.annotations,
            supertypes: declared.supertypes,
            receiver: declared.receiver,
            parameters: declared.parameters.into_iter().map(Typed::from).collect(),
            ty: declared.ty,
            calls: lines.calls(declared.calls),
            members: match depth < MAX_DEPTH {
                true => members(declarations, depth + 1, lines),
                false => Members::default(),
            },
        };
        found.of(kind).push(declaration);
    }
    found
}

impl Members {
    fn of(&mut self, kind: SymbolKind) -> &mut Vec<Declaration> {
        match kind {
            SymbolKind::Function | SymbolKind::Method | SymbolKind::Macro => &mut self.functions,
            SymbolKind::Field | SymbolKind::Constant | SymbolKind::Variable | SymbolKind::Variant => {
                &mut self.fields
            }
            _ => &mut self.types,
        }
    }

    /// All of them in the order of the text.
    pub(super) fn in_order(&self) -> Vec<&Declaration> {
        let mut all: Vec<&Declaration> =
            self.types.iter().chain(&self.fields).chain(&self.functions).collect();
        all.sort_by_key(|one| one.lines[0]);
        all
    }
}

impl From<ImportedName> for Imported {
    fn from(name: ImportedName) -> Imported {
        Imported { name: name.name, alias: name.alias }
    }
}

impl From<Parameter> for Typed {
    fn from(parameter: Parameter) -> Typed {
        Typed { name: parameter.name, ty: parameter.ty }
    }
}

/// Where lines begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> LineStarts {
        LineStarts([0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    fn of(&self, range: &Range<usize>) -> Lines {
        [self.line(range.start), self.line(range.end.saturating_sub(1).max(range.start))]
    }

    fn calls(&self, calls: Vec<inkling_assist::syntax::Call>) -> Vec<Call> {
        calls
            .into_iter()
            .map(|call| Call { line: self.line(call.name_range.start), name: call.name })
            .collect()
    }
}
