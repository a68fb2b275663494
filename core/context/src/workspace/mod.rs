//! The workspace as an index: files, what they declare, and which words stand where.

mod file;
mod lexical;
mod paths;

use inkling_syntax::Language;
use rustc_hash::FxHashMap;

pub use file::{Declaration, File, Skipped};
pub(crate) use paths::{Paths, split};

use crate::similar::are_kin;
use crate::terms::Term;

/// How large an index may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files.
    pub max_files: usize,
    /// Bytes of their texts. The index takes about twice as much memory.
    pub max_bytes: usize,
}

impl Limits {
    /// A large project, in less than 200 MB of memory.
    pub const STANDARD: Limits = Limits { max_files: 20_000, max_bytes: 96 << 20 };
}

/// The files that suggestions may draw on. Bounded by [`Limits`]; changing one file costs what that file is
/// worth, whatever the size of the whole.
#[derive(Clone, Debug)]
pub struct Workspace {
    name: String,
    limits: Limits,
    /// By their numbers. A number whose file is gone is used again.
    files: Vec<Option<File>>,
    unused: Vec<FileId>,
    n_bytes: usize,
    paths: Paths,
    membership: u64,
    /// Every chunk that was ever added, by its number, until the next compaction.
    chunks: Vec<ChunkAt>,
    n_dead_chunks: usize,
    /// The chunks in which a term stands, ascending.
    postings: FxHashMap<Term, Vec<ChunkId>>,
    /// The declarations by the hash of their name.
    names: FxHashMap<u64, Vec<DeclarationAt>>,
    viewed: Vec<Viewed>,
}

/// A file's number.
pub(crate) type FileId = u32;

/// A chunk's number.
pub(crate) type ChunkId = u32;

/// Which chunk of which file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkAt {
    pub(crate) file: FileId,
    pub(crate) idx: u32,
}

/// Stands in for the file of a chunk that is gone.
const DEAD: FileId = FileId::MAX;

/// Which declaration of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeclarationAt {
    pub(crate) file: FileId,
    pub(crate) idx: u32,
}

/// A place that the user looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Viewed {
    pub(crate) path: String,
    pub(crate) line: usize,
}

/// How many places are remembered.
const MAX_VIEWED: usize = 8;

/// Places nearer than this are one.
const SAME_PLACE_LINES: usize = 20;

impl Workspace {
    /// An empty one.
    pub fn new(limits: Limits) -> Workspace {
        Workspace {
            name: String::new(),
            limits,
            files: Vec::new(),
            unused: Vec::new(),
            n_bytes: 0,
            paths: Paths::default(),
            membership: file::next_version(),
            chunks: Vec::new(),
            n_dead_chunks: 0,
            postings: FxHashMap::default(),
            names: FxHashMap::default(),
            viewed: Vec::new(),
        }
    }

    /// Says what people call the whole, such as the repository's name.
    pub fn set_name(&mut self, name: &str) {
        self.name = name.to_string();
    }

    /// What people call the whole; empty where nobody has said.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a file, or puts it in the place of an older one of the same path.
    ///
    /// # Errors
    /// [`Skipped::Full`] past the bound; an older one is gone then too.
    pub fn insert(&mut self, file: File) -> Result<(), Skipped> {
        let was_there = self.take(&file.path);
        let fits =
            self.len() < self.limits.max_files && self.n_bytes + file.text.len() <= self.limits.max_bytes;
        if was_there != fits {
            self.membership = file::next_version();
        }
        if !fits {
            return Err(Skipped::Full);
        }
        let id = self.unused.pop().unwrap_or(self.files.len() as FileId);
        self.paths.insert(&file.path, id);
        self.n_bytes += file.text.len();
        for (idx, terms) in file.chunk_terms().enumerate() {
            let chunk = self.chunks.len() as ChunkId;
            self.chunks.push(ChunkAt { file: id, idx: idx as u32 });
            for term in terms {
                self.postings.entry(*term).or_default().push(chunk);
            }
        }
        self.insert_names(&file, id);
        match self.files.get_mut(id as usize) {
            Some(slot) => *slot = Some(file),
            None => self.files.push(Some(file)),
        }
        Ok(())
    }

    /// Forgets a file; whether there was one.
    pub fn remove(&mut self, path: &str) -> bool {
        let was_there = self.take(path);
        if was_there {
            self.membership = file::next_version();
        }
        was_there
    }

    fn take(&mut self, path: &str) -> bool {
        let Some(id) = self.paths.remove(path) else { return false };
        let Some(file) = self.files[id as usize].take() else { return false };
        self.unused.push(id);
        self.n_bytes -= file.text.len();
        self.remove_names(&file, id);
        for chunk in self.chunks.iter_mut().filter(|chunk| chunk.file == id) {
            chunk.file = DEAD;
            self.n_dead_chunks += 1;
        }
        if self.n_dead_chunks > 1024 && self.n_dead_chunks > self.chunks.len() / 2 {
            self.compact();
        }
        true
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.file(self.paths.get(path)?)
    }

    /// Parses a file that is in the index; whether there was something to do.
    pub fn parse(&mut self, path: &str) -> bool {
        let Some(id) = self.paths.get(path) else { return false };
        let Some(mut file) = self.files[id as usize].take_if(|file| !file.is_parsed) else { return false };
        self.remove_names(&file, id);
        file.parse();
        self.insert_names(&file, id);
        self.files[id as usize] = Some(file);
        true
    }

    /// The files that are not parsed yet, those nearest to `path` first.
    pub fn unparsed_near(&self, path: &str) -> Vec<String> {
        let unparsed = self.files.iter().flatten().filter(|file| !file.is_parsed);
        let mut paths: Vec<&str> = unparsed.map(|file| file.path.as_str()).collect();
        paths.sort_by_cached_key(|other| (paths::distance(path, other), *other));
        paths.into_iter().map(str::to_string).collect()
    }

    /// The files that may have lines in common with one of `language` at `path`, itself excluded, those nearest
    /// to it first; together at most `max_bytes`.
    pub fn nearest(&self, path: &str, language: Language, max_bytes: usize) -> Vec<&File> {
        let kin = |file: &&File| file.path != path && are_kin(file.language, language);
        let mut files: Vec<&File> = self.files.iter().flatten().filter(kin).collect();
        files.sort_by_cached_key(|file| (paths::distance(path, &file.path), file.path.as_str()));
        let mut n_bytes = 0;
        files.retain(|file| {
            let fits = n_bytes + file.text.len() <= max_bytes;
            n_bytes += if fits { file.text.len() } else { 0 };
            fits
        });
        files
    }

    /// Changes with every path that comes or goes, and with nothing else; no two workspaces share it.
    pub fn membership(&self) -> u64 {
        self.membership
    }

    /// Takes note that the user looked at a line, from 0, of a file.
    pub fn view(&mut self, path: &str, line: usize) {
        self.viewed.retain(|place| place.path != path || place.line.abs_diff(line) > SAME_PLACE_LINES);
        self.viewed.push(Viewed { path: path.to_string(), line });
        if self.viewed.len() > MAX_VIEWED {
            self.viewed.remove(0);
        }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all texts.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    pub(crate) fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id as usize)?.as_ref()
    }

    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The newest last.
    pub(crate) fn viewed(&self) -> &[Viewed] {
        &self.viewed
    }

    /// Chunks, the dead included.
    pub(crate) fn n_chunks(&self) -> usize {
        self.chunks.len()
    }

    /// A chunk and its file, if it is alive.
    pub(crate) fn chunk(&self, id: ChunkId) -> Option<(ChunkAt, &File)> {
        let chunk = self.chunks[id as usize];
        Some((chunk, self.file(chunk.file)?))
    }

    /// The chunks in which a term stands, some of them dead.
    pub(crate) fn chunks_with(&self, term: Term) -> &[ChunkId] {
        self.postings.get(&term).map_or(&[], Vec::as_slice)
    }

    /// The declarations of a name, without values: these are shown with what they belong to.
    pub(crate) fn declarations(
        &self,
        name: &str,
    ) -> impl Iterator<Item = (DeclarationAt, &File, &Declaration)> {
        let found = self.names.get(&hash_name(name.as_bytes())).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(move |at| {
            let file = self.file(at.file)?;
            let declaration = &file.declarations[at.idx as usize];
            (file.name(declaration) == name).then_some((*at, file, declaration))
        })
    }

    fn insert_names(&mut self, file: &File, id: FileId) {
        for (idx, hash) in named(file) {
            self.names.entry(hash).or_default().push(DeclarationAt { file: id, idx });
        }
    }

    fn remove_names(&mut self, file: &File, id: FileId) {
        for (_, hash) in named(file) {
            if let Some(places) = self.names.get_mut(&hash) {
                places.retain(|at| at.file != id);
                if places.is_empty() {
                    self.names.remove(&hash);
                }
            }
        }
    }

    /// Gives the living chunks new numbers and forgets the dead.
    fn compact(&mut self) {
        let mut renamed = vec![DEAD; self.chunks.len()];
        let alive = (0..self.chunks.len()).filter(|&id| self.chunks[id].file != DEAD);
        for (new, old) in alive.enumerate() {
            renamed[old] = new as ChunkId;
        }
        for chunks in self.postings.values_mut() {
            chunks.retain_mut(|chunk| {
                *chunk = renamed[*chunk as usize];
                *chunk != DEAD
            });
        }
        self.postings.retain(|_, chunks| !chunks.is_empty());
        self.chunks.retain(|chunk| chunk.file != DEAD);
        self.n_dead_chunks = 0;
    }
}

/// The declarations of a file that are looked up, each with the hash of its name.
fn named(file: &File) -> impl Iterator<Item = (u32, u64)> {
    let looked_up = |declaration: &Declaration| !declaration.kind.is_value() || declaration.depth == 0;
    let declarations = file.declarations.iter().enumerate().filter(move |(_, one)| looked_up(one));
    declarations.map(|(idx, one)| (idx as u32, hash_name(file.name(one).as_bytes())))
}

fn hash_name(name: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(name);
    hasher.finish()
}
