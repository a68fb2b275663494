//! What a file says of itself and of each of its declarations: the same questions in all languages.

use std::ops::Range;

use tree_sitter::Node;

use crate::query::{Match, Patterns, Role, Within, matches_of};
use crate::{Call, Import, Language, Source, Symbol, SymbolKind};

/// A file as an outline shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What the file says it is a part of: its package, or its namespace.
    pub package: Option<String>,
    /// Its imports.
    pub imports: Vec<Import>,
    /// Its declarations in the order of the text.
    pub declarations: Vec<Declared>,
    /// The calls in no declaration.
    pub calls: Vec<Call>,
}

/// A declaration and what it says of itself. Texts are as written, each run of white space as one space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What is declared, and where.
    pub symbol: Symbol,
    /// Annotations, attributes and decorators.
    pub annotations: Vec<String>,
    /// What a type extends or implements; of an `impl`, the trait.
    pub supertypes: Vec<String>,
    /// The type that a function belongs to which is declared outside of it.
    pub receiver: Option<String>,
    /// Those of a function, or of a type's own constructor.
    pub parameters: Vec<Parameter>,
    /// The type of a value, or of what a function returns, where it is written.
    pub ty: Option<String>,
    /// The calls in it, but for those in declarations within it.
    pub calls: Vec<Call>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name or pattern; nothing where it has none.
    pub name: Option<String>,
    /// Its type, where it is written.
    pub ty: Option<String>,
}

impl Source {
    /// What the file says of itself; of a broken one what can be read, of text without a tree nothing.
    pub fn details(&self) -> Details {
        let Some(root) = self.root() else {
            return Details::default();
        };
        let found = matches_of(Patterns::Details, self, Within::all(root));
        let mut details = Details {
            package: found.iter().find(|one| one.role == Role::Package).map(|one| self.joined(one.node)),
            imports: self.imports(),
            declarations: self.outline().into_iter().map(Declared::new).collect(),
            calls: Vec::new(),
        };
        self.add_parts(&found, &mut details.declarations);
        self.add_annotations(&found, &mut details.declarations);
        self.add_calls(&found, &mut details);
        details
    }

    /// Gives supertypes, receivers, parameters and types to the declarations that they stand in.
    fn add_parts(&self, found: &[Match], declarations: &mut [Declared]) {
        let mut around = Around::default();
        for one in found {
            let start = one.node.start_byte();
            around.go_to(start, declarations);
            let is_owner: fn(SymbolKind) -> bool = match one.role {
                Role::Supertype => SymbolKind::has_members,
                Role::Receiver => SymbolKind::is_callable,
                Role::Parameter => |kind| kind.is_callable() || kind.has_members(),
                Role::Gives => |kind| kind.is_callable() || kind.is_value(),
                _ => continue,
            };
            // What a body says is not said of the declaration; Go embeds supertypes in bodies.
            let is_said = |owner: &Declared| {
                let body = owner.symbol.body.as_ref();
                one.role == Role::Supertype || body.is_none_or(|body| start < body.start)
            };
            let is_owner = |one: &Declared| is_owner(one.symbol.kind) && is_said(one);
            for idx in around.innermost(declarations, is_owner) {
                self.add_part(one, &mut declarations[idx]);
            }
        }
    }

    fn add_part(&self, one: &Match, declared: &mut Declared) {
        match one.role {
            Role::Supertype => declared.supertypes.push(self.joined(one.node)),
            Role::Receiver => declared.receiver = Some(self.receiver(one, &declared.symbol)),
            Role::Parameter => declared.parameters.extend(self.parameter(one)),
            Role::Gives if one.ty.is_none() => declared.ty = Some(self.joined(one.node)),
            Role::Gives if declared.symbol.name_range == one.name_node().byte_range() => {
                declared.ty = Some(self.c_type(one));
            }
            _ => {}
        }
    }

    /// The type before the function's name, in C++ with the namespaces before it.
    fn receiver(&self, one: &Match, symbol: &Symbol) -> String {
        match self.is_c_like() {
            true => {
                squeezed(self.slice(one.node.start_byte()..symbol.name_range.start).trim_end_matches("::"))
            }
            false => self.joined(one.node),
        }
    }

    fn parameter(&self, one: &Match) -> Option<Parameter> {
        if self.is_c_like() {
            return self.c_parameter(one);
        }
        let has_name = one.ty.is_none() || one.name.is_some();
        let is_open = matches!(one.node.kind(), "variadic_parameter_declaration" | "spread_parameter");
        let ty = match one.ty {
            None if is_open => Some(self.without(one.node.byte_range(), one.name_node().byte_range())),
            ty => ty.map(|ty| self.joined(ty)),
        };
        Some(Parameter { name: has_name.then(|| self.joined(one.name_node())), ty })
    }

    /// Of `(void)` none.
    fn c_parameter(&self, one: &Match) -> Option<Parameter> {
        let name = one.name.map(|_| one.name_node()).filter(|name| name.kind() == "identifier");
        let ty = one.ty.map_or_else(|| self.joined(one.node), |_| self.c_type(one));
        (self.node_text(one.node) != "void")
            .then(|| Parameter { name: name.map(|name| self.joined(name)), ty: Some(ty) })
    }

    fn is_c_like(&self) -> bool {
        matches!(self.language(), Language::C | Language::Cpp)
    }

    /// The type in a declaration of the C family: its specifiers and what the declarator holds beside the name,
    /// as in `int (*)(char)`; of a function what stands before its name.
    fn c_type(&self, one: &Match) -> String {
        let Some(ty) = one.ty else { return String::new() };
        let is_qualifier = |node: &Node| node.kind() == "type_qualifier";
        let before = std::iter::successors(ty.prev_sibling(), |node| node.prev_sibling());
        let first = before.take_while(is_qualifier).last().unwrap_or(ty);
        let after = std::iter::successors(ty.next_sibling(), |node| node.next_sibling());
        let last = after.take_while(is_qualifier).last().unwrap_or(ty);
        let specifiers = squeezed(self.slice(first.start_byte()..last.end_byte()));
        let declarator = one.name.map_or(String::new(), |declarator| self.c_declarator(one, declarator));
        format!("{specifiers} {declarator}").trim_end().to_string()
    }

    /// What of a declarator belongs to the type.
    fn c_declarator(&self, one: &Match, declarator: Node) -> String {
        let declarator = match declarator.kind() {
            "init_declarator" => declarator.child_by_field_name("declarator").unwrap_or(declarator),
            _ => declarator,
        };
        let range = declarator.byte_range();
        let name = one.name_node();
        match function_declarator(declarator).filter(|_| one.role == Role::Gives) {
            Some(function) => squeezed(self.slice(range.start..function.start_byte())),
            None if name.kind().ends_with("identifier") => self.without(range, name.byte_range()),
            None => self.joined(declarator),
        }
    }

    /// Gives annotations to the declaration that they stand in or before.
    fn add_annotations(&self, found: &[Match], declarations: &mut [Declared]) {
        let parameters = ranges(found, Role::Parameter);
        let mut run: Vec<Range<usize>> = Vec::new();
        let mut annotations = found.iter().filter(|one| one.role == Role::Annotation).peekable();
        while let Some(one) = annotations.next() {
            run.push(one.node.byte_range());
            let end = one.node.end_byte();
            // Annotations can hold others.
            while annotations.next_if(|next| next.node.end_byte() <= end).is_some() {}
            if annotations.peek().is_some_and(|next| self.is_gap(end..next.node.start_byte())) {
                continue;
            }
            let first = declarations.partition_point(|one| one.symbol.name_range.start < end);
            for declared in self.annotated(end, first, &parameters, declarations) {
                declared.annotations = run.iter().map(|range| squeezed(self.slice(range.clone()))).collect();
            }
            run.clear();
        }
    }

    /// The declarations that annotations before `end` are of: the one at `first`, and those of the same
    /// statement; none where something else comes between.
    fn annotated<'d>(
        &self,
        end: usize,
        first: usize,
        parameters: &[Range<usize>],
        declarations: &'d mut [Declared],
    ) -> &'d mut [Declared] {
        let Some(symbol) = declarations.get(first).map(|one| one.symbol.clone()) else { return &mut [] };
        let of_parameter = last_around(parameters, end).is_some_and(|range| *range != symbol.range);
        if of_parameter || !self.is_gap(end..symbol.range.start.max(end)) {
            return &mut [];
        }
        let n = declarations[first..].iter().take_while(|one| one.symbol.range == symbol.range).count();
        &mut declarations[first..first + n]
    }

    /// Whether nothing but comments and words such as `export` stands in the range.
    fn is_gap(&self, range: Range<usize>) -> bool {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_whitespace();
        let is_comment = |line: &str| ["//", "/*", "*", "#"].iter().any(|mark| line.starts_with(mark));
        self.slice(range).lines().all(|line| line.chars().all(is_word) || is_comment(line.trim_start()))
    }

    /// Gives calls to the declarations that they stand in, but for those in annotations.
    fn add_calls(&self, found: &[Match], details: &mut Details) {
        let mut around = Around::default();
        let annotations = ranges(found, Role::Annotation);
        let is_noted = |call: &Call| last_around(&annotations, call.name_range.start).is_some();
        for call in self.calls().into_iter().filter(|call| !is_noted(call)) {
            around.go_to(call.name_range.start, &details.declarations);
            match around.innermost(&details.declarations, |_| true).first() {
                Some(&idx) => details.declarations[idx].calls.push(call),
                None => details.calls.push(call),
            }
        }
    }

    /// Of broken code parts can stand in any order: a range that is none is empty.
    fn slice(&self, range: Range<usize>) -> &str {
        self.text().get(range).unwrap_or_default()
    }

    fn joined(&self, node: Node) -> String {
        squeezed(self.node_text(node))
    }

    /// The text of `range` without `hole` in it.
    fn without(&self, range: Range<usize>, hole: Range<usize>) -> String {
        let (before, after) = (self.slice(range.start..hole.start), self.slice(hole.end..range.end));
        let joint = if after.starts_with(char::is_whitespace) { after.trim_start() } else { after };
        squeezed(&format!("{before}{joint}"))
    }
}

impl Declared {
    fn new(symbol: Symbol) -> Declared {
        Declared {
            symbol,
            annotations: Vec::new(),
            supertypes: Vec::new(),
            receiver: None,
            parameters: Vec::new(),
            ty: None,
            calls: Vec::new(),
        }
    }
}

/// The declarations around a place that moves through the text, the innermost last.
#[derive(Default)]
struct Around {
    open: Vec<usize>,
    next: usize,
}

impl Around {
    /// Goes on to `offset`, which is not before where it went last.
    fn go_to(&mut self, offset: usize, declarations: &[Declared]) {
        while declarations.get(self.next).is_some_and(|one| one.symbol.range.start <= offset) {
            self.leave(declarations[self.next].symbol.range.start, declarations);
            self.open.push(self.next);
            self.next += 1;
        }
        self.leave(offset, declarations);
    }

    fn leave(&mut self, offset: usize, declarations: &[Declared]) {
        while self.open.pop_if(|idx| declarations[*idx].symbol.range.end <= offset).is_some() {}
    }

    /// The innermost of those that are wanted, and those that share its range, as variables of one statement do.
    fn innermost(&self, declarations: &[Declared], is_wanted: impl Fn(&Declared) -> bool) -> Vec<usize> {
        let range = |idx: &usize| declarations[*idx].symbol.range.clone();
        let Some(at) = self.open.iter().rposition(|&idx| is_wanted(&declarations[idx])) else {
            return Vec::new();
        };
        let first = range(&self.open[at]);
        self.open[..=at].iter().rev().take_while(|idx| range(idx) == first).copied().collect()
    }
}

/// Where matches of `role` stand, in the order of the text.
fn ranges(found: &[Match], role: Role) -> Vec<Range<usize>> {
    found.iter().filter(|one| one.role == role).map(|one| one.node.byte_range()).collect()
}

/// Of the ranges that begin at or before `offset` the last, if it goes on to it.
fn last_around(ranges: &[Range<usize>], offset: usize) -> Option<&Range<usize>> {
    let n_before = ranges.partition_point(|range| range.start <= offset);
    ranges[..n_before].last().filter(|range| offset < range.end)
}

/// The part of a declarator that declares a function, and not a pointer to one.
fn function_declarator(declarator: Node) -> Option<Node> {
    let mut node = declarator;
    while node.kind() != "function_declarator" {
        node = node
            .child_by_field_name("declarator")
            .or_else(|| node.named_child(node.named_child_count().checked_sub(1)? as u32))?;
    }
    let inner = node.child_by_field_name("declarator")?;
    (inner.kind() != "parenthesized_declarator").then_some(node)
}

/// `text` with each run of white space as one space.
fn squeezed(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
