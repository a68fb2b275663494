//! The declarations of what the code around the cursor uses, as skeletons; a test sees what it tests.

mod mentions;
mod resolve;
mod skeleton;
mod tested;

use inkling_syntax::{Import, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Reason;
use crate::gather::Here;
use crate::similar::are_kin;
use crate::snippet::{Found, Piece};
use crate::workspace::{Declaration, DeclarationAt, File, FileId, Workspace};

use mentions::{Mention, mentions};
use resolve::{resolve, resolve_path};

/// Declarations of one name that are looked at; a name with more says nothing.
const MAX_CANDIDATES: usize = 16;

/// How much of the file on each side of the cursor is asked for declarations.
const NEAR_BYTES: usize = 16 << 10;

/// How much of its beginning is asked for imports.
const HEAD_BYTES: usize = 16 << 10;

/// Re-exports that are followed one after the other.
const MAX_HOPS: usize = 3;

/// Declarations that are shown, at most.
const MAX_FOUND: usize = 12;

/// What the cursor's surroundings refer to in other files, most useful first; `max_bytes` bounds one skeleton.
pub(crate) fn related(here: &Here<'_>, workspace: &Workspace, max_bytes: usize) -> Vec<Found> {
    let symbols = here.source.outline_in(here.offset.saturating_sub(NEAR_BYTES)..here.offset + NEAR_BYTES);
    let reach = Reach::new(here, workspace);
    let declared: FxHashSet<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    let mentions = mentions(here, &symbols);
    let mut hits: FxHashMap<(FileId, u32), Hit> = FxHashMap::default();
    for mention in &mentions {
        // What this file declares itself is in the prompt already, or near it.
        let is_own = declared.contains(mention.name.as_str()) && mention.reason != Reason::Enclosing;
        if !is_own {
            reach.look_up(mention, &mut hits);
        }
    }
    reach.follow_results(&mut hits);
    let mut ranked: Vec<Hit> = hits.into_values().collect();
    ranked.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(a.at.file.cmp(&b.at.file)).then(a.at.idx.cmp(&b.at.idx))
    });
    ranked.truncate(MAX_FOUND);
    let mut found: Vec<Found> = ranked.iter().filter_map(|hit| shown(hit, workspace, max_bytes)).collect();
    join_impls(&mut found, max_bytes);
    found.extend(reach.modules(max_bytes));
    found.extend(tested::counterpart(here, workspace, max_bytes));
    found
}

/// A declaration that something refers to.
struct Hit {
    at: DeclarationAt,
    score: f32,
    reason: Reason,
}

fn shown(hit: &Hit, workspace: &Workspace, max_bytes: usize) -> Option<Found> {
    let file = workspace.file(hit.at.file)?;
    let declaration = &file.declarations[hit.at.idx as usize];
    let text = skeleton::skeleton(file, hit.at.idx as usize, max_bytes);
    let piece = Piece::Skeleton(text, skeleton::range_of(declaration));
    Some(Found { file: hit.at.file, piece, score: hit.score, reason: hit.reason })
}

/// Puts skeletons of one file that follow each other, as a type and its `impl`s do, into one.
fn join_impls(found: &mut Vec<Found>, max_bytes: usize) {
    let mut joined: Vec<Found> = Vec::new();
    for one in found.drain(..) {
        let (Piece::Skeleton(text, range), Some(last)) = (&one.piece, joined.last_mut()) else {
            joined.push(one);
            continue;
        };
        match &mut last.piece {
            Piece::Skeleton(before, whole)
                if last.file == one.file
                    && whole.end <= range.start
                    && before.len() + text.len() <= max_bytes =>
            {
                before.push_str(text);
                whole.end = range.end;
            }
            _ => joined.push(one),
        }
    }
    *found = joined;
}

/// What the file at the cursor can refer to.
struct Reach<'a> {
    here: &'a Here<'a>,
    workspace: &'a Workspace,
    imports: Vec<Import>,
    /// The files from which a name of this file comes.
    named: FxHashMap<String, Origin>,
    /// The files that are imported, or included, as a whole or in part.
    imported: FxHashSet<FileId>,
    beside: FxHashSet<FileId>,
}

/// Where an imported name comes from.
struct Origin {
    /// Its name there.
    name: String,
    files: Vec<FileId>,
}

impl<'a> Reach<'a> {
    fn new(here: &'a Here<'a>, workspace: &'a Workspace) -> Reach<'a> {
        let (paths, imports) = (workspace.paths(), here.source.imports_in(0..HEAD_BYTES));
        let mut named = FxHashMap::default();
        let mut imported = FxHashSet::default();
        for import in &imports {
            for one in &import.names {
                let files = resolve(paths, here.language, here.path, import, Some(&one.name));
                imported.extend(files.iter().copied());
                named.insert(one.local().to_string(), Origin { name: one.name.clone(), files });
            }
            if import.names.is_empty() {
                imported.extend(resolve(paths, here.language, here.path, import, None));
            }
        }
        let beside = paths.beside(here.path).into_iter().collect();
        Reach { here, workspace, imports, named, imported, beside }
    }

    /// Adds what a name may mean, with how likely that is.
    fn look_up(&self, mention: &Mention, hits: &mut FxHashMap<(FileId, u32), Hit>) {
        let origin = self.named.get(&mention.name);
        let name = origin.map_or(mention.name.as_str(), |origin| &origin.name);
        let from: Vec<FileId> = origin.map_or_else(Vec::new, |origin| self.with_reexports(origin));
        let candidates: Vec<_> = self
            .workspace
            .declarations(name)
            .filter(|(_, file, _)| file.path != self.here.path && are_kin(file.language, self.here.language))
            .filter(|(_, _, declaration)| may_mean(mention.reason, declaration))
            .take(MAX_CANDIDATES + 1)
            .collect();
        let is_import = origin.is_some();
        let reason = if is_import && mention.reason == Reason::Use { Reason::Import } else { mention.reason };
        let weight = mention.weight.max(if is_import { Reason::Import.weight() * 0.8 } else { 0.0 });
        for (at, file, declaration) in &candidates {
            let confidence = self.confidence(*at, file, declaration, &from, candidates.len());
            let score = weight * confidence;
            if score > 0.0 {
                let hit = hits.entry((at.file, at.idx)).or_insert(Hit { at: *at, score, reason });
                if score > hit.score {
                    *hit = Hit { at: *at, score, reason };
                }
            }
        }
    }

    /// How likely a declaration is the one that is meant, of `n_candidates` of its name.
    fn confidence(
        &self,
        at: DeclarationAt,
        file: &File,
        declaration: &Declaration,
        from: &[FileId],
        n_candidates: usize,
    ) -> f32 {
        if from.contains(&at.file) {
            return 1.0;
        }
        let certainty = if self.imported.contains(&at.file) {
            0.9
        } else if self.beside.contains(&at.file) {
            0.7
        } else if n_candidates <= MAX_CANDIDATES
            && tested::is_test(&file.path) == tested::is_test(self.here.path)
        {
            0.5 / n_candidates as f32
        } else {
            0.0
        };
        match declaration.kind {
            // Any type may have a method of that name.
            kind if kind.is_callable() && declaration.depth > 0 => certainty * 0.6 / n_candidates as f32,
            _ => certainty,
        }
    }

    /// The files of an imported name, and those from which they re-export it.
    fn with_reexports(&self, origin: &Origin) -> Vec<FileId> {
        let mut files = origin.files.clone();
        let mut done = 0;
        for _ in 0..MAX_HOPS {
            let hop = done..files.len();
            done = files.len();
            for id in hop {
                let Some(file) = self.workspace.file(files[id]) else { continue };
                for path in reexports(file, &origin.name) {
                    let more = resolve_path(
                        self.workspace.paths(),
                        file.language,
                        &file.path,
                        &path,
                        Some(&origin.name),
                    );
                    files.extend(more);
                }
            }
            let mut seen = FxHashSet::default();
            files.retain(|id| seen.insert(*id));
        }
        files
    }

    /// What a function that the cursor stands behind gives: the types in its head.
    fn follow_results(&self, hits: &mut FxHashMap<(FileId, u32), Hit>) {
        let functions: Vec<(String, f32)> = hits
            .values()
            .filter(|hit| hit.reason == Reason::Receiver)
            .filter_map(|hit| {
                let file = self.workspace.file(hit.at.file)?;
                let declaration = &file.declarations[hit.at.idx as usize];
                declaration.kind.is_callable().then(|| (skeleton::head(file, declaration), hit.score))
            })
            .collect();
        for (head, score) in functions {
            for word in mentions::words(&head) {
                let name = head[word].to_string();
                self.look_up(&Mention { name, reason: Reason::Receiver, weight: 0.9 * score }, hits);
            }
        }
    }

    /// What a module declares that the cursor stands behind by its name, as in `shop.` after `import shop`.
    fn modules(&self, max_bytes: usize) -> Vec<Found> {
        let Some(range) = mentions::receiver(&self.here.prefix.text) else { return Vec::new() };
        let receiver = &self.here.prefix.text[range];
        let is_module = |import: &&Import| {
            let last = import.path.rsplit(['/', '.', ':']).next() == Some(receiver);
            last || import.names.iter().any(|one| one.local() == receiver)
        };
        let Some(import) = self.imports.iter().find(is_module) else { return Vec::new() };
        let paths = self.workspace.paths();
        let named = import.names.iter().find(|one| one.local() == receiver).map(|one| one.name.as_str());
        let files = resolve(paths, self.here.language, self.here.path, import, named);
        // A name that is declared in one of them is no module.
        let is_declared = self.workspace.declarations(receiver).any(|(at, ..)| files.contains(&at.file));
        let of = |id: FileId| {
            let file = self.workspace.file(id)?;
            let text = skeleton::overview(file, max_bytes);
            let piece = Piece::Skeleton(text, 0..file.text.len());
            Some(Found { file: id, piece, score: 0.8, reason: Reason::Import })
        };
        if is_declared { Vec::new() } else { files.into_iter().take(2).filter_map(of).collect() }
    }
}

/// Whether a name that is used so may be that of such a declaration.
fn may_mean(reason: Reason, declaration: &Declaration) -> bool {
    use SymbolKind::{Class, Enum, Impl, Interface, Type};
    let is_type = matches!(declaration.kind, Class | Interface | Enum | Impl | Type);
    match reason {
        Reason::Receiver | Reason::Callee => declaration.kind != SymbolKind::Module,
        Reason::Signature | Reason::Supertype | Reason::Field | Reason::Enclosing => is_type,
        _ => is_type || declaration.depth == 0 && declaration.kind != SymbolKind::Module,
    }
}

/// The paths from which a file passes on a name, or everything.
fn reexports(file: &File, name: &str) -> Vec<String> {
    use inkling_syntax::Language::{JavaScript, Python, Rust, Tsx, TypeScript};
    let begins: &[&str] = match file.language {
        TypeScript | Tsx | JavaScript => &["export ", "import "],
        Python => &["from "],
        Rust => &["pub use ", "pub(crate) use ", "pub(super) use "],
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    for (start, _) in file.text.match_indices('\n').map(|(at, n)| (at + 1, n)).chain([(0, "")]) {
        let rest = &file.text[start..];
        let Some(begin) = begins.iter().find(|begin| rest.starts_with(**begin)) else { continue };
        let statement = statement(rest);
        let has_name = mentions::words(statement).any(|word| &statement[word] == name);
        if has_name || statement.contains('*') {
            found.extend(source_of(statement, begin.len(), file.language));
        }
    }
    found
}

/// The text up to the end of the first statement: its line, or what its brackets hold.
fn statement(text: &str) -> &str {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().take(2048) {
        match byte {
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth -= 1,
            b';' | b'\n' if depth <= 0 => return &text[..at],
            _ => {}
        }
    }
    &text[..text.floor_char_boundary(2048)]
}

/// What a re-exporting statement takes from.
fn source_of(statement: &str, n_begin: usize, language: inkling_syntax::Language) -> Option<String> {
    use inkling_syntax::Language::{Python, Rust};
    match language {
        Rust => Some(statement[n_begin..].to_string()),
        Python => Some(statement[n_begin..].split_whitespace().next()?.to_string()),
        _ => {
            let (_, after) = statement.rsplit_once("from")?;
            Some(after.trim().trim_matches(['"', '\'']).to_string())
        }
    }
}
