//! Programs that a model wrote, run where they can only read and compute: no network, no other processes, no
//! writing, little time and memory.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod inside;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use inkling_eval::{Outcome, PASSED_STATUS};

use crate::args::Sandboxed;

/// Becomes the program, with all that a sandbox takes away gone.
#[cfg(target_os = "linux")]
pub(crate) fn enter(args: &Sandboxed) -> Result<()> {
    inside::enter(args)
}

/// There is no sandbox here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enter(_: &Sandboxed) -> Result<()> {
    bail!("only Linux can shut in programs that a model wrote; measure on Linux")
}

/// What a program may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Seconds of processor time; of the clock, [`WAIT`] times as many.
    pub(crate) seconds: u64,
    /// Mebibytes of address space.
    pub(crate) memory: u64,
}

/// A program waits for its turn on a busy machine; one that sleeps is ended all the same.
const WAIT: u64 = 3;

/// How often a program that runs is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// Bytes of a program's complaints that are read.
const MAX_COMPLAINT: u64 = 64 << 10;

/// Runs Python programs.
pub(crate) struct Sandbox {
    own: PathBuf,
    python: PathBuf,
    limits: Limits,
}

impl Sandbox {
    /// A sandbox in which an empty program has run.
    ///
    /// # Errors
    /// Where there is no Python, or the system cannot take from a program what it must not have.
    pub(crate) fn open(python: &str, limits: Limits) -> Result<Sandbox> {
        let own = std::env::current_exe().context("this program cannot find itself")?;
        let sandbox = Sandbox { own, python: resolve(python)?, limits };
        match sandbox.run(&format!("raise SystemExit({PASSED_STATUS})\n"))? {
            Outcome::Passed => Ok(sandbox),
            Outcome::Failed(reason) => bail!("programs cannot be run safely here: {reason}"),
            outcome => bail!("programs cannot be run safely here: an empty one ended with {outcome:?}"),
        }
    }

    /// Runs a program to its end, which comes in any case.
    ///
    /// # Errors
    /// Where the system cannot start another process.
    pub(crate) fn run(&self, program: &str) -> Result<Outcome> {
        let mut child = self.start().context("cannot start a sandbox")?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        thread::scope(|scope| {
            // A program that ends early reads no more.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(program.as_bytes())));
            let complaint = scope.spawn(move || stderr.map(complaint).unwrap_or_default());
            let status = wait(&mut child, Duration::from_secs(WAIT * self.limits.seconds))?;
            Ok(outcome(status, complaint.join().unwrap_or_default()))
        })
    }

    fn start(&self) -> std::io::Result<Child> {
        let Limits { seconds, memory } = self.limits;
        Command::new(&self.own)
            .args(["sandboxed", "--seconds", &seconds.to_string(), "--memory", &memory.to_string(), "--"])
            .arg(&self.python)
            // Nothing from the user's environment and folders, no files of bytecode.
            .args(["-I", "-B", "-S", "-X", "utf8", "-"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// The interpreter behind the name, which may be a script that starts it.
fn resolve(python: &str) -> Result<PathBuf> {
    let output = Command::new(python)
        .args(["-I", "-c", "import sys; print(sys.executable)"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {python}; name another Python 3 with --python"))?;
    let path = String::from_utf8(output.stdout).unwrap_or_default();
    if !output.status.success() || path.trim().is_empty() {
        bail!("{python} is not a Python 3 that works; name another with --python");
    }
    Ok(PathBuf::from(path.trim()))
}

/// The last line that the program says on standard error.
fn complaint(mut stderr: impl Read) -> String {
    let mut text = Vec::new();
    let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut text);
    // What nobody reads would stop the program.
    let _ = std::io::copy(&mut stderr, &mut std::io::sink());
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_string()
}

/// The status of a child that has ended, `None` of one that had to be ended.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(GLANCE);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn outcome(status: Option<ExitStatus>, complaint: String) -> Outcome {
    let Some(status) = status else { return Outcome::TimedOut };
    match (status.code(), signal(status)) {
        (Some(PASSED_STATUS), _) => Outcome::Passed,
        (_, Some(signal)) if signal == OUT_OF_TIME => Outcome::TimedOut,
        (_, Some(signal)) => Outcome::Killed(signal),
        (code, _) if complaint.is_empty() => Outcome::Failed(format!("status {}", code.unwrap_or(-1))),
        _ => Outcome::Failed(complaint),
    }
}

/// The signal for a process that has used up its processor time.
const OUT_OF_TIME: i32 = 24;

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}
