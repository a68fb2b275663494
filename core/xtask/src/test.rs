//! Every check and every test, in the order that fails soonest.

use crate::setup::{self, Scope};
use crate::{codegen, licences, npm, tidy, wasm, web};
use anyhow::{Context as _, Result};
use std::time::Instant;
use xshell::{Shell, cmd};

type Step = (&'static str, fn(&Shell) -> Result<()>);

const STEPS: &[Step] = &[
    ("set up", |sh| setup::setup(sh, Scope::Test)),
    ("lock file", lock_file),
    ("format", format),
    ("tidy", tidy::tidy),
    ("licences", licences::check),
    ("clippy", clippy),
    ("Rust tests", rust_tests),
    ("generated code", codegen::check),
    ("WASM module", wasm::build),
    ("TypeScript types", typescript),
    ("tests in Node", |sh| npm::run_script(sh, "web-demo", "test")),
    ("VS Code extension", |sh| npm::run_script(sh, "vscode-extension", "build")),
    ("tests of the extension", |sh| npm::run_script(sh, "vscode-extension", "test")),
    ("playground", web::build),
    ("tests in Chromium", |sh| npm::run_script(sh, "web-demo", "test:browser")),
];

/// Runs all steps; stops at the first that fails, and names it.
pub(crate) fn test(sh: &Shell) -> Result<()> {
    let start = Instant::now();
    for (name, step) in STEPS {
        println!("\n==> {name}");
        let start = Instant::now();
        step(sh).with_context(|| format!("step `{name}` failed"))?;
        println!("==> {name}: {:.1} s", start.elapsed().as_secs_f64());
    }
    println!("\nAll {} steps passed in {:.0} s.", STEPS.len(), start.elapsed().as_secs_f64());
    Ok(())
}

/// Cargo's; `npm ci` has checked the other one.
fn lock_file(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fetch --locked").run()?;
    Ok(())
}

fn format(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fmt --all --check").run()?;
    Ok(())
}

fn clippy(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo clippy --workspace --all-targets -- --deny warnings").run()?;
    Ok(())
}

fn typescript(sh: &Shell) -> Result<()> {
    npm::run_script(sh, "web-demo", "typecheck")?;
    npm::run_script(sh, "vscode-extension", "typecheck")
}

/// This program's own dependencies are already built in its own profile; in the tests' they would
/// be optimised for nothing.
fn rust_tests(sh: &Shell) -> Result<()> {
    codegen::core_tests(sh).run()?;
    cmd!(sh, "cargo test --profile xtask --package xtask").run()?;
    Ok(())
}
