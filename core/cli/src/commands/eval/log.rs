use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// `cases.jsonl` in the folder for results: what was asked of whom, then a line for each case that is done,
/// so that a stopped run goes on. Without a folder nothing is kept.
pub(crate) struct Log<R> {
    file: Option<File>,
    done: HashMap<String, R>,
}

#[derive(Serialize, Deserialize)]
struct Row<R> {
    case: String,
    #[serde(flatten)]
    result: R,
}

impl<R: Clone + Serialize + DeserializeOwned> Log<R> {
    /// The log of `run` in `folder`; that of another run is not touched.
    pub(crate) fn open(folder: Option<&Path>, run: &impl Serialize) -> Result<Log<R>> {
        let Some(folder) = folder else { return Ok(Log { file: None, done: HashMap::new() }) };
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let (path, run) = (folder.join("cases.jsonl"), serde_json::to_string(run)?);
        let text = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        let mut lines = text.lines();
        if lines.next().is_some_and(|first| first != run) {
            bail!("{} is of another run; choose another folder with --out, or delete it", path.display());
        }
        // A line that a killed run left unfinished is asked for again.
        let rows = lines.filter_map(|line| Some((line, serde_json::from_str::<Row<R>>(line).ok()?)));
        let (kept, done): (Vec<&str>, HashMap<String, R>) =
            rows.map(|(line, row)| (line, (row.case, row.result))).unzip();
        let whole: String = [run.as_str()].into_iter().chain(kept).flat_map(|line| [line, "\n"]).collect();
        fs::write(&path, whole)?;
        Ok(Log { file: Some(OpenOptions::new().append(true).open(&path)?), done })
    }

    /// The result of `case`: the known one, or the one that is made now, and known from now on.
    pub(crate) fn result(&mut self, case: String, make: impl FnOnce() -> Result<R>) -> Result<R> {
        if let Some(known) = self.done.get(&case) {
            return Ok(known.clone());
        }
        let row = Row { case, result: make()? };
        if let Some(file) = &mut self.file {
            // In one piece: who reads along sees whole lines.
            file.write_all((serde_json::to_string(&row)? + "\n").as_bytes())?;
        }
        Ok(row.result)
    }
}
