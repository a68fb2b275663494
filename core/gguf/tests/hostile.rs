//! Any bytes give a header or an error, without a panic and in bounded memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::executor::block_on;
use inkling_gguf::{Builder, Dtype, Gguf, Strings};
use proptest::prelude::*;
use proptest::sample::Index;

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

/// Reads `file`, whatever comes of it; bytes allocated meanwhile.
fn peak_of_reading(file: &Vec<u8>) -> usize {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    drop(block_on(Gguf::read(file)));
    PEAK.load(Relaxed) - before
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

#[derive(Clone, Debug)]
enum Damage {
    Byte(Index, u8),
    Number(Index, u64),
    Cut(Index),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let extreme = prop_oneof![
        any::<u64>(),
        (0u32..64).prop_map(|bit| 1 << bit),
        (0u64..300).prop_map(|n| u64::MAX - n),
        0u64..300,
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (any::<Index>(), extreme).prop_map(|(at, number)| Damage::Number(at, number)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn apply(file: &mut Vec<u8>, damage: &Damage) {
    let index = |at: &Index, file: &[u8]| at.index(file.len() + 1);
    match damage {
        Damage::Byte(at, byte) => {
            let at = index(at, file);
            file.splice(at..(at + 1).min(file.len()), [*byte]);
        }
        Damage::Number(at, number) => {
            let at = index(at, file);
            file.splice(at..(at + 8).min(file.len()), number.to_le_bytes());
        }
        Damage::Cut(at) => file.truncate(index(at, file)),
        Damage::Repeat(from, to) => {
            let (from, to) = (index(from, file), index(to, file));
            let copy = file[from.min(to)..from.max(to)].to_vec();
            file.splice(to..to, copy);
        }
    }
}

proptest! {
    // The only test of this file, so that nothing else allocates meanwhile.
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn damaged_files_are_read_in_proportion_to_their_size(
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut file = valid();
        damages.iter().for_each(|damage| apply(&mut file, damage));
        let peak = peak_of_reading(&file);
        prop_assert!(peak <= 16 * file.len() + 4096, "{peak} bytes for {} of file", file.len());
    }
}
