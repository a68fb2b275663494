//! The seam between the assistant and whatever runs the model.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use crate::{Adapter, EngineError, ModelConfig};

/// An index into the model's vocabulary.
pub type TokenId = u32;

/// What a call across the seam returns: executors may be in another thread, process or page.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + 'a>>;

/// Lets a single-threaded host handle its events (a cancellation, say) between two tokens.
pub type Pause = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

/// For hosts whose events arrive on another thread.
pub fn never_pause() -> Pause {
    Rc::new(|| Box::pin(std::future::ready(())))
}

/// A flag that stops an evaluation between two tokens. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    is_set: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Cancel {
    /// Asks whoever holds a clone to stop.
    pub fn cancel(&self) {
        self.0.is_set.store(true, Ordering::Relaxed);
        let wakers = std::mem::take(&mut *self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Ends once somebody cancels, for executors that wait for another process in place of computing.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Unpin + use<> {
        let flag = Arc::clone(&self.0);
        std::future::poll_fn(move |context| {
            // The lock comes first: between a look at the flag and the wait nobody can cancel unheard.
            let mut wakers = flag.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            if flag.is_set.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            wakers.retain(|waker| !waker.will_wake(context.waker()));
            wakers.push(context.waker().clone());
            Poll::Pending
        })
    }

    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }
}

/// Which logits the caller wants back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// How many of the most likely tokens; at most 64 cross the seam.
    pub top_k: usize,
    /// Tokens that must not be chosen, in ascending order.
    pub masked: Vec<TokenId>,
}

/// The most likely next tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// Token and logit, most likely first; of equal logits the smaller id first.
    pub entries: Vec<(TokenId, f32)>,
    /// Logarithm of the sum of the exponentials of all unmasked logits: `p = exp(logit - log_sum_exp)`.
    pub log_sum_exp: f32,
}

impl Top {
    /// Of `logits` [n_vocab], after masking.
    pub fn of(logits: &[f32], want: &Want) -> Result<Top, EngineError> {
        let mut candidates: Vec<(TokenId, f32)> =
            logits.iter().enumerate().map(|(id, &logit)| (id as TokenId, logit)).collect();
        if candidates.iter().any(|(_, logit)| !logit.is_finite()) {
            return Err(EngineError::NotFinite);
        }
        candidates.retain(|(id, _)| want.masked.binary_search(id).is_err());
        let top_k = want.top_k.clamp(1, candidates.len().max(1));
        let by_logit = |a: &(TokenId, f32), b: &(TokenId, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if candidates.len() > top_k {
            candidates.select_nth_unstable_by(top_k - 1, by_logit);
        }
        let max = candidates.iter().map(|c| c.1).fold(f32::MIN, f32::max);
        let sum: f32 = candidates.iter().map(|c| inkling_kernels::exp(c.1 - max)).sum();
        candidates.truncate(top_k);
        candidates.sort_unstable_by(by_logit);
        Ok(Top { entries: candidates, log_sum_exp: max + (f64::from(sum)).ln() as f32 })
    }

    /// The probability of the `idx`-th entry among all unmasked tokens.
    pub fn probability(&self, idx: usize) -> f32 {
        inkling_kernels::exp(self.entries[idx].1 - self.log_sum_exp).min(1.0)
    }
}

/// The answer to a prefill.
#[derive(Clone, Debug)]
pub struct Prefilled {
    /// What may follow the prompt.
    pub top: Top,
    /// Tokens of the prompt that were still in the cache.
    pub n_reused: usize,
}

/// What an executor is and runs on, for people to read.
#[derive(Clone, Debug)]
pub struct ExecutorInfo {
    /// Such as "CPU, AVX-512 VNNI".
    pub name: String,
    /// Why it is the CPU, where a graphics processor was wanted.
    pub reason: Option<String>,
    /// Threads that compute.
    pub n_threads: usize,
    /// Of the model that is loaded.
    pub model: ModelConfig,
}

/// Token ids in, logits out. One conversation at a time; whoever stands behind this keeps the
/// key-value cache of the last one, or of the last few.
pub trait Executor {
    /// What runs here.
    fn info(&self) -> &ExecutorInfo;

    /// Makes the cache hold exactly `tokens`, keeping the longest common prefix with what it held (of the
    /// conversation that `tokens` go on with, where several are kept), and returns what may follow. At least
    /// the last token is evaluated anew.
    fn prefill<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Prefilled>;

    /// Appends `token` to the cache and returns what may follow it.
    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top>;

    /// Up to `n_steps` greedy steps that begin with appending `token`, ended after a token of `stops` was
    /// chosen. Executors for which a round trip is dear answer all steps at once.
    fn greedy<'a>(
        &'a mut self,
        token: TokenId,
        n_steps: usize,
        stops: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(async move {
            let (mut token, mut tops) = (token, Vec::new());
            while tops.len() < n_steps {
                let top = self.step(token, want, cancel).await?;
                token = top.entries[0].0;
                tops.push(top);
                if stops.contains(&token) {
                    break;
                }
            }
            Ok(tops)
        })
    }

    /// Tokens of a draft that [`Executor::verify`] evaluates for much less than a step each; 0 where it saves nothing.
    fn max_draft(&self) -> usize {
        0
    }

    /// Makes the cache hold exactly `tokens`, as [`Executor::prefill`] does, the last `n_drafted` of which somebody
    /// guessed; returns what may follow each from the last before them on. The caller tells the cache what became of
    /// the guesses by what it asks next.
    fn verify<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        n_drafted: usize,
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(async move {
            let (known, drafted) = tokens.split_at(tokens.len().saturating_sub(n_drafted));
            let mut tops = vec![self.prefill(known, want, cancel).await?.top];
            for &token in drafted {
                tops.push(self.step(token, want, cancel).await?);
            }
            Ok(tops)
        })
    }

    /// Applies these adapters, each with a factor, in place of those applied before; none is the model as
    /// it was loaded. Empties the cache.
    ///
    /// # Errors
    /// When an adapter does not fit the model; then nothing changes.
    fn adapt<'a>(&'a mut self, _adapters: &'a [(Rc<Adapter>, f32)]) -> Reply<'a, ()> {
        let error = EngineError::AdaptersUnsupported { executor: self.info().name.clone() };
        Box::pin(std::future::ready(Err(error)))
    }

    /// The logits after each of `tokens`, [n_tokens, n_vocab], from an empty cache.
    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn top_is_ordered_masked_and_normalised() {
        let want = Want { top_k: 2, masked: vec![3] };
        let top = Top::of(&[1.0, 2.0, 1.0, 9.0, 0.0], &want).unwrap();
        assert_eq!(top.entries, [(1, 2.0), (0, 1.0)]);
        let all = Top::of(&[1.0, 2.0, 1.0, 9.0, 0.0], &Want { top_k: 9, masked: vec![3] }).unwrap();
        let sum: f32 = (0..4).map(|i| all.probability(i)).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }

    #[test]
    fn broken_logits_are_an_error() {
        let want = Want { top_k: 1, masked: vec![] };
        assert!(matches!(Top::of(&[0.0, f32::NAN], &want), Err(EngineError::NotFinite)));
    }
}
