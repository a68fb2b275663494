//! Where metrics are kept.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use inkling_metrics::{Event, Sqlite, Store, since_s};

use crate::config;

/// This user's store, which is opened, or made, with the first event.
#[derive(Default)]
pub(crate) struct Metrics(OnceCell<Sqlite>);

impl inkling_lsp::Metrics for Metrics {
    fn record(&self, event: &Event) -> Result<(), String> {
        if self.0.get().is_none() {
            let opened = open()?;
            let _ = self.0.set(opened);
        }
        self.0.get().map_or(Ok(()), |store| store.record(now_s(), event))
    }

    fn recorded(&self, days: Option<u32>) -> Result<Vec<(String, Event)>, String> {
        recorded(days)
    }
}

/// The events of so many days, today included, or all. Makes no store where there is none.
pub(crate) fn recorded(days: Option<u32>) -> Result<Vec<(String, Event)>, String> {
    let file = file().map_err(|error| format!("{error:#}"))?;
    Sqlite::open_existing(&file)?.map_or(Ok(Vec::new()), |store| store.read(since_s(now_s(), days)))
}

fn open() -> Result<Sqlite, String> {
    let file = file().map_err(|error| format!("{error:#}"))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    Sqlite::open(&file)
}

/// The path of the database, whether or not it exists.
fn file() -> Result<PathBuf> {
    Ok(config::folders()?.data.join("metrics.db"))
}

/// Seconds since 1970 began (UTC).
fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}
