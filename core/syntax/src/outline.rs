//! Declarations.

use std::ops::Range;

use crate::Source;
use crate::query::{Match, Patterns, Role, Within, matches_of};

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// What is declared.
    pub kind: SymbolKind,
    /// Its name as written; for [`SymbolKind::Impl`] that of the type.
    pub name: String,
    /// The whole declaration.
    pub range: Range<usize>,
    /// The name.
    pub name_range: Range<usize>,
    /// What stands between, and with, its braces, or its indented block.
    pub body: Option<Range<usize>>,
    /// How many symbols enclose it.
    pub depth: usize,
}

/// What a declaration declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names say it all.
pub enum SymbolKind {
    Module,
    /// Also a struct, a union, a record, an object.
    Class,
    /// Also a trait, a protocol.
    Interface,
    Enum,
    Variant,
    /// What adds members to a type declared elsewhere.
    Impl,
    Type,
    Function,
    Method,
    Field,
    Constant,
    Variable,
    Macro,
}

impl SymbolKind {
    pub(crate) const ALL: [SymbolKind; 13] = [
        SymbolKind::Module,
        SymbolKind::Class,
        SymbolKind::Interface,
        SymbolKind::Enum,
        SymbolKind::Variant,
        SymbolKind::Impl,
        SymbolKind::Type,
        SymbolKind::Function,
        SymbolKind::Method,
        SymbolKind::Field,
        SymbolKind::Constant,
        SymbolKind::Variable,
        SymbolKind::Macro,
    ];

    /// In lower case, as the query files and the plain-text forms write it.
    pub fn name(self) -> &'static str {
        match self {
            SymbolKind::Module => "module",
            SymbolKind::Class => "class",
            SymbolKind::Interface => "interface",
            SymbolKind::Enum => "enum",
            SymbolKind::Variant => "variant",
            SymbolKind::Impl => "impl",
            SymbolKind::Type => "type",
            SymbolKind::Function => "function",
            SymbolKind::Method => "method",
            SymbolKind::Field => "field",
            SymbolKind::Constant => "constant",
            SymbolKind::Variable => "variable",
            SymbolKind::Macro => "macro",
        }
    }

    /// Whether it is a type whose body holds members.
    pub fn has_members(self) -> bool {
        use SymbolKind::*;
        matches!(self, Class | Interface | Enum | Impl)
    }

    /// Whether it is code that runs, so that what it declares is local.
    pub fn is_callable(self) -> bool {
        matches!(self, SymbolKind::Function | SymbolKind::Method)
    }

    /// Whether it is a named value, which has no names of its own.
    pub fn is_value(self) -> bool {
        matches!(self, SymbolKind::Field | SymbolKind::Constant | SymbolKind::Variable)
    }

    /// The kind of such a declaration where it stands directly in `parent`.
    pub fn inside(self, parent: Option<SymbolKind>) -> SymbolKind {
        match self {
            SymbolKind::Function if parent.is_some_and(Self::has_members) => SymbolKind::Method,
            SymbolKind::Variable if parent.is_some_and(Self::has_members) => SymbolKind::Field,
            _ => self,
        }
    }
}

impl Source {
    /// The declarations in the order of the text, without the variables of functions.
    pub fn outline(&self) -> Vec<Symbol> {
        self.outline_in(0..self.text().len())
    }

    /// Those of the declarations that touch `range`, in time that does not depend on the rest of the text.
    pub fn outline_in(&self, range: Range<usize>) -> Vec<Symbol> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        self.symbols(&matches_of(Patterns::Declarations, self, Within::bytes(root, range)))
    }

    /// The declarations among `matches`, which are sorted.
    pub(crate) fn symbols(&self, matches: &[Match]) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = Vec::new();
        let mut enclosing: Vec<usize> = Vec::new();
        for mut symbol in matches.iter().filter_map(|one| self.symbol(one)) {
            while enclosing.last().is_some_and(|&idx| !encloses(&symbols[idx], &symbol)) {
                enclosing.pop();
            }
            let parent = enclosing.last().map(|&idx| symbols[idx].kind);
            if symbol.kind.is_value() && parent.is_some_and(SymbolKind::is_callable) {
                continue;
            }
            symbol.kind = symbol.kind.inside(parent);
            symbol.depth = enclosing.len();
            enclosing.push(symbols.len());
            symbols.push(symbol);
        }
        symbols
    }

    fn symbol(&self, one: &Match) -> Option<Symbol> {
        let Role::Decl(kind) = one.role else {
            return None;
        };
        let name = one.name_node();
        // Some nodes of the C grammar take the end of their line with them.
        let text = self.node_text(one.node).trim_end();
        Some(Symbol {
            kind,
            name: self.node_text(name).to_string(),
            range: one.node.start_byte()..one.node.start_byte() + text.len(),
            name_range: name.byte_range(),
            body: one.body.map(|body| body.byte_range()),
            depth: 0,
        })
    }
}

/// Whether `inner` stands in `outer`; variables of one declaration have the same range.
fn encloses(outer: &Symbol, inner: &Symbol) -> bool {
    inner.range.end <= outer.range.end && inner.range != outer.range
}
