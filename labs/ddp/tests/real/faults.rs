//! Every fault in every phase: what the launcher makes of it, and what becomes of the training by
//! hand.
//!
//! The recovered training must end with the unharmed one's parameters, bit for bit: that rules out
//! a step that was left out or applied twice, which the counters then show in words.

use std::sync::OnceLock;

use workbench_experiment::Request;

use crate::common::{Played, is_there, play};

/// 2 epochs of 10 steps of 2 ranks; half of the test rows are one batch of a rank.
fn small(arms: &[&str], set: &[&str]) -> Played {
    let small = [
        "model=cnn",
        "epochs=2",
        "train_rows=1280",
        "test_rows=500",
        "batch=64",
        "checkpoint_every=4",
    ];
    let request = Request {
        set: small.iter().chain(set).map(|s| (*s).to_owned()).collect(),
        workers: vec![2].into(),
        repeats: Some(1),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    play(&request, Some(arms))
}

/// The parameters after a training in which nothing went wrong, the same by hand and under the
/// launcher.
fn unharmed() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let played = small(&["ddp", "launcher"], &[]);
        let hash = played.text("launcher", "parameters_sha256");
        assert_eq!(hash, played.text("ddp", "parameters_sha256"));
        assert!(
            played
                .ended
                .result
                .warnings
                .iter()
                .all(|found| !found.text.contains("went on"))
        );
        hash.to_owned()
    })
}

/// That nothing of the harm is left in what was learned.
fn is_whole(played: &Played, arm: &str) {
    assert_eq!(
        played.text(arm, "parameters_sha256"),
        unharmed(),
        "{played:#?}"
    );
    let trained = played.arm(arm).unwrap();
    assert_eq!(trained.breakdown.facts["steps"], 20, "{played:#?}");
    let work = &trained.work;
    assert_eq!(
        (work["images_trained"], work["images_tested"]),
        (2560, 1000)
    );
}

/// The launcher continues after `fault`, and reports the texts in `said`.
fn recovers(fault: &str, said: &[&str]) -> Played {
    let played = small(&["launcher"], &[&format!("fault={fault}")]);
    let asked = format!("(as asked for: {fault})");
    is_whole(&played, "launcher");
    let told = played.warning(&["launcher went on after a failure", &asked, "Noticed "]);
    let figure = played.text("launcher", "failure");
    for part in said {
        assert!(told.contains(part), "no `{part}` in: {told}");
        assert!(figure.contains(part), "no `{part}` in: {figure}");
    }
    assert!((played.number("launcher", "failures") - 1.0).abs() < 1e-9);
    played
}

/// The training by hand ends with `fault`, and says who is to blame.
fn fails(fault: &str, said: &[&str]) {
    // Only a stall ends by it; a busy machine needs some of it to start the ranks.
    let played = small(&["ddp"], &[&format!("fault={fault}"), "timeout_s=15"]);
    assert!(played.arm("ddp").is_none(), "{played:#?}");
    let asked = format!("(as asked for: {fault})");
    played.warning(&[&["ddp failed", &asked], said].concat());
}

/// One test for each row: a fault, and the reported texts.
macro_rules! rows {
    ($check:ident: $($name:ident $fault:literal $said:expr;)*) => {$(
        #[test]
        fn $name() {
            if is_there() {
                $check($fault, &$said);
            }
        }
    )*};
}

const KILLED: &str = "was ended by SIGKILL";
const STOPPED: &str = "is stopped by a signal";
const FULL: &str = "memory is used up";

// What the others do meanwhile is not asked here: on a busy machine they may not be where they will
// wait.
rows! { recovers:
    kill_at_start_up "kill:rank=1,in=start-up" ["rank 1", KILLED];
    kill_in_forward "kill:rank=1,step=6" ["rank 1", KILLED, "step 6"];
    kill_in_all_reduce "kill:rank=1,step=6,in=all-reduce" ["rank 1", KILLED];
    kill_in_checkpoint "kill:rank=0,step=8,in=checkpoint" ["rank 0", KILLED];
    kill_in_evaluation "kill:rank=1,step=10,in=evaluation" ["rank 1", KILLED];
    kill_in_the_last_evaluation "kill:rank=0,step=11,in=evaluation" ["rank 0", KILLED];
    stall_at_start_up "stall:rank=1,in=start-up" ["rank 1", STOPPED, "; rank 0"];
    stall_in_forward "stall:rank=1,step=6" ["rank 1", STOPPED, "; rank 0"];
    stall_in_all_reduce "stall:rank=0,step=6,in=all-reduce" ["rank 0", STOPPED, "; rank 1"];
    stall_in_checkpoint "stall:rank=0,step=8,in=checkpoint" ["rank 0", STOPPED, "rank 1"];
    stall_in_evaluation "stall:rank=1,step=10,in=evaluation" ["rank 1", STOPPED, "rank 0"];
    oom_at_start_up "oom:rank=1,in=start-up" ["rank 1", FULL];
    oom_in_forward "oom:rank=1,step=6" ["rank 1", FULL];
    oom_in_all_reduce "oom:rank=1,step=6,in=all-reduce" ["rank 1", FULL];
    oom_in_checkpoint "oom:rank=0,step=8,in=checkpoint" ["rank 0", FULL];
    oom_in_evaluation "oom:rank=1,step=10,in=evaluation" ["rank 1", FULL];
    nan_in_forward "nan:rank=1,step=6" ["rank 1", "the loss of step 6 is NaN"];
    // The gradient of step 6 is everybody's after the all-reduce, and shows in the next loss.
    nan_in_all_reduce "nan:rank=1,step=6,in=all-reduce" ["the loss of step 7 is NaN"];
    nan_in_evaluation "nan:rank=1,step=10,in=evaluation" ["rank 1", "the loss on the test rows after 10 steps is NaN"];
}

rows! { fails:
    by_hand_kill_at_start_up "kill:rank=1,in=start-up" ["rank 1", KILLED];
    by_hand_kill_in_all_reduce "kill:rank=1,step=6,in=all-reduce" ["rank 1", KILLED];
    by_hand_kill_in_checkpoint "kill:rank=0,step=8,in=checkpoint" ["rank 0", KILLED];
    by_hand_kill_in_evaluation "kill:rank=1,step=10,in=evaluation" ["rank 1", KILLED];
    by_hand_oom_in_forward "oom:rank=1,step=6" ["rank 1", FULL];
    by_hand_nan_in_forward "nan:rank=1,step=6" ["rank 1", "the loss of step 6 is NaN"];
    by_hand_nan_in_all_reduce "nan:rank=0,step=6,in=all-reduce" ["the loss of step 7 is NaN"];
    by_hand_nan_in_evaluation "nan:rank=0,step=10,in=evaluation" ["rank 0", "the loss on the test rows after 10 steps is NaN"];
    by_hand_stall_in_all_reduce "stall:rank=1,step=6,in=all-reduce" ["rank 1", STOPPED, "rank 0 gave up"];
}

/// Nothing ends the waiting of a rank that asks the store, which rank 0 serves; so somebody else
/// has to.
#[test]
fn by_hand_a_stall_of_rank_0_in_the_evaluation_ends() {
    if is_there() {
        fails("stall:rank=0,step=10,in=evaluation", &["rank 0", STOPPED]);
    }
}

#[test]
fn what_is_asked_for_later_strikes_after_a_failure_too() {
    if !is_there() {
        return;
    }
    let faults = "fault=kill:rank=1,step=6;kill:rank=0,step=14;oom:rank=1,step=14";
    let played = small(&["launcher"], &[faults]);
    is_whole(&played, "launcher");
    assert!(
        (played.number("launcher", "failures") - 3.0).abs() < 1e-9,
        "{played:#?}"
    );
    for fault in [
        "kill:rank=1,step=6",
        "kill:rank=0,step=14",
        "oom:rank=1,step=14",
    ] {
        let told = played.warning(&["launcher went on", &format!("(as asked for: {fault})")]);
        assert!(!told.contains("frame #"), "{told}");
    }
}

#[test]
fn who_is_waited_for_in_vain_is_blamed_and_not_who_waits() {
    if !is_there() {
        return;
    }
    let fault = "fault=slow:rank=1,s=25,in=evaluation";
    let played = small(&["ddp"], &[fault, "timeout_s=12"]);
    played.warning(&[
        "ddp failed",
        "rank 1 was too slow in evaluation",
        "rank 0 gave up after 12 s",
        "as asked for",
    ]);
}

/// Nothing fails with `fault`, the model is the same, and the launcher reports the texts in `said`.
fn is_named(fault: &str, said: &[&str]) {
    // One checkpoint in the middle of each epoch.
    let set = [&format!("fault={fault}"), "checkpoint_every=8"];
    let played = small(&["launcher"], &set);
    is_whole(&played, "launcher");
    played.warning(&[&["In launcher, "], said].concat());
}

// So slow that 20 steps are enough to be sure, and that the others wait for seconds elsewhere.
rows! { is_named:
    slow_at_start_up "slow:rank=1,s=4,in=start-up" ["rank 1 is slow in loading", "rank 0 has waited in rendezvous"];
    slow_in_forward "slow:rank=1,s=0.5" ["rank 1 is slow", "rank 0 takes", "in all-reduce"];
    slow_in_all_reduce "slow:rank=0,s=0.5,in=all-reduce" ["rank 0 is slow", "rank 1 takes", "in all-reduce"];
    slow_in_checkpoint "slow:rank=0,s=3,in=checkpoint" ["rank 0 is slow in checkpoint", "rank 1 has waited in all-reduce"];
    slow_in_evaluation "slow:rank=1,s=3,in=evaluation" ["rank 1 is slow in evaluation", "rank 0 has waited in the evaluation's sums"];
}

#[test]
fn by_hand_a_slow_rank_is_named_too() {
    if is_there() {
        let played = small(&["ddp"], &["fault=slow:rank=1,x=20"]);
        is_whole(&played, "ddp");
        played.warning(&["In ddp, rank 1 is slow", "rank 0 takes", "in all-reduce"]);
    }
}

#[test]
fn a_gradient_that_is_no_number_gets_into_no_checkpoint() {
    if !is_there() {
        return;
    }
    // The checkpoint after 8 steps would be of weights that step 7 has spoilt; that after 4 is gone
    // on from.
    let fault = "fault=nan:rank=1,step=7,in=all-reduce";
    let played = small(&["launcher"], &[fault]);
    is_whole(&played, "launcher");
    played.warning(&[
        "launcher went on after a failure",
        "the loss of step 8 is NaN",
        "4 steps done again",
    ]);
}

#[test]
fn on_a_full_disk_both_arms_go_on_with_a_warning() {
    if !is_there() {
        return;
    }
    let played = small(&["ddp", "launcher"], &["fault=disk-full:step=8"]);
    for arm in ["ddp", "launcher"] {
        is_whole(&played, arm);
    }
    let is_told = |text: &&str| text.contains("No space left on device");
    let told: Vec<_> = played
        .ended
        .result
        .warnings
        .iter()
        .map(|found| found.text.as_str())
        .filter(is_told)
        .collect();
    assert_eq!(told.len(), 2, "{played:#?}");
    assert!(told[0].contains("no checkpoint after 8 steps"), "{told:?}");
    assert!(told[0].contains("earlier checkpoints are kept"), "{told:?}");
}

#[test]
fn after_a_full_disk_the_checkpoint_before_is_gone_on_from() {
    if !is_there() {
        return;
    }
    let fault = "fault=disk-full:step=8;kill:rank=1,step=9";
    let played = small(&["launcher"], &[fault]);
    is_whole(&played, "launcher");
    played.warning(&[
        "launcher went on",
        "rank 1 was ended by SIGKILL",
        "5 steps done again",
    ]);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_with_a_warning() {
    if !is_there() {
        return;
    }
    let fault = "fault=corrupt:step=8;kill:rank=1,step=9";
    let played = small(&["launcher"], &[fault]);
    is_whole(&played, "launcher");
    played.warning(&[
        "step-0000000008.ckpt is damaged",
        "goes on from the one after 4 steps",
    ]);
    played.warning(&["launcher went on", "5 steps done again"]);
}

#[test]
fn without_a_sound_checkpoint_the_launcher_begins_anew() {
    if !is_there() {
        return;
    }
    let fault = "fault=corrupt:step=4;kill:rank=1,step=6";
    let played = small(&["launcher"], &[fault]);
    is_whole(&played, "launcher");
    played.warning(&[
        "step-0000000004.ckpt is damaged",
        "training begins from the beginning",
    ]);
    played.warning(&["launcher went on", "6 steps done again"]);
}

#[test]
fn checkpoints_by_the_clock_are_gone_on_from() {
    if !is_there() {
        return;
    }
    let set = [
        "checkpoint_every=0",
        "checkpoint_every_s=0.001",
        "fault=kill:rank=1,step=9",
    ];
    let played = small(&["launcher"], &set);
    is_whole(&played, "launcher");
    // After nearly every step, where steps alone would have written two.
    assert!(played.arm("launcher").unwrap().breakdown.facts["checkpoints"] >= 6);
}
