//! The query files, compiled once each, and their matches.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use tree_sitter::{CaptureQuantifier, Node, Query, QueryCursor, StreamingIterator};

use crate::{Language, Source, SymbolKind};

/// How many matches may be in progress at once; the oldest are dropped past that, so that a
/// hostile file costs bounded memory.
const MAX_MATCHES_IN_PROGRESS: u32 = 4096;

/// How deep below a file or a type its members are looked for: through export statements,
/// decorators, preprocessor conditions and bodies.
const MEMBER_DEPTH: u32 = 5;

/// What a pattern found: the role of its main capture, and the parts captured with it.
#[derive(Clone, Copy)]
pub(crate) struct Match<'t> {
    pub(crate) role: Role,
    pub(crate) node: Node<'t>,
    pub(crate) name: Option<Node<'t>>,
    pub(crate) body: Option<Node<'t>>,
    pub(crate) path: Option<Node<'t>>,
    pub(crate) alias: Option<Node<'t>>,
    pub(crate) ty: Option<Node<'t>>,
    /// The place of the pattern in the query file: where two tell of the same node, the earlier
    /// one is right.
    pub(crate) pattern: usize,
}

impl<'t> Match<'t> {
    /// The captured name, or the node where it is the name; of a C declarator the name in it.
    pub(crate) fn name_node(&self) -> Node<'t> {
        let mut node = self.name.unwrap_or(self.node);
        loop {
            let inner = match node.kind() {
                "qualified_identifier" | "template_function" | "template_method" => {
                    node.child_by_field_name("name")
                }
                kind if kind.ends_with("_declarator") => node
                    .child_by_field_name("declarator")
                    .or_else(|| node.named_child(node.named_child_count().checked_sub(1)? as u32)),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => return node,
            }
        }
    }
}

/// The main captures of the query files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Decl(SymbolKind),
    Param,
    Local,
    Import,
    Imported,
    Call,
    Scope,
    Block,
    Statement,
    Comment,
    String,
    Code,
    Package,
    Annotation,
    Supertype,
    Receiver,
    Parameter,
    Gives,
}

impl Role {
    fn is_detail(self) -> bool {
        use Role::*;
        matches!(self, Package | Annotation | Supertype | Receiver | Parameter | Gives)
    }
}

/// Which part of the tree to match, to be cheap where little is needed.
#[derive(Clone)]
pub(crate) struct Within<'t> {
    pub(crate) node: Node<'t>,
    /// Only matches that touch these bytes.
    pub(crate) bytes: Range<usize>,
    /// Only matches whose node is at most this deep below `node`.
    pub(crate) depth: Option<u32>,
}

impl<'t> Within<'t> {
    pub(crate) fn all(node: Node<'t>) -> Self {
        Self::bytes(node, 0..u32::MAX as usize)
    }

    pub(crate) fn bytes(node: Node<'t>, bytes: Range<usize>) -> Self {
        Within { node, bytes, depth: None }
    }

    /// What a file or a type declares, and little of the code in it.
    pub(crate) fn members(node: Node<'t>) -> Self {
        Within { depth: Some(MEMBER_DEPTH), ..Self::all(node) }
    }
}

/// The matches of the language's query file in a part of the tree, what encloses before what is
/// enclosed. Of the declarations of a name only the one of the earliest pattern is told.
pub(crate) fn matches<'t>(source: &Source, within: Within<'t>) -> Vec<Match<'t>> {
    matches_of(Patterns::All, source, within)
}

/// As [`matches`], of some of the patterns.
pub(crate) fn matches_of<'t>(patterns: Patterns, source: &Source, within: Within<'t>) -> Vec<Match<'t>> {
    let Some(compiled) = compiled(source.language(), patterns) else {
        return Vec::new();
    };
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(MAX_MATCHES_IN_PROGRESS);
    cursor.set_byte_range(within.bytes).set_max_start_depth(within.depth);
    let mut found = Vec::new();
    let mut matches = cursor.matches(&compiled.query, within.node, source.text().as_bytes());
    while let Some(one) = matches.next() {
        let part = |part| {
            let mut captures = one.captures().iter();
            captures.find(|c| compiled.captures[c.index as usize] == part).map(|c| c.node)
        };
        found.extend(one.captures().iter().filter_map(|capture| {
            let Capture::Main(role) = compiled.captures[capture.index as usize] else {
                return None;
            };
            Some(Match {
                role,
                node: capture.node,
                name: part(Capture::Name),
                body: part(Capture::Body),
                path: part(Capture::Path),
                alias: part(Capture::Alias),
                ty: part(Capture::Type),
                pattern: one.pattern_index,
            })
        }));
    }
    keep_earliest_patterns(&mut found);
    found.sort_by_key(|one| (outer_first(&one.node.byte_range()), one.pattern));
    found
}

/// Sorts ranges that nest so that the outer comes before the inner.
pub(crate) fn outer_first(range: &Range<usize>) -> (usize, Reverse<usize>) {
    (range.start, Reverse(range.end))
}

fn keep_earliest_patterns(matches: &mut Vec<Match>) {
    let is_decl = |one: &Match| matches!(one.role, Role::Decl(_));
    let mut earliest: HashMap<usize, usize> = HashMap::new();
    for one in matches.iter().filter(|one| is_decl(one)) {
        let pattern = earliest.entry(one.name_node().id()).or_insert(one.pattern);
        *pattern = one.pattern.min(*pattern);
    }
    matches.retain(|one| !is_decl(one) || earliest[&one.name_node().id()] == one.pattern);
}

struct Compiled {
    query: Query,
    /// What each capture index of `query` means.
    captures: Vec<Capture>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Capture {
    Main(Role),
    Name,
    Body,
    Path,
    Alias,
    Type,
    /// Begins with `_`: used by a predicate only.
    Private,
}

/// Which patterns of a query file are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patterns {
    /// All but details.
    All,
    /// Those of declarations, several times as fast as all.
    Declarations,
    /// Those of imports.
    Imports,
    /// Those of what declarations say of themselves.
    Details,
}

fn compiled(language: Language, patterns: Patterns) -> Option<&'static Compiled> {
    static COMPILED: [[OnceLock<Option<Compiled>>; Language::ALL.len()]; 4] =
        [const { [const { OnceLock::new() }; Language::ALL.len()] }; 4];
    let slot = &COMPILED[patterns as usize][language as usize];
    slot.get_or_init(|| compile(language, patterns)).as_ref()
}

fn compile(language: Language, patterns: Patterns) -> Option<Compiled> {
    let mut query = Query::new(&language.grammar()?, language.query())
        .unwrap_or_else(|error| panic!("queries of {}: {error}", language.name()));
    let captures: Vec<Capture> = query.capture_names().iter().map(|name| capture(name)).collect();
    for pattern in 0..query.pattern_count() {
        let used = query.capture_quantifiers(pattern);
        let is_wanted = captures
            .iter()
            .zip(used)
            .any(|(capture, quantifier)| *quantifier != CaptureQuantifier::Zero && capture.is_of(patterns));
        if !is_wanted {
            query.disable_pattern(pattern);
        }
    }
    Some(Compiled { query, captures })
}

impl Capture {
    fn is_of(self, patterns: Patterns) -> bool {
        use Role::*;
        let Capture::Main(role) = self else { return false };
        match patterns {
            Patterns::Details => role.is_detail(),
            Patterns::Declarations => matches!(role, Decl(_)),
            Patterns::Imports => matches!(role, Import | Imported),
            Patterns::All => !role.is_detail(),
        }
    }
}

fn capture(name: &str) -> Capture {
    if let Some(kind) = name.strip_prefix("decl.") {
        let kind = SymbolKind::ALL.into_iter().find(|k| k.name() == kind);
        return Capture::Main(Role::Decl(kind.expect("a symbol kind follows `@decl.`")));
    }
    match name {
        "name" => Capture::Name,
        "body" => Capture::Body,
        "path" => Capture::Path,
        "alias" => Capture::Alias,
        "type" => Capture::Type,
        "param" => Capture::Main(Role::Param),
        "local" => Capture::Main(Role::Local),
        "import" => Capture::Main(Role::Import),
        "imported" => Capture::Main(Role::Imported),
        "call" => Capture::Main(Role::Call),
        "scope" => Capture::Main(Role::Scope),
        "block" => Capture::Main(Role::Block),
        "statement" => Capture::Main(Role::Statement),
        "comment" => Capture::Main(Role::Comment),
        "string" => Capture::Main(Role::String),
        "code" => Capture::Main(Role::Code),
        "package" => Capture::Main(Role::Package),
        "annotation" => Capture::Main(Role::Annotation),
        "supertype" => Capture::Main(Role::Supertype),
        "receiver" => Capture::Main(Role::Receiver),
        "parameter" => Capture::Main(Role::Parameter),
        "gives" => Capture::Main(Role::Gives),
        _ if name.starts_with('_') => Capture::Private,
        _ => panic!("unknown capture @{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_file_fits_its_grammar() {
        for language in Language::ALL {
            for patterns in [Patterns::All, Patterns::Declarations, Patterns::Imports, Patterns::Details] {
                assert_eq!(compile(language, patterns).is_some(), language != Language::PlainText);
            }
        }
    }
}
