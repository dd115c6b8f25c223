//! How a slot of a repeat stands, and how it stood lately.

use std::collections::VecDeque;

use crate::SlotState;

/// The states of a slot: now and in the last seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SlotTrack {
    /// The states, oldest first.
    states: VecDeque<(u64, SlotState)>,
    /// When it was first seen at its current step.
    moved_ns: u64,
    /// Its state when it was restarted.
    anew: Option<SlotState>,
}

impl SlotTrack {
    /// The length of the window of recent states, in nanoseconds.
    const LATELY_NS: u64 = 5_000_000_000;

    pub(crate) fn add(&mut self, t_ns: u64, state: &SlotState) {
        if self.now().is_none_or(|before| before.steps != state.steps) {
            self.moved_ns = t_ns;
        }
        if self.now().is_some_and(|before| begins_anew(before, state)) {
            self.states.clear();
            self.moved_ns = t_ns;
            self.anew = Some(state.clone());
        }
        // The first steps are warm-up, so their duration is not representative.
        let begun = self.anew.as_ref().map_or(0, |anew| anew.steps);
        if state.steps > begun && self.now().is_some_and(|before| before.steps <= begun) {
            self.states.clear();
        }
        self.states.push_back((t_ns, state.clone()));
        // Keeps one state that is at least as old as the window, to compare with.
        while self
            .states
            .get(1)
            .is_some_and(|(at, _)| at + Self::LATELY_NS <= t_ns)
        {
            self.states.pop_front();
        }
    }

    /// Its latest state.
    pub fn now(&self) -> Option<&SlotState> {
        self.states.back().map(|(_, state)| state)
    }

    /// When its latest state was recorded, nanoseconds on the run's clock.
    pub fn heard_ns(&self) -> u64 {
        self.states.back().map_or(0, |(t_ns, _)| *t_ns)
    }

    /// For how long it had done no step when its latest state was recorded, in nanoseconds.
    pub fn still_ns(&self) -> u64 {
        self.heard_ns().saturating_sub(self.moved_ns)
    }

    /// Its latest state, with the time that it has spent since its last restart, or since the
    /// beginning if it was never restarted.
    pub fn attempt(&self) -> Option<SlotState> {
        let now = self.now()?;
        Some(match &self.anew {
            Some(before) => now.since(before),
            None => now.clone(),
        })
    }

    /// Its latest state, with the time that it has spent in the last seconds of this attempt only.
    pub fn lately(&self) -> Option<SlotState> {
        match self.states.front() {
            Some((_, before)) if self.states.len() > 1 => Some(self.now()?.since(before)),
            _ => self.attempt(),
        }
    }
}

/// Whether a slot was restarted between two samples. In logs that do not count attempts, a repeated
/// step shows it.
fn begins_anew(before: &SlotState, state: &SlotState) -> bool {
    state.attempt != before.attempt || state.at_step < before.at_step
}
