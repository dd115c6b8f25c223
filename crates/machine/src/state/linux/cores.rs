//! The cores: what each did, where it is, how fast and how hot it is.

use std::collections::HashMap;
use std::path::Path;

use super::temperature::{CorePlace, Temperatures};
use crate::linux::files;
use crate::monitor::{Frequencies, round_share};
use crate::proc_stat::Ticks;
use crate::state::types::CoreState;

#[derive(Debug)]
pub(super) struct CoreReader {
    root: Box<Path>,
    places: HashMap<u32, CorePlace>,
    /// The last state of each core, with the ticks that it was made from.
    last: HashMap<u32, (Ticks, CoreState)>,
    /// The cores that `frequencies` was made for.
    known: Vec<u32>,
    frequencies: Frequencies,
    temperatures: Temperatures,
}

impl CoreReader {
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.into(),
            places: HashMap::new(),
            last: HashMap::new(),
            known: Vec::new(),
            frequencies: Frequencies::new(root, &[]),
            temperatures: Temperatures::new(root),
        }
    }

    /// The cores of a reading.
    pub fn look(&mut self, ticks: &[(u32, Ticks)]) -> Vec<CoreState> {
        let ids: Vec<u32> = ticks.iter().map(|(id, _)| *id).collect();
        if ids != self.known {
            self.places = places(&self.root, &ids);
            self.frequencies = Frequencies::new(&self.root, &ids);
            self.last.retain(|id, _| ids.contains(id));
            self.known = ids;
        }
        self.temperatures.look();
        let mhz = self.frequencies.look();
        let mut cores = Vec::with_capacity(ticks.len());
        for (at, (id, ticks)) in ticks.iter().enumerate() {
            let place = self.places.get(id).copied().unwrap_or_default();
            let before = self.last.get(id);
            let mut core = before.map_or_else(CoreState::default, |(_, core)| core.clone());
            (core.id, core.socket, core.node) = (*id, place.socket, place.node);
            if let Some((before, _)) = before {
                take_shares(&mut core, ticks, before);
            }
            core.mhz = mhz.get(at).copied().filter(|mhz| *mhz > 0);
            core.temperature_c = self.temperatures.of(place);
            // Less than a tick may have passed: then the shares stay.
            self.last.insert(*id, (*ticks, core.clone()));
            cores.push(core);
        }
        cores
    }
}

fn take_shares(core: &mut CoreState, now: &Ticks, before: &Ticks) {
    const SYSTEM: usize = 2;
    const IOWAIT: usize = 4;
    const IRQ: usize = 5;
    const SOFTIRQ: usize = 6;
    let Some(shares) = now.since(before) else {
        return;
    };
    let passed = |state: usize| now.0[state].saturating_sub(before.0[state]);
    let total: u64 = (0..now.0.len()).map(passed).sum();
    let share = |ticks: u64| round_share(ticks as f64 / total.max(1) as f64);
    core.busy = round_share(shares.busy);
    core.steal = round_share(shares.steal);
    core.system = share(passed(SYSTEM) + passed(IRQ) + passed(SOFTIRQ));
    core.iowait = share(passed(IOWAIT));
}

/// Where the cores are, as far as the kernel says.
pub(super) fn places(root: &Path, ids: &[u32]) -> HashMap<u32, CorePlace> {
    let number = |id: u32, what: &str| {
        let path = format!("sys/devices/system/cpu/cpu{id}/topology/{what}");
        files::text(root, &path)?.parse().ok()
    };
    let mut places: HashMap<u32, CorePlace> = ids
        .iter()
        .map(|id| {
            let place = CorePlace {
                socket: number(*id, "physical_package_id"),
                node: None,
                core: number(*id, "core_id"),
            };
            (*id, place)
        })
        .collect();
    for (node, cores) in nodes(root) {
        for core in cores {
            if let Some(place) = places.get_mut(&core) {
                place.node = Some(node);
            }
        }
    }
    places
}

/// The NUMA nodes with their cores.
fn nodes(root: &Path) -> Vec<(u32, Vec<u32>)> {
    let base = "sys/devices/system/node";
    let online = files::text(root, &format!("{base}/online"));
    let numbers = online
        .and_then(|list| files::cpu_list(&list))
        .unwrap_or_default();
    let cores = |node: u32| {
        let list = files::text(root, &format!("{base}/node{node}/cpulist"))?;
        Some((node, files::cpu_list(&list)?))
    };
    numbers.into_iter().filter_map(cores).collect()
}
