//! A file that is not whole yet.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ring::digest::{Context as Digest, SHA256};

use super::origin::{Origin, note};

/// The beginning of a file, under its name with `.part` added.
pub(super) struct Part {
    whole: PathBuf,
    path: PathBuf,
    file: File,
    n_bytes: u64,
}

impl Part {
    /// Of the file `whole`: what is there, or nothing. While this lives no other process has it.
    pub(super) fn open(whole: &Path) -> Result<Part> {
        let path = whole.with_added_extension("part");
        let cannot = || format!("cannot write {}", path.display());
        std::fs::create_dir_all(whole.parent().unwrap_or(Path::new("."))).with_context(cannot)?;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{} is being written by another process; wait for it", path.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        let n_bytes = file.seek(SeekFrom::End(0)).with_context(cannot)?;
        Ok(Part { whole: whole.to_path_buf(), path, file, n_bytes })
    }

    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// By what a server knows the version that this is the beginning of, if it can be gone on with.
    pub(super) fn resumable(&self, url: &str) -> Option<String> {
        let etag = Origin::read(&self.path).etag_of(url)?;
        // A weak mark says that two versions mean the same, not that they have the same bytes.
        (self.n_bytes > 0 && !etag.starts_with("W/")).then_some(etag)
    }

    /// Empties it, for a version of the file at `url`.
    pub(super) fn restart(&mut self, url: &str, etag: Option<String>) -> Result<()> {
        let origin = Origin { url: url.to_string(), etag, sha256: None };
        let mut restart = || {
            self.file.set_len(0)?;
            self.file.rewind()?;
            origin.write(&self.path)
        };
        restart().with_context(|| format!("cannot write {}", self.path.display()))?;
        self.n_bytes = 0;
        Ok(())
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).with_context(|| {
            let n_kept = self.n_bytes >> 20;
            format!(
                "cannot write {}; {n_kept} MB are kept: make room and run the same command again",
                self.path.display()
            )
        })?;
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }

    /// # Errors
    /// When the disk has no room for the rest of `total` bytes.
    pub(super) fn check_room(&self, total: Option<u64>) -> Result<()> {
        let n_missing = total.unwrap_or(0).saturating_sub(self.n_bytes);
        match free_bytes(&self.path) {
            Some(n_free) if n_free < n_missing => bail!(
                "{} more MB are needed and {} MB are free where {} is; make room and run the same command again",
                n_missing.div_ceil(1 << 20),
                n_free >> 20,
                self.path.display()
            ),
            _ => Ok(()),
        }
    }

    /// The first bytes.
    pub(super) fn read_start(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.file.rewind()?;
        self.file.read_exact(bytes)
    }

    /// Of all bytes, in hexadecimal.
    pub(super) fn sha256(&mut self) -> Result<String> {
        let cannot = || format!("cannot read {}", self.path.display());
        self.file.rewind().with_context(cannot)?;
        let mut digest = Digest::new(&SHA256);
        let mut piece = vec![0; 1 << 20];
        loop {
            match self.file.read(&mut piece).with_context(cannot)? {
                0 => break,
                n => digest.update(&piece[..n]),
            }
        }
        Ok(digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Gives it the file's name.
    pub(super) fn finish(self, sha256: &str) -> Result<()> {
        let origin = Origin { sha256: Some(sha256.to_string()), ..Origin::read(&self.path) };
        let finish = || {
            self.file.sync_all()?;
            std::fs::rename(&self.path, &self.whole)?;
            origin.write(&self.whole)
        };
        finish().with_context(|| format!("cannot write {}", self.whole.display()))?;
        let _ = std::fs::remove_file(note(&self.path));
        Ok(())
    }

    /// Leaves nothing behind.
    pub(super) fn remove(mut self) {
        self.n_bytes = 0;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.n_bytes == 0 {
            let _ = std::fs::remove_file(&self.path);
            let _ = std::fs::remove_file(note(&self.path));
        }
    }
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Where it cannot be asked for, writing tells.
#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> Option<u64> {
    None
}
