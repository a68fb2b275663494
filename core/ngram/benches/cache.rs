//! What a full cache costs: `cargo bench -p inkling-ngram`.

use std::hint::black_box;

use inkling_ngram::{Cache, Limits, TokenId};

const N_DOCUMENTS: u64 = 500;
const DOCUMENT_TOKENS: usize = 2_000;
const N_PREDICTIONS: usize = 20_000;

fn main() {
    let mut random = fastrand::Rng::with_seed(1);
    let documents: Vec<Vec<TokenId>> = (0..N_DOCUMENTS).map(|_| document(&mut random)).collect();
    let n_tokens = N_DOCUMENTS as usize * DOCUMENT_TOKENS;
    for n_places in [Limits::STANDARD.n_places, 512] {
        let mut cache = Cache::new(Limits { n_places, ..Limits::STANDARD });
        let adding = microseconds(n_tokens, || {
            documents.iter().zip(0..).for_each(|(document, id)| cache.set(id, document));
        });
        let predicting = microseconds(N_PREDICTIONS, || {
            for idx in 0..N_PREDICTIONS {
                let document = &documents[idx % documents.len()];
                let end = 2 + idx * 7 % (DOCUMENT_TOKENS - 2);
                black_box(cache.predict(&document[..end]));
            }
        });
        println!(
            "{n_tokens} tokens, {n_places} places: added {adding:.3} µs a token, predicted {predicting:.1} µs"
        );
    }
}

/// Tokens of about the frequencies of text, some runs of which come again.
fn document(random: &mut fastrand::Rng) -> Vec<TokenId> {
    let mut tokens: Vec<TokenId> = Vec::new();
    while tokens.len() < DOCUMENT_TOKENS {
        if tokens.len() > 64 && random.u8(..8) == 0 {
            let start = random.usize(..tokens.len() - 16);
            tokens.extend_from_within(start..start + 16);
        }
        // By Zipf's law: the n-th commonest token comes 1/n times as often as the first.
        tokens.push((8192f64.powf(random.f64()) as TokenId).min(8191));
    }
    tokens.truncate(DOCUMENT_TOKENS);
    tokens
}

/// Of computing, so that a busy machine does not count.
fn microseconds(n: usize, work: impl FnOnce()) -> f64 {
    let now = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
    };
    let started = now();
    work();
    (now() - started) / n as f64
}
