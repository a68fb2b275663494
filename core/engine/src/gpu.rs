use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor};

/// The graphics processors of this machine, for people: name, kind and driver interface.
pub fn gpus() -> Vec<String> {
    let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
    let adapters = futures::executor::block_on(instance.enumerate_adapters(Backends::PRIMARY));
    adapters.iter().map(|adapter| describe(&adapter.get_info())).collect()
}

fn describe(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => "discrete",
        DeviceType::IntegratedGpu => "integrated",
        DeviceType::VirtualGpu => "virtual",
        DeviceType::Cpu => "software",
        DeviceType::Other => "unknown kind",
    };
    format!("{} ({kind}, {:?})", info.name, info.backend)
}
