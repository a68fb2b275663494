//! Finds the one model in `models/`, which the program carries inside.

use std::path::Path;

fn main() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    println!("cargo::rerun-if-changed={}", models.display());
    let found = std::fs::read_dir(&models).into_iter().flatten().flatten().map(|entry| entry.path());
    let found: Vec<_> =
        found.filter(|path| path.extension().is_some_and(|extension| extension == "gguf")).collect();
    let [model] = &found[..] else {
        panic!("{} holds {} models in place of one", models.display(), found.len());
    };
    println!("cargo::rustc-env=INKLING_EMBEDDED_MODEL={}", model.display());
}
