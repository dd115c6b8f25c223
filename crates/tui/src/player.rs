//! Playing a recorded run again: its events come back at their own pace, or up to a hundred times
//! as fast.
//!
//! Belongs here: which events are due. Does not belong here: what the screen makes of them.

use std::sync::Arc;
use std::time::Duration;

use workbench_record::{Event, Record, Snapshot};

/// How many times as fast as it was a run is played.
pub const SPEEDS: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];
/// A jump is this share of the whole run.
const JUMPS: u64 = 20;
/// While it plays, going back passes what was reached so short a time ago: else one would come to
/// the same again and again.
const JUST_REACHED: Duration = Duration::from_millis(500);

/// A recorded run being played.
#[derive(Debug)]
pub struct Player {
    records: Arc<[Record]>,
    next: usize,
    at_ns: u64,
    end_ns: u64,
    speed: usize,
    playing: bool,
}

impl Player {
    /// Plays from the beginning at one of [`SPEEDS`], or the next lower one.
    pub fn new(records: Arc<[Record]>, speed: u32) -> Self {
        let end_ns = records.iter().map(|record| record.t_ns).max().unwrap_or(0);
        Self {
            records,
            next: 0,
            at_ns: 0,
            end_ns,
            speed: SPEEDS.iter().rposition(|s| *s <= speed).unwrap_or(0),
            playing: true,
        }
    }

    /// How many times as fast as it was.
    pub fn speed(&self) -> u32 {
        SPEEDS[self.speed]
    }

    /// Whether time passes.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Nanoseconds on the run's clock: where it is, and where it ends.
    pub fn position(&self) -> (u64, u64) {
        (self.at_ns, self.end_ns)
    }

    /// Whether everything has been played.
    pub fn is_at_end(&self) -> bool {
        self.at_ns >= self.end_ns
    }

    /// Plays on, or holds; at the end it plays from the beginning again. Whether it did, so that
    /// the snapshot was emptied.
    pub fn toggle(&mut self, snapshot: &mut Snapshot) -> bool {
        let again = !self.playing && self.is_at_end();
        self.playing = !self.playing;
        if again {
            (self.at_ns, self.next) = (0, 0);
            *snapshot = Snapshot::default();
        }
        again
    }

    /// Plays faster or slower.
    pub fn change_speed(&mut self, by: isize) {
        self.speed = self.speed.saturating_add_signed(by).min(SPEEDS.len() - 1);
    }

    /// Time passes: takes what is due into the snapshot. Holds at the end.
    pub fn advance(&mut self, by: Duration, snapshot: &mut Snapshot) {
        if !self.playing {
            return;
        }
        self.forward(self.at_ns.saturating_add(self.played_ns(by)), snapshot);
        self.playing = self.at_ns < self.end_ns;
    }

    /// Nanoseconds of the run's clock that are played in a time.
    fn played_ns(&self, time: Duration) -> u64 {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        ns.saturating_mul(u64::from(self.speed()))
    }

    /// Jumps forward or back by a twentieth of the run for every step; whether it went back, so
    /// that the snapshot had to be folded anew.
    pub fn jump(&mut self, steps: i64, snapshot: &mut Snapshot) -> bool {
        let by = (self.end_ns / JUMPS)
            .max(1)
            .saturating_mul(steps.unsigned_abs());
        if steps >= 0 {
            self.forward(self.at_ns.saturating_add(by), snapshot);
            return false;
        }
        let to = self.at_ns.saturating_sub(by);
        (self.at_ns, self.next) = (0, 0);
        *snapshot = Snapshot::default();
        self.forward(to, snapshot);
        true
    }

    /// Goes to a time from the beginning; whether that is back, so that the snapshot had to be
    /// folded anew.
    pub fn go_to(&mut self, time: Duration, snapshot: &mut Snapshot) -> bool {
        let to = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let back = to < self.at_ns;
        if back {
            (self.at_ns, self.next) = (0, 0);
            *snapshot = Snapshot::default();
        }
        self.forward(to, snapshot);
        back
    }

    /// Goes on to the next thing that happened (a repeat that begins or ends, a finding, a
    /// failure), or back to the one before; whether it went back, so that the snapshot had to be
    /// folded anew.
    pub fn seek(&mut self, forward: bool, snapshot: &mut Snapshot) -> bool {
        let now = self.at_ns;
        let happened = |record: &&Record| {
            matches!(
                record.event,
                Event::RepeatStarted(_)
                    | Event::RepeatFinished(_)
                    | Event::Finding(_)
                    | Event::ArmFailed(_)
                    | Event::RunFinished { .. }
            )
        };
        let times = self.records.iter().filter(happened).map(|r| r.t_ns);
        if forward {
            let next = times.filter(|t| *t > now).min();
            self.forward(next.unwrap_or(self.end_ns), snapshot);
            return false;
        }
        let before = if self.playing {
            now.saturating_sub(self.played_ns(JUST_REACHED))
        } else {
            now
        };
        let to = times.filter(|t| *t < before).max().unwrap_or(0);
        (self.at_ns, self.next) = (0, 0);
        *snapshot = Snapshot::default();
        self.forward(to, snapshot);
        true
    }

    /// The log's order is kept: what was recorded late comes late.
    fn forward(&mut self, to_ns: u64, snapshot: &mut Snapshot) {
        self.at_ns = to_ns.min(self.end_ns);
        while let Some(record) = self.records.get(self.next)
            && record.t_ns <= self.at_ns
        {
            snapshot.apply(record);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use workbench_record::Finding;

    use super::*;

    /// A record every second, each second one out of its order, as spans are.
    fn records() -> Arc<[Record]> {
        let seconds = [0, 2, 1, 3, 5, 4, 6, 8, 7, 10];
        seconds
            .map(|s| Record {
                t_ns: s * 1_000_000_000,
                event: Event::Finding(Finding::note("at", format!("at {s}"))),
            })
            .into()
    }

    fn texts(snapshot: &Snapshot) -> Vec<&str> {
        let found = snapshot.findings.iter();
        found.map(|(_, finding)| finding.text.as_str()).collect()
    }

    #[test]
    fn time_passes_at_the_speed_that_is_chosen() {
        let mut player = Player::new(records(), 7);
        assert_eq!(player.speed(), 5);
        let mut snapshot = Snapshot::default();
        player.advance(Duration::from_millis(200), &mut snapshot);
        assert_eq!(player.position(), (1_000_000_000, 10_000_000_000));
        // The record of second 1 stands behind that of second 2.
        assert_eq!(texts(&snapshot), ["at 0"]);
        player.change_speed(-9);
        player.advance(Duration::from_secs(1), &mut snapshot);
        assert_eq!(texts(&snapshot), ["at 0", "at 2", "at 1"]);
        player.change_speed(99);
        player.advance(Duration::from_secs(1), &mut snapshot);
        assert_eq!(snapshot.findings.len(), 10);
        assert!(!player.is_playing());
        assert!(player.toggle(&mut snapshot), "from the beginning again");
        assert_eq!(player.position().0, 0);
    }

    #[test]
    fn what_happened_is_gone_to_one_after_the_other() {
        let mut player = Player::new(records(), 1);
        let mut snapshot = Snapshot::default();
        let mut seen = Vec::new();
        for forward in [true, true, true, false, false] {
            player.seek(forward, &mut snapshot);
            seen.push(player.position().0 / 1_000_000_000);
            assert_eq!(snapshot, Snapshot::of(&player.records[..player.next]));
        }
        assert_eq!(seen, [1, 2, 3, 2, 1]);
        for _ in 0..20 {
            player.seek(true, &mut snapshot);
        }
        assert!(player.is_at_end());
    }

    /// Time goes on between two keys, and each goes one back all the same.
    #[test]
    fn going_back_does_not_stick_while_it_plays() {
        let mut player = Player::new(records(), 2);
        let mut snapshot = Snapshot::default();
        player.jump(JUMPS.cast_signed(), &mut snapshot);
        let mut seen = Vec::new();
        for _ in 0..3 {
            player.seek(false, &mut snapshot);
            seen.push(player.position().0 / 1_000_000_000);
            player.advance(Duration::from_millis(200), &mut snapshot);
        }
        assert_eq!(seen, [8, 7, 6]);
        // Held, it goes to what is right before.
        player.toggle(&mut snapshot);
        player.seek(false, &mut snapshot);
        assert_eq!(player.position().0, 6_000_000_000);
    }

    #[test]
    fn going_to_a_time_shows_what_was_known_then() {
        let mut player = Player::new(records(), 2);
        let mut snapshot = Snapshot::default();
        let mut seen = Vec::new();
        for seconds in [5, 2, 2, 99] {
            let back = player.go_to(Duration::from_secs(seconds), &mut snapshot);
            let mut alone = Snapshot::default();
            Player::new(records(), 2).go_to(Duration::from_secs(seconds), &mut alone);
            assert_eq!(snapshot, alone);
            seen.push((player.position().0 / 1_000_000_000, back));
        }
        assert_eq!(seen, [(5, false), (2, true), (2, false), (10, false)]);
    }

    #[test]
    fn an_empty_log_is_over_at_once() {
        let mut player = Player::new(Arc::from([]), 100);
        let mut snapshot = Snapshot::default();
        player.advance(Duration::MAX, &mut snapshot);
        player.jump(-1, &mut snapshot);
        player.jump(i64::MAX, &mut snapshot);
        assert!(!player.is_playing());
        assert_eq!(snapshot, Snapshot::default());
    }

    proptest! {
        /// Wherever one jumps, the snapshot is the fold of a beginning of the log, and of all of it
        /// at the end.
        #[test]
        fn the_snapshot_is_always_a_fold_of_a_beginning(
            steps in prop::collection::vec(
                (-3..4_i64, 0..3000_u64, -2..3_isize, any::<bool>()),
                0..40,
            ),
        ) {
            let all = records();
            let mut player = Player::new(Arc::clone(&all), 1);
            let mut snapshot = Snapshot::default();
            for (jump, ms, speed, toggle) in steps {
                player.change_speed(speed);
                if toggle {
                    player.toggle(&mut snapshot);
                }
                player.advance(Duration::from_millis(ms), &mut snapshot);
                player.jump(jump, &mut snapshot);
                prop_assert_eq!(&snapshot, &Snapshot::of(&all[..player.next]));
                prop_assert!(player.position().0 <= player.position().1);
            }
            player.jump(JUMPS.cast_signed() + 1, &mut snapshot);
            prop_assert_eq!(&snapshot, &Snapshot::of(&all[..]));
        }
    }
}
