//! Source text to syntax tree, and the questions that the rest of the language half asks of it:
//! outline, imports, scopes, names in scope, calls, blocks, errors and good places to cut.
//!
//! A language is one row of the table in `languages.rs` and one query file in `queries/`; nothing
//! else knows a grammar. Whatever the bytes and offsets, every question has an answer: text
//! without a tree (an unknown language, or a file past [`MAX_TREE_BYTES`]) merely has fewer.
//!
//! All offsets are UTF-8 bytes from the start of the text.

mod languages;
mod query;
mod source;
mod walk;

mod calls;
mod cuts;
mod details;
mod dump;
mod imports;
mod mend;
mod nodes;
mod outline;
mod places;
mod scopes;
mod ways;

pub use calls::Call;
pub use details::{Declared, Details, Parameter};
pub use imports::{Import, ImportedName};
pub use languages::Language;
pub use nodes::{NodeKind, SyntaxNode};
pub use outline::{Symbol, SymbolKind};
pub use scopes::{Identifier, IdentifierKind, Scope, ScopeKind};
pub use source::{MAX_LINE_BYTES, MAX_TREE_BYTES, Source};
pub use ways::Way;
