//! Why slots waited, as text.

use crate::facts::WaitCause;
use crate::messages::core_seconds;

/// The cause as the end of a sentence, without its full stop.
pub(super) fn cause(cause: &WaitCause) -> String {
    let late = "tasks were ready later than slots";
    match cause {
        WaitCause::Oversubscribed => "more slots than usable cores share those cores".to_owned(),
        WaitCause::Lockstep => {
            "its slots work in step, and wait for each other and for what they exchange".to_owned()
        }
        WaitCause::NotBusy => {
            "its processes did not keep so many cores busy; parts of the work may be serial, or wait for files, the network or each other".to_owned()
        }
        WaitCause::Tasks {
            steal_s: Some(core_s),
            ..
        } => format!(
            "{late}, or were kept off their cores by the hypervisor, which gave {} to other machines",
            core_seconds(*core_s)
        ),
        WaitCause::Tasks {
            others: Some(cores),
            ..
        } => format!(
            "{late}, or were kept off their cores by other processes, which used {cores:.1} cores"
        ),
        WaitCause::Tasks { .. } => format!("{late}, or waited for something themselves"),
    }
}
