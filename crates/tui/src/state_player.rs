//! Playing a recording of a machine again: its looks come back at their own pace, or up to a
//! hundred times as fast.
//!
//! Belongs here: which looks are due. Does not belong here: what the screen makes of them.

use std::time::Duration;

use workbench_monitor::{AlertWatch, MonitorLook, Recording};

use crate::player::SPEEDS;

/// A jump is this share of the whole recording.
const JUMPS: u64 = 20;
/// Looks before a moment that is jumped to, for the past of the figures.
const PAST: usize = 120;

/// A recording being played.
#[derive(Debug)]
pub struct StatePlayer {
    recording: Recording,
    alerts: AlertWatch,
    /// Looks that have been shown.
    shown: usize,
    /// Looks that are to be shown.
    due: usize,
    at_ms: u64,
    speed: usize,
    playing: bool,
}

impl StatePlayer {
    /// Plays from the beginning at one of the speeds, or the next lower one.
    pub fn new(recording: Recording, alerts: AlertWatch, speed: u32) -> Self {
        Self {
            at_ms: recording.times().first().copied().unwrap_or(0),
            recording,
            alerts,
            shown: 0,
            due: 0,
            speed: SPEEDS
                .iter()
                .rposition(|known| *known <= speed)
                .unwrap_or(0),
            playing: true,
        }
    }

    /// Shows the first look.
    pub fn begin(&mut self) -> bool {
        self.due = 1;
        false
    }

    /// How many times as fast as it was.
    pub fn speed(&self) -> u32 {
        SPEEDS[self.speed]
    }

    /// Whether time passes.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Milliseconds since the first look: where it is, and where it ends.
    pub fn position(&self) -> (u64, u64) {
        let (first, last) = self.ends();
        (self.at_ms - first, last - first)
    }

    fn ends(&self) -> (u64, u64) {
        let times = self.recording.times();
        (
            times.first().copied().unwrap_or(0),
            times.last().copied().unwrap_or(0),
        )
    }

    /// Plays on, or holds; at the end it plays from the beginning again. Whether what was shown is
    /// to be forgotten.
    pub fn toggle(&mut self) -> bool {
        let (first, last) = self.ends();
        let again = !self.playing && self.at_ms >= last;
        self.playing = !self.playing;
        if again {
            self.go(first);
        }
        again
    }

    /// Plays faster or slower; nothing is forgotten.
    pub fn change_speed(&mut self, by: isize) -> bool {
        self.speed = self.speed.saturating_add_signed(by).min(SPEEDS.len() - 1);
        false
    }

    /// Time passes. Holds at the end.
    pub fn advance(&mut self, by: Duration) -> bool {
        if self.playing {
            let (_, last) = self.ends();
            let passed = by.as_secs_f64() * 1000.0 * f64::from(self.speed());
            self.at_ms = self.at_ms.saturating_add(passed.round() as u64).min(last);
            self.due = self.until(self.at_ms);
            self.playing = self.at_ms < last;
        }
        false
    }

    /// Jumps ahead or back by a twentieth for every step; what was shown is to be forgotten.
    pub fn jump(&mut self, steps: i64) -> bool {
        let (first, last) = self.ends();
        let by = ((last - first) / JUMPS)
            .max(1)
            .saturating_mul(steps.unsigned_abs());
        let to = if steps < 0 {
            self.at_ms.saturating_sub(by)
        } else {
            self.at_ms.saturating_add(by)
        };
        self.go(to.clamp(first, last));
        true
    }

    /// Goes to a time since the first look; what was shown is to be forgotten.
    pub fn go_to(&mut self, time: Duration) -> bool {
        let (first, last) = self.ends();
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.go(first.saturating_add(ms).min(last));
        true
    }

    fn go(&mut self, to_ms: u64) {
        self.alerts.forget();
        self.at_ms = to_ms;
        self.due = self.until(to_ms);
        self.shown = self.due.saturating_sub(PAST);
    }

    /// Looks up to a moment, and at least one.
    fn until(&self, at_ms: u64) -> usize {
        self.recording
            .times()
            .partition_point(|time| *time <= at_ms)
            .max(1)
    }

    /// The looks that are due and were not shown yet. Those that cannot be read are left out, and
    /// those before the last ones where very many are due, as after a long stop.
    pub fn due(&mut self) -> Vec<MonitorLook> {
        let mut looks = Vec::new();
        self.shown = self.shown.max(self.due.saturating_sub(PAST));
        for number in self.shown..self.due {
            if let Ok(state) = self.recording.state(number) {
                let alerts = self.alerts.look(&state);
                looks.push(MonitorLook { state, alerts });
            }
        }
        self.shown = self.shown.max(self.due);
        looks
    }
}
