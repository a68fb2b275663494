use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use indicatif::ProgressBar;
use inkling_assist::context::{Limits, Workspace};
use inkling_assist::{Completer, Options};
use inkling_eval::{Asking, Case, CaseResult, Cut, Document, Measured, draw, measure};

use super::log::Log;
use crate::{model, workspace};

/// Repositories, and what was taken out of them.
pub(super) struct Exam {
    repositories: Vec<Repository>,
    /// Each with its repository's number.
    cases: Vec<(usize, Case)>,
}

impl Exam {
    /// About `limit` parts of each language of each repository.
    pub(super) fn read(folders: &[PathBuf], limit: usize, seed: u64) -> Result<Exam> {
        let repositories: Vec<Repository> =
            folders.iter().map(|folder| Repository::read(folder)).collect::<Result<_>>()?;
        let drawn = |(idx, one): (usize, &Repository)| {
            draw(&one.documents, Cut::Syntax, limit, seed).into_iter().map(move |case| (idx, case))
        };
        let cases = repositories.iter().enumerate().flat_map(drawn).collect();
        Ok(Exam { repositories, cases })
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    /// The repositories' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories.iter().map(|repository| repository.name.as_str())
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
        let clock = model::clock();
        let mut result_of = |(idx, case): &(usize, Case)| {
            let Repository { name, documents, workspace } = &self.repositories[*idx];
            let document = &documents[case.document];
            let asking = Asking { workspace, options, now_ms: &clock };
            let case_name = format!("{label} {name}/{}:{}", document.path, case.wanted.start);
            let measured = || Ok(block_on(measure(case, document, completer, asking, measured))?);
            let result = log.result(case_name, measured);
            bar.inc(1);
            Ok((*idx, result?))
        };
        self.cases.iter().map(&mut result_of).collect()
    }
}

/// Files that know of each other.
struct Repository {
    name: String,
    documents: Vec<Document>,
    workspace: RefCell<Workspace>,
}

impl Repository {
    /// All of its files, parsed, as an editor has them after a while.
    fn read(folder: &Path) -> Result<Repository> {
        let root = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = workspace::source_files(&root);
        let bar = model::steps_bar(format!("Reading {name}"), files.len());
        let mut index = Workspace::new(Limits::STANDARD);
        index.set_name(&name);
        let mut documents = Vec::new();
        for file in files {
            if let Some(Ok(file)) = workspace::read(&root, &file) {
                let (path, language, text) = (file.path.clone(), file.language, file.text.clone());
                if index.insert(file).is_ok() {
                    index.parse(&path);
                    documents.push(Document { path, language, text });
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if documents.is_empty() {
            bail!("{} has no source files that may be read", folder.display());
        }
        Ok(Repository { name, documents, workspace: RefCell::new(index) })
    }
}
