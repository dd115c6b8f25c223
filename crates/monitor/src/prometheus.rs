//! The figures in the text form that Prometheus reads (exposition format 0.0.4).

use std::fmt::Write as _;

use workbench_machine::gpu::{GpuHealth, GpuState};
use workbench_machine::state::{CoreState, MachineState};

use crate::alert::{Alert, AlertSubject};

/// Labels of a figure.
type Labels<'a> = &'a [(&'a str, &'a str)];

struct Text(String);

impl Text {
    /// Begins a metric: what follows are its figures.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP workbench_{name} {help}");
        let _ = writeln!(self.0, "# TYPE workbench_{name} {kind}");
    }

    fn figure(&mut self, name: &str, labels: Labels<'_>, value: f64) {
        let _ = write!(self.0, "workbench_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{}\"", escaped(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// A metric with one figure, where it is known.
    fn single(&mut self, name: &str, help: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.metric(name, "gauge", help);
            self.figure(name, &[], value);
        }
    }

    /// A metric with figures by labels; left out where there is none.
    fn many<'a>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        figures: impl IntoIterator<Item = (Vec<(&'a str, String)>, Option<f64>)>,
    ) {
        let mut begun = false;
        for (labels, value) in figures {
            let Some(value) = value else {
                continue;
            };
            if !std::mem::replace(&mut begun, true) {
                self.metric(name, kind, help);
            }
            let labels: Vec<(&str, &str)> = labels
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            self.figure(name, &labels, value);
        }
    }

    /// The figures of things of one kind.
    fn table<T>(
        &mut self,
        figures: &[Figure<T>],
        things: &[T],
        labels: impl Fn(&T) -> Vec<(&'static str, String)>,
    ) {
        for &(name, kind, help, value) in figures {
            let values = things.iter().map(|thing| (labels(thing), value(thing)));
            self.many((name, kind, help), values);
        }
    }
}

/// A label's value: backslash, quotation mark and line break are escaped, other control characters
/// are blanks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// All figures of a look. What the machine does not say is left out.
pub fn text(state: &MachineState, alerts: &[Alert]) -> String {
    let mut text = Text(String::new());
    of_cores(state, &mut text);
    of_waiting(state, &mut text);
    of_memory(state, &mut text);
    of_devices(state, &mut text);
    of_gpus(state, &mut text);
    let of_alert = |alert: &Alert| {
        let subject = match &alert.subject {
            AlertSubject::Machine => "machine".to_owned(),
            AlertSubject::Core(id) => format!("core {id}"),
            AlertSubject::Gpu(index) => format!("gpu {index}"),
            AlertSubject::FileSystem(place) => place.clone(),
        };
        let kind = serde_json::to_value(alert.kind).unwrap_or_default();
        let kind = kind.as_str().unwrap_or_default().to_owned();
        (
            vec![("kind", kind), ("subject", subject)],
            Some(alert.value),
        )
    };
    text.many(
        ("alert", "gauge", "Figures beyond their limits."),
        alerts.iter().map(of_alert),
    );
    text.0
}

/// A figure of each thing of a kind: its name, what Prometheus takes it for, help, and its value
/// where that is known.
type Figure<T> = (
    &'static str,
    &'static str,
    &'static str,
    fn(&T) -> Option<f64>,
);

const CORE_FIGURES: [Figure<CoreState>; 4] = [
    (
        "core_busy_ratio",
        "gauge",
        "Share of the time spent working.",
        |core| Some(f64::from(core.busy)),
    ),
    (
        "core_steal_ratio",
        "gauge",
        "Share taken by the hypervisor for others.",
        |core| Some(f64::from(core.steal)),
    ),
    (
        "core_frequency_hertz",
        "gauge",
        "Current frequency.",
        |core| core.mhz.map(|mhz| f64::from(mhz) * 1e6),
    ),
    (
        "core_temperature_celsius",
        "gauge",
        "Temperature.",
        |core| core.temperature_c.map(f64::from),
    ),
];

fn of_cores(state: &MachineState, text: &mut Text) {
    let labels = |core: &CoreState| {
        let mut labels = vec![("core", core.id.to_string())];
        labels.extend(core.socket.map(|socket| ("socket", socket.to_string())));
        labels.extend(core.node.map(|node| ("node", node.to_string())));
        labels
    };
    text.table(&CORE_FIGURES, &state.cores, labels);
}

/// What tasks wait for, and what they may use.
fn of_waiting(state: &MachineState, text: &mut Text) {
    let load = state.load.as_ref().and_then(|load| load.first().copied());
    text.single(
        "load1",
        "Mean number of tasks that ran or waited, over one minute.",
        load,
    );
    let stall = |of: fn(&workbench_machine::state::Stalls) -> f32| {
        state.stalls.as_ref().map(|stalls| f64::from(of(stalls)))
    };
    let stalls = [
        ("cpu", stall(|stalls| stalls.cpu)),
        ("memory", stall(|stalls| stalls.memory)),
        ("io", stall(|stalls| stalls.io)),
    ];
    text.many(
        (
            "stall_ratio",
            "gauge",
            "Share of the time in which a task stalled.",
        ),
        stalls.map(|(what, share)| (vec![("resource", what.to_owned())], share)),
    );
    let group = &state.group;
    text.single(
        "usable_cores",
        "Cores that may be used at once.",
        group.usable_cores,
    );
    text.single(
        "throttled_cores",
        "Cores' worth of time that the cgroup quota took.",
        group.throttled_cores,
    );
}

fn of_memory(state: &MachineState, text: &mut Text) {
    let memory = &state.memory;
    let figures = [
        ("total", Some(memory.total_bytes)),
        ("available", memory.available_bytes),
        ("free", memory.free_bytes),
        ("cached", memory.cached_bytes),
        ("swap_total", memory.swap_total_bytes),
        ("swap_used", memory.swap_used_bytes),
    ];
    text.many(
        ("memory_bytes", "gauge", "Memory."),
        figures.map(|(kind, bytes)| {
            let value = bytes.map(|bytes| bytes as f64);
            (vec![("kind", kind.to_owned())], value)
        }),
    );
    let counts = &state.counts;
    text.single("processes", "Processes.", Some(counts.processes as f64));
    text.single(
        "threads",
        "Threads of all processes.",
        Some(counts.threads as f64),
    );
}

fn of_devices(state: &MachineState, text: &mut Text) {
    let both = |name: &str, first: f64, second: f64, ways: [&str; 2]| {
        let label = |way: &str| vec![("device", name.to_owned()), ("way", way.to_owned())];
        [
            (label(ways[0]), Some(first)),
            (label(ways[1]), Some(second)),
        ]
    };
    let disks = state.disks.iter().flat_map(|disk| {
        both(
            &disk.name,
            disk.read_bytes_s,
            disk.write_bytes_s,
            ["read", "written"],
        )
    });
    text.many(
        ("disk_bytes_per_second", "gauge", "Traffic of disks."),
        disks.collect::<Vec<_>>(),
    );
    let nets = state.networks.iter().flat_map(|net| {
        both(
            &net.name,
            net.received_bytes_s,
            net.sent_bytes_s,
            ["received", "sent"],
        )
    });
    text.many(
        (
            "network_bytes_per_second",
            "gauge",
            "Traffic of network interfaces.",
        ),
        nets.collect::<Vec<_>>(),
    );
    let places = state.file_systems.iter().map(|place| {
        (
            vec![("place", place.place.clone())],
            Some(place.available_bytes as f64),
        )
    });
    text.many(
        (
            "file_system_available_bytes",
            "gauge",
            "Space that is left.",
        ),
        places.collect::<Vec<_>>(),
    );
}

const GPU_FIGURES: [Figure<GpuState>; 21] = [
    (
        "gpu_busy_ratio",
        "gauge",
        "Share of the time with a kernel.",
        |gpu| gpu.busy.map(f64::from),
    ),
    (
        "gpu_sm_active_ratio",
        "gauge",
        "Share of the SMs' time with work.",
        |gpu| gpu.sm_active.map(f64::from),
    ),
    (
        "gpu_sm_occupancy_ratio",
        "gauge",
        "Share of the warps that could be resident.",
        |gpu| gpu.sm_occupancy.map(f64::from),
    ),
    (
        "gpu_tensor_active_ratio",
        "gauge",
        "Share of the SMs' time with tensor work.",
        |gpu| gpu.tensor_active.map(f64::from),
    ),
    (
        "gpu_memory_bandwidth_ratio",
        "gauge",
        "Share of the memory's bandwidth.",
        |gpu| gpu.memory_bandwidth.map(f64::from),
    ),
    ("gpu_memory_total_bytes", "gauge", "Memory.", |gpu| {
        gpu.memory_total_bytes.map(|bytes| bytes as f64)
    }),
    ("gpu_memory_used_bytes", "gauge", "Memory in use.", |gpu| {
        gpu.memory_used_bytes.map(|bytes| bytes as f64)
    }),
    ("gpu_power_watts", "gauge", "Power drawn.", |gpu| {
        gpu.power_w.map(f64::from)
    }),
    ("gpu_power_limit_watts", "gauge", "Power limit.", |gpu| {
        gpu.power_limit_w.map(f64::from)
    }),
    (
        "gpu_energy_joules_total",
        "counter",
        "Energy since the driver was loaded.",
        |gpu| gpu.energy_j,
    ),
    (
        "gpu_temperature_celsius",
        "gauge",
        "Temperature of the chip.",
        |gpu| gpu.temperature_c.map(f64::from),
    ),
    (
        "gpu_memory_temperature_celsius",
        "gauge",
        "Temperature of the memory.",
        |gpu| gpu.memory_temperature_c.map(f64::from),
    ),
    ("gpu_sm_clock_hertz", "gauge", "Clock of the SMs.", |gpu| {
        gpu.sm_mhz.map(|mhz| f64::from(mhz) * 1e6)
    }),
    (
        "gpu_memory_clock_hertz",
        "gauge",
        "Clock of the memory.",
        |gpu| gpu.memory_mhz.map(|mhz| f64::from(mhz) * 1e6),
    ),
    (
        "gpu_pcie_received_bytes_per_second",
        "gauge",
        "PCIe traffic to the GPU.",
        |gpu| gpu.pcie.received_bytes_s.map(|bytes| bytes as f64),
    ),
    (
        "gpu_pcie_sent_bytes_per_second",
        "gauge",
        "PCIe traffic from the GPU.",
        |gpu| gpu.pcie.sent_bytes_s.map(|bytes| bytes as f64),
    ),
    (
        "gpu_nvlink_received_bytes_per_second",
        "gauge",
        "NVLink traffic to the GPU.",
        |gpu| gpu.nvlink.received_bytes_s.map(|bytes| bytes as f64),
    ),
    (
        "gpu_nvlink_sent_bytes_per_second",
        "gauge",
        "NVLink traffic from the GPU.",
        |gpu| gpu.nvlink.sent_bytes_s.map(|bytes| bytes as f64),
    ),
    (
        "gpu_ecc_corrected_total",
        "counter",
        "Memory errors that were mended.",
        |gpu| gpu.ecc.map(|ecc| ecc.corrected as f64),
    ),
    (
        "gpu_ecc_uncorrected_total",
        "counter",
        "Memory errors that were not mended.",
        |gpu| gpu.ecc.map(|ecc| ecc.uncorrected as f64),
    ),
    (
        "gpu_throttle_reasons",
        "gauge",
        "How many reasons hold the clocks down.",
        |gpu| gpu.throttle.as_ref().map(|reasons| reasons.len() as f64),
    ),
];

fn of_gpus(state: &MachineState, text: &mut Text) {
    let labels = |gpu: &GpuState| {
        let mut labels = vec![("gpu", gpu.index.to_string())];
        labels.extend(gpu.mig.map(|mig| ("mig", mig.to_string())));
        labels.push(("uuid", gpu.uuid.clone()));
        labels
    };
    let up = |gpu: &GpuState| state.gpu_problem.is_none() && gpu.health == GpuHealth::Works;
    let up = |gpu| (labels(gpu), Some(f64::from(u8::from(up(gpu)))));
    text.many(
        ("gpu_up", "gauge", "Whether it answers."),
        state.gpus.iter().map(up),
    );
    text.table(&GPU_FIGURES, &state.gpus, labels);
    let reasons = state.gpus.iter().flat_map(|gpu| {
        let active = gpu.throttle.iter().flatten();
        active.map(move |reason| {
            let mut labels = labels(gpu);
            labels.push(("reason", reason.words().to_owned()));
            (labels, Some(1.0))
        })
    });
    text.many(
        ("gpu_throttled", "gauge", "Why the clocks are held down."),
        reasons.collect::<Vec<_>>(),
    );
    text.single(
        "gpu_age_seconds",
        "Age of the figures of the GPUs.",
        (!state.gpus.is_empty()).then_some(state.gpus_age_s),
    );
}
