//! The documents of one split.

use inkling_syntax::Language;
use rustc_hash::FxHashMap;

use crate::Error;

/// A file of the corpus.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it belongs to; files of one package may be shown beside each other.
    pub package: String,
    /// Relative to the package, with `/`.
    pub path: String,
    /// By which it is weighed; `Typescript` also for TSX.
    pub language: Language,
    /// Its whole text.
    pub text: String,
}

impl Document {
    /// How it is parsed: by its path, as the product does, where that says something.
    pub(crate) fn grammar(&self) -> Language {
        match Language::from_path(&self.path) {
            Language::PlainText => self.language,
            language => language,
        }
    }
}

/// The documents of one split, and which belong together.
pub struct Corpus {
    documents: Vec<Document>,
    /// Indices of documents, by package, in the order of their paths.
    packages: FxHashMap<String, Vec<u32>>,
}

impl Corpus {
    /// Empty documents are left out.
    pub fn new(mut documents: Vec<Document>) -> Corpus {
        documents.retain(|document| !document.text.trim().is_empty());
        let mut packages: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for (idx, document) in documents.iter().enumerate() {
            packages.entry(document.package.clone()).or_default().push(idx as u32);
        }
        for members in packages.values_mut() {
            members.sort_by_key(|&idx| &documents[idx as usize].path);
        }
        Corpus { documents, packages }
    }

    /// All documents.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The files of a document's package, that document included, in the order of their paths.
    pub(crate) fn package_of(&self, document: &Document) -> &[u32] {
        self.packages.get(&document.package).map_or(&[], Vec::as_slice)
    }
}

/// The language that a corpus calls `name`: an LSP identifier.
///
/// # Errors
/// [`Error::Language`] where nothing is called so.
pub fn language_id(name: &str) -> Result<Language, Error> {
    let is_code = |language: &Language| *language != Language::PlainText;
    let language = Language::from_id(name);
    if is_code(&language) {
        return Ok(language);
    }
    let known: Vec<&str> = Language::ALL.iter().filter(|one| is_code(one)).map(|one| one.id()).collect();
    Err(Error::Language { name: name.to_string(), known: known.join(", ") })
}
