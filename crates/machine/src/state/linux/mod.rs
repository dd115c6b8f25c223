//! Looking at the machine on Linux.

mod cores;
mod disks;
mod memory;
mod networks;
mod processes;
mod rates;
mod temperature;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) use processes::send_signal;
use rates::rounded;

use super::types::{GroupState, MachineState, Stalls};
use crate::gpu::{GpuState, GpuWatch};
use crate::linux::cgroup::MemoryGroup;
use crate::monitor::{Conditions, Counters, Readings, Reread};

/// How often it is looked which limits there are.
const SLOWLY: Duration = Duration::from_secs(10);

/// Owns what a look at the machine needs: open files, and the counters of the look before.
#[derive(Debug)]
pub struct StateReader {
    counters: Counters,
    before: Readings,
    looked: Instant,
    cores: cores::CoreReader,
    memory: memory::MemoryReader,
    disks: disks::DiskReader,
    networks: networks::NetworkReader,
    processes: processes::ProcessReader,
    gpus: GpuWatch,
    /// The control group that limits memory, and when it was looked up.
    memory_group: (Option<MemoryGroup>, Instant),
    load: Reread,
    uptime: Reread,
    root: Box<Path>,
}

impl StateReader {
    /// A reader whose first look tells what happened since this call. It does not wait for the
    /// GPUs' driver, which may take seconds to start: the first looks have no GPUs then.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self::of(Path::new("/"), GpuWatch::start())
    }

    /// A reader of the machine whose files lie under `root`, without GPUs, for tests and
    /// benchmarks.
    pub fn with_root(root: &Path) -> Self {
        Self::of(root, GpuWatch::none())
    }

    fn of(root: &Path, gpus: GpuWatch) -> Self {
        let mut reader = Self {
            counters: Counters::new(root),
            before: Readings::default(),
            looked: Instant::now(),
            cores: cores::CoreReader::new(root),
            memory: memory::MemoryReader::new(root),
            disks: disks::DiskReader::new(root),
            networks: networks::NetworkReader::new(root),
            processes: processes::ProcessReader::new(root),
            gpus,
            memory_group: (MemoryGroup::find(root), Instant::now()),
            load: Reread::new(root.join("proc/loadavg")),
            uptime: Reread::new(root.join("proc/uptime")),
            root: root.into(),
        };
        reader.look_at_system();
        reader
    }

    /// Looks at everything once. Never waits for the GPUs' driver: what it has not said in time is
    /// said by a later look, with its age.
    pub fn look(&mut self) -> MachineState {
        let mut state = self.look_at_system();
        let seen = self.gpus.look();
        (state.gpus, state.gpus_age_s, state.gpu_problem) = (seen.gpus, seen.age_s, seen.problem);
        let users = gpu_users(&state.gpus);
        for process in &mut state.processes {
            process.gpu_memory_bytes = users.get(&process.pid).copied();
        }
        state
    }

    /// Whether the GPUs' driver may still answer: it has some or has not said yet, and is not
    /// silent.
    pub fn gpus_are_awaited(&self) -> bool {
        self.gpus.is_awaited()
    }

    /// How often it has answered.
    pub fn gpu_answers(&self) -> u64 {
        self.gpus.answers()
    }

    /// Asks it, for the next look. Waits for nothing.
    pub fn ask_gpus(&self) {
        self.gpus.ask();
    }

    /// CPU time of the process that asks the GPUs' driver, in nanoseconds.
    pub fn helper_cpu_ns(&self) -> u64 {
        self.gpus.cpu_ns()
    }

    fn look_at_system(&mut self) -> MachineState {
        let now = Instant::now();
        let passed = now.duration_since(self.looked).as_secs_f64();
        self.looked = now;
        let mut readings = Readings::default();
        self.counters.read(&mut readings);
        let conditions = readings.since(&self.before);
        let mut state = MachineState {
            unix_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64),
            interval_s: (passed * 1e6).round() / 1e6,
            uptime_s: self
                .first_numbers(|this| &mut this.uptime, 1)
                .first()
                .copied(),
            load: Some(self.first_numbers(|this| &mut this.load, 3)).filter(|load| load.len() == 3),
            cores: self.cores.look(&readings.ticks),
            stalls: stalls(&conditions, passed),
            memory: self.memory.look(),
            group: self.group(&readings, &conditions, passed),
            disks: self.disks.look(passed),
            file_systems: self.disks.file_systems(),
            networks: self.networks.look(passed),
            ..MachineState::default()
        };
        self.processes.look(&mut state);
        self.before = readings;
        state
    }

    /// The numbers at the start of a short file.
    fn first_numbers(&mut self, file: fn(&mut Self) -> &mut Reread, most: usize) -> Vec<f64> {
        let mut buffer = [0; 128];
        let read = file(self)
            .read(&mut buffer)
            .and_then(|read| str::from_utf8(read).ok());
        let words = read.unwrap_or_default().split_ascii_whitespace();
        words
            .take(most)
            .map_while(|word| word.parse().ok())
            .collect()
    }

    fn group(&mut self, readings: &Readings, conditions: &Conditions, passed: f64) -> GroupState {
        let cores = readings.cores();
        let throttled = conditions.throttling.filter(|_| passed > 0.0);
        if self.memory_group.1.elapsed() >= SLOWLY {
            self.memory_group = (MemoryGroup::find(&self.root), Instant::now());
        }
        let total = self.memory.total_bytes();
        let memory = self.memory_group.0.as_ref();
        // A limit above what there is limits nothing.
        let memory = memory.filter(|group| group.limit_bytes < total);
        GroupState {
            usable_cores: cores.map(|cores| cores.usable),
            quota_cores: cores.and_then(|cores| cores.quota),
            throttled_cores: throttled.map(|it| rounded(it.core_ns as f64 / 1e9 / passed)),
            cap_mhz: readings.cap_mhz(),
            memory_limit_bytes: memory.map(|group| group.limit_bytes),
            memory_used_bytes: memory.and_then(MemoryGroup::used_bytes),
            memory_files_bytes: memory.and_then(MemoryGroup::files_bytes),
        }
    }
}

/// The processes that use GPUs, with their memory there. A divided GPU may name those of its MIG
/// devices, which name them too.
fn gpu_users(gpus: &[GpuState]) -> HashMap<u32, u64> {
    let mut on_cards: HashMap<(u32, u32), [u64; 2]> = HashMap::new();
    for gpu in gpus {
        for user in &gpu.processes {
            let both = on_cards.entry((user.pid, gpu.index)).or_default();
            both[usize::from(gpu.mig.is_some())] += user.memory_bytes.unwrap_or(0);
        }
    }
    let mut users = HashMap::new();
    for ((pid, _), [whole, parts]) in on_cards {
        *users.entry(pid).or_default() += whole.max(parts);
    }
    users
}

fn stalls(conditions: &Conditions, passed: f64) -> Option<Stalls> {
    let pressure = conditions.pressure.filter(|_| passed > 0.0)?;
    let share = |ns: u64| rounded((ns as f64 / 1e9 / passed).clamp(0.0, 1.0)) as f32;
    Some(Stalls {
        cpu: share(pressure.cpu_ns),
        memory: share(pressure.memory_ns),
        io: share(pressure.io_ns),
    })
}
