//! Standing still with all workers, while the program itself is stopped from its terminal.
//!
//! Workers are in process groups of their own, so that a Ctrl-C reaches them only through the program; a Ctrl-Z has to reach them
//! too, or they would train on while nobody listens, and the clock would say that the others were slow.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::supervise::Shared;

/// The crews that there are.
static CREWS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// A crew begins. Until what this returns is dropped, which is when all its processes are known, nobody stands still.
pub(super) fn register(crew: &Arc<Shared>) -> impl Drop + use<> {
    let mut crews = CREWS.lock();
    crews.retain(|known| known.strong_count() > 0);
    crews.push(Arc::downgrade(crew));
    crews
}

/// Stops the workers of all crews and all clocks, runs `body`, in which this process is stopped and continued, and lets everything
/// go on. Who stood still before still does afterwards.
pub fn stand_still(body: impl FnOnce()) {
    // No crew begins meanwhile.
    let all = CREWS.lock();
    let crews: Vec<Arc<Shared>> = all.iter().filter_map(Weak::upgrade).collect();
    workbench_clock::stand_still(|| {
        let stopped: Vec<Vec<u32>> = crews.iter().map(|crew| crew.board.lock().halt()).collect();
        body();
        for (crew, ranks) in crews.iter().zip(stopped) {
            crew.board.lock().go_on(&ranks);
        }
    });
}
