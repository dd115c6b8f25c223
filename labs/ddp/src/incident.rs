//! A failure and what it cost: when it was noticed, when training went on, and what had to be done again.

use std::fmt::Write as _;

use workbench_clock::seconds;
use workbench_report::format::counted;

/// A failure that the controller dealt with.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// What happened, in a sentence without its end.
    pub what: String,
    /// When the rank was last heard of, on the run's clock.
    pub heard_ns: u64,
    /// When its failure was noticed.
    pub noticed_ns: u64,
    /// When the next step was done.
    pub next_step_ns: Option<u64>,
    /// When the first step was done that had not been done before.
    pub new_step_ns: Option<u64>,
    /// Steps that had been done and were done again.
    pub again: u64,
}

impl Incident {
    /// Seconds from the last sign of life until it was noticed: what detection took at most.
    pub fn detection_s(&self) -> f64 {
        seconds(self.noticed_ns.saturating_sub(self.heard_ns))
    }

    /// Seconds until any step was done again.
    pub fn to_next_step_s(&self) -> Option<f64> {
        Some(seconds(self.next_step_ns?.saturating_sub(self.noticed_ns)))
    }

    /// The same in words.
    pub fn detection(&self) -> String {
        let seconds = self.detection_s();
        if seconds < 0.01 {
            "Noticed at once".to_owned()
        } else {
            format!("Noticed within {seconds:.2} s")
        }
    }

    /// What it cost, as far as is known, in a sentence without its end.
    pub fn costs(&self) -> String {
        let mut text = self.detection();
        let Some(seconds) = self.to_next_step_s() else {
            text.push_str(", with no step left to do");
            return text;
        };
        _ = write!(text, ", next step {seconds:.2} s later");
        match (self.again, self.to_new_step_s()) {
            (0, _) => text.push_str(", none done again"),
            (again, Some(seconds)) => {
                _ = write!(
                    text,
                    ", {} done again, which took until {seconds:.2} s after it was noticed",
                    counted(again, "step")
                );
            }
            (again, None) => _ = write!(text, ", {} to do again", counted(again, "step")),
        }
        text
    }

    /// Seconds until training was further than it had been.
    pub fn to_new_step_s(&self) -> Option<f64> {
        Some(seconds(self.new_step_ns?.saturating_sub(self.noticed_ns)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(next_step_ns: Option<u64>, new_step_ns: Option<u64>, again: u64) -> Incident {
        Incident {
            what: "rank 1 was ended by SIGKILL".to_owned(),
            heard_ns: 1_000_000_000,
            noticed_ns: 1_030_000_000,
            next_step_ns,
            new_step_ns,
            again,
        }
    }

    #[test]
    fn costs_are_told_as_far_as_they_are_known() {
        let (next, new) = (Some(2_430_000_000), Some(3_030_000_000));
        for (incident, told) in [
            (
                incident(next, new, 50),
                "Noticed within 0.03 s, next step 1.40 s later, 50 steps done again, which took until 2.00 s after it was noticed",
            ),
            (
                incident(next, None, 1),
                "Noticed within 0.03 s, next step 1.40 s later, 1 step to do again",
            ),
            (
                incident(next, next, 0),
                "Noticed within 0.03 s, next step 1.40 s later, none done again",
            ),
            (
                incident(None, None, 0),
                "Noticed within 0.03 s, with no step left to do",
            ),
        ] {
            assert_eq!(incident.costs(), told);
        }
    }
}
