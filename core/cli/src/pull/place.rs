//! Where a model is, there and here.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use inkling_assist::catalogue::HUB;

use crate::{config, http};

/// A file's address and where it is kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) file: PathBuf,
    /// Whether the server may tell the checksum.
    is_hub: bool,
}

impl Place {
    /// Whether this names a file on a server.
    pub(crate) fn is_remote(name: &str) -> bool {
        ["hf:", "http://", "https://"].iter().any(|start| name.starts_with(start))
    }

    /// Of an address, or of `hf:OWNER/REPOSITORY/FILE`, from the server that `HF_ENDPOINT` names, as their own programs
    /// have it.
    pub(crate) fn of(name: &str) -> Result<Place> {
        let hub = std::env::var("HF_ENDPOINT").unwrap_or_else(|_| HUB.to_string());
        let models = config::folders()?.data.join("models");
        let (url, kept) = match name.strip_prefix("hf:") {
            Some(path) => (hub_url(&hub, path)?, format!("hf/{path}")),
            None if Place::is_remote(name) => (name.to_string(), kept_path(name)),
            None => bail!("\"{name}\" is no address; write https://… or hf:OWNER/REPOSITORY/FILE"),
        };
        let file = kept
            .split('/')
            .map(safe)
            .filter(|part| !part.is_empty())
            .fold(models, |file, part| file.join(part));
        Ok(Place { url, file, is_hub: name.starts_with("hf:") })
    }

    /// The checksum that the hub tells of large files, where it answers.
    pub(crate) fn published_sha256(&self) -> Option<String> {
        if !self.is_hub {
            return None;
        }
        let agent = http::new_agent();
        let response = http::head(&agent, &self.url).call().ok()?;
        let mark = response.headers().get("x-linked-etag")?.to_str().ok()?.trim_matches('"').to_lowercase();
        (mark.len() == 64 && mark.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(mark)
    }
}

fn hub_url(hub: &str, path: &str) -> Result<String> {
    let mut parts = path.splitn(3, '/');
    let (owner, repository, file) = (parts.next(), parts.next(), parts.next());
    let (Some(owner), Some(repository), Some(file)) =
        (owner, repository, file.filter(|file| !file.is_empty()))
    else {
        bail!("\"hf:{path}\" names no file; write hf:OWNER/REPOSITORY/FILE");
    };
    Ok(format!("{}/{owner}/{repository}/resolve/main/{file}", hub.trim_end_matches('/')))
}

/// An address without its scheme and what asks the server for something.
fn kept_path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['?', '#']).next().unwrap_or(rest).to_string()
}

/// A name that is one in every file system and leads nowhere else.
fn safe(part: &str) -> String {
    let name: String =
        part.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

/// The path of what was fetched under this name.
///
/// # Errors
/// When it was not.
pub(crate) fn fetched(name: &str) -> Result<PathBuf> {
    let place = Place::of(name)?;
    let file = place.file.exists().then_some(place.file);
    file.with_context(|| format!("{name} is not here yet; run `inkling model pull {name}` first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_addresses_and_safe_paths() {
        assert_eq!(
            hub_url("https://hub/", "Org/Repo-GGUF/q4/model.gguf").unwrap(),
            "https://hub/Org/Repo-GGUF/resolve/main/q4/model.gguf"
        );
        for broken in ["Org", "Org/Repo", "Org/Repo/"] {
            assert!(hub_url(HUB, broken).is_err(), "{broken}");
        }
        let file = |name: &str| {
            let models = config::folders().unwrap().data.join("models");
            Place::of(name).unwrap().file.strip_prefix(models).unwrap().to_str().unwrap().replace('\\', "/")
        };
        assert_eq!(file("https://a.example:8080/x/m.gguf?token=1#f"), "a.example_8080/x/m.gguf");
        assert_eq!(file("http://a/../../.ssh//%2e"), "a/_../_../_.ssh/_2e");
        assert_eq!(file("hf:Org/Repo/m.gguf"), "hf/Org/Repo/m.gguf");
        assert!(Place::of("model.gguf").is_err());
    }
}
