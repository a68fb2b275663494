//! Scopes and the names visible in them.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use crate::places::Place;
use crate::query::{Match, Role, Within, matches, outer_first};
use crate::{Source, Symbol, SymbolKind};

/// What encloses a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// A declaration, or a block within one.
    pub kind: ScopeKind,
    /// The name of the declaration.
    pub name: Option<String>,
    /// The whole of it.
    pub range: Range<usize>,
    /// What stands between, and with, its braces, or its indented block.
    pub body: Option<Range<usize>>,
}

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A declaration that may hold others.
    Symbol(SymbolKind),
    /// A block, a loop, a closure, a match arm.
    Block,
}

/// A name that can be used at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// The name.
    pub name: String,
    /// What it names.
    pub kind: IdentifierKind,
    /// Where it is declared.
    pub range: Range<usize>,
}

/// What an identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierKind {
    /// A parameter of an enclosing function.
    Parameter,
    /// Another variable of the code around, also one bound by a loop or a pattern.
    Local,
    /// A member of an enclosing type, or a declaration of the file.
    Symbol(SymbolKind),
    /// A name from another file.
    Import,
}

impl IdentifierKind {
    /// In lower case, as the plain-text forms write it.
    pub fn name(self) -> &'static str {
        match self {
            IdentifierKind::Parameter => "parameter",
            IdentifierKind::Local => "local",
            IdentifierKind::Symbol(kind) => kind.name(),
            IdentifierKind::Import => "import",
        }
    }
}

/// How many enclosing types are searched for members.
const MAX_TYPES: usize = 16;

impl Source {
    /// The declarations and blocks that enclose `offset`, outermost first.
    pub fn scopes_at(&self, offset: usize) -> Vec<Scope> {
        self.ask_mended(
            offset,
            |source| source.scopes(&source.place(offset)),
            |scopes| {
                let ranges = scopes.iter_mut().map(|scope| [Some(&mut scope.range), scope.body.as_mut()]);
                ranges.flatten().flatten().collect()
            },
        )
    }

    fn scopes(&self, place: &Place) -> Vec<Scope> {
        let enclosing = self.enclosing(place);
        let symbols = self.symbols(&enclosing);
        let bodies: HashSet<_> = symbols.iter().filter_map(|symbol| symbol.body.clone()).collect();
        let blocks = enclosing.iter().filter(|one| one.role == Role::Scope);
        let blocks = blocks.map(|one| one.node.byte_range());
        let mut scopes: Vec<Scope> =
            blocks.filter(|block| !bodies.contains(block)).map(Scope::block).collect();
        scopes.extend(symbols.into_iter().map(Scope::symbol));
        scopes.sort_by_key(|scope| (outer_first(&scope.range), scope.kind == ScopeKind::Block));
        scopes.dedup_by(|b, a| a.range == b.range);
        scopes
    }

    /// The names that can be used at `offset`, each once: those of the innermost scope first, the
    /// nearest first within a scope. Variables count from the end of their declaration.
    pub fn identifiers_in_scope(&self, offset: usize) -> Vec<Identifier> {
        let mut found = self.ask_mended(
            offset,
            |source| source.identifiers(&source.place(offset)),
            |found| found.iter_mut().map(|identifier| &mut identifier.range).collect(),
        );
        // Where the text was mended the name put in may be among them.
        found.retain(|identifier| !identifier.range.is_empty());
        found
    }

    fn identifiers(&self, place: &Place) -> Vec<Identifier> {
        let mut found = self.visible(place);
        found.sort_by_key(|(depth, identifier)| {
            (Reverse(*depth), identifier.range.start.abs_diff(place.cursor))
        });
        let mut seen = HashSet::new();
        found.retain(|(_, identifier)| seen.insert(identifier.name.clone()));
        found.into_iter().map(|(_, identifier)| identifier).collect()
    }

    /// The visible names, each with the number of scopes that enclose its declaration.
    fn visible(&self, place: &Place) -> Vec<(usize, Identifier)> {
        let enclosing = self.enclosing(place);
        let mut visible = Vec::new();
        let mut hidden_until = 0;
        for one in self.candidates(&enclosing, place) {
            if one.node.start_byte() < hidden_until {
                continue;
            }
            // The scopes around a declaration are the outer ones of those around the place.
            let depth = enclosing.partition_point(|scope| encloses(scope, &one));
            let parent = depth.checked_sub(1).map(|idx| &enclosing[idx]);
            if let Some(identifier) = self.identifier(&one, parent, place) {
                visible.push((depth, identifier));
            }
            if opens_scope(&one) && !place.is_inside(&one) {
                hidden_until = one.node.end_byte();
            }
        }
        visible
    }

    /// The matches in the parts of the tree where visible names are declared, sorted: the members
    /// of the file and of the enclosing types, and all that the code around the place declares.
    fn candidates<'t>(&'t self, enclosing: &[Match<'t>], place: &Place) -> Vec<Match<'t>> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let types = enclosing.iter().filter(|one| has_members(one)).take(MAX_TYPES);
        let mut parts = vec![Within::members(root)];
        parts.extend(types.map(|one| Within::members(one.node)));
        if let Some(code) = enclosing.iter().find(|one| !has_members(one)) {
            let before = code.node.start_byte()..place.cursor;
            parts.push(Within::bytes(code.node, before));
        }
        let found = parts.into_iter().flat_map(|part| matches(self, part));
        let mut found: Vec<Match> = found.collect();
        found.sort_by_key(|one| (outer_first(&one.node.byte_range()), one.role == Role::Scope));
        found
    }

    /// What `one` declares, if it can be used at the place; `parent` is the innermost scope around
    /// it.
    fn identifier(&self, one: &Match, parent: Option<&Match>, place: &Place) -> Option<Identifier> {
        let is_local = parent.is_some_and(|parent| !has_members(parent));
        let is_declared = one.node.end_byte() <= place.cursor;
        let kind = match one.role {
            Role::Imported => {
                let name = self.imported(one);
                let (name, range) = (name.local().to_string(), name.range);
                return Some(Identifier { name, kind: IdentifierKind::Import, range });
            }
            Role::Param if is_declared => IdentifierKind::Parameter,
            Role::Local if is_declared => IdentifierKind::Local,
            Role::Decl(kind) if is_local && kind.is_value() => {
                is_declared.then_some(IdentifierKind::Local)?
            }
            Role::Decl(kind) if kind != SymbolKind::Impl => {
                IdentifierKind::Symbol(kind.inside(parent.and_then(symbol_kind)))
            }
            _ => return None,
        };
        let name = one.name_node();
        Some(Identifier { name: self.node_text(name).to_string(), kind, range: name.byte_range() })
    }

    /// The scopes around a place, outermost first.
    fn enclosing(&self, place: &Place) -> Vec<Match<'_>> {
        let mut matches = self.matches_at(place);
        matches.retain(|one| opens_scope(one) && place.is_inside(one));
        matches
    }
}

impl Scope {
    fn block(range: Range<usize>) -> Scope {
        Scope { kind: ScopeKind::Block, name: None, body: Some(range.clone()), range }
    }

    fn symbol(symbol: Symbol) -> Scope {
        Scope {
            kind: ScopeKind::Symbol(symbol.kind),
            name: Some(symbol.name),
            range: symbol.range,
            body: symbol.body,
        }
    }
}

/// Whether the names declared in a node cannot be used outside of it.
fn opens_scope(one: &Match) -> bool {
    match one.role {
        Role::Scope => true,
        Role::Decl(kind) => one.body.is_some() || !kind.is_value(),
        _ => false,
    }
}

/// Whether the names declared in a scope are those of a type or module, and not of code.
fn has_members(one: &Match) -> bool {
    symbol_kind(one).is_some_and(|kind| kind.has_members() || kind == SymbolKind::Module)
}

fn symbol_kind(one: &Match) -> Option<SymbolKind> {
    match one.role {
        Role::Decl(kind) => Some(kind),
        _ => None,
    }
}

fn encloses(outer: &Match, inner: &Match) -> bool {
    outer.node != inner.node
        && outer.node.start_byte() <= inner.node.start_byte()
        && inner.node.end_byte() <= outer.node.end_byte()
}
