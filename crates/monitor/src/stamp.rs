//! When a look was taken, and how much later than another.

use serde::Deserialize;
use workbench_json::Floats;
use workbench_machine::state::MachineState;

/// What of a look says when it was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub(crate) struct Stamp {
    /// By the machine's clock, in milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// Since the start of the machine, in seconds.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub uptime_s: Option<f64>,
}

impl Stamp {
    /// That of a look.
    pub fn of(state: &MachineState) -> Self {
        Self {
            unix_ms: state.unix_ms,
            uptime_s: state.uptime_s,
        }
    }

    /// The time from the look before, in milliseconds, also where the machine was suspended or its
    /// clock was set.
    pub fn ms_since(self, before: Self) -> u64 {
        let both = self.uptime_s.zip(before.uptime_s);
        let running = both.map(|(now, then)| now - then);
        // Without a running time, or after a start of the machine, there is only the clock.
        match running.filter(|passed| *passed >= 0.0) {
            Some(passed) => (passed * 1000.0).round() as u64,
            None => self.unix_ms.saturating_sub(before.unix_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_whatever_the_clock_says() {
        let at = |unix_ms, uptime_s| Stamp { unix_ms, uptime_s };
        let before = at(5000, Some(10.0));
        assert_eq!(at(5500, Some(10.5)).ms_since(before), 500);
        assert_eq!(at(1, Some(10.5)).ms_since(before), 500, "set back");
        assert_eq!(at(90_000, Some(10.5)).ms_since(before), 500, "set ahead");
        assert_eq!(at(65_000, Some(1.0)).ms_since(before), 60_000, "restarted");
        assert_eq!(at(5700, None).ms_since(before), 700);
        assert_eq!(at(1, None).ms_since(before), 0);
        assert_eq!(at(1, Some(f64::NAN)).ms_since(before), 0);
    }
}
