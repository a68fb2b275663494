//! Node's package manager and what it installs.

use crate::web;
use anyhow::{Context as _, Result};
use std::env;
use xshell::{Shell, cmd};

/// `npm` as a program's name; on Windows it is a script.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

const LOCK: &str = "package-lock.json";

/// The lock that `node_modules` was made from. `npm ci` empties that folder first, so an
/// interrupted installation leaves no stamp.
const STAMP: &str = "node_modules/.installed-lock.json";

/// Runs `npm ci` unless `node_modules` was made from this very lock.
pub(crate) fn install(sh: &Shell) -> Result<()> {
    let lock = sh.read_file(LOCK).context("the checkout is incomplete")?;
    if sh.read_file(STAMP).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    cmd!(sh, "{NPM} ci").run()?;
    sh.write_file(STAMP, lock)?;
    Ok(())
}

/// Runs a script of a shell's package.json; the browser it may test in is `$INKLING_CHROMIUM`.
pub(crate) fn run_script(sh: &Shell, shell: &str, script: &str) -> Result<()> {
    let run = cmd!(sh, "{NPM} run {script} --workspace {shell}");
    match web::find_chromium(sh) {
        Some(chromium) => run.env("INKLING_CHROMIUM", chromium),
        None => run,
    }
    .run()?;
    Ok(())
}

/// Whether a program of this name is on `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
