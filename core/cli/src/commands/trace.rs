use std::fmt::Write;

use anyhow::Result;
use inkling_lsp::trace;
use inkling_lsp::wire::{Trace as Stages, TraceSnippet};

use super::complete::{Asked, ask};
use super::{print, print_json};
use crate::args::Trace;

/// `inkling trace`.
pub(crate) fn run(args: &Trace, json: bool) -> Result<()> {
    let Asked { place, outcome, model } = ask(&args.at, 1)?;
    let stages = trace(&place.source, place.offset, &outcome, &model);
    if json { print_json(&stages) } else { print(&to_text(&stages)) }
}

/// Every stage under a heading, in the order of the way.
fn to_text(stages: &Stages) -> String {
    let mut tokens = String::new();
    for token in &stages.tokens {
        let _ = writeln!(
            tokens,
            "{:>6} {:?}{}",
            token.id,
            token.text,
            if token.special { " special" } else { "" }
        );
    }
    let mut logits = String::new();
    for step in &stages.logits {
        let alternative =
            |a: &inkling_lsp::wire::TraceAlternative| format!("{:?} {:.3}", a.text, a.probability);
        let alternatives: Vec<String> = step.alternatives.iter().map(alternative).collect();
        let _ = writeln!(
            logits,
            "{:>6} {:?} {:.3}   of {}",
            step.id,
            step.text,
            step.probability,
            alternatives.join(", ")
        );
    }
    let timings = &stages.timings;
    let sections = [
        ("tree", stages.tree.clone()),
        ("way", stages.way.clone()),
        ("context", stages.context.clone()),
        ("snippets", stages.snippets.iter().map(snippet).collect()),
        ("redacted", stages.redacted.join(", ")),
        ("prompt", stages.prompt.clone()),
        ("tokens", tokens),
        ("logits", logits),
        ("raw", stages.raw.clone()),
        ("suggestion", stages.suggestion.clone()),
        ("confidence", confidence(stages)),
        ("rules", stages.rules.join(", ")),
        (
            "time",
            format!(
                "context {:.1} ms, prompt {:.1}, prefill {:.1} ({:.0} tokens/s), decode {:.1} ({:.0} tokens/s), refine {:.1}, total {:.1}; {} of {} prompt tokens reused; {}",
                timings.context_ms,
                timings.prompt_ms,
                timings.prefill_ms,
                stages.prefill_tok_s,
                timings.decode_ms,
                stages.decode_tok_s,
                timings.refine_ms,
                timings.total_ms,
                stages.reused_tokens,
                stages.prompt_tokens,
                stages.model,
            ),
        ),
    ];
    sections.iter().map(|(name, text)| format!("── {name}\n{}\n", text.trim_end_matches('\n'))).collect()
}

/// How sure the model is, and what comes of it.
fn confidence(Stages { confidence, sure, .. }: &Stages) -> String {
    let shown = if *sure { "shown unasked" } else { "shown only when asked for" };
    confidence.map_or_else(String::new, |confidence| format!("{confidence:.2}, {shown}"))
}

/// Why it is there and what it takes.
fn snippet(TraceSnippet { path, reason, score, tokens, .. }: &TraceSnippet) -> String {
    let room =
        tokens.map_or("left out for lack of room".to_string(), |n_tokens| format!("{n_tokens} tokens"));
    format!("{score:.3} {reason:<9} {path}, {room}\n")
}
