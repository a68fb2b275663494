//! What the compiler does not check: who imports whom, and how long files are.

mod direction;
mod size;

use anyhow::{Result, bail};
use xshell::Shell;

/// Fails with every violation listed.
pub(crate) fn tidy(sh: &Shell) -> Result<()> {
    let mut violations = direction::violations(sh)?;
    violations.extend(size::violations(&sh.current_dir())?);
    if !violations.is_empty() {
        bail!("the checkout is not tidy:\n  {}", violations.join("\n  "));
    }
    Ok(())
}
