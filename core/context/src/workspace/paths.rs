//! Files by their paths, by the ends of their paths, and by nearness.

use rustc_hash::FxHashMap;

use super::FileId;

/// The paths of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    by_path: FxHashMap<String, FileId>,
    /// By the file's name.
    by_name: FxHashMap<String, Vec<String>>,
    /// The files directly in a folder, by the folder's last part, each with the whole folder.
    by_folder: FxHashMap<String, Vec<String>>,
}

impl Paths {
    pub(super) fn insert(&mut self, path: &str, id: FileId) {
        self.by_path.insert(path.to_string(), id);
        let (folder, name) = split(path);
        self.by_name.entry(name.to_string()).or_default().push(path.to_string());
        self.by_folder.entry(last(folder).to_string()).or_default().push(path.to_string());
    }

    pub(super) fn remove(&mut self, path: &str) -> Option<FileId> {
        let id = self.by_path.remove(path)?;
        let (folder, name) = split(path);
        for (map, key) in [(&mut self.by_name, name), (&mut self.by_folder, last(folder))] {
            if let Some(paths) = map.get_mut(key) {
                paths.retain(|other| other != path);
                if paths.is_empty() {
                    map.remove(key);
                }
            }
        }
        Some(id)
    }

    pub(crate) fn get(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_path.len()
    }

    /// The file whose path is, or ends with, `end`, in whole parts; of several the nearest to `from`.
    pub(crate) fn ending_with(&self, end: &str, from: &str) -> Option<FileId> {
        self.get(self.ending_with_path(end, from)?)
    }

    /// The path of [`Paths::ending_with`].
    pub(crate) fn ending_with_path(&self, end: &str, from: &str) -> Option<&str> {
        let (_, name) = split(end);
        let paths = self.by_name.get(name)?.iter().filter(|path| ends_with(path, end));
        paths.min_by_key(|path| (distance(from, path), path.len())).map(String::as_str)
    }

    /// The files directly in the folder whose path is, or ends with, `end`; of several folders those of the
    /// nearest to `from`.
    pub(crate) fn in_folder_ending_with(&self, end: &str, from: &str) -> Vec<FileId> {
        let Some(paths) = self.by_folder.get(last(end)) else { return Vec::new() };
        let fitting = || paths.iter().filter(|path| ends_with(split(path).0, end));
        let Some(nearest) = fitting().min_by_key(|path| (distance(from, path), path.len())) else {
            return Vec::new();
        };
        let folder = split(nearest).0;
        fitting().filter(|path| split(path).0 == folder).filter_map(|path| self.get(path)).collect()
    }

    /// The files in the same folder as `path`, itself included.
    pub(crate) fn beside(&self, path: &str) -> Vec<FileId> {
        let folder = split(path).0;
        let Some(paths) = self.by_folder.get(last(folder)) else { return Vec::new() };
        paths.iter().filter(|other| split(other).0 == folder).filter_map(|other| self.get(other)).collect()
    }
}

/// Steps from one file's folder to another's.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (split(from).0, split(to).0);
    let parts = |folder: &str| folder.split('/').filter(|part| !part.is_empty()).count();
    let shared = from.split('/').zip(to.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count();
    parts(from) + parts(to) - 2 * shared
}

/// The folder, empty at the root, and the name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn last(folder: &str) -> &str {
    split(folder).1
}

fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}
