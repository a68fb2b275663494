use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Result, bail};
use futures::executor::block_on;
use inkling_assist::context::{Limits, RecentEdits, Workspace};
use inkling_assist::engine::{Cancel, Sampling};
use inkling_assist::{Completer, Outcome, Request, suggest};
use inkling_endpoint::EndpointModel;
use inkling_lsp::Configuration;
use serde_json::json;

use super::{print, print_json};
use crate::args::{At, Complete};
use crate::http::Http;
use crate::place::Place;
use crate::{config, endpoint, model, workspace};

/// `inkling complete`.
pub(crate) fn run(args: &Complete, json: bool) -> Result<()> {
    let Asked { outcome, model, .. } = ask(&args.at, args.n)?;
    if !json {
        return outcome.candidates.iter().try_for_each(|candidate| print(&candidate.text));
    }
    let candidate = |candidate: &inkling_assist::Candidate| json!({ "text": candidate.text, "probability": candidate.probability });
    print_json(&json!({
        "candidates": outcome.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "prompt_tokens": outcome.answer.prompt.len(),
        "reused_tokens": outcome.answer.n_reused,
        "latency_ms": outcome.timings.total_ms,
        "model": model,
    }))
}

/// A place and what a model said of it.
pub(super) struct Asked {
    pub(super) place: Place,
    pub(super) outcome: Outcome,
    pub(super) model: String,
}

/// Asks the chosen model for up to `n_candidates` suggestions.
pub(super) fn ask(at: &At, n_candidates: usize) -> Result<Asked> {
    let place = Place::read(at)?;
    let mut settings = config::read()?;
    endpoint::choose(at, &mut settings);
    let path = model::choose(at.model.as_deref(), &settings);
    let mut configuration = Configuration::DEFAULT;
    configuration.apply(settings);
    let mut options = configuration.options;
    options.n_candidates = n_candidates.max(1);
    options.max_tokens = at.max_tokens.unwrap_or(options.max_tokens).max(1);
    if at.temperature > 0.0 {
        options.sampling = Sampling { temperature: at.temperature, top_k: 40, top_p: 0.95, seed: at.seed };
    }
    let mut model: Box<dyn Completer> = match configuration.endpoint {
        Some(_) if at.lora.file.is_some() => {
            bail!("--lora changes a model file; a server has its own adapters")
        }
        Some(server) => {
            options.prompt_tokens = server.prompt_tokens;
            Box::new(EndpointModel::new(server, Rc::<Http>::default())?)
        }
        None => {
            let mut model = model::load(&path, at.threads.or(configuration.threads), at.runs)?;
            model::adapt(&mut model, &at.lora)?;
            Box::new(model)
        }
    };
    let edits = RecentEdits::default();
    let workspace = RefCell::new(match &place.root {
        Some(root) => workspace::read_near(root, &place.path),
        None => Workspace::new(Limits::STANDARD),
    });
    let request = Request {
        source: &place.source,
        path: &place.path,
        offset: place.offset,
        workspace: &workspace,
        edits: &edits,
        n_rejected: 0,
        options,
    };
    let outcome = block_on(suggest(request, &mut *model, &Cancel::default(), &model::clock()))?;
    let model = model.name().to_string();
    Ok(Asked { place, outcome, model })
}
