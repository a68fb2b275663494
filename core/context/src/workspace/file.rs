//! One file, as the index keeps it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use inkling_syntax::{Language, MAX_LINE_BYTES, MAX_TREE_BYTES, Source, SymbolKind};

use super::lexical;
use crate::terms::{Term, each_term};

/// Longer files are data or made by a machine.
const MAX_FILE_BYTES: usize = MAX_TREE_BYTES;

/// Code written by people has shorter lines, on the average of a file.
const MAX_MEAN_LINE_BYTES: usize = 200;

/// How far into a file a note that it was generated is looked for.
const NOTE_BYTES: usize = 1024;

/// About how long a chunk is.
const CHUNK_BYTES: usize = 2048;

/// What the index knows of a file. It is made without the index, so that threads can make many.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the workspace root, with `/`.
    pub path: String,
    /// By its path.
    pub language: Language,
    /// The whole of it.
    pub text: String,
    /// What it declares, in the order of the text.
    pub declarations: Vec<Declaration>,
    /// Whether its declarations come from its syntax tree, and not from the look of its lines.
    pub is_parsed: bool,
    /// Tells this text from every other of any file.
    version: u64,
    /// The file in stretches, in order and without gaps.
    pub(crate) chunks: Vec<Chunk>,
    /// The terms of all chunks, one chunk after the other, each term once a chunk.
    pub(crate) terms: Vec<Term>,
}

/// A stretch of whole lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    /// Where it ends in the text.
    pub(crate) end: u32,
    /// Where its terms end.
    pub(crate) terms_end: u32,
}

/// A declaration in an indexed file. Offsets are 32-bit: there may be a million of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// What is declared.
    pub kind: SymbolKind,
    /// How many declarations enclose it.
    pub depth: u8,
    /// The whole declaration, from its first character.
    pub range: Range<u32>,
    /// The name in it.
    pub name: Range<u32>,
    /// What stands between, and with, its braces, or its indented block; nothing where that is not known.
    pub body: Option<Range<u32>>,
}

/// Why a file is not in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skipped {
    /// No language of the table.
    NotCode,
    /// Not UTF-8, or with zero bytes.
    Binary,
    /// Over a megabyte.
    TooLarge,
    /// With very long lines.
    Minified,
    /// With a note that a program wrote it.
    Generated,
    /// The index is at its bound.
    Full,
}

impl Skipped {
    /// As `outline` and logs write it.
    pub fn name(self) -> &'static str {
        match self {
            Skipped::NotCode => "not code",
            Skipped::Binary => "binary",
            Skipped::TooLarge => "over a megabyte",
            Skipped::Minified => "minified",
            Skipped::Generated => "generated",
            Skipped::Full => "past the index's bound",
        }
    }
}

/// A number that was not there before, in this process.
pub(super) fn next_version() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl File {
    /// Looks over a file's bytes once, without parsing them.
    ///
    /// # Errors
    /// What kind of file it is, where it is none that people write.
    pub fn new(path: &str, bytes: Vec<u8>) -> Result<File, Skipped> {
        let language = Language::from_path(path);
        let text = admitted(language, bytes)?;
        let declarations = lexical::declarations(&text, language);
        let mut file = File {
            path: path.to_string(),
            language,
            text,
            declarations,
            is_parsed: false,
            version: next_version(),
            chunks: Vec::new(),
            terms: Vec::new(),
        };
        file.find_terms();
        Ok(file)
    }

    /// Tells this text from every other that was ever made into a file.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes the declarations from the syntax tree, where the text has one.
    pub fn parse(&mut self) {
        if std::mem::replace(&mut self.is_parsed, true) {
            return;
        }
        let source = Source::new(std::mem::take(&mut self.text), self.language);
        let found: Vec<Declaration> = source.outline().iter().map(Declaration::from_symbol).collect();
        // A file too broken to parse keeps what its lines tell.
        if !found.is_empty() {
            self.declarations = found;
        }
        self.text = source.into_text();
    }

    pub(crate) fn text_of(&self, range: &Range<u32>) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The name that a declaration declares.
    pub fn name(&self, declaration: &Declaration) -> &str {
        self.text_of(&declaration.name)
    }

    pub(crate) fn chunk(&self, idx: usize) -> Range<usize> {
        let start = idx.checked_sub(1).map_or(0, |before| self.chunks[before].end);
        start as usize..self.chunks[idx].end as usize
    }

    /// The distinct terms of each chunk.
    pub(crate) fn chunk_terms(&self) -> impl Iterator<Item = &[Term]> {
        let mut start = 0;
        self.chunks.iter().map(move |chunk| {
            let terms = &self.terms[start..chunk.terms_end as usize];
            start = chunk.terms_end as usize;
            terms
        })
    }

    fn find_terms(&mut self) {
        let mut seen = Seen::new();
        let mut start = 0;
        while start < self.text.len() {
            let end = chunk_end(&self.text, start);
            seen.clear();
            let terms = &mut self.terms;
            each_term(&self.text.as_bytes()[start..end], |term| {
                if seen.insert(term) {
                    terms.push(term);
                }
            });
            self.chunks.push(Chunk { end: end as u32, terms_end: self.terms.len() as u32 });
            start = end;
        }
        self.terms.shrink_to_fit();
        self.chunks.shrink_to_fit();
        self.declarations.shrink_to_fit();
    }
}

impl Declaration {
    fn from_symbol(symbol: &inkling_syntax::Symbol) -> Declaration {
        let short = |range: &Range<usize>| range.start as u32..range.end as u32;
        Declaration {
            kind: symbol.kind,
            depth: symbol.depth.min(u8::MAX as usize) as u8,
            range: short(&symbol.range),
            name: short(&symbol.name_range),
            body: symbol.body.as_ref().map(short),
        }
    }
}

/// The text of a file that people write.
fn admitted(language: Language, bytes: Vec<u8>) -> Result<String, Skipped> {
    if language == Language::PlainText {
        return Err(Skipped::NotCode);
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Skipped::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| Skipped::Binary)?;
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(Skipped::Binary);
    }
    if is_minified(&text) {
        return Err(Skipped::Minified);
    }
    if is_generated(&text) {
        return Err(Skipped::Generated);
    }
    Ok(text)
}

fn is_minified(text: &str) -> bool {
    let mut n_lines = 1;
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', text.as_bytes()) {
        if newline - start > MAX_LINE_BYTES {
            return true;
        }
        n_lines += 1;
        start = newline + 1;
    }
    text.len() - start > MAX_LINE_BYTES || text.len() / n_lines > MAX_MEAN_LINE_BYTES && text.len() > 4096
}

/// Whether one of the first comments says that a program wrote the file.
fn is_generated(text: &str) -> bool {
    let head = &text.as_bytes()[..text.len().min(NOTE_BYTES)];
    let lines = head.split(|&byte| byte == b'\n');
    let mut comments = lines.filter(|line| {
        let line = line.trim_ascii_start();
        [&b"//"[..], b"#", b"/*", b"*", b"<!--", b"\"\"\""].iter().any(|mark| line.starts_with(mark))
    });
    comments.any(|line| {
        let line = line.to_ascii_lowercase();
        let says = |note: &[u8]| memchr::memmem::find(&line, note).is_some();
        says(b"@generated")
            || says(b"do not edit")
            || says(b"automatically generated")
            || says(b"auto-generated")
            || says(b"autogenerated")
            || says(b"code generated by")
            || says(b"generated by the protocol buffer compiler")
    })
}

/// The end of the line on which a chunk that begins at `start` is full.
fn chunk_end(text: &str, start: usize) -> usize {
    let full = start + CHUNK_BYTES;
    if full >= text.len() {
        return text.len();
    }
    memchr::memchr(b'\n', &text.as_bytes()[full..]).map_or(text.len(), |newline| full + newline + 1)
}

/// The terms that a chunk has had: a table that is emptied by counting.
struct Seen {
    slots: Vec<(Term, u32)>,
    round: u32,
}

/// More than terms in a chunk, most lines being short; a longer chunk's terms may come twice.
const SEEN_SLOTS: usize = 2048;

impl Seen {
    fn new() -> Seen {
        Seen { slots: vec![(0, 0); SEEN_SLOTS], round: 0 }
    }

    fn clear(&mut self) {
        self.round += 1;
    }

    /// Whether it is new.
    fn insert(&mut self, term: Term) -> bool {
        let mut slot = term as usize % SEEN_SLOTS;
        for _ in 0..16 {
            let (had, round) = self.slots[slot];
            if round != self.round {
                self.slots[slot] = (term, self.round);
                return true;
            }
            if had == term {
                return false;
            }
            slot = (slot + 1) % SEEN_SLOTS;
        }
        true
    }
}
