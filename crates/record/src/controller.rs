//! The states of a repeat's controller: a launcher that starts, supervises and restarts workers.

use serde::{Deserialize, Serialize};

/// The phase of a repeat's controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControllerPhase {
    /// Workers are requested and start.
    Starting,
    /// All workers are running.
    Running,
    /// Fewer workers are running than were requested.
    Degraded,
    /// Workers are ended and will be restarted, after a failure or because a lost worker is back.
    Recovering,
    /// The work is done or given up, and the last workers end.
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
    /// The phase.
    pub phase: ControllerPhase,
    /// The state by the controller's own name, for people: `restarting`.
    pub text: String,
    /// Which attempt it belongs to, from 1.
    pub attempt: u32,
    /// Number of workers of the attempt, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}
