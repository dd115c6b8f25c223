//! What the times of a log say about the clock that made them.

use std::collections::BTreeMap;

use workbench_record::{Event, Record, RepeatFinished, RepeatId};

/// The times of a log, as far as the fold of the log does not keep them.
#[derive(Debug, Clone, Default)]
pub struct LogClocks {
    /// The greatest common divisor of all times: the resolution of the clock, in nanoseconds.
    resolution_ns: u64,
    /// Last times of events that one thread records in order.
    sampled_ns: Option<u64>,
    begun_ns: Option<u64>,
    ended_ns: Option<u64>,
    /// How often such a time was less than the one before.
    pub backwards: u32,
    /// The repeats in the order in which they were begun.
    pub begun: Vec<(u64, RepeatId)>,
    /// Every finished repeat, also those that are left out, with the time of its record.
    pub finished: Vec<(u64, RepeatFinished)>,
    /// The greatest common divisors of the tasks' durations in each repeat, and how many they are.
    of_tasks: Vec<(RepeatId, u64, u32)>,
    /// Progress that was recorded as changed, by repeat: when it was last less than its total.
    pub last_change_ns: BTreeMap<RepeatId, u64>,
    progress: Option<(u64, u64)>,
    /// When the run was begun and taken up again, on its own clock and in milliseconds since the
    /// Unix epoch.
    pub starts: Vec<(u64, u64)>,
    /// The latest time of the log, nanoseconds on the run's clock.
    pub last_ns: u64,
    /// Times on the run's clock of resumptions.
    pub resumed_ns: Vec<u64>,
}

/// Durations from so many tasks on say something about their common divisor.
const LEAST_TASKS: u32 = 24;

impl LogClocks {
    /// Takes in a record.
    pub fn take(&mut self, record: &Record) {
        let t_ns = record.t_ns;
        self.last_ns = self.last_ns.max(t_ns);
        self.resolution_ns = gcd(self.resolution_ns, t_ns);
        match &record.event {
            Event::RunStarted(started) => self.starts.push((t_ns, started.unix_ms)),
            Event::RunResumed(resumed) => {
                self.starts.push((t_ns, resumed.unix_ms));
                self.resumed_ns.push(t_ns);
            }
            Event::Sample(_) => {
                let before = self.sampled_ns.replace(t_ns);
                self.forward(before, t_ns);
            }
            Event::RepeatStarted(id) => {
                let before = self.begun_ns.replace(t_ns);
                self.forward(before, t_ns);
                self.begun.push((t_ns, id.clone()));
                self.of_tasks.push((id.clone(), 0, 0));
                self.progress = None;
            }
            Event::Progress { done, total } => {
                if self.progress.replace((*done, *total)) != Some((*done, *total))
                    && let Some((_, id)) = self.begun.last()
                {
                    self.last_change_ns.insert(id.clone(), t_ns);
                }
            }
            Event::RepeatFinished(finished) => {
                let before = self.ended_ns.replace(t_ns);
                self.forward(before, t_ns);
                self.finished.push((t_ns, (**finished).clone()));
            }
            Event::Task(span) => {
                if let Some((_, divisor, count)) = self.of_tasks.last_mut() {
                    *divisor = gcd(*divisor, span.wall_ns());
                    *count += 1;
                }
            }
            _ => {}
        }
    }

    fn forward(&mut self, before: Option<u64>, now: u64) {
        if before.is_some_and(|before| now < before) {
            self.backwards += 1;
        }
    }

    /// The resolution of the clock, in nanoseconds; 1 where it is not known.
    pub fn resolution_ns(&self) -> u64 {
        self.resolution_ns.max(1)
    }

    /// Repeats whose tasks all last a multiple of something that the clock knows nothing of: the
    /// repeat, the multiple of the clock's resolution, and the number of tasks.
    pub fn multiples(&self) -> impl Iterator<Item = (&RepeatId, u64, u32)> {
        let resolution = self.resolution_ns();
        self.of_tasks
            .iter()
            .filter_map(move |(id, divisor, count)| {
                let factor = divisor / resolution;
                (*count >= LEAST_TASKS && factor > 1).then_some((id, factor, *count))
            })
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_divisors() {
        assert_eq!((gcd(0, 6), gcd(6, 0), gcd(12, 18), gcd(7, 9)), (6, 6, 6, 1));
    }
}
