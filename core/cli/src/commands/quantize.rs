use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use inkling_assist::engine::{Quantization, quantize};
use inkling_assist::gguf::{Dtype, Gguf, SourceError};
use serde_json::json;

use super::{print, print_json};
use crate::files;

/// `inkling model quantize IN OUT TYPE`. The file appears under its name only when it is whole.
pub(crate) fn run(input: &Path, output: &Path, dtype: &str, json: bool) -> Result<()> {
    let Some(dtype) = Dtype::named(dtype) else {
        bail!(
            "there is no type \"{dtype}\"; use F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K"
        );
    };
    let source = files::open(input)?;
    let gguf = block_on(Gguf::read(&*source)).with_context(|| input.display().to_string())?;
    let part = output.with_added_extension("part");
    let mut file =
        BufWriter::new(File::create(&part).with_context(|| format!("cannot write {}", part.display()))?);
    let mut n_bytes = 0;
    let mut write = |bytes: &[u8]| {
        n_bytes += bytes.len();
        let cannot = |error| SourceError(format!("cannot write {}: {error}", part.display()));
        file.write_all(bytes).map_err(cannot)
    };
    let written = block_on(quantize(&gguf, &*source, dtype, &mut write)).map_err(anyhow::Error::from);
    let written = written.and_then(|()| Ok(file.flush()?)).and_then(|()| Ok(std::fs::rename(&part, output)?));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
        return written.with_context(|| input.display().to_string());
    }
    let exceptions: Vec<_> = Quantization::new(&gguf, dtype).exceptions().collect();
    if json {
        let exceptions: Vec<_> =
            exceptions.iter().map(|(name, dtype)| json!({ "tensor": name, "type": dtype.name() })).collect();
        return print_json(&json!({ "out": output, "bytes": n_bytes, "exceptions": exceptions }));
    }
    print(&format!("{}: {:.1} MB in {dtype}", output.display(), n_bytes as f64 / 1e6))?;
    for (name, dtype) in exceptions {
        print(&format!("{name} is {dtype}, since its rows are no whole blocks"))?;
    }
    Ok(())
}
