//! `inkling engine` as a process: right answers, and what happens when it is killed, hangs or is no engine.
#![cfg(unix)]

use std::cell::Cell;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_assist::engine::{
    Cancel, CpuExecutor, EngineError, Executor, ExecutorChoice, Model, ModelConfig, TokenId, Top, Want,
    never_pause,
};
use inkling_assist::gguf::{Dtype, Gguf};
use inkling_assist::remote::{Limits, ProcessLauncher, Remote, RemoteExecutor, RemoteOptions};
use inkling_fixture::tiny_llama;

/// Longer than any test.
const LONG_MS: f64 = 600_000.0;

/// Short waits, and no rest after the first two failures.
const LIMITS: Limits = Limits { silence_ms: 2_000.0, back_off_ms: &[0.0, 0.0], steady_ms: LONG_MS };

/// A folder of this test's own, with a small model in it.
struct Bench {
    folder: PathBuf,
    model: Vec<u8>,
    limits: Limits,
}

impl Bench {
    fn new(name: &str) -> Bench {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let model = tiny_llama(Dtype::Q4_0, 5);
        std::fs::write(folder.join("model.gguf"), &model).unwrap();
        Bench { folder, model, limits: LIMITS }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_string()
    }

    /// The model in the engine that `script`, in which `$ENGINE` starts ours, becomes; `pid` names it.
    fn try_remote(&self, script: &str) -> Result<RemoteExecutor, EngineError> {
        let engine = format!("exec '{}' engine", env!("CARGO_BIN_EXE_inkling"));
        let script = format!("echo $$ > '{}'; {}", self.path("pid"), script.replace("$ENGINE", &engine));
        let launcher = ProcessLauncher::new(vec!["sh".to_string(), "-c".to_string(), script]);
        let remote =
            Remote { launcher: Rc::new(launcher), uri: self.path("model.gguf"), limits: self.limits };
        let options = RemoteOptions { choice: ExecutorChoice::Cpu, n_context: 256, n_threads: 1 };
        block_on(RemoteExecutor::load(remote, self.config(), options, &|_| {}, &Cancel::default()))
    }

    fn remote(&self, script: &str) -> RemoteExecutor {
        self.try_remote(script).unwrap()
    }

    fn config(&self) -> ModelConfig {
        ModelConfig::from_gguf(&block_on(Gguf::read(&self.model)).unwrap()).unwrap()
    }

    fn here(&self) -> CpuExecutor {
        let gguf = block_on(Gguf::read(&self.model)).unwrap();
        let model = block_on(Model::load(&gguf, &self.model, &|_| {}, &Cancel::default())).unwrap();
        CpuExecutor::new(model, 256, 1, never_pause()).unwrap()
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.path("pid")).unwrap();
        assert!(Command::new("kill").args([signal, pid.trim()]).status().unwrap().success());
    }
}

fn want() -> Want {
    Want { top_k: 8, masked: vec![3, 4, 5, 9] }
}

/// Four greedy steps behind a prompt, each asked for by itself.
fn steps(executor: &mut dyn Executor) -> Result<Vec<Top>, EngineError> {
    let cancel = Cancel::default();
    let mut top = block_on(executor.prefill(&[1, 2, 30, 7], &want(), &cancel))?.top;
    let mut tops = vec![top.clone()];
    for _ in 0..4 {
        top = block_on(executor.step(top.entries[0].0, &want(), &cancel))?;
        tops.push(top.clone());
    }
    Ok(tops)
}

/// The message without what differs from run to run.
#[track_caller]
fn check_error<T>(result: Result<T, EngineError>, expected: Expect) {
    let error = result.err().expect("it fails").to_string();
    let digits_gone: String = error.split(|c: char| c.is_ascii_digit()).collect::<Vec<_>>().join("");
    expected.assert_eq(&digits_gone);
}

#[test]
fn an_engine_gives_the_bits_that_this_process_gives() {
    let bench = Bench::new("same");
    let (mut here, mut there) = (bench.here(), bench.remote("$ENGINE"));
    assert_eq!(there.info().name, here.info().name);
    assert_eq!(there.info().model, here.info().model);
    let expected = steps(&mut here).unwrap();
    assert_eq!(steps(&mut there).unwrap(), expected);
    let cancel = Cancel::default();
    let at_once = |executor: &mut dyn Executor| {
        let prefilled = block_on(executor.prefill(&[1, 2, 30, 7], &want(), &cancel)).unwrap();
        let token = prefilled.top.entries[0].0;
        (prefilled.n_reused, block_on(executor.greedy(token, 4, &[], &want(), &cancel)).unwrap())
    };
    assert_eq!(at_once(&mut here), (3, expected[1..].to_vec()));
    assert_eq!(at_once(&mut there), (3, expected[1..].to_vec()));
    let tokens: Vec<TokenId> = (0..120).map(|idx| idx % 60).collect();
    let logits = |executor: &mut dyn Executor| block_on(executor.logits(&tokens, &cancel)).unwrap();
    assert_eq!(logits(&mut there), logits(&mut here));
}

#[test]
fn what_the_engine_refuses_is_said_in_its_words_and_it_goes_on() {
    let bench = Bench::new("refuses");
    let mut there = bench.remote("$ENGINE");
    let too_long = vec![1; 300];
    check_error(
        block_on(there.prefill(&too_long, &want(), &Cancel::default())),
        expect![" tokens do not fit the context of ; shorten the prompt"],
    );
    assert!(steps(&mut there).is_ok());
    std::fs::write(bench.path("model.gguf"), "no model").unwrap();
    check_error(
        bench.try_remote("$ENGINE"),
        expect![[
            r#"not a GGUF file: it begins with "no model"; download the model's .gguf file itself, not the page that links to it"#
        ]],
    );
}

#[test]
fn a_killed_engine_is_an_error_and_starts_again() {
    let bench = Bench::new("killed");
    let mut there = bench.remote("$ENGINE");
    let expected = steps(&mut there).unwrap();
    bench.signal("-KILL");
    check_error(
        steps(&mut there),
        expect![
            "the engine that runs the model failed: it ended (signal:  (SIGKILL)); ask again, and it starts anew"
        ],
    );
    assert_eq!(steps(&mut there).unwrap(), expected);
    // In mid-answer the prompt is lost with it.
    bench.signal("-KILL");
    let step = |there: &mut RemoteExecutor| block_on(there.step(7, &want(), &Cancel::default())).map(drop);
    assert!(step(&mut there).is_err());
    check_error(
        step(&mut there),
        expect![
            "the engine that runs the model failed: it has started anew since the prompt was read; ask again, and it starts anew"
        ],
    );
    assert_eq!(steps(&mut there).unwrap(), expected);
}

#[test]
fn an_engine_that_hangs_is_an_error_and_starts_again() {
    let bench = Bench::new("hangs");
    let mut there = bench.remote("$ENGINE");
    let expected = steps(&mut there).unwrap();
    bench.signal("-STOP");
    let started = Instant::now();
    check_error(
        steps(&mut there),
        expect![
            "the engine that runs the model failed: it has said nothing for . s; ask again, and it starts anew"
        ],
    );
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(steps(&mut there).unwrap(), expected);
}

#[test]
fn what_is_no_engine_is_said_so() {
    let bench = Bench::new("none");
    let of = |script: &str| bench.try_remote(script);
    check_error(
        of("echo 'Usage: engine'; sleep 60"),
        expect![[
            r#"the engine that runs the model failed: it does not speak the engine's protocol (it says "Usage: engine\n"); ask again, and it starts anew"#
        ]],
    );
    check_error(
        of("exec cat"),
        expect![
            "the engine that runs the model failed: it does not speak the engine's protocol (a message is too long); ask again, and it starts anew"
        ],
    );
    check_error(
        of("exec sleep 60"),
        expect![
            "the engine that runs the model failed: it has said nothing for . s; ask again, and it starts anew"
        ],
    );
    check_error(
        of("echo 'no driver' >&2; exit 7"),
        expect![
            "the engine that runs the model failed: it ended (exit status: ): no driver; ask again, and it starts anew"
        ],
    );
    check_error(
        of("printf '\\015\\0\\0\\0\\0\\0\\0\\0\\0INKE\\143\\0\\0\\0'; sleep 60"),
        expect![
            "the engine that runs the model failed: it speaks version  of the protocol and not ; install the same release of both; ask again, and it starts anew"
        ],
    );
    assert!(of("exec head -c 1000000 /dev/urandom").is_err());
}

#[test]
fn garbage_in_mid_stream_is_an_error_and_the_engine_starts_again() {
    let bench = Bench::new("garbage");
    let flag = bench.path("go");
    let _ = std::fs::remove_file(&flag);
    let garbage = format!(
        "(while [ ! -e '{flag}' ]; do sleep 0.05; done; rm '{flag}'; printf 'a driver prints') & $ENGINE"
    );
    let mut there = bench.remote(&garbage);
    let expected = steps(&mut there).unwrap();
    std::fs::write(&flag, "").unwrap();
    while std::fs::exists(&flag).unwrap() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    check_error(
        steps(&mut there),
        expect![[
            r#"the engine that runs the model failed: it does not speak the engine's protocol (it says "a driver prints"); ask again, and it starts anew"#
        ]],
    );
    assert_eq!(steps(&mut there).unwrap(), expected);
    std::fs::write(&flag, "").unwrap();
}

#[test]
fn an_engine_that_keeps_failing_rests() {
    let limits = Limits { back_off_ms: &[0.0, LONG_MS], ..LIMITS };
    let bench = Bench { limits, ..Bench::new("rests") };
    let flag = bench.path("broken");
    let _ = std::fs::remove_file(&flag);
    let mut there = bench.remote(&format!("[ -e '{flag}' ] && exit 1; $ENGINE"));
    assert!(steps(&mut there).is_ok());
    std::fs::write(&flag, "").unwrap();
    bench.signal("-KILL");
    assert!(matches!(steps(&mut there), Err(EngineError::EngineLost { .. })));
    check_error(
        steps(&mut there),
        expect![
            "the engine that runs the model failed: it ended (exit status: ); ask again, and it starts anew"
        ],
    );
    check_error(
        steps(&mut there),
        expect!["the engine that runs the model failed: it ended (exit status: ); it may start again in . s"],
    );
}

#[test]
fn an_engine_that_has_failed_too_often_is_given_up() {
    let bench = Bench { limits: Limits { back_off_ms: &[0.0], ..LIMITS }, ..Bench::new("gone") };
    let mut there = bench.remote("$ENGINE");
    bench.signal("-KILL");
    assert!(matches!(steps(&mut there), Err(EngineError::EngineLost { .. })));
    assert!(steps(&mut there).is_ok());
    bench.signal("-KILL");
    for _ in 0..2 {
        check_error(
            steps(&mut there),
            expect!["the engine that runs the model keeps failing: it ended (signal:  (SIGKILL))"],
        );
    }
}

#[test]
fn an_engine_that_has_lived_long_does_not_pay_for_those_before() {
    let limits = Limits { back_off_ms: &[0.0], steady_ms: 0.0, ..LIMITS };
    let bench = Bench { limits, ..Bench::new("steady") };
    let mut there = bench.remote("$ENGINE");
    for _ in 0..3 {
        bench.signal("-KILL");
        assert!(matches!(steps(&mut there), Err(EngineError::EngineLost { .. })));
        assert!(steps(&mut there).is_ok());
    }
}

#[test]
fn cancelling_is_heard_in_mid_prompt_and_the_next_question_is_answered() {
    let launcher =
        ProcessLauncher::new(vec![env!("CARGO_BIN_EXE_inkling").to_string(), "engine".to_string()]);
    let model = std::fs::read(env!("INKLING_EMBEDDED_MODEL")).unwrap();
    let config = ModelConfig::from_gguf(&block_on(Gguf::read(&model)).unwrap()).unwrap();
    let remote = Remote { launcher: Rc::new(launcher), uri: "embedded".to_string(), limits: LIMITS };
    let options = RemoteOptions { choice: ExecutorChoice::Cpu, n_context: 2048, n_threads: 1 };
    let n_reports = Cell::new(0);
    let progress = |_| n_reports.set(n_reports.get() + 1);
    let mut there =
        block_on(RemoteExecutor::load(remote, config, options, &progress, &Cancel::default())).unwrap();
    assert!(n_reports.get() > 0);
    let long: Vec<TokenId> = (0..1000).map(|idx| idx * 7 % 5000).collect();
    let cancel = Cancel::default();
    let canceller = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        canceller.cancel();
        Instant::now()
    });
    let result = block_on(there.prefill(&long, &want(), &cancel));
    assert!(matches!(result, Err(EngineError::Cancelled)), "{result:?}");
    // The answer is there at once, and the engine too after what it had begun.
    assert!(thread.join().unwrap().elapsed() < Duration::from_millis(500));
    let prefilled = block_on(there.prefill(&long[..40], &want(), &Cancel::default())).unwrap();
    assert!(prefilled.n_reused >= 32, "the engine keeps what it had read: {}", prefilled.n_reused);
}

#[test]
fn the_engine_refuses_what_is_no_client() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .arg("engine")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"Content-Length: 12\r\n\r\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    expect![[r#"
        inkling engine: it does not speak the engine's protocol (it says "Content-Length: 12\r\n\r\n"); this is for programs, people want `inkling complete` or `inkling lsp`
    "#]]
    .assert_eq(&String::from_utf8(output.stderr).unwrap());
}

#[test]
fn suggestions_are_the_same_wherever_the_model_runs() {
    let suggest = |place: &str| {
        let args = ["complete", "-:2:12", "--json", "--executor", "cpu", "--engine", place];
        let mut child = Command::new(env!("CARGO_BIN_EXE_inkling"))
            .args(args)
            .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"def area(width, height):\n    return ").unwrap();
        let output = child.wait_with_output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["candidates"].clone()
    };
    assert_eq!(suggest("process"), suggest("inside"));
}
