//! Dispatches made the device's: pipelines and bind groups, all of them before the first step.

use std::collections::HashMap;
use std::rc::Rc;

use inkling_kernels::Shader;
use wgpu::{
    BindGroup, BindGroupEntry, BindGroupLayoutEntry, BindingResource, BindingType, Buffer, BufferBinding,
    BufferBindingType, BufferSize, BufferUsages, ComputePass, ComputePipeline, ShaderModuleDescriptor,
    ShaderRuntimeChecks, ShaderSource, ShaderStages,
};

use super::call::{Call, Grid, StepSizes};
use super::device::Gpu;
use super::weights::Slice;

/// Bytes from one dispatch's parameters to the next: where a uniform binding may begin.
const PARAMS_BYTES: u64 = 256;

/// Room for the longest parameters.
const MAX_PARAMS_BYTES: u64 = 64;

/// A list of dispatches that a step can encode without making anything new.
pub(crate) struct Commands {
    dispatches: Vec<Dispatch>,
}

struct Dispatch {
    pipeline: ComputePipeline,
    bind_group: BindGroup,
    grid: Grid,
    weight_bytes: u64,
}

/// What a pass asks of the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Compute passes.
    pub(crate) n_passes: usize,
    /// Dispatches.
    pub(crate) n_dispatches: usize,
    /// Bytes of weights read by products, once each.
    pub(crate) weight_bytes: u64,
}

impl Commands {
    /// Adds all dispatches to `pass`.
    pub(crate) fn encode(&self, pass: &mut ComputePass<'_>, step: StepSizes, cost: &mut Cost) {
        for Dispatch { pipeline, bind_group, grid, weight_bytes } in &self.dispatches {
            let [x, y, z] = grid.groups(step);
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, bind_group, &[]);
            pass.dispatch_workgroups(x, y, z);
            cost.n_dispatches += 1;
            cost.weight_bytes += weight_bytes;
        }
    }
}

/// Makes pipelines, each once.
pub(crate) struct Compiler {
    gpu: Rc<Gpu>,
    state: Slice,
    pipelines: HashMap<Shader, ComputePipeline>,
}

impl Compiler {
    pub(crate) fn new(gpu: &Rc<Gpu>, state: &Slice) -> Compiler {
        Compiler { gpu: Rc::clone(gpu), state: state.clone(), pipelines: HashMap::new() }
    }

    /// Compiles what `calls` need and binds their buffers.
    pub(crate) fn compile(&mut self, calls: &[Call]) -> Commands {
        let params = self.params(calls);
        let dispatches = calls.iter().enumerate().map(|(idx, call)| {
            let pipeline = self.pipeline(call.shader);
            let at = idx as u64 * PARAMS_BYTES;
            let params = Slice { buffer: params.clone(), range: at..at + MAX_PARAMS_BYTES };
            let slices = [&self.state, &params].into_iter().chain(&call.slices);
            let entries: Vec<BindGroupEntry<'_>> = slices.enumerate().map(entry).collect();
            let bind_group = self.gpu.bind_group(call.shader.name(), &pipeline, &entries);
            Dispatch { pipeline, bind_group, grid: call.grid, weight_bytes: call.weight_bytes() }
        });
        Commands { dispatches: dispatches.collect() }
    }

    /// One buffer with the parameters of all calls.
    fn params(&self, calls: &[Call]) -> Buffer {
        let mut bytes = vec![0; calls.len() * PARAMS_BYTES as usize];
        for (call, bytes) in calls.iter().zip(bytes.chunks_exact_mut(PARAMS_BYTES as usize)) {
            for (param, bytes) in call.params.iter().zip(bytes.as_chunks_mut::<4>().0) {
                *bytes = param.to_le_bytes();
            }
        }
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let buffer = self.gpu.buffer("parameters", bytes.len() as u64, usage);
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    }

    fn pipeline(&mut self, shader: Shader) -> ComputePipeline {
        self.pipelines.entry(shader).or_insert_with(|| pipeline(&self.gpu, shader)).clone()
    }
}

fn entry((binding, slice): (usize, &Slice)) -> BindGroupEntry<'_> {
    let size = BufferSize::new(slice.range.end - slice.range.start);
    let buffer = BufferBinding { buffer: &slice.buffer, offset: slice.range.start, size };
    BindGroupEntry { binding: binding as u32, resource: BindingResource::Buffer(buffer) }
}

/// The layout is spelled out: one that wgpu derives leaves out what a variant does not use.
pub(super) fn pipeline(gpu: &Gpu, shader: Shader) -> ComputePipeline {
    let storage = |read_only| BufferBindingType::Storage { read_only };
    let (n_reads, n_writes) = shader.n_bindings();
    let types = [storage(true), BufferBindingType::Uniform]
        .into_iter()
        .chain(std::iter::repeat_n(storage(true), n_reads))
        .chain(std::iter::repeat_n(storage(false), n_writes));
    let entries: Vec<BindGroupLayoutEntry> = types
        .enumerate()
        .map(|(binding, ty)| BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        })
        .collect();
    let label = Some(shader.name());
    let bindings =
        gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&bindings)],
        immediate_size: 0,
    });
    let source = ShaderSource::Wgsl(shader.wgsl(gpu.tier().dialect()).into());
    let mut checks = ShaderRuntimeChecks::checked();
    checks.force_loop_bounding = false;
    // SAFETY: what is given up is the counter that ends endless loops, which keeps drivers from unrolling: an H100
    // reads prompts 3.7 times as fast without. Every loop of the shaders ends; accesses stay checked.
    let module =
        unsafe { gpu.device.create_shader_module_trusted(ShaderModuleDescriptor { label, source }, checks) };
    gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: Default::default(),
        cache: None,
    })
}
