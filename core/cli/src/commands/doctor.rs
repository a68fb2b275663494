use anyhow::Result;
use inkling_assist::engine::SimdLevel;
use serde_json::json;

use super::{print, print_json};
use crate::{config, files, model};

/// `inkling doctor`.
pub(crate) fn run(json: bool) -> Result<()> {
    let mut problems = Vec::new();
    let settings = config::read().unwrap_or_else(|error| {
        problems.push(format!("{error:#}"));
        Default::default()
    });
    let model = model::choose(None, &settings);
    let header = model::header(&model).map_err(|error| problems.push(format!("{error:#}"))).ok();
    let model_name = header.as_ref().and_then(|gguf| gguf.get_str("general.name")).unwrap_or("unreadable");
    let embedded = model.as_os_str() == files::EMBEDDED;
    let simd: Vec<&str> = SimdLevel::available().into_iter().map(SimdLevel::name).collect();
    let folders = config::folders().map_err(|error| problems.push(format!("{error:#}"))).ok();
    let gpus = inkling_assist::engine::gpus();
    let folder = |path: fn(&config::Folders) -> &std::path::Path| {
        folders.as_ref().map_or_else(|| "none".to_string(), |folders| path(folders).display().to_string())
    };
    let (config_folder, data_folder) = (folder(|f| &f.config), folder(|f| &f.data));
    if json {
        return print_json(&json!({
            "version": env!("CARGO_PKG_VERSION"), "threads": model::all_threads(), "simd": simd, "gpus": gpus,
            "model": { "path": model, "name": model_name, "embedded": embedded },
            "config_folder": config_folder, "data_folder": data_folder, "problems": problems,
        }));
    }
    print(&format!(
        "inkling {} on {} {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    ))?;
    print(&format!("CPU      {} threads, {}", model::all_threads(), simd[0]))?;
    let gpus = if gpus.is_empty() { "none that can be used".to_string() } else { gpus.join("; ") };
    print(&format!("GPU      {gpus}"))?;
    print(&format!("Model    {model_name} ({})", model.display()))?;
    print(&format!("Config   {config_folder}"))?;
    print(&format!("Data     {data_folder}"))?;
    for problem in &problems {
        print(&format!("Problem  {problem}"))?;
    }
    print(if problems.is_empty() {
        "Everything needed is there."
    } else {
        "Put the problems right and run this again."
    })
}
