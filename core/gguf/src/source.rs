use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

/// Bytes at a distance: a file, an HTTP resource, a `Blob` in a browser.
#[expect(clippy::len_without_is_empty, reason = "an empty file is as broken as any other short one")]
pub trait Source {
    /// Size in bytes.
    fn len(&self) -> u64;

    /// Exactly the bytes of `range`, which lies within [`len`](Source::len).
    fn read(&self, range: Range<u64>) -> ReadFuture<'_>;
}

/// What [`Source::read`] returns: boxed, so that sources can be trait objects.
pub type ReadFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SourceError>> + 'a>>;

/// Why bytes cannot be had, in words for the person at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// A file in memory.
impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        Box::pin(std::future::ready(copy(self, range)))
    }
}

/// A file that the program carries.
impl Source for &'static [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        Box::pin(std::future::ready(copy(self, range)))
    }
}

fn copy(bytes: &[u8], range: Range<u64>) -> Result<Vec<u8>, SourceError> {
    let found = bytes.get(range.start as usize..range.end as usize);
    found.map(<[u8]>::to_vec).ok_or_else(|| {
        let len = bytes.len();
        SourceError(format!("bytes {range:?} are outside the file of {len} bytes"))
    })
}
