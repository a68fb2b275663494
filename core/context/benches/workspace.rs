//! Speed and memory of the index and of `gather` on a workspace of real files.
//!
//! `cargo bench -p inkling-context --bench workspace -- FOLDER…` reads up to 10,000 files of the folders, indexes them, parses
//! some, and asks for the context of 2,000 random places.

use std::path::{Path, PathBuf};

use inkling_context::{Config, File, Limits, RecentEdits, Workspace, gather};
use inkling_syntax::{Language, Source};

const MAX_FILES: usize = 10_000;
const N_PLACES: usize = 2_000;
const N_PARSED: usize = 1_000;

/// Time that this process has computed, so that a busy machine does not count.
struct Clock(f64);

impl Clock {
    fn start() -> Clock {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Clock(now.tv_sec as f64 + now.tv_nsec as f64 / 1e9)
    }

    fn seconds(&self) -> f64 {
        Clock::start().0 - self.0
    }
}

fn main() {
    let folders: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).map(Into::into).collect();
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    for folder in &folders {
        // The same share of each folder.
        let mut of_folder = Vec::new();
        list(folder, folder, &mut of_folder);
        let share = MAX_FILES.div_ceil(folders.len());
        let step = (of_folder.len() / share).max(1);
        files.extend(of_folder.into_iter().step_by(step).take(share));
    }
    files.truncate(MAX_FILES);
    if files.is_empty() {
        println!(
            "name folders with source files: cargo bench -p inkling-context --bench workspace -- FOLDER…"
        );
        return;
    }
    let before = resident_bytes();
    let mut workspace = index(files);
    println!("memory                {:8.1} MB more than before", (resident_bytes() - before) as f64 / 1e6);
    let places = places(&workspace);
    ask(&workspace, &places, "by lines");
    parse(&mut workspace);
    ask(&workspace, &places, "some parsed");
}

/// The source files below a folder, by their paths in the workspace.
fn list(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            list(root, &path, files);
        } else if Language::from_path(&path.to_string_lossy()) != Language::PlainText {
            let shown = path.strip_prefix(root.parent().unwrap_or(root)).unwrap_or(&path);
            files.push((shown.to_string_lossy().into_owned(), path));
        }
    }
}

fn index(files: Vec<(String, PathBuf)>) -> Workspace {
    let mut workspace = Workspace::new(Limits { max_files: MAX_FILES, max_bytes: usize::MAX });
    let (n_files, mut n_bytes, mut read_s, mut insert_s) = (files.len(), 0, 0.0, 0.0);
    for (name, path) in files {
        let Ok(bytes) = std::fs::read(path) else { continue };
        n_bytes += bytes.len();
        let clock = Clock::start();
        let file = File::new(&name, bytes);
        read_s += clock.seconds();
        let clock = Clock::start();
        if let Ok(file) = file {
            let _ = workspace.insert(file);
        }
        insert_s += clock.seconds();
    }
    let mb = n_bytes as f64 / 1e6;
    println!(
        "files                 {n_files:8} of {mb:.1} MB; {} indexed, {:.1} MB",
        workspace.len(),
        workspace.n_bytes() as f64 / 1e6
    );
    println!("look over             {:8.1} MB/s", mb / read_s);
    println!("add to the index      {:8.1} MB/s", mb / insert_s);
    println!("both                  {:8.1} MB/s", mb / (read_s + insert_s));
    workspace
}

/// Random places, each with its file parsed, as an editor has it.
fn places(workspace: &Workspace) -> Vec<(String, usize, Source)> {
    let mut random = fastrand::Rng::with_seed(1);
    let paths = workspace.unparsed_near("");
    let place = |_| {
        let path = &paths[random.usize(..paths.len())];
        let file = workspace.get(path).unwrap();
        let offset = random.usize(..=file.text.len());
        (path.clone(), offset, Source::new(file.text.clone(), file.language))
    };
    (0..N_PLACES).map(place).collect()
}

fn ask(workspace: &Workspace, places: &[(String, usize, Source)], name: &str) {
    let edits = RecentEdits::default();
    let config = Config::for_tokens(1024);
    let mut times: Vec<f64> = Vec::new();
    let mut n_snippets = 0;
    for (path, offset, source) in places {
        let started = Clock::start();
        n_snippets += gather(source, path, *offset, workspace, &edits, &config).snippets.len();
        times.push(started.seconds() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!(
        "gather ({name:11}) p50 {:.2} ms, p90 {:.2}, p99 {:.2}, max {:.2}; {:.1} snippets a place",
        at(50),
        at(90),
        at(99),
        at(100),
        n_snippets as f64 / places.len() as f64
    );
}

fn parse(workspace: &mut Workspace) {
    let paths = workspace.unparsed_near("");
    let step = (paths.len() / N_PARSED).max(1);
    let paths: Vec<&String> = paths.iter().step_by(step).collect();
    let texts: Vec<(String, Language)> = paths
        .iter()
        .map(|path| workspace.get(path).map(|file| (file.text.clone(), file.language)).unwrap())
        .collect();
    let n_bytes: usize = texts.iter().map(|(text, _)| text.len()).sum();
    let mb = n_bytes as f64 / 1e6;
    let started = Clock::start();
    for (text, language) in texts {
        std::hint::black_box(Source::new(text, language));
    }
    let bare_s = started.seconds();
    let started = Clock::start();
    for path in paths {
        workspace.parse(path);
    }
    let pass_s = started.seconds();
    println!(
        "syntax pass           {:8.1} MB/s, {:.2} of the bare parser's {:.1} MB/s",
        mb / pass_s,
        bare_s / pass_s,
        mb / bare_s
    );
}

/// Memory of this process; 0 where the system does not tell.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
