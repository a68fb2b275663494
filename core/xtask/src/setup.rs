//! What building and testing need, and how each gets onto this machine.

use crate::npm::{self, NPM};
use crate::toolchain::{DEBIAN_WASM_RUST, WASM_TARGET, WasmC, WasmRust};
use crate::{apt, web};
use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

/// What the machine is to be made ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Building and serving.
    Build,
    /// Also running every test.
    Test,
}

/// Installs what is missing for `scope`; takes well under a second when nothing is.
///
/// Where this process may not install system packages, the error lists exactly what is missing
/// and how to get it.
pub(crate) fn setup(sh: &Shell, scope: Scope) -> Result<()> {
    let lacking: Vec<&str> = tools(scope).filter(|tool| !obtain(sh, tool)).map(|tool| tool.advice).collect();
    ensure!(lacking.is_empty(), "this machine lacks:\n  - {}", lacking.join("\n  - "));
    npm::install(sh)
}

/// Something a machine may lack.
struct Tool {
    is_present: fn(&Shell) -> bool,
    /// What gets it without a system package, tried first.
    install: Option<fn(&Shell) -> Result<()>>,
    /// Debian's packages that bring it; none when Debian 12 has only older versions.
    debian: &'static [&'static str],
    /// What it is and how to get it, for whoever has to install it by hand.
    advice: &'static str,
}

const BUILD_TOOLS: &[Tool] = &[
    Tool {
        is_present: has_node,
        install: None,
        debian: &[],
        advice: "Node.js 20 or later, with npm: https://nodejs.org",
    },
    Tool {
        is_present: |sh| WasmRust::find(sh).is_some(),
        install: Some(add_wasm_target),
        debian: DEBIAN_WASM_RUST,
        advice: "Rust's WebAssembly target: `rustup target add wasm32-unknown-unknown`",
    },
    Tool {
        is_present: |sh| WasmC::find(sh).is_some(),
        install: None,
        debian: &["clang", "llvm"],
        advice: "clang with a WebAssembly target, and llvm-ar: the packages clang and llvm on \
                 Linux, `brew install llvm` on macOS, https://releases.llvm.org on Windows; set \
                 CC_wasm32_unknown_unknown to use a clang that is not on PATH",
    },
];

const TEST_TOOLS: &[Tool] = &[
    Tool {
        is_present: |sh| web::find_chromium(sh).is_some(),
        install: None,
        debian: &["chromium", "fonts-liberation"],
        advice: "Chromium or Chrome for the tests in a browser: install one, or set \
                 INKLING_CHROMIUM to its program",
    },
    Tool {
        is_present: |sh| !cfg!(target_os = "linux") || has_python(sh),
        install: None,
        debian: &["python3"],
        advice: "Python 3 for the tests that run programs in a sandbox: https://www.python.org",
    },
    Tool {
        is_present: |_| !cfg!(target_os = "linux") || has_vulkan(),
        install: None,
        debian: &["mesa-vulkan-drivers"],
        advice: "a Vulkan driver for the tests on a graphics processor; without one, Mesa's software \
                 driver: the package mesa-vulkan-drivers",
    },
];

fn tools(scope: Scope) -> impl Iterator<Item = &'static Tool> {
    let for_tests = if scope == Scope::Test { TEST_TOOLS } else { &[] };
    BUILD_TOOLS.iter().chain(for_tests)
}

/// Whether this machine has the tool, after every way to it has been tried. What a way that failed
/// had to say is on the screen.
fn obtain(sh: &Shell, tool: &Tool) -> bool {
    let is_present = || (tool.is_present)(sh);
    let install = || tool.install.is_some_and(|install| install(sh).is_ok());
    let install_packages =
        || !tool.debian.is_empty() && apt::available(sh) && apt::install(sh, tool.debian).is_ok();
    is_present() || (install() && is_present()) || (install_packages() && is_present())
}

fn has_node(sh: &Shell) -> bool {
    let version = cmd!(sh, "node --version").quiet().ignore_stderr().read().unwrap_or_default();
    node_major(&version).is_some_and(|major| major >= 20) && npm::on_path(NPM)
}

fn has_python(sh: &Shell) -> bool {
    cmd!(sh, "python3 --version").quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

/// Where Linux keeps the list of Vulkan drivers.
fn has_vulkan() -> bool {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    folders.iter().any(|folder| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()))
}

/// `v20.20.2` → 20.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn add_wasm_target(sh: &Shell) -> Result<()> {
    cmd!(sh, "rustup target add {WASM_TARGET}").run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_node_versions() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major("v9.0.0-pre"), Some(9));
        assert_eq!(node_major(""), None);
    }
}
