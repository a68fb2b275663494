//! Debian's packages, where this process may install them.

use anyhow::Result;
use xshell::{Shell, cmd};

/// Whether this is Debian and we are root.
pub(crate) fn available(sh: &Shell) -> bool {
    is_debian(sh) && cmd!(sh, "id -u").quiet().read().is_ok_and(|uid| uid == "0")
}

/// Installs `packages`; fetches the package lists only when installing without doing so fails.
pub(crate) fn install(sh: &Shell, packages: &[&str]) -> Result<()> {
    let _guard = sh.push_env("DEBIAN_FRONTEND", "noninteractive");
    let install = || cmd!(sh, "apt-get install --yes --quiet --no-install-recommends {packages...}");
    if install().run().is_err() {
        cmd!(sh, "apt-get update --quiet").run()?;
        install().run()?;
    }
    Ok(())
}

fn is_debian(sh: &Shell) -> bool {
    sh.read_file("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}
