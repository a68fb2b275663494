//! A few threads that run the same closure together, cheaply enough for one matrix product.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, Thread};

/// A worker spins this often before it sleeps: a step's products follow each other within microseconds,
/// and an idle machine must be idle.
const SPINS_BEFORE_SLEEP: usize = 20_000;

type Job = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Counts jobs; workers wait for it to grow.
    generation: AtomicUsize,
    /// Workers that have not finished the present job.
    n_running: AtomicUsize,
    job: Mutex<Option<SendJob>>,
    panicked: AtomicBool,
    closing: AtomicBool,
}

#[derive(Clone, Copy)]
struct SendJob(Job);
// SAFETY: the closure behind the pointer is `Sync`, and `run` does not return before all workers left it.
unsafe impl Send for SendJob {}

/// `n_threads - 1` workers and the calling thread.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    threads: Vec<Thread>,
}

impl Pool {
    pub(crate) fn new(n_threads: usize) -> Pool {
        let shared = Arc::new(Shared {
            generation: AtomicUsize::new(0),
            n_running: AtomicUsize::new(0),
            job: Mutex::new(None),
            panicked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
        });
        let spawn = |idx: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("inkling-{idx}")).spawn(move || work(idx, &shared))
        };
        // A machine that refuses threads still computes, with fewer.
        let workers: Vec<_> = (1..n_threads).map_while(|idx| spawn(idx).ok()).collect();
        let threads = workers.iter().map(|worker| worker.thread().clone()).collect();
        Pool { shared, workers, threads }
    }

    pub(crate) fn n_threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `job(part)` for every part in `0..n_threads`, part 0 on this thread, and returns when all are done.
    pub(crate) fn run(&mut self, job: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() {
            return job(0);
        }
        // SAFETY: only the lifetime is forgotten; the guard below waits for the workers even if `job(0)` panics.
        let forever: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(job) };
        *self.shared.job.lock().expect("no worker panics while it holds the lock") = Some(SendJob(forever));
        self.shared.n_running.store(self.workers.len(), Ordering::Release);
        self.shared.generation.fetch_add(1, Ordering::Release);
        self.threads.iter().for_each(Thread::unpark);
        let guard = WaitForWorkers(&self.shared);
        job(0);
        drop(guard);
        assert!(!self.shared.panicked.swap(false, Ordering::Relaxed), "a compute thread panicked");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.generation.fetch_add(1, Ordering::Release);
        self.threads.iter().for_each(Thread::unpark);
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

struct WaitForWorkers<'a>(&'a Shared);

impl Drop for WaitForWorkers<'_> {
    fn drop(&mut self) {
        let mut n_spins = 0;
        while self.0.n_running.load(Ordering::Acquire) > 0 {
            n_spins += 1;
            if n_spins < SPINS_BEFORE_SLEEP { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

fn work(part: usize, shared: &Shared) {
    let mut seen = 0;
    loop {
        seen = next_generation(shared, seen);
        if shared.closing.load(Ordering::Acquire) {
            return;
        }
        let job = *shared.job.lock().expect("the lock is held for a copy only");
        if let Some(SendJob(job)) = job {
            // SAFETY: `run` keeps the closure alive until `n_running` is 0.
            let call = std::panic::AssertUnwindSafe(|| unsafe { (*job)(part) });
            if std::panic::catch_unwind(call).is_err() {
                shared.panicked.store(true, Ordering::Relaxed);
            }
        }
        shared.n_running.fetch_sub(1, Ordering::Release);
    }
}

fn next_generation(shared: &Shared, seen: usize) -> usize {
    let mut n_spins = 0;
    loop {
        let generation = shared.generation.load(Ordering::Acquire);
        if generation != seen {
            return generation;
        }
        n_spins += 1;
        if n_spins < SPINS_BEFORE_SLEEP { std::hint::spin_loop() } else { std::thread::park() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_runs_once_a_job() {
        for n_threads in 1..4 {
            let mut pool = Pool::new(n_threads);
            let counts: Vec<AtomicUsize> = (0..n_threads).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..1000 {
                pool.run(&|part| {
                    counts[part].fetch_add(1, Ordering::Relaxed);
                });
            }
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1000));
        }
    }

    #[test]
    fn a_panic_in_a_worker_reaches_the_caller_and_the_pool_survives() {
        let mut pool = Pool::new(2);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.run(&|part| assert_ne!(part, 1, "on purpose"));
        }));
        assert!(caught.is_err());
        pool.run(&|_| {});
    }
}
