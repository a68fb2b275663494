//! Corpora: files with one JSON object a line, each a document.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Error, Result};
use serde::de::DeserializeOwned;

/// Gives every document of the corpus to `take`, as far as `D` wants to know of it.
///
/// # Errors
/// Where the corpus cannot be read, and those of `take`, with the line.
pub(crate) fn read<D: DeserializeOwned>(path: &Path, mut take: impl FnMut(D) -> Result<()>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot open the corpus {}", path.display()))?;
    for (idx, line) in BufReader::new(file).lines().enumerate() {
        line.map_err(Error::from)
            .and_then(|line| take(serde_json::from_str(&line)?))
            .with_context(|| format!("{}, line {}", path.display(), idx + 1))?;
    }
    Ok(())
}
