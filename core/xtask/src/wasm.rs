//! The WASM module and its JavaScript bindings.

use crate::toolchain::{WASM_TARGET, WasmC, WasmRust};
use anyhow::{Context as _, Result, anyhow, ensure};
use cargo_metadata::{Metadata, MetadataCommand};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};
use wasm_bindgen_cli_support::Bindgen;
use xshell::Shell;

/// Where the bindings go; `inkling_wasm.js` and `inkling_wasm_bg.wasm` in it are the module.
const PKG: &str = "web-demo/pkg";

/// The most a visitor should have to download before the model: 5 MB, gzipped.
const MAX_GZIPPED_BYTES: u64 = 5_000_000;

/// Compiles the module with the `wasm` profile and writes its bindings to `web-demo/pkg`.
///
/// What is up to date is left alone: Cargo decides for the module, its age for the bindings.
/// Binaryen's `wasm-opt -O2` is not run: it takes a sixth off the module, but adds a seventh to what
/// is left of it after gzip, since most of the module is the grammars' tables.
pub(crate) fn build(sh: &Shell) -> Result<()> {
    let module = compile(sh)?;
    let pkg = sh.current_dir().join(PKG);
    let bound = pkg.join("inkling_wasm_bg.wasm");
    if modified(&module)? > modified(&bound).unwrap_or(SystemTime::UNIX_EPOCH) {
        write_bindings(&module, &pkg)?;
    }
    report_size(&bound)
}

fn compile(sh: &Shell) -> Result<PathBuf> {
    let missing = || anyhow!("no compiler for {WASM_TARGET}: run `cargo xtask setup` first");
    let rust = WasmRust::find(sh).ok_or_else(missing)?;
    let c = WasmC::find(sh).ok_or_else(missing)?;
    let metadata = MetadataCommand::new().current_dir(sh.current_dir()).exec()?;
    let cargo = rust.cargo_build(sh).args(["--package", "inkling-wasm", "--profile", "wasm"]);
    match libc_headers(&metadata) {
        Some(headers) => c.compile_grammars_with(cargo, &headers)?,
        None => cargo,
    }
    .run()?;
    let built = metadata.target_directory.join(WASM_TARGET).join("wasm/inkling_wasm.wasm");
    Ok(built.into_std_path_buf())
}

/// The subset of the C library for WASM that comes with the grammars' common crate.
fn libc_headers(metadata: &Metadata) -> Option<PathBuf> {
    let package = metadata.packages.iter().find(|p| p.name.as_str() == "tree-sitter-language")?;
    Some(package.manifest_path.parent()?.join("wasm/include").into_std_path_buf())
}

fn write_bindings(module: &Path, pkg: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(pkg)
}

fn report_size(module: &Path) -> Result<()> {
    let bytes = fs::read(module)?;
    let gzipped = gzipped_len(&bytes)?;
    println!("WASM module: {:.2} MB, {:.2} MB gzipped", mb(bytes.len() as u64), mb(gzipped));
    ensure!(
        gzipped <= MAX_GZIPPED_BYTES,
        "the WASM module is over its ceiling of {:.0} MB gzipped",
        mb(MAX_GZIPPED_BYTES)
    );
    Ok(())
}

fn gzipped_len(bytes: &[u8]) -> io::Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn modified(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
    Ok(metadata.modified()?)
}
