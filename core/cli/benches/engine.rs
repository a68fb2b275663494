//! What it costs that a model runs in a process of its own: `cargo bench --package inkling-cli --bench engine`.

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use futures::executor::block_on;
use inkling_assist::engine::{Cancel, Executor, ExecutorChoice, ModelConfig, Want};
use inkling_assist::gguf::Gguf;
use inkling_assist::remote::{Limits, ProcessLauncher, Remote, RemoteExecutor, RemoteOptions};

const N_RUNS: usize = 1000;

fn main() {
    let launcher =
        ProcessLauncher::new(vec![env!("CARGO_BIN_EXE_inkling").to_string(), "engine".to_string()]);
    let path = Path::new(env!("INKLING_EMBEDDED_MODEL"));
    let model = std::fs::read(path).expect("the embedded model is there");
    let gguf = block_on(Gguf::read(&model)).expect("it is right");
    let config = ModelConfig::from_gguf(&gguf).expect("its sizes are right");
    let uri = path.display().to_string();
    let remote = Remote { launcher: Rc::new(launcher), uri, limits: Limits::STANDARD };
    let options = RemoteOptions { choice: ExecutorChoice::Cpu, n_context: 1024, n_threads: 1 };
    let (want, cancel) = (Want { top_k: 64, masked: Vec::new() }, Cancel::default());
    let mut engine =
        block_on(RemoteExecutor::load(remote, config, options, &|_| {}, &cancel)).expect("the engine starts");
    let round_trip = report("round trip", || block_on(engine.ping()).expect("it answers"));
    for n_steps in [1, 8] {
        // The cache is cut back to the prompt each time.
        report(&format!("prompt and {n_steps} steps"), || {
            block_on(engine.prefill(&[1, 2, 3], &want, &cancel)).expect("it reads");
            block_on(engine.greedy(4, n_steps, &[], &want, &cancel)).expect("it writes");
        });
    }
    assert!(round_trip < 1.0, "a round trip takes {round_trip:.3} ms");
}

/// Prints and returns the median, in milliseconds.
fn report(what: &str, mut run: impl FnMut()) -> f64 {
    let mut measure = || {
        let started = Instant::now();
        run();
        started.elapsed().as_secs_f64() * 1000.0
    };
    let mut times: Vec<f64> = (0..N_RUNS).map(|_| measure()).collect();
    times.sort_by(f64::total_cmp);
    let (median, slow) = (times[N_RUNS / 2], times[N_RUNS * 95 / 100]);
    println!("{what:<20} median {median:.3} ms, 95th percentile {slow:.3} ms");
    median
}
