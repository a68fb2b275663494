//! The direction of imports: every edge between crates is in a table here, or a violation.

use anyhow::Result;
use cargo_metadata::{Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use xshell::Shell;

/// Each crate of the workspace, without the common prefix of their names, and those it may use.
/// The language half and the model half never meet below `assist`.
const LAYERS: &str = "
    syntax:
    context:    syntax
    prompt:     context syntax
    refine:     context syntax

    gguf:
    kernels:
    fixture:    gguf kernels
    tokenizer:  gguf
    engine:     gguf kernels fixture
    remote:     engine gguf
    ngram:

    metrics:

    dataset:    context fixture gguf prompt syntax tokenizer

    assist:     context engine fixture gguf ngram prompt refine remote syntax tokenizer
    endpoint:   assist
    eval:       assist fixture
    lsp:        assist endpoint fixture metrics
    wasm:       assist endpoint lsp metrics
    cli:        assist dataset endpoint eval fixture lsp metrics
    xtask:
";

/// Packages of others, and the crates of ours that may use them. A `*` stands for the rest of a
/// name.
const OWNERS: &str = "
    gloo-*:              wasm
    ignore:              cli
    js-sys:              wasm
    landlock:            cli
    seccompiler:         cli
    serde:               cli eval lsp wasm xtask
    serde-wasm-bindgen:  wasm
    rusqlite:            metrics
    rustls*:             cli
    serde_json:          cli endpoint eval lsp wasm xtask
    tree-sitter*:        syntax
    ureq:                cli
    wasm-bindgen*:       wasm xtask
    web-sys:             wasm
    wgpu*:               engine
";

/// The crates of the workspace and the packages that each depends on directly, be it for itself,
/// its tests or its build script. Names are short, as in the tables.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Every edge that no row allows, and every row that could not forbid anything.
pub(crate) fn violations(sh: &Shell) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new().current_dir(sh.current_dir()).no_deps().exec()?;
    let imports = imports(metadata);
    Ok([wrong_rows(&imports), wrong_layers(&imports), wrong_owners(&imports)].concat())
}

fn imports(metadata: Metadata) -> Imports {
    let of = |package: cargo_metadata::Package| {
        let dependencies = package.dependencies.iter().map(|d| short(&d.name).to_owned());
        (short(&package.name).to_owned(), dependencies.collect())
    };
    metadata.packages.into_iter().map(of).collect()
}

fn short(package: &str) -> &str {
    package.strip_prefix("inkling-").unwrap_or(package)
}

/// The rows of a table: a name and the names after its colon.
fn rows(table: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    table
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, others)| (name.trim(), others.split_whitespace().collect()))
}

/// A misspelt row would forbid nothing, and a crate without a row would be free of all rules.
fn wrong_rows(imports: &Imports) -> Vec<String> {
    let layers: BTreeSet<&str> = rows(LAYERS).map(|(name, _)| name).collect();
    let named = rows(LAYERS).chain(rows(OWNERS)).flat_map(|(_, crates)| crates);
    let named: BTreeSet<&str> = named.chain(layers.iter().copied()).collect();
    let packages: BTreeSet<&str> = imports.values().flatten().map(String::as_str).collect();

    let unruled = imports.keys().filter(|name| !layers.contains(name.as_str()));
    let unknown = named.iter().filter(|name| !imports.contains_key(**name));
    let unused = rows(OWNERS)
        .map(|(pattern, _)| pattern)
        .filter(|pattern| !packages.iter().any(|package| matches(pattern, package)));
    let unruled = unruled.map(|name| format!("tidy has no row for the crate `{name}`"));
    let unknown = unknown.map(|name| format!("tidy names `{name}`, which is no crate of ours"));
    let unused = unused.map(|name| format!("tidy names `{name}`, which none of our crates uses"));
    unruled.chain(unknown).chain(unused).collect()
}

fn wrong_layers(imports: &Imports) -> Vec<String> {
    let mut violations = Vec::new();
    for (from, may_use) in rows(LAYERS) {
        let ours = imports.get(from).into_iter().flatten().filter(|to| imports.contains_key(*to));
        let refused = ours.filter(|to| !may_use.contains(&to.as_str()));
        violations.extend(refused.map(|to| format!("`{from}` may not use `{to}`")));
    }
    violations
}

fn wrong_owners(imports: &Imports) -> Vec<String> {
    let mut violations = Vec::new();
    for (pattern, owners) in rows(OWNERS) {
        for (from, to) in imports.iter().filter(|(from, _)| !owners.contains(&from.as_str())) {
            let taken = to.iter().filter(|to| matches(pattern, to));
            violations.extend(
                taken.map(|to| format!("`{from}` may not use `{to}`: only {} may", owners.join(", "))),
            );
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

    /// The crates of the table, owned packages each with its owners, and besides these edges.
    fn workspace(edges: &[(&str, &str)]) -> Imports {
        let mut imports: Imports = rows(LAYERS).map(|(name, _)| (name.to_owned(), BTreeSet::new())).collect();
        let owned = rows(OWNERS).map(|(pattern, owners)| (owners[0], pattern.trim_end_matches('*')));
        for (from, to) in owned.chain(edges.iter().copied()) {
            imports.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
        imports
    }

    #[track_caller]
    fn check(imports: &Imports, expected: Expect) {
        let found = [wrong_rows(imports), wrong_layers(imports), wrong_owners(imports)].concat();
        expected.assert_eq(&found.join("\n"));
    }

    #[test]
    fn allows_the_rows() {
        check(&workspace(&[("assist", "engine"), ("syntax", "tree-sitter-c")]), expect![""]);
    }

    #[test]
    fn keeps_the_halves_apart() {
        let edges = [("prompt", "tokenizer"), ("engine", "syntax"), ("syntax", "context")];
        check(
            &workspace(&edges),
            expect![[r#"
            `syntax` may not use `context`
            `prompt` may not use `tokenizer`
            `engine` may not use `syntax`"#]],
        );
    }

    #[test]
    fn keeps_packages_with_their_owners() {
        let edges = [("assist", "serde"), ("engine", "wasm-bindgen-futures"), ("context", "tree-sitter")];
        check(
            &workspace(&edges),
            expect![[r#"
                `assist` may not use `serde`: only cli, eval, lsp, wasm, xtask may
                `context` may not use `tree-sitter`: only syntax may
                `engine` may not use `wasm-bindgen-futures`: only wasm, xtask may"#]],
        );
    }

    #[test]
    fn knows_every_crate() {
        check(
            &workspace(&[("novel", "serde_json")]),
            expect![[r#"
                tidy has no row for the crate `novel`
                `novel` may not use `serde_json`: only cli, endpoint, eval, lsp, wasm, xtask may"#]],
        );
    }

    #[test]
    fn misses_what_rows_name() {
        let mut imports = workspace(&[]);
        imports.remove("kernels");
        imports.insert("engine".to_owned(), BTreeSet::new());
        check(
            &imports,
            expect![[r#"
            tidy names `kernels`, which is no crate of ours
            tidy names `wgpu*`, which none of our crates uses"#]],
        );
    }
}
