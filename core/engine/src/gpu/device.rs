//! A graphics processor, and what of it the shaders make use of.

use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;
use inkling_kernels::{Dialect, Shader};
use wgpu::{
    Backends, BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferUsages, ComputePipeline, Device,
    DeviceDescriptor, DeviceType, ErrorFilter, Features, Instance, InstanceDescriptor, Limits, MapMode,
    PollType, Queue,
};

use super::commands::pipeline;
use crate::EngineError;

/// Which variants of the shaders run, from what the device offers. Later ones need more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// WebGPU's core.
    Portable,
    /// Sums go through subgroups.
    Subgroups,
}

impl Tier {
    /// All of them, the simplest first.
    pub const ALL: [Tier; 2] = [Tier::Portable, Tier::Subgroups];

    fn of(features: Features) -> Tier {
        if features.contains(Features::SUBGROUP) { Tier::Subgroups } else { Tier::Portable }
    }

    fn features(self) -> Features {
        if self >= Tier::Subgroups { Features::SUBGROUP } else { Features::empty() }
    }

    pub(crate) fn dialect(self) -> Dialect {
        Dialect { subgroups: self >= Tier::Subgroups, enable: cfg!(target_arch = "wasm32") }
    }

    /// For people to read.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Portable => "portable shaders",
            Tier::Subgroups => "subgroup shaders",
        }
    }
}

/// An open device. It asks for no more than WebGPU's default limits, so that whatever fits here fits
/// everywhere.
pub struct Gpu {
    pub(crate) device: Device,
    pub(crate) queue: Queue,
    name: String,
    tier: Tier,
    is_software: bool,
    lost: Arc<Mutex<Option<String>>>,
    #[cfg(test)]
    asked: std::cell::Cell<Asked>,
}

/// What was asked of a device since it was opened.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) n_buffers: u64,
    /// Of all buffers.
    pub(crate) buffer_bytes: u64,
    pub(crate) n_bind_groups: u64,
    /// That the host read.
    pub(crate) read_bytes: u64,
}

/// The graphics processors of this machine, for people: name, kind, driver interface and shaders.
#[cfg(not(target_arch = "wasm32"))]
pub fn gpus() -> Vec<String> {
    let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
    let adapters = futures::executor::block_on(instance.enumerate_adapters(Backends::PRIMARY));
    adapters.iter().map(describe).collect()
}

/// How much of `n_bytes` the graphics processor that would run a model has free, by trying; none where there is no real
/// one.
#[cfg(not(target_arch = "wasm32"))]
pub fn gpu_room(n_bytes: u64) -> Option<u64> {
    futures::executor::block_on(async {
        let gpu = Gpu::open(Tier::Subgroups).await.ok().filter(|gpu| !gpu.is_software)?;
        Some(gpu.free_bytes(n_bytes).await)
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn describe(adapter: &wgpu::Adapter) -> String {
    let info = adapter.get_info();
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => "discrete",
        DeviceType::IntegratedGpu => "integrated",
        DeviceType::VirtualGpu => "virtual",
        DeviceType::Cpu => "software",
        DeviceType::Other => "unknown kind",
    };
    format!("{} ({kind}, {:?}, {})", info.name, info.backend, Tier::of(adapter.features()).name())
}

/// Bytes of the buffers that are tried when looking how much memory is free.
const TRY_BYTES: u64 = 64 << 20;

/// Share of the memory that may be taken, where a driver tells of it: past the rest it would move what it holds to
/// and fro.
const MAX_PERCENT: u8 = 95;

impl Gpu {
    /// Opens the fastest device, software ones last; `max_tier` leaves features of later tiers alone.
    ///
    /// # Errors
    /// [`EngineError::NoGpu`] where there is none that can be used.
    pub async fn open(max_tier: Tier) -> Result<Gpu, EngineError> {
        // In hosts without the browser's interface wgpu would panic.
        if cfg!(target_arch = "wasm32") && !wgpu::util::is_browser_webgpu_supported().await {
            return Err(EngineError::NoGpu { reason: ", since there is no WebGPU here".to_string() });
        }
        let mut descriptor = InstanceDescriptor::new_without_display_handle();
        descriptor.memory_budget_thresholds.for_resource_creation = Some(MAX_PERCENT);
        let instance = Instance::new(descriptor);
        let mut adapters = instance.enumerate_adapters(Backends::PRIMARY | Backends::BROWSER_WEBGPU).await;
        adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu | DeviceType::Other => 2,
            DeviceType::Cpu => 3,
        });
        let adapter = adapters.first().ok_or_else(|| EngineError::NoGpu { reason: String::new() })?;
        let tier = Tier::of(adapter.features()).min(max_tier);
        let descriptor = DeviceDescriptor {
            label: Some("inkling"),
            required_features: tier.features(),
            required_limits: Limits::default(),
            ..DeviceDescriptor::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| EngineError::NoGpu { reason: format!(": {error}") })?;
        let lost = Arc::new(Mutex::new(None));
        let tell = {
            let lost = Arc::clone(&lost);
            move |reason: String| {
                lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
            }
        };
        device.set_device_lost_callback({
            let tell = tell.clone();
            move |_, message| tell(message)
        });
        // Without this wgpu panics at what nobody asked for, such as memory that runs out in the middle of an answer.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| tell(error.to_string())));
        let info = adapter.get_info();
        let name = if info.name.is_empty() { "WebGPU".to_string() } else { info.name };
        let is_software = info.device_type == DeviceType::Cpu;
        let mut gpu = Gpu {
            device,
            queue,
            name,
            tier,
            is_software,
            lost,
            #[cfg(test)]
            asked: Default::default(),
        };
        if cfg!(target_arch = "wasm32") {
            gpu.tier = gpu.tier_in_browser(max_tier).await;
        }
        Ok(gpu)
    }

    /// wgpu does not know yet what a browser's device can do beyond WebGPU's first version: only a try tells.
    async fn tier_in_browser(&mut self, max_tier: Tier) -> Tier {
        self.tier = max_tier;
        match self.checked("subgroups", 0, || pipeline(self, Shader::RmsNorm)).await {
            Ok(_) => max_tier,
            Err(_) => Tier::Portable,
        }
    }

    /// The variants of the shaders that run here.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Whether the CPU plays the graphics processor, more slowly than the CPU executor would.
    pub fn is_software(&self) -> bool {
        self.is_software
    }

    #[cfg(test)]
    pub(crate) fn asked(&self) -> Asked {
        self.asked.get()
    }

    #[cfg(test)]
    fn count(&self, add: impl FnOnce(&mut Asked)) {
        let mut asked = self.asked.get();
        add(&mut asked);
        self.asked.set(asked);
    }

    /// As its driver calls it.
    pub(crate) fn device_name(&self) -> String {
        self.name.clone()
    }

    /// What runs here, for people.
    pub fn name(&self) -> String {
        format!("GPU, {}, {}", self.name, self.tier.name())
    }

    /// A zeroed buffer.
    pub(crate) fn buffer(&self, label: &str, n_bytes: u64, usage: BufferUsages) -> Buffer {
        let size = n_bytes.next_multiple_of(16).max(16);
        #[cfg(test)]
        self.count(|asked| {
            asked.n_buffers += 1;
            asked.buffer_bytes += size;
        });
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Binds `entries` as `pipeline` wants them.
    pub(crate) fn bind_group(
        &self,
        label: &str,
        pipeline: &ComputePipeline,
        entries: &[BindGroupEntry<'_>],
    ) -> BindGroup {
        #[cfg(test)]
        self.count(|asked| asked.n_bind_groups += 1);
        let layout = &pipeline.get_bind_group_layout(0);
        self.device.create_bind_group(&BindGroupDescriptor { label: Some(label), layout, entries })
    }

    /// A zeroed buffer for shaders, which the host can fill.
    pub(crate) fn storage(&self, label: &str, n_bytes: u64) -> Buffer {
        self.buffer(label, n_bytes, BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC)
    }

    /// Runs `make` and turns what the device has against it into an error: `n_bytes` did not fit, or `what` is wrong.
    pub(crate) async fn checked<T>(
        &self,
        what: &str,
        n_bytes: u64,
        make: impl FnOnce() -> T,
    ) -> Result<T, EngineError> {
        let memory = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(ErrorFilter::Validation);
        let made = make();
        let (invalid, too_big) = (validation.pop().await, memory.pop().await);
        if too_big.is_some() {
            return Err(EngineError::GpuFull { what: what.to_string(), n_bytes });
        }
        match invalid {
            Some(error) => Err(self.broken(format!("{what}: {error}"))),
            None => Ok(made),
        }
    }

    /// How much of `n_bytes` can still be had, by trying.
    pub(crate) async fn free_bytes(&self, n_bytes: u64) -> u64 {
        let (mut buffers, mut n_free) = (Vec::new(), 0);
        while n_free < n_bytes {
            match self.checked("a try", TRY_BYTES, || self.storage("a try", TRY_BYTES)).await {
                Ok(buffer) => buffers.push(buffer),
                Err(_) => break,
            }
            n_free += TRY_BYTES;
        }
        buffers.iter().for_each(Buffer::destroy);
        n_free.min(n_bytes)
    }

    fn broken(&self, reason: String) -> EngineError {
        EngineError::GpuLost { name: self.name.clone(), reason }
    }

    /// Whether the device is still there.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        match &*lost {
            Some(reason) => Err(self.broken(reason.clone())),
            None => Ok(()),
        }
    }

    /// Waits until everything submitted so far is done.
    pub(crate) async fn finish(&self) -> Result<(), EngineError> {
        let (done, wait) = oneshot::channel();
        self.queue.on_submitted_work_done(move || _ = done.send(()));
        self.poll()?;
        wait.await.map_err(|_| self.broken("it stopped answering".to_string()))?;
        self.check()
    }

    /// The first `n_bytes` of `buffer`, which the host can map.
    pub(crate) async fn read(&self, buffer: &Buffer, n_bytes: u64) -> Result<Vec<u8>, EngineError> {
        #[cfg(test)]
        self.count(|asked| asked.read_bytes += n_bytes);
        let (done, wait) = oneshot::channel();
        let slice = buffer.slice(..n_bytes);
        slice.map_async(MapMode::Read, move |result| _ = done.send(result));
        self.poll()?;
        let mapped = wait.await.map_err(|_| self.broken("it stopped answering".to_string()))?;
        self.check()?;
        mapped.map_err(|error| self.broken(error.to_string()))?;
        let bytes = slice.get_mapped_range().map_err(|error| self.broken(error.to_string()))?.to_vec();
        buffer.unmap();
        Ok(bytes)
    }

    /// Natively somebody has to wait for the device; a browser does so by itself, and there this does nothing.
    fn poll(&self) -> Result<(), EngineError> {
        self.check()?;
        let polled = self.device.poll(PollType::wait_indefinitely());
        polled.map(|_| ()).map_err(|error| self.broken(error.to_string()))
    }
}

impl Drop for Gpu {
    /// Gives the memory back at once: a browser would keep it until it next collects garbage.
    fn drop(&mut self) {
        self.device.destroy();
    }
}
