//! Writes every shader as browsers get it: `cargo run -p inkling-kernels --example shaders -- FOLDER`.

use std::path::Path;

use inkling_kernels::{Dialect, Shader};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: shaders FOLDER");
    std::fs::create_dir_all(&folder)?;
    for (idx, shader) in Shader::every().into_iter().enumerate() {
        for (subgroups, end) in [(false, "portable"), (true, "subgroups")] {
            let text = format!("// {shader:?}\n{}", shader.wgsl(Dialect { subgroups, enable: true }));
            std::fs::write(Path::new(&folder).join(format!("{idx:03}-{}-{end}.wgsl", shader.name())), text)?;
        }
    }
    Ok(())
}
