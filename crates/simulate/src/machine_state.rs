//! A made-up machine that is watched without a run: what it does is a pure function of the time.

use workbench_machine::gpu::{
    EccErrors, GpuProcess, GpuState, NvLinkState, PcieState, ThrottleReason,
};
use workbench_machine::state::{
    CoreState, DiskState, FileSystemState, GroupState, MachineState, MemoryState, NetworkState,
    ProcessCounts, ProcessStatus, SeenProcess, Stalls,
};

const GIB: u64 = 1 << 30;

/// How large the made-up machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineSize {
    /// Cores.
    pub cores: u32,
    /// Sockets, each with a NUMA node.
    pub sockets: u32,
    /// GPUs.
    pub gpus: u32,
    /// Processes.
    pub processes: u32,
}

/// The made-up machine after so many looks, half a second apart.
pub fn machine_state(size: MachineSize, look: u32) -> MachineState {
    let processes: Vec<SeenProcess> = (0..size.processes).map(|n| process(n, look)).collect();
    MachineState {
        unix_ms: 1_795_953_600_000 + 500 * u64::from(look),
        interval_s: 0.5,
        uptime_s: Some(1_036_800.0 + 0.5 * f64::from(look)),
        load: Some(vec![
            f64::from(size.cores) * 0.6,
            f64::from(size.cores) * 0.5,
            1.0,
        ]),
        cores: (0..size.cores).map(|id| core(id, size, look)).collect(),
        stalls: Some(Stalls {
            cpu: 0.12,
            memory: 0.0,
            io: 0.03,
        }),
        group: GroupState {
            usable_cores: Some(f64::from(size.cores)),
            throttled_cores: Some(0.0),
            ..GroupState::default()
        },
        memory: MemoryState {
            total_bytes: 512 * GIB,
            available_bytes: Some((300 - u64::from(look % 40)) * GIB),
            free_bytes: Some(100 * GIB),
            cached_bytes: Some(190 * GIB),
            dirty_bytes: Some(GIB / 8),
            swap_total_bytes: Some(8 * GIB),
            swap_used_bytes: Some(GIB / 2),
        },
        disks: vec![DiskState {
            name: "nvme0n1".to_owned(),
            read_bytes_s: 1.2e9 * wave(look, 3),
            write_bytes_s: 2.5e7,
            busy: wave(look, 3) as f32,
            in_flight: 4,
        }],
        file_systems: vec![file_system()],
        networks: vec![NetworkState {
            name: "ib0".to_owned(),
            received_bytes_s: 3.1e9 * wave(look, 1),
            sent_bytes_s: 2.9e9 * wave(look, 1),
            faults: 0,
        }],
        counts: ProcessCounts {
            processes: u64::from(size.processes),
            running: 3,
            threads: u64::from(size.processes) * 4,
        },
        processes,
        gpus: (0..size.gpus).map(|index| gpu(index, look)).collect(),
        ..MachineState::default()
    }
}

/// Between 0 and 1, up and down, a little apart for each place.
fn wave(look: u32, place: u32) -> f64 {
    let turns = f64::from((look * 7 + place * 13) % 100) / 100.0;
    1.0 - (2.0 * turns - 1.0).abs()
}

fn file_system() -> FileSystemState {
    FileSystemState {
        place: "/".to_owned(),
        device: "/dev/nvme0n1p2".to_owned(),
        total_bytes: 1800 * GIB,
        free_bytes: Some(790 * GIB),
        available_bytes: 700 * GIB,
    }
}

fn core(id: u32, size: MachineSize, look: u32) -> CoreState {
    let socket = id / size.cores.div_ceil(size.sockets.max(1)).max(1);
    let busy = ((wave(look, id) * 1000.0).round() / 1000.0) as f32;
    CoreState {
        id,
        socket: Some(socket),
        node: Some(socket),
        busy,
        system: busy / 10.0,
        mhz: Some(2400 + 8 * (id % 64)),
        temperature_c: Some(45.0 + busy * 20.0),
        ..CoreState::default()
    }
}

fn process(n: u32, look: u32) -> SeenProcess {
    let training = n < 8;
    let cores = if training {
        (wave(look, n) * 4.0) as f32
    } else {
        (1.0 / f64::from(n)) as f32
    };
    let name = if training { "python" } else { "worker" };
    let pid = 4000 + 10 * n;
    SeenProcess {
        pid,
        parent: if training || n.is_multiple_of(5) {
            1
        } else {
            pid - 10
        },
        started_ticks: 1000 + u64::from(n),
        name: name.to_owned(),
        command: if training {
            format!("python train.py --rank {n} --world-size 8 --data /data/images")
        } else {
            format!("/usr/lib/worker --number {n}")
        },
        user: if training { "ann" } else { "root" }.to_owned(),
        status: if n % 7 == 3 {
            ProcessStatus::Uninterruptible
        } else {
            ProcessStatus::Running
        },
        threads: 4,
        nice: 0,
        cores: (cores * 1000.0).round() / 1000.0,
        cpu_s: f64::from(n) * 97.0 + f64::from(look),
        memory_bytes: (u64::from(200 - n.min(199)) << 20) * 5,
        gpu_memory_bytes: training.then_some(60 * GIB),
    }
}

fn gpu(index: u32, look: u32) -> GpuState {
    let busy = wave(look, index) as f32;
    let hot = index == 3;
    GpuState {
        index,
        name: "NVIDIA H100 80GB HBM3".to_owned(),
        uuid: format!("GPU-4b1c0000-0000-0000-0000-{index:012}"),
        busy: Some(busy),
        memory_busy: Some(busy / 2.0),
        sm_active: Some(busy * 0.8),
        sm_occupancy: Some(busy * 0.3),
        tensor_active: Some(busy * 0.5),
        memory_bandwidth: Some(busy * 0.6),
        memory_total_bytes: Some(80 * GIB),
        memory_used_bytes: Some(61 * GIB),
        pcie: PcieState {
            received_bytes_s: Some(GIB),
            sent_bytes_s: Some(GIB / 4),
            generation: Some(5),
            max_generation: Some(5),
            lanes: Some(16),
            max_lanes: Some(16),
            replays: Some(0),
        },
        nvlink: NvLinkState {
            active: Some(18),
            received_bytes_s: Some(150 * GIB),
            sent_bytes_s: Some(148 * GIB),
        },
        power_w: Some(320.0 + busy * 380.0),
        power_limit_w: Some(700.0),
        energy_j: Some(9.1e7),
        temperature_c: Some(if hot { 88 } else { 55 + index }),
        memory_temperature_c: Some(70),
        slowdown_c: Some(87),
        sm_mhz: Some(if hot { 990 } else { 1980 }),
        sm_max_mhz: Some(1980),
        memory_mhz: Some(2619),
        throttle: Some(if hot {
            vec![ThrottleReason::HardwareThermal]
        } else {
            Vec::new()
        }),
        ecc: Some(EccErrors::default()),
        xid: Some(Vec::new()),
        processes: vec![GpuProcess {
            pid: 4000 + 10 * index,
            memory_bytes: Some(60 * GIB),
            graphics: false,
        }],
        ..GpuState::default()
    }
}
