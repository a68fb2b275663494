//! `inkling outline`: what files declare, in one shape for all languages.

mod schema;
mod tree;

use std::path::Path;

use anyhow::{Context, Result, bail};
use inkling_assist::syntax::{Language, MAX_TREE_BYTES, Source};

use super::{print, print_json};
use crate::args::Outline;
use crate::workspace::{read, source_files};

use schema::FileOutline;

/// `inkling outline`.
pub(crate) fn run(args: &Outline, json: bool) -> Result<()> {
    let path = &args.path;
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let files = if metadata.is_dir() { folder(path)? } else { vec![file(path)?] };
    if json { print_json(&files) } else { print(&tree::to_text(&files)) }
}

/// The files that the index would take, in the order of their paths, which are relative to the folder.
fn folder(root: &Path) -> Result<Vec<FileOutline>> {
    let read = |file: &std::path::PathBuf| read(root, file)?.ok();
    let files = source_files(root);
    let read = files.iter().filter_map(read);
    let files: Vec<FileOutline> =
        read.map(|file| FileOutline::new(&file.path, &Source::new(file.text, file.language))).collect();
    if files.is_empty() {
        bail!("{} holds no source files, or .gitignore and .inklingignore name all of them", root.display());
    }
    Ok(files)
}

/// A file that was named is read whatever ignore files say of it.
fn file(path: &Path) -> Result<FileOutline> {
    let name = path.display().to_string();
    let language = Language::from_path(&name);
    if language == Language::PlainText {
        let known: Vec<&str> =
            Language::ALL.iter().filter(|one| **one != Language::PlainText).map(|one| one.name()).collect();
        bail!(
            "{name} is in no language that Inkling parses, by its extension; it knows {}",
            known.join(", ")
        );
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    if bytes.len() > MAX_TREE_BYTES {
        bail!("{name} is larger than {} MB, too large to parse", MAX_TREE_BYTES >> 20);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.with_context(|| format!("{name} is not text: it is binary, or not in UTF-8"))?;
    Ok(FileOutline::new(&name.replace('\\', "/"), &Source::new(text, language)))
}
