//! The size of files and shells. Functions are clippy's (`too_many_lines`).

use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines of a source file, its unit tests aside, that bears no [`MARK`].
const MAX_FILE_LINES: usize = 400;

/// Exempts a file, such as a table or a straight-line forward pass; the reason follows.
const MARK: &str = "// tidy: long because ";

/// Shells are thin: they hold handles and settings.
const MAX_SHELL_LINES: usize = 1_500;

const SHELLS: &[&str] = &["web-demo", "vscode-extension", "jetbrains-bridge"];

const SHELL_EXTENSIONS: &[&str] = &["ts", "tsx", "kt"];

/// Files and shells of the checkout at `root` that are too long.
pub(crate) fn violations(root: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for krate in children(&root.join("core"))? {
        violations.extend(long_files(root, &files_under(&krate.join("src"), &["rs"])?)?);
    }
    for shell in SHELLS {
        let mut files = files_under(&root.join(shell).join("src"), SHELL_EXTENSIONS)?;
        files.retain(|file| !is_generated(file));
        violations.extend(long_files(root, &files)?);
        violations.extend(long_shell(shell, &files)?);
    }
    Ok(violations)
}

fn long_files(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let n_lines = product_lines(&text);
        if n_lines > MAX_FILE_LINES && !text.contains(MARK) {
            let path = file.strip_prefix(root)?.display();
            violations.push(format!(
                "{path} has {n_lines} lines, over {MAX_FILE_LINES}: split it, or say `{MARK}…`"
            ));
        }
    }
    Ok(violations)
}

fn long_shell(shell: &str, files: &[PathBuf]) -> Result<Option<String>> {
    let mut n_lines = 0;
    for file in files {
        n_lines += fs::read_to_string(file)?.lines().count();
    }
    Ok((n_lines > MAX_SHELL_LINES)
        .then(|| format!("the shell {shell} has {n_lines} lines, over {MAX_SHELL_LINES}")))
}

/// The lines before a file's module of unit tests.
fn product_lines(text: &str) -> usize {
    let product = text.find("#[cfg(test)]\nmod tests {").map_or(text, |tests| &text[..tests]);
    product.lines().count()
}

fn is_generated(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| Path::new(stem).extension() == Some("gen".as_ref()))
}

fn files_under(dir: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for child in children(dir)? {
        if child.is_dir() {
            files.extend(files_under(&child, extensions)?);
        } else if child.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
            files.push(child);
        }
    }
    Ok(files)
}

/// Sorted; empty for a folder that does not exist, such as a shell that is still to come.
fn children(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut children = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    children.sort();
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Checks a checkout of one file with this many lines, the last being `last_line`.
    #[track_caller]
    fn check(path: &str, n_lines: usize, last_line: &str, expected: Expect) {
        let root = std::env::temp_dir().join(format!("inkling-tidy-{}-{n_lines}", path.replace('/', "-")));
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "\n".repeat(n_lines - 1) + last_line).unwrap();
        let found = violations(&root);
        fs::remove_dir_all(&root).unwrap();
        expected.assert_eq(&found.unwrap().join("\n"));
    }

    #[test]
    fn limits_files() {
        check("core/a/src/b/c.rs", 400, "end", expect![""]);
        check(
            "core/a/src/b/c.rs",
            401,
            "end",
            expect![[
                r"core/a/src/b/c.rs has 401 lines, over 400: split it, or say `// tidy: long because …`"
            ]],
        );
        check("core/a/src/b/c.rs", 402, "// tidy: long because it is a table.", expect![""]);
        check("core/a/src/c.rs", 400, "#[cfg(test)]\nmod tests {\n}", expect![""]);
        check("core/a/tests/c.rs", 500, "end", expect![""]);
    }

    #[test]
    fn limits_shells() {
        let mark = "// tidy: long because it is all there is.";
        check("web-demo/src/main.ts", 1500, mark, expect![""]);
        check("web-demo/src/main.ts", 1501, mark, expect!["the shell web-demo has 1501 lines, over 1500"]);
        check("web-demo/src/protocol.gen.ts", 2000, "end", expect![""]);
    }
}
