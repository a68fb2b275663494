//! The packages of others that Inkling ships, and their licences.

use crate::spdx;
use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId, TargetKind};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use xshell::Shell;

const FILE: &str = "THIRD_PARTY_LICENSES.md";

/// The crates whose builds reach users.
const SHIPPED: &[&str] = &["inkling-cli", "inkling-wasm"];

/// Licences that ask for no more than attribution.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Rewrites the list.
pub(crate) fn write(sh: &Shell) -> Result<()> {
    sh.write_file(FILE, list(sh)?)?;
    Ok(())
}

/// Fails when the list is not what the lock files give, or a licence is not allowed.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let current = list(sh)?;
    ensure!(
        sh.read_file(FILE).is_ok_and(|listed| listed == current),
        "{FILE} is out of date: run `cargo xtask licenses`"
    );
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// An SPDX expression; empty when the package names none.
    licence: String,
}

fn list(sh: &Shell) -> Result<String> {
    let metadata = MetadataCommand::new().current_dir(sh.current_dir()).exec()?;
    let crates = shipped_crates(&metadata)?;
    let modules = shipped_modules(&sh.read_file("package-lock.json")?)?;
    ensure_allowed(crates.iter().chain(&modules))?;
    Ok(render(&crates, &modules))
}

/// What the shipped crates link. Build scripts and procedural macros run in the compiler and stay
/// behind, with all they depend on.
fn shipped_crates(metadata: &Metadata) -> Result<BTreeSet<Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
    let nodes: HashMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut queue: Vec<&PackageId> =
        SHIPPED.iter().map(|name| id_of(metadata, name)).collect::<Result<_>>()?;
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if is_procedural_macro(metadata, id) || !seen.insert(id) {
            continue;
        }
        let linked = nodes[id]
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        queue.extend(linked.map(|dependency| &dependency.pkg));
    }
    let foreign = seen.into_iter().filter(|id| !metadata.workspace_members.contains(id));
    Ok(foreign.map(|id| from_crate(&metadata[id])).collect())
}

fn id_of<'a>(metadata: &'a Metadata, name: &str) -> Result<&'a PackageId> {
    let package = metadata.packages.iter().find(|package| package.name.as_str() == name);
    Ok(&package.with_context(|| format!("the workspace has no crate {name}"))?.id)
}

fn is_procedural_macro(metadata: &Metadata, id: &PackageId) -> bool {
    metadata[id].targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
}

fn from_crate(package: &cargo_metadata::Package) -> Package {
    Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone().unwrap_or_default(),
    }
}

/// The packages of npm's lock file that are not only for development.
fn shipped_modules(lock: &str) -> Result<BTreeSet<Package>> {
    let lock: Value = serde_json::from_str(lock).context("package-lock.json")?;
    let packages = lock["packages"].as_object().context("package-lock.json lists no packages")?;
    let shipped = packages.iter().filter_map(|(path, package)| {
        let (_, name) = path.rsplit_once("node_modules/")?;
        let is_ours = package["link"] == true;
        let is_left_behind = package["dev"] == true || package["devOptional"] == true;
        (!is_ours && !is_left_behind).then(|| from_module(name, package))
    });
    Ok(shipped.collect())
}

fn from_module(name: &str, package: &Value) -> Package {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    Package { name: name.to_owned(), version: text("version"), licence: text("license") }
}

fn ensure_allowed<'a>(packages: impl Iterator<Item = &'a Package>) -> Result<()> {
    let refused: Vec<String> = packages
        .filter(|package| !spdx::is_met(&package.licence, &|licence| ALLOWED.contains(&licence)))
        .map(|Package { name, version, licence }| format!("{name} {version}: `{licence}`"))
        .collect();
    if !refused.is_empty() {
        bail!("these packages may not be shipped under their licences:\n  {}", refused.join("\n  "));
    }
    Ok(())
}

fn render(crates: &BTreeSet<Package>, modules: &BTreeSet<Package>) -> String {
    format!(
        "# Third-party licences\n\n\
         What Inkling's programs link or bundle, beside the standard libraries of Rust and the \
         browsers. Written by `cargo xtask licenses`.\n\n\
         ## Rust crates\n\n{}\n## npm packages\n\n{}",
        table(crates),
        table(modules)
    )
}

fn table(packages: &BTreeSet<Package>) -> String {
    let rows = packages
        .iter()
        .map(|Package { name, version, licence }| format!("| {name} | {version} | {licence} |\n"));
    format!("| package | version | licence |\n|---|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn lists_what_npm_ships() {
        let lock = r#"{ "packages": {
            "": { "name": "inkling", "license": "Apache-2.0" },
            "node_modules/inkling-web-demo": { "resolved": "web-demo", "link": true },
            "node_modules/compiler": { "version": "1.0.0", "license": "MIT", "dev": true },
            "node_modules/editor": { "version": "0.57.0", "license": "MIT" },
            "node_modules/editor/node_modules/@scope/part": { "version": "2.0.0", "license": "ISC" }
        } }"#;
        let modules = shipped_modules(lock).unwrap();
        expect![[r"
            | package | version | licence |
            |---|---|---|
            | @scope/part | 2.0.0 | ISC |
            | editor | 0.57.0 | MIT |
        "]]
        .assert_eq(&table(&modules));
    }

    #[test]
    fn refuses_unknown_licences() {
        let package = |licence: &str| Package {
            name: "p".to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
        };
        ensure_allowed([package("MIT"), package("GPL-2.0 OR ISC")].iter()).unwrap();
        let error = ensure_allowed([package("MIT"), package(""), package("GPL-2.0")].iter());
        expect![[r"
            these packages may not be shipped under their licences:
              p 1.0.0: ``
              p 1.0.0: `GPL-2.0`"]]
        .assert_eq(&error.unwrap_err().to_string());
    }
}
