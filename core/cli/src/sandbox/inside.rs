use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::calls;
use crate::args::Sandboxed;

/// Takes everything away, then becomes the program.
///
/// # Errors
/// Where the kernel does not take it away: then the program does not run.
pub(super) fn enter(args: &Sandboxed) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("cannot tie itself to its parent")?;
    limit_resources(args)?;
    only_read_files().context("the kernel has no Landlock, which Linux has from 5.13 on if it is enabled")?;
    only_compute().context("the kernel has no seccomp filters")?;
    let [program, arguments @ ..] = &args.program[..] else { bail!("there is no program to run") };
    let error = Command::new(program).args(arguments).env_clear().exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

fn limit_resources(args: &Sandboxed) -> Result<()> {
    let limits = [
        (Resource::Cpu, args.seconds, args.seconds + 1),
        (Resource::As, args.memory << 20, args.memory << 20),
        (Resource::Nofile, 32, 32),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ];
    for (resource, current, maximum) in limits {
        setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })
            .with_context(|| format!("cannot limit {resource:?}"))?;
    }
    Ok(())
}

/// Files can be read and run, nothing else. What newer kernels can refuse besides, they refuse.
fn only_read_files() -> Result<()> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rules(path_beneath_rules(["/"], AccessFs::from_read(ABI::V5)))?
        .restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        bail!("it was not enforced");
    }
    Ok(())
}

/// Only the calls of the list reach the kernel; to the program all others look as if they did not exist.
fn only_compute() -> Result<()> {
    let refuse = SeccompAction::Errno(libc::ENOSYS as u32);
    let filter = SeccompFilter::new(
        calls::allowed()?,
        refuse,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(apply_filter(&program)?)
}
