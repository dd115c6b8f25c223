//! The figures for Prometheus, all of them: whoever keeps a dashboard relies on their names.

use serde::Deserialize;
use workbench_machine::gpu::DriverProblem;
use workbench_machine::state::{MachineState, MemoryState};
use workbench_monitor::{Alert, text};

#[derive(Deserialize)]
struct Look {
    state: MachineState,
    alerts: Vec<Alert>,
}

/// A look at a machine that says everything.
fn look() -> Look {
    serde_json::from_str(include_str!("../fixtures/look.json")).unwrap()
}

#[test]
fn all_figures_have_their_names_kinds_and_labels() {
    let look = look();
    let text = text(&look.state, &look.alerts);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/metrics.txt");
    if std::env::var_os("WORKBENCH_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap_or_default());
}

#[test]
fn no_card_is_up_while_the_driver_is_silent() {
    let mut look = look();
    look.state.gpu_problem = Some(DriverProblem::Silent { seconds: 10 });
    let text = text(&look.state, &look.alerts);
    let up = text
        .lines()
        .filter(|line| line.starts_with("workbench_gpu_up{"));
    let up: Vec<&str> = up.collect();
    assert_eq!(up.len(), 3, "{text}");
    assert!(up.iter().all(|line| line.ends_with(" 0")), "{up:?}");
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut look = look();
    look.state.memory = MemoryState::default();
    look.state.memory.total_bytes = 1000;
    let text = text(&look.state, &look.alerts);
    let memory = text
        .lines()
        .filter(|line| line.starts_with("workbench_memory_bytes"));
    let memory: Vec<&str> = memory.collect();
    assert_eq!(memory, ["workbench_memory_bytes{kind=\"total\"} 1000"]);
}
