use inkling_assist::syntax::Source;
use inkling_assist::{Alternative, Outcome, Step};

use crate::wire::{Timings, Trace, TraceAlternative, TraceSnippet, TraceStep, TraceToken};

/// Bytes on each side of the cursor whose tree is shown.
const TREE_BYTES: usize = 400;

/// Every stage of `outcome`, which came about at `offset` of `source`, as text.
pub fn trace(source: &Source, offset: usize, outcome: &Outcome, model: &str) -> Trace {
    let answer = &outcome.answer;
    let first = answer.completions.first();
    let n_evaluated = answer.prompt.len() - answer.n_reused;
    let n_written: usize = answer.completions.iter().map(|completion| completion.steps.len()).sum();
    let timings = outcome.timings;
    Trace {
        tree: source.to_text(offset.saturating_sub(TREE_BYTES)..offset + TREE_BYTES),
        way: source.way_at(offset).name().to_string(),
        context: outcome.context.to_text(),
        snippets: (0..outcome.context.snippets.len()).map(|idx| snippet(idx, outcome)).collect(),
        redacted: outcome.secrets.kinds().map(|kind| kind.name().to_string()).collect(),
        prompt: outcome.prompt.to_text(),
        tokens: answer
            .prompt
            .iter()
            .map(|token| TraceToken { id: token.id, text: token.text.clone(), special: token.special })
            .collect(),
        logits: first.map_or_else(Vec::new, |first| first.steps.iter().map(step).collect()),
        raw: first.map_or_else(String::new, |first| first.text.clone()),
        suggestion: outcome.suggestion.text.clone(),
        confidence: outcome.candidates.first().and_then(|candidate| candidate.confidence),
        sure: outcome.candidates.first().is_some_and(|candidate| candidate.is_sure),
        rules: outcome.suggestion.rules.iter().map(|rule| (*rule).to_string()).collect(),
        model: model.to_string(),
        prompt_tokens: answer.prompt.len(),
        reused_tokens: answer.n_reused,
        timings: Timings {
            context_ms: timings.context_ms,
            prompt_ms: timings.prompt_ms,
            prefill_ms: timings.prefill_ms,
            decode_ms: timings.decode_ms,
            refine_ms: timings.refine_ms,
            total_ms: timings.total_ms,
        },
        prefill_tok_s: per_second(n_evaluated, timings.prefill_ms),
        decode_tok_s: per_second(n_written, timings.decode_ms),
    }
}

fn snippet(idx: usize, outcome: &Outcome) -> TraceSnippet {
    let snippet = &outcome.context.snippets[idx];
    let packed = outcome.prompt.snippets.iter().find(|packed| packed.idx == idx);
    TraceSnippet {
        path: snippet.path.clone(),
        text: snippet.text.clone(),
        reason: snippet.reason.name().to_string(),
        score: snippet.score,
        tokens: packed.map(|packed| packed.n_tokens),
    }
}

fn step(step: &Step) -> TraceStep {
    let alternative = |alternative: &Alternative| TraceAlternative {
        id: alternative.id,
        text: alternative.text.clone(),
        probability: alternative.probability,
    };
    TraceStep {
        id: step.id,
        text: step.text.clone(),
        probability: step.probability,
        alternatives: step.alternatives.iter().map(alternative).collect(),
    }
}

fn per_second(n: usize, ms: f64) -> f64 {
    if ms > 0.0 { n as f64 * 1000.0 / ms } else { 0.0 }
}
