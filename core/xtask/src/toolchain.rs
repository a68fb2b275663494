//! The compilers for `wasm32-unknown-unknown`: Rust's, and a C compiler for the grammars.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use xshell::{Cmd, Shell, cmd};

/// The target of the WASM module.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages for [`WasmRust::Debian`].
pub(crate) const DEBIAN_WASM_RUST: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "clang-19", "lld-19", "llvm-19"];

/// Where Debian's compilers find the standard library's source.
const DEBIAN_STD_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// The two ways to a Rust compiler for WASM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasmRust {
    /// The active toolchain has the target's standard library, as rustup installs it.
    Installed,
    /// Debian's own compiler builds the standard library from source.
    Debian,
}

impl WasmRust {
    /// What this machine has; the installed target first, since it need not be compiled.
    pub(crate) fn find(sh: &Shell) -> Option<Self> {
        if has_installed_target(sh) {
            Some(Self::Installed)
        } else if has_debian_compiler() {
            Some(Self::Debian)
        } else {
            None
        }
    }

    /// `cargo build` for [`WASM_TARGET`].
    pub(crate) fn cargo_build(self, sh: &Shell) -> Cmd<'_> {
        // RUSTFLAGS would silently replace the target's flags of .cargo/config.toml.
        match self {
            Self::Installed => cmd!(sh, "cargo build --target {WASM_TARGET}"),
            Self::Debian => {
                cmd!(sh, "/usr/bin/cargo build --target {WASM_TARGET} -Zbuild-std=std,panic_abort")
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
            }
        }
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
    }
}

fn has_installed_target(sh: &Shell) -> bool {
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read();
    sysroot.is_ok_and(|root| Path::new(&root).join("lib/rustlib").join(WASM_TARGET).is_dir())
}

fn has_debian_compiler() -> bool {
    ["/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/wasm-ld-19", DEBIAN_STD_SOURCE]
        .iter()
        .all(|path| Path::new(path).exists())
}

/// What the scanner of C++ takes for granted and the headers of that subset lack.
const MISSING_FROM_HEADERS: &str = "-include wchar.h -Dstatic_assert=_Static_assert";

/// A clang that can target WASM, and the archiver beside it.
pub(crate) struct WasmC {
    /// A path or a name on `PATH`.
    pub(crate) clang: String,
    /// An absolute path.
    pub(crate) llvm_ar: PathBuf,
}

impl WasmC {
    /// The first of `$CC_wasm32_unknown_unknown`, `clang`, a versioned `clang-N` and Homebrew's
    /// (Apple's own has no WASM target) that has everything.
    pub(crate) fn find(sh: &Shell) -> Option<Self> {
        let chosen = std::env::var("CC_wasm32_unknown_unknown").ok();
        let versioned = (14..=22).rev().map(|version| format!("clang-{version}"));
        let homebrew = ["/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang"];
        chosen
            .into_iter()
            .chain(["clang".to_owned()])
            .chain(versioned)
            .chain(homebrew.map(String::from))
            .find_map(|clang| Self::from_clang(sh, clang))
    }

    fn from_clang(sh: &Shell, clang: String) -> Option<Self> {
        let ask = |question| cmd!(sh, "{clang} {question}").quiet().ignore_stderr().read().ok();
        ask("--print-targets")?.contains("wasm32").then_some(())?;
        let llvm_ar = PathBuf::from(ask("--print-prog-name=llvm-ar")?);
        llvm_ar.is_absolute().then_some(Self { clang, llvm_ar })
    }

    /// Makes `cargo` compile the grammars' C code with this clang and with tree-sitter's subset of
    /// the C library, whose headers their build scripts don't look for.
    pub(crate) fn compile_grammars_with<'a>(&self, cargo: Cmd<'a>, headers: &Path) -> Result<Cmd<'a>> {
        let headers = headers.to_str().context("the path of Cargo's registry is not UTF-8")?;
        Ok(cargo
            .env("CC_wasm32_unknown_unknown", &self.clang)
            .env("AR_wasm32_unknown_unknown", &self.llvm_ar)
            .env("CFLAGS_wasm32_unknown_unknown", format!("'-I{headers}' {MISSING_FROM_HEADERS}"))
            .env("CC_SHELL_ESCAPED_FLAGS", "1"))
    }
}
