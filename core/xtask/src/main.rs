//! Builds, tests and tidies Inkling: `cargo xtask <command>`.
//!
//! Every script and every CI job calls these commands and nothing else, so what runs on a
//! developer's machine is what runs everywhere.

mod apt;
mod codegen;
mod licences;
mod npm;
mod setup;
mod spdx;
mod test;
mod tidy;
mod toolchain;
mod wasm;
mod web;

use anyhow::{Context as _, Result, bail};
use setup::Scope;
use std::path::Path;
use std::process::ExitCode;
use xshell::{Shell, cmd};

const HELP: &str = "\
Usage: cargo xtask <command>

  setup [--tests]       install what building (and testing) needs and this machine lacks
  build                 build the command line, the WASM module and the playground for release
  wasm                  build the WASM module and its bindings into web-demo/pkg
  serve [--port N]      set up, build the playground and serve it on 127.0.0.1
  test                  set up and run every check and every test
  ci                    what continuous integration runs
  codegen [--check]     write (or compare) the wire types in web-demo/src/protocol.gen.ts
  tidy                  check the direction of imports and the size of files
  licenses [--check]    write (or compare) THIRD_PARTY_LICENSES.md
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<()> {
    let sh = &shell_at_root()?;
    match args {
        [] | ["help" | "--help" | "-h"] => print!("{HELP}"),
        ["setup"] => setup::setup(sh, Scope::Build)?,
        ["setup", "--tests"] => setup::setup(sh, Scope::Test)?,
        ["build"] => build(sh)?,
        ["wasm"] => wasm::build(sh)?,
        ["serve"] => web::serve(sh, web::DEFAULT_PORT)?,
        ["serve", "--port", port] => web::serve(sh, parse_port(port)?)?,
        ["test" | "ci"] => test::test(sh)?,
        ["codegen"] => codegen::write(sh)?,
        ["codegen", "--check"] => codegen::check(sh)?,
        ["tidy"] => tidy::tidy(sh)?,
        ["licenses"] => licences::write(sh)?,
        ["licenses", "--check"] => licences::check(sh)?,
        _ => bail!("no such command: {}\n\n{HELP}", args.join(" ")),
    }
    Ok(())
}

fn shell_at_root() -> Result<Shell> {
    // Asked at run time: checkouts that share a target folder share this program too.
    let package = std::env::var("CARGO_MANIFEST_DIR").context("run me as `cargo xtask`")?;
    let sh = Shell::new()?;
    sh.change_dir(Path::new(&package).join("../.."));
    Ok(sh)
}

fn parse_port(text: &str) -> Result<u16> {
    text.parse().with_context(|| format!("--port takes a number from 0 to 65535, not `{text}`"))
}

/// Leaves the program in `target/release/inkling` and the static site in `web-demo/dist`.
fn build(sh: &Shell) -> Result<()> {
    setup::setup(sh, Scope::Build)?;
    cmd!(sh, "cargo build --release --package inkling-cli").run()?;
    wasm::build(sh)?;
    web::build(sh)
}
