//! Why the same work took more CPU time, as text.

use workbench_machine::CounterAccess;

use crate::facts::{Inflation, InflationCause};
use crate::messages::core_seconds;

/// The causes as the end of a sentence, without its full stop. `lockstep`: the arm's processes
/// start up and work in step, which takes CPU time by itself.
pub(crate) fn causes(inflation: &Inflation, lockstep: bool) -> String {
    let known = "every further process starts up and talks to the others, and what is done again counts too";
    let found: Vec<String> = inflation.causes.iter().map(cause).collect();
    match (lockstep, found.is_empty()) {
        (true, true) => known.to_owned(),
        (true, false) => format!("{known}; {}", found.join("; ")),
        (false, true) => unknown(inflation.counters),
        (false, false) => found.join("; "),
    }
}

fn cause(cause: &InflationCause) -> String {
    match cause {
        InflationCause::Cycles {
            more,
            misses,
            one_core,
        } => {
            let start = format!("an instruction took {:.0} % more cycles", more * 100.0);
            match (misses, one_core) {
                (Some(misses), true) => format!(
                    "{start}, and {:.0} % more of them missed the caches: threads that take turns on one core evict each other's data",
                    misses * 100.0
                ),
                (Some(misses), false) => format!(
                    "{start}, and {:.0} % more of them missed the caches, which cores share like the memory's bandwidth",
                    misses * 100.0
                ),
                (None, _) => format!(
                    "{start}, although no more of them missed the last cache: cores share execution units, inner caches or the memory's bandwidth"
                ),
            }
        }
        InflationCause::Instructions { more } => {
            format!("it executed {:.0} % more instructions", more * 100.0)
        }
        InflationCause::Frequency { from_mhz, to_mhz } => format!(
            "the mean frequency of the cores was {to_mhz:.0} MHz instead of {from_mhz:.0} MHz"
        ),
        InflationCause::Faults { minor, major: 0 } => {
            format!("there were {minor} more page faults")
        }
        InflationCause::Faults { minor, major } => {
            format!("there were {minor} more page faults, and {major} more that needed a disk")
        }
        InflationCause::Switches { more } => {
            format!("its threads were taken off their cores {more} times more")
        }
        InflationCause::Steal { core_s } => {
            let lost = core_seconds(*core_s);
            format!("the hypervisor gave {lost} to other machines (steal)")
        }
    }
}

fn unknown(counters: CounterAccess) -> String {
    let why = match counters {
        CounterAccess::Available => {
            return "the cause is unknown: instructions, cycles per instruction, frequency, page faults and switches did not rise with it".to_owned();
        }
        CounterAccess::NotAllowed => {
            "which the system does not allow to read (kernel.perf_event_paranoid, or the seccomp profile of the container)"
        }
        CounterAccess::NotSupported => "which this machine does not have",
        CounterAccess::OtherSystem => "which are read on Linux only",
        CounterAccess::Unknown => "which were not recorded",
    };
    format!(
        "the cause is unknown; it would take the processor's counters of instructions, cycles and cache misses, {why}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(causes: Vec<InflationCause>, counters: CounterAccess) -> String {
        super::causes(&Inflation { causes, counters }, false)
    }

    #[test]
    fn what_is_unknown_is_called_so_with_what_would_be_needed() {
        for access in [
            CounterAccess::Unknown,
            CounterAccess::Available,
            CounterAccess::NotAllowed,
            CounterAccess::NotSupported,
            CounterAccess::OtherSystem,
        ] {
            let text = text(Vec::new(), access);
            assert!(text.starts_with("the cause is unknown"), "{text}");
            assert!(!text.contains("share"), "{text}");
        }
    }

    #[test]
    fn one_core_is_never_said_to_share_caches() {
        let turns = InflationCause::Cycles {
            more: 0.2,
            misses: Some(0.5),
            one_core: true,
        };
        let text = text(vec![turns], CounterAccess::Available);
        assert!(
            text.contains("take turns on one core") && !text.contains("share"),
            "{text}"
        );
    }
}
