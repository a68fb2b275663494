use anyhow::Result;
use inkling_assist::catalogue::{CATALOGUE, CatalogueModel};
use inkling_assist::engine::gpu_room;
use serde_json::json;

use super::{print, print_json};
use crate::pull::Place;

/// `inkling model list`.
pub(crate) fn run(json: bool) -> Result<()> {
    let memory = memory_bytes();
    let largest = CATALOGUE.iter().map(|model| model.on_gpu().total()).max().unwrap_or_default();
    let room = gpu_room(largest);
    let rows: Vec<Row> =
        CATALOGUE.iter().map(|model| Row::new(model, memory, room)).collect::<Result<_>>()?;
    if json {
        return print_json(&rows.iter().map(Row::to_json).collect::<Vec<_>>());
    }
    print("model                 file GB  memory GB: CPU, GPU  fits     licence")?;
    rows.iter().try_for_each(|row| print(&row.to_text()))?;
    print(
        "\n`inkling model pull NAME` downloads one, and `--model NAME` uses it. The CPU is given half of the memory.",
    )
}

/// A model on this machine.
struct Row<'a> {
    model: &'a CatalogueModel,
    /// None where it cannot be told how much memory there is.
    fits_cpu: Option<bool>,
    /// None where there is no graphics processor.
    fits_gpu: Option<bool>,
    is_here: bool,
}

impl Row<'_> {
    fn new(model: &CatalogueModel, memory: Option<u64>, room: Option<u64>) -> Result<Row<'_>> {
        Ok(Row {
            model,
            fits_cpu: memory.map(|memory| model.fits(memory)),
            fits_gpu: room.map(|room| model.on_gpu().total() <= room),
            is_here: Place::of(&model.hub_name())?.file.exists(),
        })
    }

    fn to_text(&self) -> String {
        let Row { model, fits_cpu, fits_gpu, is_here } = self;
        let gb = |n_bytes: u64| n_bytes as f64 / 1e9;
        let fits = match (fits_cpu, fits_gpu) {
            (Some(true), Some(true)) => "CPU GPU",
            (Some(true), _) => "CPU",
            (_, Some(true)) => "GPU",
            (None, _) => "unknown",
            (Some(false), _) => "no",
        };
        format!(
            "{:<21} {:>7.1} {:>15.1} {:>4.1}  {fits:<7}  {}\n  {}{}",
            model.name,
            gb(model.n_bytes),
            gb(model.on_cpu().total()),
            gb(model.on_gpu().total()),
            model.licence,
            model.hub_name(),
            if *is_here { " (is here)" } else { "" },
        )
    }

    fn to_json(&self) -> serde_json::Value {
        let Row { model, fits_cpu, fits_gpu, is_here } = self;
        json!({
            "model": model.name, "name": model.hub_name(), "url": model.url(), "licence": model.licence,
            "bytes": model.n_bytes, "cpu_bytes": model.on_cpu().total(), "gpu_bytes": model.on_gpu().total(),
            "fits_cpu": fits_cpu, "fits_gpu": fits_gpu, "is_here": is_here,
        })
    }
}

/// All of the machine's memory.
#[cfg(target_os = "linux")]
fn memory_bytes() -> Option<u64> {
    let info = rustix::system::sysinfo();
    Some(info.totalram as u64 * u64::from(info.mem_unit))
}

/// Elsewhere the list says what models take, and its reader knows the machine.
#[cfg(not(target_os = "linux"))]
fn memory_bytes() -> Option<u64> {
    None
}
