//! NVIDIA's management library (NVML), loaded when first asked for, and the fixed facts of the
//! GPUs it knows.

use std::sync::OnceLock;

use nvml_wrapper::Nvml;

use super::GpuFacts;

/// The library, or `None` on a machine without an NVIDIA driver. Loaded at most once in a process,
/// because starting it can take a second, and kept until the process ends.
pub(crate) fn nvml() -> Option<&'static Nvml> {
    static NVML: OnceLock<Option<Nvml>> = OnceLock::new();
    NVML.get_or_init(|| Nvml::init().ok()).as_ref()
}

/// The driver's version and its GPUs in its order. A GPU that cannot be opened keeps its place,
/// without a name.
pub(super) fn probe() -> (Option<String>, Vec<GpuFacts>) {
    let Some(nvml) = nvml() else {
        return (None, Vec::new());
    };
    let gpus = (0..nvml.device_count().unwrap_or(0))
        .map(|index| describe(nvml, index))
        .collect();
    (nvml.sys_driver_version().ok(), gpus)
}

fn describe(nvml: &Nvml, index: u32) -> GpuFacts {
    let mut facts = GpuFacts {
        index,
        ..GpuFacts::default()
    };
    if let Ok(device) = nvml.device_by_index(index) {
        facts.name = device.name().unwrap_or_default();
        facts.memory_bytes = device.memory_info().map_or(0, |memory| memory.total);
        facts.power_limit_w = device
            .enforced_power_limit()
            .ok()
            .map(|mw| f64::from(mw) / 1000.0);
    }
    facts
}
