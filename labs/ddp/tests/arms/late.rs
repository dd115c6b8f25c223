//! What a worker tells of was when the worker says, however late it is read.

use crate::cases::play;
use crate::fake::LATE_BY;

pub const CASE: (&str, fn()) = ("what_is_read_late_was_when_the_worker_says", case);

fn case() {
    let played = play(&["single"], &["lr=0.03125"]);
    let repeat = &played.ended.snapshot.repeats[0];
    let next = repeat.tasks.iter().find(|span| &*span.name == "epoch 2");
    let next = next.unwrap();
    let lasted_ns = next.finished_ns - next.started_ns;
    assert!(
        u128::from(lasted_ns) >= LATE_BY.as_nanos(),
        "the evaluation was over before its message was read: {next:?}"
    );
}
