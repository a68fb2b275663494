//! Places in files, as people write them.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use inkling_assist::syntax::{Language, Source};

use crate::args::At;

/// The largest text that is completed; editors don't open such files either.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// A cursor in a text.
pub(crate) struct Place {
    pub(crate) source: Source,
    /// Relative to the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) offset: usize,
    /// The workspace's folder, if the file is in one.
    pub(crate) root: Option<PathBuf>,
}

impl Place {
    /// Reads the file and finds the cursor.
    pub(crate) fn read(at: &At) -> Result<Place> {
        let (file, line, column) = parse(&at.place)?;
        let text = read(file)?;
        let offset = offset(&text, line, column).with_context(|| format!("{}: no such place", at.place))?;
        let named = if file == "-" { at.path.as_deref() } else { Some(Path::new(file)) };
        let root = root(named, at.root.as_deref());
        let path = named.map_or_else(|| "untitled".to_string(), |path| relative(path, root.as_deref()));
        let source = Source::new(text, Language::from_path(&path));
        Ok(Place { source, path, offset, root })
    }
}

/// `FILE:LINE:COL`; the file's name may hold colons itself.
fn parse(place: &str) -> Result<(&str, usize, usize)> {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next().and_then(|n| n.parse().ok());
    let line = parts.next().and_then(|n| n.parse().ok());
    match (parts.next(), line, column) {
        (Some(file), Some(line), Some(column)) if line > 0 && column > 0 && !file.is_empty() => {
            Ok((file, line, column))
        }
        _ => bail!(
            "\"{place}\" is not a place; write FILE:LINE:COL, such as src/main.rs:10:5 (both count from 1)"
        ),
    }
}

fn read(file: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let n_read = if file == "-" {
        std::io::stdin().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes))
    };
    n_read.with_context(|| format!("cannot read {file}"))?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        bail!("{file} is larger than {} MB, too large to complete", MAX_TEXT_BYTES >> 20);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("{file} is not UTF-8 (at byte {at}); convert it first, for example with iconv")
    })
}

/// The byte offset of a line and a column in characters; one past the last column is the line's end.
fn offset(text: &str, line: usize, column: usize) -> Result<usize> {
    let mut start = 0;
    for n_before in 1..line {
        let Some(at) = text[start..].find('\n') else { bail!("line {line} of {n_before}") };
        start += at + 1;
    }
    let rest = text[start..].split('\n').next().unwrap_or("").trim_end_matches('\r');
    let n_columns = rest.chars().count() + 1;
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    let at = ends.take(column).last().filter(|_| column <= n_columns);
    Ok(start + at.with_context(|| format!("column {column} of {n_columns} in line {line}"))?)
}

fn relative(path: &Path, root: Option<&Path>) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let inside = root.and_then(|root| full.strip_prefix(root).ok());
    let shown = inside.unwrap_or_else(|| full.file_name().map_or(path, Path::new));
    shown.to_string_lossy().replace('\\', "/")
}

/// The folder that was named, else the one that the file's path tells.
fn root(file: Option<&Path>, named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(root) => std::path::absolute(root).ok(),
        None => workspace(&std::path::absolute(file?).ok()?),
    }
}

/// The nearest folder above `path` with `.git`.
fn workspace(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_the_right() {
        assert_eq!(parse("a/b.rs:3:14").unwrap(), ("a/b.rs", 3, 14));
        assert_eq!(parse("C:\\a.rs:3:14").unwrap(), ("C:\\a.rs", 3, 14));
        assert_eq!(parse("-:1:1").unwrap(), ("-", 1, 1));
        for wrong in ["a.rs", "a.rs:3", "a.rs:0:1", "a.rs:x:1", ":1:1"] {
            let message = parse(wrong).unwrap_err().to_string();
            assert!(message.contains("FILE:LINE:COL"), "{message}");
        }
    }

    #[test]
    fn columns_are_characters() {
        let text = "aä𐐷z\r\nb\n";
        let at = |line, column| offset(text, line, column).ok();
        assert_eq!(at(1, 1), Some(0));
        assert_eq!(at(1, 3), Some(3));
        assert_eq!(at(1, 5), Some(8));
        assert_eq!(at(1, 6), None);
        assert_eq!(at(2, 2), Some(11));
        assert_eq!(at(3, 1), Some(12));
        assert_eq!(at(4, 1), None);
        assert_eq!(offset("", 1, 1).ok(), Some(0));
    }
}
