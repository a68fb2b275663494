//! The wire types of `inkling-lsp` in the shells' language.
//!
//! The generated file is a golden of that crate's test `protocol`, so this program need not link
//! the core, and the two commands are that test, rewriting and comparing.

use anyhow::Result;
use xshell::{Cmd, Shell, cmd};

/// Rewrites the generated file.
pub(crate) fn write(sh: &Shell) -> Result<()> {
    golden_test(sh).env("UPDATE_EXPECT", "1").run()?;
    Ok(())
}

/// Fails when the generated file is not what the wire types give.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    golden_test(sh).env_remove("UPDATE_EXPECT").run()?;
    Ok(())
}

fn golden_test(sh: &Shell) -> Cmd<'_> {
    core_tests(sh).args(["--test", "protocol"])
}

/// The tests of all crates but this one. Always the same packages and features: another choice would
/// compile the dependencies again.
pub(crate) fn core_tests(sh: &Shell) -> Cmd<'_> {
    cmd!(sh, "cargo test --workspace --exclude xtask --features inkling-lsp/codegen")
}
