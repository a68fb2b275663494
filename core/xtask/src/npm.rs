//! Node's package manager and what it installs.

use anyhow::{Context as _, Result};
use std::path::Path;
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

/// Runs a script of the playground's package.json.
pub(crate) fn run_web_demo(sh: &Shell, script: &str) -> Result<()> {
    cmd!(sh, "{NPM} run {script} --workspace web-demo").run()?;
    Ok(())
}

/// Whether a program of this name is on `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .any(|dir: std::path::PathBuf| Path::new(&dir).join(program).is_file())
}
