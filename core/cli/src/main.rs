//! The `inkling` program: the core's native door.

mod args;
mod commands;
mod config;
mod corpus;
mod endpoint;
mod files;
mod http;
mod metrics;
mod model;
mod place;
mod pull;
mod sandbox;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    keep_drivers_quiet();
    let args = Args::parse();
    let result = match &args.command {
        Command::Complete(complete) => commands::complete::run(complete, args.json),
        Command::Trace(trace) => commands::trace::run(trace, args.json),
        Command::Outline(outline) => commands::outline::run(outline, args.json),
        Command::Model(model) => commands::model::run(model, args.json),
        Command::Eval(eval) => commands::eval::run(eval, args.json),
        Command::Dataset(dataset) => commands::dataset::run(dataset),
        Command::Metrics(metrics) => commands::metrics::run(metrics, args.json),
        Command::Doctor => commands::doctor::run(args.json),
        Command::Lsp { engine } => commands::lsp::run(*engine),
        Command::Engine => commands::engine::run(),
        Command::Sandboxed(sandboxed) => sandbox::enter(sandboxed),
        Command::Completions { shell } => commands::completions(*shell),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has enough, such as `head`, is no error.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inkling: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Mesa's layer that chooses among devices complains on standard error where there is no desktop; Inkling
/// chooses by itself.
fn keep_drivers_quiet() {
    // SAFETY: no other thread is there yet that might read the environment.
    unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
