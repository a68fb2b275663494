use std::collections::BTreeMap;

use anyhow::Result;
use libc::c_long;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// The system calls that a program which only computes needs, each with the arguments that it may have;
/// without any, all.
pub(super) fn allowed() -> Result<BTreeMap<c_long, Vec<SeccompRule>>> {
    let any = ANY.iter().chain(ANY_OF_OLD).map(|&call| (call, Vec::new()));
    let mut calls: BTreeMap<c_long, Vec<SeccompRule>> = any.collect();
    // Terminals could be written to by ioctl, and processes signalled by fcntl.
    calls.insert(libc::SYS_ioctl, one_of(1, &[libc::TCGETS, libc::FIOCLEX, libc::FIONCLEX])?);
    let questions = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC];
    calls.insert(libc::SYS_fcntl, one_of(1, &questions.map(|of| of as u64))?);
    // Limits may be read.
    calls.insert(libc::SYS_prlimit64, vec![rule(2, Qword, Eq, 0)?]);
    let only_reading = |argument| rule(argument, Dword, MaskedEq(WRITING), 0);
    calls.insert(libc::SYS_openat, vec![only_reading(2)?]);
    #[cfg(target_arch = "x86_64")]
    calls.insert(libc::SYS_open, vec![only_reading(1)?]);
    Ok(calls)
}

/// The flags with which opening a file may change it.
const WRITING: u64 = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u64;

const ANY: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_execve,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_sysinfo,
    libc::SYS_times,
    libc::SYS_uname,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Calls that later architectures do without.
#[cfg(target_arch = "x86_64")]
const ANY_OF_OLD: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
];

#[cfg(not(target_arch = "x86_64"))]
const ANY_OF_OLD: &[c_long] = &[];

fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>> {
    values.iter().map(|&value| rule(argument, Dword, Eq, value)).collect()
}

fn rule(argument: u8, len: SeccompCmpArgLen, op: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
    Ok(SeccompRule::new(vec![SeccompCondition::new(argument, len, op, value)?])?)
}
