//! The direction of imports: every edge between crates is a row here, or a violation.

use anyhow::Result;
use cargo_metadata::MetadataCommand;
use std::collections::{BTreeMap, BTreeSet};
use xshell::Shell;

/// A crate of the workspace and the ones it may use, without their common prefix. The language
/// half and the model half never meet below `assist`.
const LAYERS: &[(&str, &[&str])] = &[
    // The language half.
    ("syntax", &[]),
    ("context", &["syntax"]),
    ("prompt", &["context", "syntax"]),
    ("refine", &["context", "syntax"]),
    // The model half.
    ("gguf", &[]),
    ("kernels", &[]),
    ("tokenizer", &["gguf"]),
    ("engine", &["gguf", "kernels"]),
    // The façade, its protocol and the doors.
    (
        "assist",
        &[
            "context",
            "engine",
            "gguf",
            "prompt",
            "refine",
            "syntax",
            "tokenizer",
        ],
    ),
    ("lsp", &["assist"]),
    ("wasm", &["assist", "engine", "gguf", "lsp"]),
    ("cli", &["assist", "engine", "gguf", "lsp", "tokenizer"]),
    ("xtask", &[]),
];

/// Packages of others, and the crates of ours that may use them. A name that ends in `*` stands
/// for all packages that begin so.
const OWNERS: &[(&[&str], &[&str])] = &[
    (
        &[
            "wasm-bindgen*",
            "js-sys",
            "web-sys",
            "serde-wasm-bindgen",
            "gloo*",
        ],
        &["wasm", "xtask"],
    ),
    (&["tree-sitter*"], &["syntax"]),
    (&["serde", "serde_json"], &["lsp", "wasm", "cli", "xtask"]),
];

/// The crates of the workspace and the names of the packages that each depends on directly, be it
/// for itself, its tests or its build script.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Every edge that no row allows, and every row that names what does not exist.
pub(crate) fn violations(sh: &Shell) -> Result<Vec<String>> {
    let imports = imports(sh)?;
    Ok([
        wrong_rows(&imports),
        wrong_layers(&imports),
        wrong_owners(&imports),
    ]
    .concat())
}

fn imports(sh: &Shell) -> Result<Imports> {
    let metadata = MetadataCommand::new()
        .current_dir(sh.current_dir())
        .no_deps()
        .exec()?;
    let of = |package: cargo_metadata::Package| {
        let dependencies = package
            .dependencies
            .iter()
            .map(|d| short(&d.name).to_owned());
        (short(&package.name).to_owned(), dependencies.collect())
    };
    Ok(metadata.packages.into_iter().map(of).collect())
}

fn short(package: &str) -> &str {
    package.strip_prefix("inkling-").unwrap_or(package)
}

/// A misspelt row would forbid nothing, and a crate without a row would be free of all rules.
fn wrong_rows(imports: &Imports) -> Vec<String> {
    let mut violations = Vec::new();
    for name in imports.keys().filter(|name| layer(name).is_none()) {
        violations.push(format!(
            "crate `{name}` has no row in tidy's table of layers"
        ));
    }
    let used = LAYERS
        .iter()
        .flat_map(|(name, may_use)| [*name].into_iter().chain(may_use.iter().copied()));
    let owners = OWNERS.iter().flat_map(|(_, owners)| owners.iter().copied());
    let named: BTreeSet<&str> = used.chain(owners).collect();
    for name in named
        .into_iter()
        .filter(|name| !imports.contains_key(*name))
    {
        violations.push(format!(
            "tidy names a crate `{name}`, which the workspace does not have"
        ));
    }
    violations
}

fn wrong_layers(imports: &Imports) -> Vec<String> {
    let edges = imports
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    edges
        .filter(|(_, to)| imports.contains_key(*to))
        .filter(|(from, to)| layer(from).is_some_and(|may_use| !may_use.contains(&to.as_str())))
        .map(|(from, to)| format!("`{from}` may not use `{to}`"))
        .collect()
}

fn layer(name: &str) -> Option<&'static [&'static str]> {
    LAYERS
        .iter()
        .find(|(layer, _)| *layer == name)
        .map(|(_, may_use)| *may_use)
}

fn wrong_owners(imports: &Imports) -> Vec<String> {
    let mut violations = Vec::new();
    for (from, to) in imports {
        for (packages, owners) in OWNERS
            .iter()
            .filter(|(_, owners)| !owners.contains(&from.as_str()))
        {
            let taken = to
                .iter()
                .filter(|to| packages.iter().any(|pattern| matches(pattern, to)));
            violations.extend(taken.map(|to| {
                format!(
                    "`{from}` may not use `{to}`: only {} may",
                    owners.join(", ")
                )
            }));
        }
    }
    violations
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Checks a workspace that has every crate of the table and, besides, these edges.
    #[track_caller]
    fn check(edges: &[(&str, &str)], expected: Expect) {
        let mut imports: Imports = LAYERS
            .iter()
            .map(|(name, _)| ((*name).to_owned(), BTreeSet::new()))
            .collect();
        for (from, to) in edges {
            imports
                .entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        let found = [
            wrong_rows(&imports),
            wrong_layers(&imports),
            wrong_owners(&imports),
        ]
        .concat();
        expected.assert_eq(&found.join("\n"));
    }

    #[test]
    fn allows_the_rows() {
        check(
            &[
                ("assist", "engine"),
                ("syntax", "tree-sitter-c"),
                ("lsp", "serde"),
            ],
            expect![""],
        );
    }

    #[test]
    fn keeps_the_halves_apart() {
        check(
            &[
                ("prompt", "tokenizer"),
                ("engine", "syntax"),
                ("syntax", "context"),
            ],
            expect![[r"
                `engine` may not use `syntax`
                `prompt` may not use `tokenizer`
                `syntax` may not use `context`"]],
        );
    }

    #[test]
    fn keeps_packages_with_their_owners() {
        check(
            &[
                ("assist", "serde"),
                ("engine", "wasm-bindgen-futures"),
                ("context", "tree-sitter"),
            ],
            expect![[r"
                `assist` may not use `serde`: only lsp, wasm, cli, xtask may
                `context` may not use `tree-sitter`: only syntax may
                `engine` may not use `wasm-bindgen-futures`: only wasm, xtask may"]],
        );
    }

    #[test]
    fn knows_every_crate() {
        check(
            &[("novel", "serde_json")],
            expect![[r"
            crate `novel` has no row in tidy's table of layers
            `novel` may not use `serde_json`: only lsp, wasm, cli, xtask may"]],
        );
    }

    #[test]
    fn misses_crates_that_rows_name() {
        let imports: Imports = LAYERS[1..]
            .iter()
            .map(|(name, _)| ((*name).to_owned(), BTreeSet::new()))
            .collect();
        expect!["tidy names a crate `syntax`, which the workspace does not have"]
            .assert_eq(&wrong_rows(&imports).join("\n"));
    }
}
