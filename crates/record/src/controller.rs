//! What whoever controls a repeat is doing: a launcher that starts, watches and restarts workers.

use serde::{Deserialize, Serialize};

/// What the controller of a repeat is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControllerPhase {
    /// Workers are asked for and start.
    Starting,
    /// All workers work.
    Running,
    /// Fewer workers work than were asked for.
    Degraded,
    /// Workers are ended to be started again, after a failure or because a lost one is back.
    Recovering,
    /// The work is over or given up, and the last workers end.
    Stopping,
    /// The work is done. Nothing follows.
    Ended,
    /// Given up. Nothing follows.
    Failed,
    /// Stopped by a person. Nothing follows.
    Cancelled,
}

/// The state of a repeat's controller from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerState {
    /// What it is about.
    pub phase: ControllerPhase,
    /// The state by the controller's own name, for people: `restarting`.
    pub text: String,
    /// Which attempt it belongs to, from 1.
    pub attempt: u32,
    /// Workers of the attempt, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}
