//! The configuration file: the editors' settings by the same names, as TOML.

use std::path::PathBuf;

use anyhow::{Context, Result};
use etcetera::{AppStrategy, AppStrategyArgs};
use inkling_lsp::wire::Settings;

/// The folders of this user's configuration and data.
pub(crate) struct Folders {
    /// Holds `config.toml`.
    pub(crate) config: PathBuf,
    /// Holds models.
    pub(crate) data: PathBuf,
}

/// As the platform has them, `~/.config/inkling` and `~/.local/share/inkling` on Linux.
pub(crate) fn folders() -> Result<Folders> {
    let names = AppStrategyArgs {
        top_level_domain: "dev".into(),
        author: "Inkling".into(),
        app_name: "inkling".into(),
    };
    let strategy = etcetera::choose_app_strategy(names).context("this user has no home folder; set HOME")?;
    Ok(Folders { config: strategy.config_dir(), data: strategy.data_dir() })
}

/// The path of `config.toml`, whether or not it exists.
pub(crate) fn file() -> Result<PathBuf> {
    Ok(folders()?.config.join("config.toml"))
}

/// What the file sets; nothing where there is none.
pub(crate) fn read() -> Result<Settings> {
    let file = file()?;
    match std::fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} is not right", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
