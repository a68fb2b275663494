use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use inkling_assist::syntax::Language;
use inkling_eval::Document;
use serde::Deserialize;

/// The documents of a split.
pub(crate) fn read_corpus(path: &Path, split: &str) -> Result<Vec<Document>> {
    let file = File::open(path).with_context(|| format!("cannot open the corpus {}", path.display()))?;
    let mut documents = Vec::new();
    for (idx, line) in BufReader::new(file).lines().enumerate() {
        let context = || format!("{}, line {}", path.display(), idx + 1);
        let line = line.with_context(context)?;
        let line: Line = serde_json::from_str(&line).with_context(context)?;
        if line.split == split {
            let path = format!("{}/{}", line.package, line.path);
            let language = Language::from_path(&path);
            documents.push(Document { path, language, text: line.text });
        }
    }
    if documents.is_empty() {
        bail!("{} has no document of the split \"{split}\"", path.display());
    }
    Ok(documents)
}

/// A line of the corpus, as far as it is needed.
#[derive(Deserialize)]
struct Line {
    package: String,
    path: String,
    split: String,
    text: String,
}
