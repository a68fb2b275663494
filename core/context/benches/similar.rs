//! Similar code by our windows, and by the published parameters of two others, on the same places.
//!
//! `cargo bench -p inkling-context --bench similar -- REPOSITORY…` hides three lines at random places and looks at how
//! many of their names the snippets hold that neither the file's own text nor a keyword gives away. All have the same
//! bytes to fill.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use inkling_context::{Config, File, Limits, RecentEdits, Sources, Workspace, gather};
use inkling_syntax::{Language, Source};

const N_PLACES: usize = 100;
const N_HIDDEN_LINES: usize = 3;
const MAX_FILES: usize = 20;

/// A window of a file and how it is scored.
struct Peer {
    name: &'static str,
    window_lines: usize,
    /// Larger files are left out.
    max_file_bytes: usize,
    terms: fn(&str) -> Vec<String>,
    /// Whether a term counts as often as it comes.
    is_bag: bool,
}

/// Parameters as of 2026 in the open sources of both; the nearest files stand for the ones that are open.
const PEERS: [Peer; 2] = [
    Peer { name: "Copilot", window_lines: 60, max_file_bytes: 10_000, terms: words, is_bag: false },
    Peer { name: "Cody", window_lines: 50, max_file_bytes: usize::MAX, terms: parts, is_bag: true },
];

/// English words and keywords that tell nothing.
const STOP_WORDS: [&str; 48] = [
    "the", "and", "for", "that", "this", "with", "from", "not", "are", "was", "will", "can", "has", "have",
    "but", "you", "all", "any", "its", "int", "let", "var", "const", "static", "public", "private", "final",
    "return", "import", "class", "function", "def", "self", "new", "null", "none", "true", "false", "void",
    "else", "while", "string", "type", "use", "pub", "mut", "impl", "export",
];

/// The cursor's place, and what stood behind it.
struct Place {
    path: String,
    source: Source,
    offset: usize,
    wanted: HashSet<String>,
}

fn main() {
    let roots: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).map(Into::into).collect();
    let repositories: Vec<Workspace> = roots.iter().map(|root| index(root)).collect();
    if repositories.is_empty() {
        println!("name repositories: cargo bench -p inkling-context --bench similar -- REPOSITORY…");
        return;
    }
    let mut random = fastrand::Rng::with_seed(1);
    let places: Vec<(usize, Place)> = (0..repositories.len())
        .flat_map(|idx| std::iter::repeat_n(idx, N_PLACES))
        .filter_map(|idx| Some((idx, place(&repositories[idx], &mut random)?)))
        .collect();
    println!("{} places whose hidden lines have names that their files lack", places.len());
    for budget in [1024, 2048, 4096, 8192] {
        let mut found: Vec<(&str, f64)> = Vec::new();
        let mut measure = |name, snippets: &dyn Fn(&Workspace, &Place) -> String| {
            let share = |(idx, place): &(usize, Place)| held(&snippets(&repositories[*idx], place), place);
            found.push((name, places.iter().map(share).sum::<f64>() / places.len() as f64));
        };
        measure("Inkling", &|workspace, place| ours(workspace, place, budget));
        for peer in &PEERS {
            measure(peer.name, &|workspace, place| peer.snippets(workspace, place, budget));
        }
        let row: String = found.iter().map(|(name, share)| format!("  {name} {share:.3}")).collect();
        println!("{budget:5} bytes{row}");
    }
}

fn index(root: &Path) -> Workspace {
    let mut workspace = Workspace::new(Limits::STANDARD);
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                if let Ok(file) = File::new(&shown, bytes) {
                    let _ = workspace.insert(file);
                    workspace.parse(&shown);
                }
            }
        }
    }
    workspace
}

/// A random place in a random file; `None` where the hidden lines have no name of their own.
fn place(workspace: &Workspace, random: &mut fastrand::Rng) -> Option<Place> {
    let mut files: Vec<&File> =
        [Language::Python, Language::Rust, Language::TypeScript, Language::Java, Language::Kotlin]
            .into_iter()
            .flat_map(|language| workspace.nearest("", language, usize::MAX))
            .filter(|file| file.language != Language::PlainText)
            .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    let file = *random.choice(&files)?;
    let starts: Vec<usize> =
        std::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let first = random.usize(..starts.len());
    let (start, end) = (starts[first], *starts.get(first + N_HIDDEN_LINES)?);
    let rest = format!("{}{}", &file.text[..start], &file.text[end..]);
    let own: HashSet<String> = words(&rest).into_iter().collect();
    let wanted: HashSet<String> = words(&file.text[start..end])
        .into_iter()
        .filter(|word| {
            word.len() > 2 && !own.contains(word) && !word.starts_with(|c: char| c.is_ascii_digit())
        })
        .collect();
    let source = Source::new(rest, file.language);
    (!wanted.is_empty()).then(|| Place { path: file.path.clone(), source, offset: start, wanted })
}

/// The share of the wanted names that stand in `snippets`.
fn held(snippets: &str, place: &Place) -> f64 {
    let words: HashSet<String> = words(snippets).into_iter().collect();
    place.wanted.intersection(&words).count() as f64 / place.wanted.len() as f64
}

fn ours(workspace: &Workspace, place: &Place, budget: usize) -> String {
    let sources = Sources { similar: true, ..Sources::NONE };
    let config = Config { sources, max_snippet_bytes: 640, max_snippets_bytes: budget, ..Config::STANDARD };
    let edits = RecentEdits::default();
    let context = gather(&place.source, &place.path, place.offset, workspace, &edits, &config);
    let best_first = context.snippets.into_iter().rev().map(|snippet| snippet.text);
    cut(best_first.collect(), budget)
}

impl Peer {
    /// The best window of each file, the most similar files first.
    fn snippets(&self, workspace: &Workspace, place: &Place, budget: usize) -> String {
        let before: Vec<&str> = place.source.text()[..place.offset].lines().collect();
        let query = bag(before[before.len().saturating_sub(self.window_lines)..]
            .iter()
            .flat_map(|line| (self.terms)(line)));
        let near = workspace.nearest(&place.path, place.source.language(), usize::MAX);
        let open = near.into_iter().take(MAX_FILES).filter(|file| file.text.len() <= self.max_file_bytes);
        let mut windows: Vec<(f64, String)> =
            open.filter_map(|file| self.best_window(&file.text, &query)).collect();
        windows.sort_by(|a, b| b.0.total_cmp(&a.0));
        cut(windows.into_iter().map(|(_, text)| text).collect(), budget)
    }

    fn best_window(&self, text: &str, query: &HashMap<String, usize>) -> Option<(f64, String)> {
        let lines: Vec<&str> = text.lines().collect();
        let terms: Vec<Vec<String>> = lines.iter().map(|line| (self.terms)(line)).collect();
        let n_windows = lines.len().saturating_sub(self.window_lines) + 1;
        let score = |start: usize| {
            let end = (start + self.window_lines).min(lines.len());
            (self.jaccard(query, &bag(terms[start..end].iter().flatten().cloned())), start, end)
        };
        let (score, start, end) = (0..n_windows).map(score).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (score > 0.0).then(|| (score, lines[start..end].join("\n") + "\n"))
    }

    fn jaccard(&self, a: &HashMap<String, usize>, b: &HashMap<String, usize>) -> f64 {
        let count = |n: usize| if self.is_bag { n } else { n.min(1) };
        let n_shared: usize =
            a.iter().map(|(term, n)| count(*n).min(count(b.get(term).copied().unwrap_or(0)))).sum();
        let n_all: usize = a.values().chain(b.values()).map(|n| count(*n)).sum();
        n_shared as f64 / (n_all - n_shared).max(1) as f64
    }
}

fn bag(terms: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut bag = HashMap::new();
    terms.for_each(|term| *bag.entry(term).or_default() += 1);
    bag
}

/// As much of the snippets, in their order, as fits.
fn cut(snippets: Vec<String>, budget: usize) -> String {
    let text = snippets.concat();
    let end = text.floor_char_boundary(budget);
    text[..end].to_string()
}

/// Runs of letters, digits and `_`.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.filter(|word| !STOP_WORDS.contains(&word.to_lowercase().as_str())).map(str::to_string).collect()
}

/// Words and their parts in lower case.
fn parts(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for word in words(text) {
        let mut part = String::new();
        for c in word.chars() {
            if (c == '_' || c.is_uppercase()) && !part.is_empty() {
                all.push(std::mem::take(&mut part));
            }
            part.extend(c.to_lowercase().filter(|c| *c != '_'));
        }
        all.push(part);
        all.push(word.to_lowercase());
    }
    all.retain(|term| !term.is_empty() && !STOP_WORDS.contains(&term.as_str()));
    all
}
