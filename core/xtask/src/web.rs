//! The playground: built as a static site, served on this machine, tested in a browser.

use crate::npm;
use crate::setup::{self, Scope};
use crate::wasm;
use anyhow::{Context as _, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use xshell::Shell;

/// The port of `cargo xtask serve` when none is chosen.
pub(crate) const DEFAULT_PORT: u16 = 8017;

/// Bundles the playground into `web-demo/dist`; needs `web-demo/pkg`.
pub(crate) fn build(sh: &Shell) -> Result<()> {
    npm::run_script(sh, "web-demo", "build")
}

/// Sets up, builds and serves the playground until it is interrupted.
pub(crate) fn serve(sh: &Shell, port: u16) -> Result<()> {
    check_port_is_free(port)?;
    setup::setup(sh, Scope::Build)?;
    wasm::build(sh)?;
    build(sh)?;
    let mut server = Command::new("node");
    server.current_dir(sh.current_dir()).args(["web-demo/serve.mjs", "--port", &port.to_string()]);
    replace_process(server)
}

/// Said before minutes of building rather than after.
fn check_port_is_free(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!(
            "port {port} of 127.0.0.1 cannot be used; choose another one: `npm start -- --port {}`",
            port.checked_add(1).unwrap_or(DEFAULT_PORT)
        )
    })?;
    Ok(())
}

/// Lets the server take this process's place, so that ending the one ends the other.
#[cfg(unix)]
fn replace_process(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("node cannot be run")
}

#[cfg(not(unix))]
fn replace_process(mut command: Command) -> Result<()> {
    let status = command.status().context("node cannot be run")?;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}

/// `$INKLING_CHROMIUM`, or a Chromium or Chrome in one of its usual places.
pub(crate) fn find_chromium(sh: &Shell) -> Option<PathBuf> {
    let chosen = std::env::var_os("INKLING_CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];
    chosen.into_iter().chain(usual.map(PathBuf::from)).find(|path| sh.path_exists(path))
}
