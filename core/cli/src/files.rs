//! Model files on disk, and the one inside the program.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use inkling_assist::gguf::{ReadFuture, Source, SourceError};

use crate::pull::{Place, fetched};

/// The model that every copy of the program carries.
static EMBEDDED_MODEL: &[u8] = include_bytes!(env!("INKLING_EMBEDDED_MODEL"));

/// What to write where the model inside the program is meant.
pub(crate) const EMBEDDED: &str = "embedded";

/// Opens a model by its path or the name that it was pulled by, or the embedded one by [`EMBEDDED`].
pub(crate) fn open(path: &Path) -> Result<Box<dyn Source>> {
    if path == Path::new(EMBEDDED) {
        return Ok(Box::new(EMBEDDED_MODEL));
    }
    let fetched = path.to_str().filter(|name| Place::is_remote(name)).map(fetched).transpose()?;
    let path = fetched.as_deref().unwrap_or(path);
    let context = || format!("cannot open the model {}", path.display());
    let file = File::open(path).with_context(context)?;
    let metadata = file.metadata().with_context(context)?;
    if metadata.is_dir() {
        bail!("{} is a folder; name a GGUF file", path.display());
    }
    Ok(Box::new(FileSource { file: Mutex::new(file), n_bytes: metadata.len() }))
}

/// The path of a `file://` URI.
pub(crate) fn path_from_uri(uri: &str) -> Option<PathBuf> {
    let path = inkling_lsp::text::percent_decoded(uri.strip_prefix("file://")?);
    // Windows: `/C:/project`
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if is_drive { &path[1..] } else { &path }))
}

struct FileSource {
    file: Mutex<File>,
    n_bytes: u64,
}

impl FileSource {
    fn read_now(&self, range: Range<u64>) -> std::io::Result<Vec<u8>> {
        let mut file = self.file.lock().map_err(|_| std::io::Error::other("a reader panicked"))?;
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.n_bytes
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        let result =
            self.read_now(range).map_err(|error| SourceError(format!("cannot read the model: {error}")));
        Box::pin(std::future::ready(result))
    }
}
