//! Why slots waited, and why tasks had no core, as text.

use workbench_record::Finding;

use crate::facts::{NoCoreCause, WaitCause};
use crate::messages::core_seconds;

const OVERSUBSCRIBED: &str = "more slots than usable cores share those cores";

/// The cause as the end of a sentence, without its full stop.
pub(super) fn cause(cause: &WaitCause) -> String {
    let late = "tasks were ready later than slots";
    match cause {
        WaitCause::Oversubscribed => OVERSUBSCRIBED.to_owned(),
        WaitCause::SharedCores => {
            "its slots had no core each, and waited for one, or for those that waited for one"
                .to_owned()
        }
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

/// That tasks of an arm had no core, for how much of the slot time, and why.
pub(super) fn no_core(who: &str, lost: &str, cause: &NoCoreCause) -> Finding {
    let cause = match cause {
        NoCoreCause::Oversubscribed => OVERSUBSCRIBED.to_owned(),
        NoCoreCause::Others(cores) => format!("other processes used {cores:.1} cores"),
        NoCoreCause::Unknown => {
            "other threads had the cores, of this program or of others; nothing recorded says which"
                .to_owned()
        }
    };
    let text = format!("With {who}, tasks could have run and had no core for {lost}: {cause}.");
    Finding::note("no_core", text)
}
