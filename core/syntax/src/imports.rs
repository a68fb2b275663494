//! Imports.

use std::ops::Range;

use crate::query::{Match, Patterns, Role, Within, matches_of};
use crate::{Language, Source};

/// A statement that brings in names from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The whole statement.
    pub range: Range<usize>,
    /// What is imported from, as written, without quotes.
    pub path: String,
    /// The single names that it brings in; empty where it brings in everything or nothing.
    pub names: Vec<ImportedName>,
}

/// One name that an import brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedName {
    /// The name where it is declared.
    pub name: String,
    /// The name here, where it differs.
    pub alias: Option<String>,
    /// Where the name, or its alias, is written.
    pub range: Range<usize>,
}

impl ImportedName {
    /// The name by which this file calls it.
    pub fn local(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

impl Source {
    /// The imports in the order of the text.
    pub fn imports(&self) -> Vec<Import> {
        self.imports_in(0..self.text().len())
    }

    /// Those of the imports that touch `range`, in time that does not depend on the rest of the text.
    pub fn imports_in(&self, range: Range<usize>) -> Vec<Import> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let mut imports: Vec<Import> = Vec::new();
        for one in matches_of(Patterns::Imports, self, Within::bytes(root, range)) {
            match one.role {
                Role::Import => imports.push(self.import(&one)),
                Role::Imported => {
                    // An import comes before its names.
                    if let Some(import) = imports.last_mut() {
                        import.names.push(self.imported(&one));
                    }
                }
                _ => {}
            }
        }
        imports
    }

    fn import(&self, one: &Match) -> Import {
        Import {
            range: one.node.byte_range(),
            path: one.path.map_or("", |path| self.node_text(path)).trim_matches(QUOTES).into(),
            names: Vec::new(),
        }
    }

    pub(crate) fn imported(&self, one: &Match) -> ImportedName {
        let name = self.node_text(one.name_node());
        ImportedName {
            name: match self.language() {
                // A Go package goes by the last part of its path.
                Language::Go => name.trim_matches(QUOTES).rsplit('/').next().unwrap_or_default(),
                _ => name,
            }
            .to_string(),
            alias: one.alias.map(|alias| self.node_text(alias).to_string()),
            range: one.alias.unwrap_or(one.name_node()).byte_range(),
        }
    }
}

const QUOTES: [char; 5] = ['"', '\'', '`', '<', '>'];
