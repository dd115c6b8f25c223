//! The sentences of the lab, made from facts: failures and the states of other ranks, the cost of
//! failures, slow ranks, the controller's states.
//!
//! Belongs here: sentences. Does not belong here: decisions. No code parses these sentences.

use std::fmt::{self, Write as _};
use std::io;

use workbench_ddp_protocol::{Phase, Place};
use workbench_report::format::{bytes as bytes_text, clean, counted};
use workbench_workers::{EndedBy, SlowKind, Stall, describe, is_out_of_descriptors};

use crate::arm::Arm;
use crate::controller::{GivenUp, State};
use crate::cores::SharedCores;
use crate::environment::{Environment, Treatment};
use crate::found_batch::{BatchChoice, FoundBatch};
use crate::incident::{FailurePlace, FailureReport, Incident, Unwritten};
use crate::ledger::{Completed, Evaluation, UnevenRanks};
use crate::root_cause::FailureCause;

impl fmt::Display for FailureReport {
    /// `rank 1 was ended by SIGKILL, at step 20; rank 0 waits in all-reduce (as asked for:
    /// kill:rank=1,step=20)`, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explained = self.fault.is_some();
        write!(f, "rank {} ", self.failure.rank)?;
        cause(&self.failure.cause, explained, f)?;
        let asked = self.fault.and_then(|fault| phase(fault.place()));
        match (asked, self.place) {
            // Known better than from the rank's last sign of life.
            (Some(phase), Some(place)) => write!(f, ", in {phase} at step {}", place.step())?,
            (Some(phase), None) => write!(f, ", in {phase}")?,
            (None, Some(FailurePlace::Step(step))) => write!(f, ", at step {step}")?,
            (None, Some(FailurePlace::Position(at))) => {
                write!(f, ", in {} at step {}", at.phase, at.step)?;
            }
            (None, None) => {}
        }
        if !self.others.is_empty() {
            write!(f, "; {}", describe(&self.others))?;
        }
        for (rank, step) in &self.ahead {
            write!(f, "; rank {rank} is at step {step}")?;
        }
        if let Some((rank, seconds)) = self.gave_up {
            write!(f, "; rank {rank} gave up after {seconds} s")?;
        }
        match self.fault {
            Some(fault) => write!(f, " (as asked for: {fault})"),
            None => Ok(()),
        }
    }
}

/// The phase in which a fault strikes, where it is another than the forward pass, which a step
/// begins with.
fn phase(place: Place) -> Option<Phase> {
    match place {
        Place::StartUp => Some(Phase::Starting),
        Place::Forward => None,
        Place::AllReduce => Some(Phase::AllReduce),
        Place::Checkpoint => Some(Phase::Checkpoint),
        Place::Evaluation => Some(Phase::Evaluation),
    }
}

/// The text after `rank 1 `. `explained` says whether it is known who ended a process.
fn cause(cause: &FailureCause, explained: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match cause {
        FailureCause::Failed { message, .. } => write!(f, "failed: {message}"),
        FailureCause::InvalidMessage { why } => write!(f, "sent what is no message: {why}"),
        FailureCause::Stalled { stall, for_s } => {
            let how = match stall {
                Stall::Stopped => "is stopped by a signal",
                Stall::Silent => "stopped answering",
                Stall::Stuck => "is stuck",
            };
            write!(f, "{how}, for {for_s:.1} s")
        }
        FailureCause::Exited {
            exit,
            by: EndedBy::Outside,
        } if explained => write!(f, "{exit}"),
        FailureCause::Exited {
            exit,
            by: by @ EndedBy::Outside,
        } => {
            write!(f, "{exit}, {by}")?;
            // The kernel sends no other signal for that.
            if exit.is_kill() {
                f.write_str(", perhaps the kernel for lack of memory")?;
            }
            Ok(())
        }
        FailureCause::Exited { exit, .. } => write!(f, "{exit}, before its training was over"),
        FailureCause::TooSlow { phase } => write!(f, "was too slow in {phase}"),
    }
}

/// A stalled rank, in an arm that does not react to stalls. `timeout_s` is how long ranks wait for
/// each other.
pub fn stalled(arm: Arm, report: &FailureReport, world: u32, timeout_s: f64) -> String {
    let end = if world > 1 {
        format!("the others wait for {timeout_s} s, and then all end")
    } else {
        format!("after {timeout_s} s it is ended")
    };
    let arm = arm.name();
    format!("In {arm}, {report}. Nobody does anything about it there: {end}.")
}

/// A rank that was stalled and continues.
pub fn recovered(rank: u32, after_s: f64) -> String {
    format!("rank {rank} goes on, after {after_s:.1} s")
}

/// A rank that is slow, in a full sentence.
pub fn slow(arm: Arm, slowness: &SlowKind<Phase>) -> String {
    let arm = arm.name();
    match slowness {
        SlowKind::Steps(slow) => format!(
            "In {arm}, rank {} is slow: its work takes {:.0} ms a step where rank {} takes {:.0} ms and waits {:.0} ms in all-reduce.",
            slow.rank, slow.work_ms, slow.fastest, slow.fastest_ms, slow.wait_ms
        ),
        SlowKind::Awaited(slow) => format!(
            "In {arm}, rank {} is slow in {}: rank {} has waited in {} for {:.1} s.",
            slow.rank, slow.phase, slow.waiting, slow.waits_in, slow.waits_s
        ),
    }
}

/// When a failure was detected.
pub fn detection(incident: &Incident) -> String {
    let seconds = incident.detection_s();
    if seconds < 0.01 {
        "Noticed at once".to_owned()
    } else {
        format!("Noticed within {seconds:.2} s")
    }
}

/// The known cost of a failure, as a sentence without its end.
pub fn costs(incident: &Incident) -> String {
    let mut text = detection(incident);
    let Some(seconds) = incident.to_next_step_s() else {
        text.push_str(", with no step left to do");
        return text;
    };
    _ = write!(text, ", next step {seconds:.2} s later");
    match (incident.repeated, incident.to_new_step_s()) {
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

/// A training that continued after a failure, in full sentences.
pub fn went_on(arm: Arm, incident: &Incident) -> String {
    let (arm, report, costs) = (arm.name(), &incident.report, costs(incident));
    format!("{arm} went on after a failure: {report}. {costs}.")
}

/// The first step after a failure.
pub fn goes_on(step: &Completed, incident: &Incident) -> String {
    format!(
        "training goes on with step {}: {}",
        step.step,
        costs(incident)
    )
}

/// For how many steps there were fewer workers than requested: `short` of the `steps` were done
/// with fewer than `all` workers, and the last one with `left`.
pub fn short_of_workers(arm: Arm, (short, steps): (u64, u64), (left, all): (u32, u32)) -> String {
    format!(
        "{} trained {short} of its {} with fewer than {}, and ended with {left}.",
        arm.name(),
        counted(steps, "step"),
        counted(u64::from(all), "worker"),
    )
}

/// Why the training was not completed.
pub fn given_up(arm: Arm, incident: Option<&Incident>, why: Option<&GivenUp>) -> String {
    let why = why.map(ToString::to_string).unwrap_or_default();
    match incident {
        Some(incident) if arm.is_supervised() => format!("{}; given up: {why}", incident.report),
        Some(incident) => format!("{}. {}", incident.report, detection(incident)),
        None => why,
    }
}

/// The state of the controller, which lacks workers when it has fewer than `all`.
pub fn state(state: State, (workers, all): (u32, u32)) -> String {
    match state {
        State::Running if workers < all => format!("{state} on {workers} of {all} workers"),
        _ => state.to_string(),
    }
}

/// Variables that were set, and what the workers get of them.
pub fn environment(environment: &Environment) -> String {
    let list = |treatment| {
        let all = environment.treated(treatment);
        let all = all.map(|variable| format!("{}={}", variable.name, clean(&variable.value, 60)));
        all.collect::<Vec<String>>().join(", ")
    };
    let (cleared, kept) = (list(Treatment::Cleared), list(Treatment::Kept));
    let mut text = String::new();
    if !cleared.is_empty() {
        _ = write!(
            text,
            "The workers do not get these variables, which were set and could change the result: {cleared}."
        );
    }
    if !kept.is_empty() {
        let space = if text.is_empty() { "" } else { " " };
        _ = write!(
            text,
            "{space}The workers get these variables, which were set and may change the result: {kept}."
        );
    }
    text
}

/// Ranks that had fewer cores than they could have used.
pub fn shared_cores(arm: Arm, shared: &SharedCores) -> String {
    let waited = format!(
        "In {}, {} shared cores: for {:.0} % of the time in which it could have run, {:.1} s in all, a thread waited for one",
        arm.name(),
        if arm.has_ranks() {
            "ranks"
        } else {
            "the process"
        },
        shared.share * 100.0,
        shared.waited_s
    );
    let cause = match &shared.allowed {
        Some((cores, ranks)) => {
            let list: Vec<String> = cores.iter().map(u32::to_string).collect();
            let word = if list.len() == 1 { "core" } else { "cores" };
            format!(
                "; their affinity allows {} {word} {} alone",
                counted(u64::from(*ranks), "rank"),
                list.join(", ")
            )
        }
        None => String::new(),
    };
    format!("{waited}{cause}.")
}

/// A batch that was found by trying.
pub fn batch_found(found: &FoundBatch) -> String {
    let wanted = match found.wanted {
        BatchChoice::Fastest => "the fastest per row of those that were tried",
        BatchChoice::Largest => "the largest that fits",
    };
    let tried = found.all.tried.iter().map(|one| {
        let memory = one
            .peak_bytes
            .map(|bytes| format!(" and {}", bytes_text(bytes)))
            .unwrap_or_default();
        format!("{}: {:.0} images/s{memory}", one.batch, one.rate())
    });
    let tried: Vec<String> = tried.collect();
    format!(
        "batch={} was found by trying, {wanted}, with one process alone ({}; {}). Give that batch to repeat this run.",
        found.chosen.batch,
        tried.join(", "),
        found.all.limit
    )
}

/// No batch could be found.
pub fn no_batch_found(why: &str) -> String {
    format!("no batch was found by trying: {why}; give one with --set batch=")
}

/// The first steps could not be trained again.
pub fn no_steps_again(why: &str) -> String {
    format!("the first steps could not be trained again: {why}")
}

/// There is no place where the ranks could meet.
pub fn no_rendezvous(error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no loopback address: bring it up with `ip link set lo up`"
        }
        io::ErrorKind::AddrInUse => {
            "no local port is left: end what holds them, or widen net.ipv4.ip_local_port_range"
        }
        _ if is_out_of_descriptors(error) => {
            "this process has too many files open: raise its limit with `ulimit -n`"
        }
        _ => "the ranks meet on 127.0.0.1: allow that",
    };
    format!("the ranks cannot meet on the loopback address ({error}); {remedy}")
}

/// Checkpoints that could not be written, after the first was reported.
pub fn unwritten(arm: Arm, unwritten: Unwritten) -> String {
    format!(
        "In {}, {} could not be written in all, the last one after {}.",
        arm.name(),
        counted(unwritten.count, "checkpoint"),
        counted(unwritten.last, "step"),
    )
}

/// Ranks that worked longer or shorter on the same steps.
pub fn uneven(arm: Arm, uneven: &UnevenRanks) -> String {
    format!(
        "In {}, rank {} worked {:.1}× as long on a step as rank {}: {:.1} ms where that took {:.1} ms and waited {:.1} ms in all-reduce.",
        arm.name(),
        uneven.slowest,
        uneven.factor(),
        uneven.fastest,
        uneven.work_ms.0,
        uneven.work_ms.1,
        uneven.wait_ms
    )
}

/// A warning of a worker, in a full sentence.
pub fn warned(rank: u32, text: &str) -> String {
    format!("Rank {rank} warned: {text}.")
}

/// A checkpoint is complete.
pub fn checkpoint(steps: u64, bytes: u64) -> String {
    let size = bytes as f64 / 1e6;
    format!("checkpoint after {}, {size:.1} MB", counted(steps, "step"))
}

/// The result of an evaluation.
pub fn evaluation(evaluation: &Evaluation) -> String {
    format!(
        "epoch {}: {} of {} test rows right ({:.2} %), loss {:.4}",
        evaluation.epoch,
        evaluation.correct,
        evaluation.count,
        evaluation.accuracy() * 100.0,
        evaluation.loss()
    )
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
