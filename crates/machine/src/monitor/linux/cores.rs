//! Every core's shares from one reading of its tick counters to the next.

use crate::proc_stat::Ticks;

use crate::monitor::round_share;

/// The cores that were seen so far. A core keeps its place when it goes offline, so that a place
/// means the same core in all samples of a run; one that comes online for the first time is added
/// at the end.
#[derive(Debug, Default)]
pub(super) struct Cores {
    rows: Vec<CoreRow>,
    /// Whether the hypervisor ever took time from any core.
    steal: bool,
}

#[derive(Debug)]
struct CoreRow {
    id: u32,
    /// The last reading; `None` while the core is offline.
    last: Option<Ticks>,
    seen: bool,
    busy: f32,
    steal: f32,
}

impl Cores {
    /// Takes the next reading of all cores that are online.
    pub fn update(&mut self, reading: &[(u32, Ticks)]) {
        for (place, &(id, ticks)) in reading.iter().enumerate() {
            let place = self.place(place, id);
            self.steal |= ticks.has_steal();
            self.rows[place].update(ticks);
        }
        for row in &mut self.rows {
            if !std::mem::take(&mut row.seen) {
                (row.last, row.busy, row.steal) = (None, 0.0, 0.0);
            }
        }
    }

    /// The core's row, which is at its place in the reading unless cores went offline.
    fn place(&mut self, guess: usize, id: u32) -> usize {
        if self.rows.get(guess).is_some_and(|row| row.id == id) {
            return guess;
        }
        self.rows
            .iter()
            .position(|row| row.id == id)
            .unwrap_or_else(|| {
                self.rows.push(CoreRow {
                    id,
                    last: None,
                    seen: false,
                    busy: 0.0,
                    steal: 0.0,
                });
                self.rows.len() - 1
            })
    }

    /// The kernel's numbers of the cores, in order of the places.
    pub fn ids(&self) -> Vec<u32> {
        self.rows.iter().map(|row| row.id).collect()
    }

    pub fn busy(&self) -> Vec<f32> {
        self.rows.iter().map(|row| row.busy).collect()
    }

    /// Empty on a machine that never reported any, which saves a long list of zeros
    /// in every sample.
    pub fn steal(&self) -> Vec<f32> {
        if self.steal {
            self.rows.iter().map(|row| row.steal).collect()
        } else {
            Vec::new()
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }
}

impl CoreRow {
    fn update(&mut self, ticks: Ticks) {
        // A look that follows too soon for a tick to pass knows nothing new and leaves the shares
        // as they are.
        if let Some(shares) = self.last.and_then(|last| ticks.since(&last)) {
            self.busy = round_share(shares.busy);
            self.steal = round_share(shares.steal);
        }
        self.last = Some(ticks);
        self.seen = true;
    }
}
