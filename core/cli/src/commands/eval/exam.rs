use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use indicatif::ProgressBar;
use inkling_assist::context::{File, Limits, Workspace};
use inkling_assist::syntax::Language;
use inkling_assist::{Completer, Options};
use inkling_eval::{Asking, Case, CaseResult, Cut, Document, Measured, draw, measure};
use serde::Deserialize;

use super::log::Log;
use crate::{corpus, model, workspace};

/// Repositories, and what was taken out of them.
#[derive(Default)]
pub(super) struct Exam {
    repositories: Vec<Repository>,
    /// Of all repositories.
    documents: Vec<Document>,
    /// Each with its repository's number.
    cases: Vec<(usize, Case)>,
}

impl Exam {
    /// About `limit` parts of each language of each repository.
    pub(super) fn of_folders(folders: &[PathBuf], limit: usize, seed: u64) -> Result<Exam> {
        let mut exam = Exam::default();
        for (idx, folder) in folders.iter().enumerate() {
            let (repository, documents) = Repository::read(folder)?;
            let n_before = exam.documents.len();
            let cases = draw(&documents, Cut::Syntax, limit, seed).into_iter();
            exam.cases.extend(cases.map(|case| (idx, Case { document: n_before + case.document, ..case })));
            exam.documents.extend(documents);
            exam.repositories.push(repository);
        }
        Ok(exam)
    }

    /// About `limit` lines of each language of a split of a corpus, whose packages are the repositories; those
    /// of `except` are left out.
    pub(super) fn of_corpus(
        corpus: &Path,
        split: &str,
        except: &[String],
        limit: usize,
        seed: u64,
    ) -> Result<Exam> {
        let mut exam = Exam::default();
        let mut numbers = HashMap::new();
        let mut owners = Vec::new();
        corpus::read(corpus, |Line { package, path, split: of, text }: Line| {
            if of != split || except.contains(&package) {
                return Ok(());
            }
            let path = format!("{package}/{path}");
            let owner = *numbers.entry(package).or_insert_with_key(|package| {
                exam.repositories.push(Repository::new(package.clone()));
                exam.repositories.len() - 1
            });
            if let Ok(file) = File::new(&path, text.clone().into_bytes()) {
                exam.repositories[owner].index(file);
            }
            let language = Language::from_path(&path);
            exam.documents.push(Document { path, language, text });
            owners.push(owner);
            Ok(())
        })?;
        if exam.documents.is_empty() {
            bail!("{} has no document of the split \"{split}\"", corpus.display());
        }
        let cases = draw(&exam.documents, Cut::Lines, limit, seed).into_iter();
        exam.cases = cases.map(|case| (owners[case.document], case)).collect();
        Ok(exam)
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    /// The repositories' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories.iter().map(|repository| repository.name.as_str())
    }

    /// What `ask`, which is told the repository's name, makes of every part, each with its repository's number.
    pub(super) fn each<R>(
        &self,
        options: Options,
        bar: &ProgressBar,
        mut ask: impl FnMut(&str, &Case, &Document, Asking<'_>) -> Result<R>,
    ) -> Result<Vec<(usize, R)>> {
        let clock = model::clock();
        let mut result_of = |(idx, case): &(usize, Case)| {
            let Repository { name, workspace } = &self.repositories[*idx];
            let asking = Asking { workspace, options, now_ms: &clock };
            let result = ask(name, case, &self.documents[case.document], asking);
            bar.inc(1);
            Ok((*idx, result?))
        };
        self.cases.iter().map(&mut result_of).collect()
    }

    /// Asks for every part; the results, each with its repository's number. `label` tells them from those of
    /// others in the log.
    pub(super) fn sit(
        &self,
        label: &str,
        completer: &mut dyn Completer,
        options: Options,
        measured: Measured,
        log: &mut Log<CaseResult>,
        bar: &ProgressBar,
    ) -> Result<Vec<(usize, CaseResult)>> {
        self.each(options, bar, |name, case, document, asking| {
            let case_name = format!("{label} {name}/{}:{}", document.path, case.wanted.start);
            let measured = || Ok(block_on(measure(case, document, completer, asking, measured))?);
            log.result(case_name, measured)
        })
    }
}

/// Results to learn from and results to measure on, of different repositories.
pub(super) fn halves<R>(results: Vec<(usize, R)>) -> Result<[Vec<R>; 2]> {
    let mut halves = [Vec::new(), Vec::new()];
    for (repository, result) in results {
        halves[repository % 2].push(result);
    }
    if halves.iter().any(Vec::is_empty) {
        bail!("one half of the packages is learned from, the other measured on: the corpus has too few");
    }
    Ok(halves)
}

/// A document of a corpus, as far as it is needed.
#[derive(Deserialize)]
struct Line {
    package: String,
    path: String,
    split: String,
    text: String,
}

/// Files that know of each other.
struct Repository {
    name: String,
    workspace: RefCell<Workspace>,
}

impl Repository {
    fn new(name: String) -> Repository {
        Repository { name, workspace: RefCell::new(Workspace::new(Limits::STANDARD)) }
    }

    /// All files of a folder.
    fn read(folder: &Path) -> Result<(Repository, Vec<Document>)> {
        let root = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = workspace::source_files(&root);
        let bar = model::steps_bar(format!("Reading {name}"), files.len());
        let mut repository = Repository::new(name);
        repository.workspace.get_mut().set_name(&repository.name);
        let mut documents = Vec::new();
        for file in files {
            if let Some(Ok(file)) = workspace::read(&root, &file) {
                let (path, language, text) = (file.path.clone(), file.language, file.text.clone());
                if repository.index(file) {
                    documents.push(Document { path, language, text });
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if documents.is_empty() {
            bail!("{} has no source files that may be read", folder.display());
        }
        Ok((repository, documents))
    }

    /// Parses a file too, as an editor has done after a while; whether there was room for it.
    fn index(&mut self, file: File) -> bool {
        let (path, index) = (file.path.clone(), self.workspace.get_mut());
        let has_room = index.insert(file).is_ok();
        index.parse(&path);
        has_room
    }
}
