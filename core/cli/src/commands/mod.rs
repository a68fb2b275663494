//! One module a command.

pub(crate) mod complete;
pub(crate) mod dataset;
pub(crate) mod doctor;
pub(crate) mod engine;
pub(crate) mod eval;
mod info;
mod list;
pub(crate) mod lsp;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod outline;
mod pull;
mod quantize;
pub(crate) mod trace;

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;
use serde::Serialize;

use crate::args::Args;

/// Prints a shell's completion script.
pub(crate) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "inkling", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Prints a line, an error where nobody reads.
fn print(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn print_json(value: &impl Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}
