//! Which repeats came from which program, machine and start.

use std::collections::BTreeMap;

use super::snapshot::{RepeatState, Snapshot};
use super::start::Start;

/// The finished repeats that one program made on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Made<'a> {
    /// Its first start, counted from 0.
    pub start: u32,
    /// The program and the machine; `None` where the record of the start is damaged.
    pub by: Option<&'a Start>,
    /// The repeats, in the order in which they ran.
    pub repeats: Vec<&'a RepeatState>,
}

impl Snapshot {
    /// The number of the start that the next resumption makes.
    pub fn next_start(&self) -> u32 {
        let made = self.repeats.iter().map(|repeat| repeat.start + 1).max();
        made.unwrap_or(0).max(self.starts.len() as u32)
    }

    /// The repeats that count, in the order in which they ran: those that are finished, and were
    /// made by the program and on the machine of most of them. Times of different programs or
    /// machines are not compared.
    pub fn counted(&self) -> Vec<&RepeatState> {
        let counted = self.counted_start();
        let is_of = |start: u32| counted.is_none_or(|counted| self.first_like(start) == counted);
        let finished = self.repeats.iter().filter(|r| r.finished.is_some());
        finished.filter(|repeat| is_of(repeat.start)).collect()
    }

    /// The repeats of one arm at one number of workers that count, in order of the repeat.
    pub fn finished(&self, arm: &str, workers: u32) -> Vec<&RepeatState> {
        let mut repeats = self.counted();
        repeats.retain(|r| r.id.arm == arm && r.id.workers == workers);
        repeats.sort_by_key(|r| r.id.repeat);
        repeats
    }

    /// The finished repeat with the median wall time (the lower one of the middle two) of one arm.
    pub fn median_repeat(&self, arm: &str, workers: u32) -> Option<&RepeatState> {
        let mut repeats = self.finished(arm, workers);
        repeats.sort_by_key(|r| r.wall_ns());
        let middle = repeats.len().checked_sub(1)? / 2;
        repeats.get(middle).copied()
    }

    /// The finished repeats by program and machine; those that count come first.
    pub fn made(&self) -> Vec<Made<'_>> {
        let mut made: BTreeMap<u32, Vec<&RepeatState>> = BTreeMap::new();
        for repeat in self.repeats.iter().filter(|r| r.finished.is_some()) {
            made.entry(self.first_like(repeat.start))
                .or_default()
                .push(repeat);
        }
        let counted = self.counted_start();
        let mut made: Vec<Made<'_>> = made
            .into_iter()
            .map(|(start, repeats)| Made {
                start,
                by: self.starts.get(start as usize),
                repeats,
            })
            .collect();
        made.sort_by_key(|made| Some(made.start) != counted);
        made
    }

    /// The start whose program and machine made most of the repeats, of equals the latest; `None`
    /// while there is only one.
    fn counted_start(&self) -> Option<u32> {
        let last = self.repeats.iter().map(|repeat| repeat.start).max()?;
        if (0..=last).all(|start| self.first_like(start) == 0) {
            return None;
        }
        let mut made: BTreeMap<u32, usize> = BTreeMap::new();
        for repeat in self.repeats.iter().filter(|r| r.finished.is_some()) {
            *made.entry(self.first_like(repeat.start)).or_default() += 1;
        }
        let most = made.into_iter().max_by_key(|(_, repeats)| *repeats)?;
        Some(most.0)
    }

    /// The first start with the same program and machine. One whose record is damaged is like no
    /// other.
    fn first_like(&self, start: u32) -> u32 {
        let Some(this) = self.starts.get(start as usize) else {
            return start;
        };
        let like = |other: &Start| other.machine.differences(&this.machine).is_empty();
        let first = self.starts.iter().position(like);
        first.map_or(start, |first| first as u32)
    }
}
