//! Model files from servers. What has arrived stays beside the file's place until the file is whole.

mod origin;
mod part;
mod place;

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

use crate::http;
use origin::Origin;
use part::Part;
pub(crate) use place::{Place, fetched};

/// How long a server may say nothing in the middle of a file.
const STALL: Duration = Duration::from_secs(60);

/// Bytes that are read at once.
const PIECE: usize = 128 << 10;

/// What every GGUF file begins with.
const MAGIC: &[u8] = b"GGUF";

/// A file that is there now.
pub(crate) struct Pulled {
    pub(crate) n_bytes: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
    /// Whether anything had to be fetched.
    pub(crate) is_new: bool,
}

/// Fetches the file of `place`, from where an earlier try ended. `progress` is told the bytes that are there and, as
/// far as known, how many there will be.
///
/// # Errors
/// When the server does not have it or does not answer, when there is no room, and when the checksum is not `sha256`.
pub(crate) fn pull(
    place: &Place,
    sha256: Option<&str>,
    progress: &dyn Fn(u64, Option<u64>),
) -> Result<Pulled> {
    let expected = sha256.map(str::to_lowercase).or_else(|| place.published_sha256());
    let mut part = Part::open(&place.file)?;
    let whole = fetch_all(place, &mut part, progress)?;
    if !whole {
        let Origin { sha256: Some(found), .. } = Origin::read(&place.file) else { bail!("{LOST_NOTE}") };
        part.remove();
        return checked(&place.file, found, expected, false);
    }
    let found = part.sha256()?;
    let mut magic = [0; MAGIC.len()];
    if part.read_start(&mut magic).is_err() || magic != MAGIC {
        part.remove();
        bail!("{} is no GGUF file; check the address", place.url);
    }
    if expected.as_ref().is_some_and(|expected| *expected != found) {
        part.remove();
        bail!(
            "{} has the checksum {found}, not {}; it was deleted: try again, or ask who published it",
            place.url,
            expected.unwrap_or_default()
        );
    }
    part.finish(&found)?;
    checked(&place.file, found, expected, true)
}

/// Where a file's note vanished while it was asked for.
const LOST_NOTE: &str = "another program changed the folder of models meanwhile; try again";

fn checked(file: &Path, found: String, expected: Option<String>, is_new: bool) -> Result<Pulled> {
    if expected.is_some_and(|expected| expected != found) {
        bail!(
            "{} is there with the checksum {found}, which is another one; delete it and try again",
            file.display()
        );
    }
    let n_bytes = std::fs::metadata(file).with_context(|| file.display().to_string())?.len();
    Ok(Pulled { n_bytes, sha256: found, is_new })
}

/// Fetches until the part is whole; as long as bytes arrive, a broken connection is only made anew. Whether there was
/// anything to fetch.
fn fetch_all(place: &Place, part: &mut Part, progress: &dyn Fn(u64, Option<u64>)) -> Result<bool> {
    loop {
        let n_before = part.n_bytes();
        match fetch(place, part, progress)? {
            Fetched::Whole => return Ok(true),
            Fetched::Unchanged => return Ok(false),
            Fetched::Restart => part.restart(&place.url, None)?,
            Fetched::Broken(_) if part.n_bytes() > n_before => {}
            Fetched::Broken(reason) => {
                let kept = match part.resumable(&place.url) {
                    Some(_) => {
                        format!("{} MB are kept: run the same command again to go on", part.n_bytes() >> 20)
                    }
                    None => "try again".to_string(),
                };
                bail!("the connection to {} broke off ({reason}); {kept}", place.url);
            }
        }
    }
}

enum Fetched {
    Whole,
    /// The file that is there is still the server's.
    Unchanged,
    /// The part goes with nothing that the server has.
    Restart,
    /// In the middle, with the reason.
    Broken(String),
}

/// One request, for the rest of the part or for all.
fn fetch(place: &Place, part: &mut Part, progress: &dyn Fn(u64, Option<u64>)) -> Result<Fetched> {
    let url = &place.url;
    let agent = http::new_agent();
    let mut request = http::get(&agent, url);
    let resumed = part.resumable(url);
    if let Some(etag) = &resumed {
        request = request.header("Range", format!("bytes={}-", part.n_bytes())).header("If-Range", etag);
    } else if let Some(etag) = Origin::read(&place.file).etag_of(url).filter(|_| place.file.exists()) {
        request = request.header("If-None-Match", etag);
    }
    let mut response = request.call().map_err(|error| anyhow::anyhow!("cannot reach {url}: {error}"))?;
    let total = match (response.status().as_u16(), resumed) {
        (304, _) => return Ok(Fetched::Unchanged),
        (206, Some(_)) => match ContentRange::of(response.headers()) {
            Some(ContentRange { start, total }) if start == Some(part.n_bytes()) => total,
            _ => return Ok(Fetched::Restart),
        },
        (416, Some(_)) => {
            let total = ContentRange::of(response.headers()).and_then(|range| range.total);
            return Ok(if total == Some(part.n_bytes()) { Fetched::Whole } else { Fetched::Restart });
        }
        (200, _) => {
            part.restart(url, etag(response.headers()))?;
            length(response.headers())
        }
        (status, _) => bail!("{url}: {}", refusal(status)),
    };
    part.check_room(total)?;
    receive(&agent, &mut response, part, total, progress)
}

/// Appends the answer to the part.
fn receive(
    agent: &Agent,
    response: &mut Response<ureq::Body>,
    part: &mut Part,
    total: Option<u64>,
    progress: &dyn Fn(u64, Option<u64>),
) -> Result<Fetched> {
    let watched = watch(agent);
    let mut body = response.body_mut().as_reader();
    let mut piece = vec![0; PIECE];
    loop {
        progress(part.n_bytes(), total);
        let _ = watched.try_send(());
        match body.read(&mut piece) {
            Ok(0) if total.is_some_and(|total| part.n_bytes() < total) => {
                return Ok(Fetched::Broken("it ended too early".to_string()));
            }
            Ok(0) => return Ok(Fetched::Whole),
            Ok(n) => part.append(&piece[..n])?,
            Err(error) => return Ok(Fetched::Broken(error.to_string())),
        }
    }
}

/// Ends the agent's connection when nothing is heard for too long, until the sender is dropped.
fn watch(agent: &Agent) -> SyncSender<()> {
    let (sender, heard) = mpsc::sync_channel(1);
    let agent = agent.clone();
    std::thread::spawn(move || {
        loop {
            match heard.recv_timeout(STALL) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => return agent.shutdown(),
            }
        }
    });
    sender
}

fn refusal(status: u16) -> String {
    match status {
        401 | 403 => {
            format!("the server does not give this file to everyone ({status}); download it by hand")
        }
        404 | 410 => format!("there is no such file ({status}); check the address"),
        429 | 500.. => format!("the server cannot answer now ({status}); try again later"),
        _ => format!("the server answers with {status}; check the address"),
    }
}

/// `bytes START-END/TOTAL` or `bytes */TOTAL`.
struct ContentRange {
    start: Option<u64>,
    total: Option<u64>,
}

impl ContentRange {
    fn of(headers: &HeaderMap) -> Option<ContentRange> {
        let (range, total) = text(headers, "content-range")?.strip_prefix("bytes ")?.split_once('/')?;
        let start = range.split_once('-').and_then(|(start, _)| start.parse().ok());
        Some(ContentRange { start, total: total.parse().ok() })
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    text(headers, "content-length")?.parse().ok()
}

fn etag(headers: &HeaderMap) -> Option<String> {
    text(headers, "etag").map(str::to_string)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
