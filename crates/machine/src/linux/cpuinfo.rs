//! What `/proc/cpuinfo` says about the processor.

use std::collections::HashSet;

/// The fixed facts in a `/proc/cpuinfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CpuInfo {
    /// Model name of the first processor. ARM kernels do not write one.
    pub model: Option<String>,
    /// Physical cores, where every processor names its package and core.
    pub physical: Option<u32>,
    /// A hypervisor runs below this kernel.
    pub hypervisor: bool,
    /// The processor counts its cycles (APERF and MPERF), so `cpu MHz` is measured. Without the
    /// counters the kernel writes the nominal frequency there, whatever the cores really do.
    pub measures_frequency: bool,
}

/// Reads the fixed facts; lines that make no sense are skipped.
pub(crate) fn parse(text: &str) -> CpuInfo {
    let mut info = CpuInfo::default();
    let mut places = HashSet::new();
    let (mut processors, mut named) = (0_usize, 0_usize);
    let mut package = None;
    for (key, value) in text.lines().filter_map(field) {
        match key {
            "processor" => {
                processors += 1;
                package = None;
            }
            "model name" if info.model.is_none() && !value.is_empty() => {
                info.model = Some(value.to_owned());
            }
            "physical id" => package = value.parse::<u32>().ok(),
            "core id" => {
                if let (Some(package), Ok(core)) = (package, value.parse::<u32>()) {
                    named += 1;
                    places.insert((package, core));
                }
            }
            // One processor's flags stand for all.
            "flags" if processors <= 1 => {
                for flag in value.split_ascii_whitespace() {
                    info.hypervisor |= flag == "hypervisor";
                    info.measures_frequency |= flag == "aperfmperf";
                }
            }
            _ => {}
        }
    }
    if processors > 0 && named == processors {
        info.physical = Some(places.len() as u32);
    }
    info
}

/// Appends `(processor, MHz)` for every processor that states its frequency.
pub(crate) fn parse_mhz(text: &[u8], mhz: &mut Vec<(u32, u32)>) {
    let mut processor = None;
    for line in text.split(|&byte| byte == b'\n') {
        // The flags make up most of the file: look at the first letter before decoding a line.
        if !matches!(line.first(), Some(b'p' | b'c')) {
            continue;
        }
        let Some((key, value)) = str::from_utf8(line).ok().and_then(field) else {
            continue;
        };
        match key {
            "processor" => processor = value.parse().ok(),
            "cpu MHz" => {
                let value = value.parse::<f64>().ok().filter(|value| value.is_finite());
                if let (Some(processor), Some(value)) = (processor, value) {
                    mhz.push((processor, value.round().max(0.0) as u32));
                }
            }
            _ => {}
        }
    }
}

fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    Some((key.trim(), value.trim()))
}
