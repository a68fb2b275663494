//! The files around the one that is completed, read from disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ignore::gitignore::GitignoreBuilder;
use ignore::{WalkBuilder, WalkState};
use inkling_assist::context::{File, Limits, Skipped, Workspace};
use inkling_assist::syntax::Language;

/// The files that name, by the rules of `.gitignore`, what is not to be read.
const IGNORE_FILES: [&str; 2] = [".gitignore", ".inklingignore"];

/// Folders of other people's code and of what programs make.
const SKIPPED_FOLDERS: [&str; 6] =
    ["node_modules", "target", "dist", "build", "__pycache__", "site-packages"];

/// How long a single command reads before it answers with what it has.
const MAX_READ: Duration = Duration::from_millis(400);

/// Files that a single command parses, the nearest first.
const MAX_PARSED: usize = 50;

/// The source files below `root` that the user has not excluded.
pub(crate) fn source_files(root: &Path) -> Vec<PathBuf> {
    let (sender, receiver) = std::sync::mpsc::channel();
    walker(root).build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            // What cannot be read is as good as not there.
            if let Ok(entry) = entry
                && entry.file_type().is_some_and(|kind| kind.is_file())
                && Language::from_path(&entry.path().to_string_lossy()) != Language::PlainText
            {
                let _ = sender.send(entry.into_path());
            }
            WalkState::Continue
        })
    });
    drop(sender);
    let mut files: Vec<PathBuf> = receiver.into_iter().collect();
    files.sort();
    files
}

fn walker(root: &Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    walker
        .require_git(false)
        .add_custom_ignore_filename(IGNORE_FILES[1])
        .threads(std::thread::available_parallelism().map_or(1, usize::from))
        .filter_entry(|entry| {
            let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
            !is_folder || !SKIPPED_FOLDERS.iter().any(|skipped| entry.file_name() == *skipped)
        });
    walker
}

/// Reads and looks over one file; its path is told relative to `root`.
pub(crate) fn read(root: &Path, file: &Path) -> Option<Result<File, Skipped>> {
    let path = file.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
    Some(File::new(&path, std::fs::read(file).ok()?))
}

/// The files of `root`, those nearest to `path` in it first, as far as they are read in a moment.
pub(crate) fn read_near(root: &Path, path: &str) -> Workspace {
    let started = Instant::now();
    let mut workspace = Workspace::new(Limits::STANDARD);
    workspace.set_name(&root.file_name().unwrap_or_default().to_string_lossy());
    let mut files = source_files(root);
    let own = root.join(path);
    let shared = |file: &PathBuf| file.components().zip(own.components()).take_while(|(a, b)| a == b).count();
    files.sort_by_cached_key(|file| (std::cmp::Reverse(shared(file)), file.components().count()));
    for file in files {
        if started.elapsed() > MAX_READ {
            break;
        }
        if let Some(Ok(file)) = read(root, &file) {
            // What does not fit the index's bound is left out.
            let _ = workspace.insert(file);
        }
    }
    for near in workspace.unparsed_near(path).iter().take(MAX_PARSED) {
        if started.elapsed() > 2 * MAX_READ {
            break;
        }
        workspace.parse(near);
    }
    workspace
}

/// Whether no ignore file between `root` and the file excludes `path`.
pub(crate) fn may_read(root: &Path, path: &str) -> bool {
    let file = root.join(path);
    let mut folders: Vec<&Path> =
        file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).collect();
    folders.reverse();
    let mut ignored = false;
    for folder in folders {
        let mut rules = GitignoreBuilder::new(folder);
        for name in IGNORE_FILES {
            // One that is not there has no rules.
            let _ = rules.add(folder.join(name));
        }
        let Ok(rules) = rules.build() else { return false };
        let found = rules.matched_path_or_any_parents(&file, false);
        ignored = found.is_ignore() || ignored && !found.is_whitelist();
    }
    !ignored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("inkling-workspace-{name}-{}", std::process::id()));
        for (path, text) in files {
            let file = root.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        root
    }

    #[test]
    fn what_is_ignored_is_not_read() {
        let root = folder(
            "ignored",
            &[
                (".gitignore", "*.gen.py\nout/\n"),
                (".inklingignore", "secrets/**\n"),
                ("a.py", "def a(): pass\n"),
                ("b.gen.py", "def b(): pass\n"),
                ("out/c.py", "def c(): pass\n"),
                ("out2/.gitignore", "!kept.gen.py\nd.py\n"),
                ("out2/d.py", "def d(): pass\n"),
                ("out2/kept.gen.py", "def kept(): pass\n"),
                ("secrets/e.py", "KEY = 1\n"),
                ("node_modules/f.js", "function f() {}\n"),
                ("notes.txt", "text\n"),
            ],
        );
        let paths = |files: Vec<PathBuf>| -> Vec<String> {
            files
                .iter()
                .map(|file| file.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(paths(source_files(&root)), ["a.py", "out2/kept.gen.py"]);
        let workspace = read_near(&root, "a.py");
        assert_eq!(workspace.len(), 2);
        for (path, may) in [
            ("a.py", true),
            ("b.gen.py", false),
            ("out/c.py", false),
            ("out2/d.py", false),
            ("out2/kept.gen.py", true),
            ("secrets/e.py", false),
            ("new/file.py", true),
        ] {
            assert_eq!(may_read(&root, path), may, "{path}");
        }
        std::fs::remove_dir_all(&root).unwrap();
    }
}
