//! Any bytes give a header or an error, without a panic, in bounded memory and in bounded work.
//!
//! `INKLING_CASES=1000000 cargo test --release -p inkling-gguf --test hostile` tries a million damaged files.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::executor::block_on;
use inkling_gguf::{Builder, Dtype, Gguf, ReadFuture, Source, Strings};

/// The system's allocator, which counts.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: as required of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, bytes: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as required of the caller.
        unsafe { System.dealloc(bytes, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Damaged files that are tried where nobody asks for more.
const N_CASES: u64 = 20_000;

/// The most that any of them may take.
const MAX_BYTES: usize = 64 << 20;

/// A file that counts what is asked of it.
struct Asked {
    file: Vec<u8>,
    n_bytes: Cell<u64>,
}

impl Source for Asked {
    fn len(&self) -> u64 {
        Source::len(&self.file)
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        self.n_bytes.set(self.n_bytes.get() + range.end - range.start);
        self.file.read(range)
    }
}

/// Reads `file`, whatever comes of it; bytes allocated meanwhile, and bytes asked for.
fn cost_of_reading(file: Vec<u8>) -> (usize, u64) {
    let source = Asked { file, n_bytes: Cell::new(0) };
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    drop(block_on(Gguf::read(&source)));
    (PEAK.load(Relaxed) - before, source.n_bytes.get())
}

fn valid() -> Vec<u8> {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("llama.block_count", 1u32)
        .metadata("tokenizer.ggml.tokens", Strings::from_iter(["a", "b", "", "ab"]))
        .metadata("tokenizer.ggml.scores", vec![0.0f32, -1.0, -2.0])
        .metadata("tokenizer.ggml.add_bos_token", true)
        .tensor("norm", &[4], Dtype::F32, &[0; 16])
        .tensor("weight", &[32, 3], Dtype::Q8_0, &[0; 102])
        .build()
}

/// Sets a byte, sets a number to an extreme, cuts the end off, or repeats a part.
fn damage(file: &mut Vec<u8>, random: &mut fastrand::Rng) {
    let at = random.usize(0..=file.len());
    match random.u32(0..4) {
        0 => _ = file.splice(at..(at + 1).min(file.len()), [random.u8(..)]),
        1 => _ = file.splice(at..(at + 8).min(file.len()), extreme(random).to_le_bytes()),
        2 => file.truncate(at),
        _ => {
            let from = random.usize(0..=file.len());
            let copy = file[from.min(at)..from.max(at)].to_vec();
            file.splice(at..at, copy);
        }
    }
}

fn extreme(random: &mut fastrand::Rng) -> u64 {
    match random.u32(0..4) {
        0 => random.u64(..),
        1 => 1 << random.u32(0..64),
        2 => u64::MAX - random.u64(0..300),
        _ => random.u64(0..300),
    }
}

/// The only test of this file, so that nothing else allocates meanwhile.
#[test]
fn damaged_files_are_read_in_proportion_to_their_size() {
    let n_cases = std::env::var("INKLING_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(N_CASES);
    let mut largest = 0;
    for seed in 0..n_cases {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut file = valid();
        (0..random.u32(1..4)).for_each(|_| damage(&mut file, &mut random));
        let len = file.len();
        let (peak, n_asked) = cost_of_reading(file);
        assert!(peak <= MAX_BYTES.min(16 * len + 4096), "{peak} bytes for {len} of file, seed {seed}");
        assert!(n_asked <= 4 * len as u64, "{n_asked} bytes asked of {len}, seed {seed}");
        largest = largest.max(peak);
    }
    println!("{n_cases} files, {largest} bytes at most");
}
