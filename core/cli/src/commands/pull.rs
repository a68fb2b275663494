use anyhow::Result;
use serde_json::json;

use super::{print, print_json};
use crate::model;
use crate::pull::{Place, pull};

/// `inkling model pull`. An interrupt keeps what has arrived.
pub(crate) fn run(name: &str, sha256: Option<&str>, json: bool) -> Result<()> {
    let place = Place::of(name)?;
    let bar = model::progress_bar("Pulling");
    let progress = |n_bytes, total: Option<u64>| {
        bar.set_length(total.unwrap_or(n_bytes));
        bar.set_position(n_bytes);
    };
    let pulled = pull(&place, sha256, &progress);
    bar.finish_and_clear();
    let pulled = pulled?;
    if json {
        return print_json(&json!({
            "path": place.file, "bytes": pulled.n_bytes, "sha256": pulled.sha256, "is_new": pulled.is_new,
        }));
    }
    let was_there = if pulled.is_new { "" } else { " (was there already)" };
    print(&format!("{}: {:.1} MB{was_there}", place.file.display(), pulled.n_bytes as f64 / 1e6))?;
    print(&format!("SHA-256 {}", pulled.sha256))
}
