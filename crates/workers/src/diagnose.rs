//! How the ranks are, in a sentence that names who is to blame and who waits.

use std::fmt::Write as _;

use workbench_protocol::Phase;

use super::news::Ended;
use super::watchdog::Place;

/// How one rank is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankState {
    /// The rank.
    pub rank: u32,
    /// Where its training thread was when last heard of.
    pub phase: Phase,
    /// Its step then.
    pub step: u64,
    /// How it is.
    pub condition: Condition,
    /// Seconds since its end, since it was last heard of (when it is silent or stopped), or since it last got on.
    pub for_s: f64,
}

impl RankState {
    /// Orders ranks by how far they got.
    pub fn progress(&self) -> (u64, Phase) {
        let (phase, step) = (self.phase, self.step);
        Place { phase, step }.progress()
    }
}

/// How a rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It gets on, or waits for others.
    Working,
    /// It lives, does not get on, and no rank is further behind.
    Stuck,
    /// It gives no sign of life.
    Silent,
    /// It gives no sign of life because its process is stopped.
    Stopped,
    /// Its process ended before its training.
    Ended(Ended),
    /// Its training is over.
    Finished,
}

impl Condition {
    /// How much it explains about the others: a dead rank more than a silent one, a silent one more than a stuck one.
    fn weight(self) -> u8 {
        match self {
            Self::Ended(_) => 3,
            Self::Silent | Self::Stopped => 2,
            Self::Stuck => 1,
            Self::Working | Self::Finished => 0,
        }
    }
}

/// Says in a sentence what is wrong, with whom, and what the others do meanwhile. Of several troubles only the gravest are
/// told, since they explain the others: `rank 1 stopped answering in forward at step 40, 2.1 s ago; ranks 0, 2 wait in
/// all-reduce`.
pub fn diagnose(states: &[RankState]) -> String {
    let gravest = states
        .iter()
        .map(|state| state.condition.weight())
        .max()
        .unwrap_or_default();
    let (blamed, others): (Vec<&RankState>, Vec<&RankState>) = states
        .iter()
        .partition(|state| gravest > 0 && state.condition.weight() == gravest);
    let mut parts: Vec<String> = blamed.iter().map(|state| trouble(state)).collect();
    parts.extend(doings(&others));
    if parts.is_empty() {
        return "there are no ranks".to_owned();
    }
    parts.join("; ")
}

fn trouble(state: &RankState) -> String {
    let RankState {
        rank,
        phase,
        step,
        for_s,
        ..
    } = state;
    let place = format!("in {phase} at step {step}");
    match state.condition {
        Condition::Stopped => {
            format!("rank {rank} is stopped by a signal {place}, for {for_s:.1} s")
        }
        Condition::Ended(ended) => format!("rank {rank} {ended} {place}, {for_s:.1} s ago"),
        Condition::Stuck => format!("rank {rank} is stuck {place}, for {for_s:.1} s"),
        _ => format!("rank {rank} stopped answering {place}, {for_s:.1} s ago"),
    }
}

/// What the others do, those that do the same together, in order of their first rank.
fn doings(states: &[&RankState]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<u32>)> = Vec::new();
    for state in states {
        let doing = doing(state);
        match groups.iter_mut().find(|(known, _)| *known == doing) {
            Some((_, ranks)) => ranks.push(state.rank),
            None => groups.push((doing, vec![state.rank])),
        }
    }
    groups
        .into_iter()
        .map(|(doing, ranks)| {
            let mut said = if ranks.len() == 1 { "rank " } else { "ranks " }.to_owned();
            for (at, rank) in ranks.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let _ = write!(said, "{comma}{rank}");
            }
            let verb = match (doing.as_str(), ranks.len()) {
                (FINISHED, 1) => "has ",
                (FINISHED, _) => "have ",
                (waits, 1) if waits.starts_with(WAIT) => "waits",
                (waits, _) if waits.starts_with(WAIT) => "wait",
                (_, 1) => "is ",
                (_, _) => "are ",
            };
            let rest = doing.strip_prefix(WAIT).unwrap_or(&doing);
            format!("{said} {verb}{rest}")
        })
        .collect()
}

const FINISHED: &str = "finished";
const WAIT: &str = "wait";

fn doing(state: &RankState) -> String {
    match state.condition {
        Condition::Finished => FINISHED.to_owned(),
        Condition::Silent | Condition::Stopped => "silent".to_owned(),
        _ if state.phase.is_waiting() => format!("{WAIT} in {}", state.phase),
        _ => format!("in {}", state.phase),
    }
}
