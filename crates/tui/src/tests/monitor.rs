//! This machine on the screen: made-up machines in four sizes of window, keys, and a recording.

use std::sync::Arc;
use std::time::Duration;

use workbench_machine::gpu::{DriverProblem, GpuHealth, GpuState};
use workbench_machine::state::{MachineState, MemoryState, ProcessSignal};
use workbench_monitor::{AlertLimits, AlertWatch, MonitorLook, Recording, StateRecorder};
use workbench_simulate::{MachineSize, machine_state};

use super::fixture::Fixture;
use crate::event::{AppEvent, Effect, MonitorEffect, ProcessTarget};
use crate::looker::MonitorStart;
use crate::theme::ThemeName;

const SMALL: MachineSize = MachineSize {
    cores: 4,
    sockets: 1,
    gpus: 0,
    processes: 40,
};
const ONE_GPU: MachineSize = MachineSize {
    cores: 16,
    sockets: 1,
    gpus: 1,
    processes: 60,
};
const LARGE: MachineSize = MachineSize {
    cores: 256,
    sockets: 2,
    gpus: 8,
    processes: 900,
};
const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

fn look(state: MachineState) -> AppEvent {
    let alerts = AlertWatch::new(AlertLimits::default())
        .at_once()
        .look(&state);
    AppEvent::Looked(Arc::new(MonitorLook { state, alerts }))
}

/// The screen after so many looks at a made-up machine.
fn watching(size: MachineSize, looks: u32) -> Fixture {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let effects = fixture.press("m");
    assert!(effects.contains(&Effect::Monitor(MonitorEffect::Begin)));
    for at in 0..looks {
        fixture.app.update(look(machine_state(size, at)));
    }
    fixture
}

#[test]
fn the_machine_in_windows_of_four_sizes() {
    for (name, size) in [("small", SMALL), ("one_gpu", ONE_GPU), ("large", LARGE)] {
        let mut fixture = watching(size, 50);
        for (width, height) in SIZES {
            let shown = fixture.shown(width, height);
            insta::assert_snapshot!(format!("monitor_{name}_{width}x{height}"), shown);
        }
    }
}

/// A card that is divided, one that is lost, a driver that does not answer, places with odd names.
fn odd() -> MachineState {
    let mut state = machine_state(ONE_GPU, 7);
    let part = |mig| GpuState {
        index: 0,
        mig: Some(mig),
        name: "NVIDIA H100 80GB HBM3 MIG 3g.40gb".to_owned(),
        memory_total_bytes: Some(40 << 30),
        memory_used_bytes: Some(u64::from(mig) << 30),
        ..GpuState::default()
    };
    state.gpus.extend((0..2).map(part));
    state.gpus.push(GpuState {
        index: 1,
        health: GpuHealth::Lost,
        ..GpuState::default()
    });
    state.gpus[0].mig_enabled = true;
    state.gpus_age_s = 12.0;
    state.gpu_problem = Some(DriverProblem::Silent { seconds: 10 });
    let place = "/a place\u{7}\u{1b}[31m/".repeat(20);
    state.file_systems[0].place = place;
    state.memory = MemoryState {
        total_bytes: 1 << 30,
        ..MemoryState::default()
    };
    state
}

#[test]
fn an_odd_machine_in_windows_of_four_sizes() {
    let mut fixture = watching(SMALL, 0);
    fixture.app.update(look(odd()));
    for (width, height) in SIZES {
        let shown = fixture.shown(width, height);
        assert!(!shown.contains(['\u{7}', '\u{1b}']), "{shown}");
        insta::assert_snapshot!(format!("monitor_odd_{width}x{height}"), shown);
    }
}

#[test]
fn windows_of_any_size_are_drawn() {
    let machines = [
        machine_state(LARGE, 3),
        machine_state(ONE_GPU, 3),
        machine_state(SMALL, 3),
        odd(),
        MachineState::default(),
    ];
    for state in machines {
        let mut fixture = watching(SMALL, 0);
        fixture.app.update(look(state));
        // With all panels, and with each of them alone.
        for keys in ["t", "z", "tab", "tab", "tab", "tab", "z f"] {
            fixture.press(keys);
            for (width, height) in [(0, 0), (1, 1), (3, 2), (61, 17), (1200, 300)] {
                fixture.shown(width, height);
            }
        }
    }
    let mut ascii = Fixture::new(ThemeName::Mono, true);
    ascii.press("m");
    ascii.app.update(look(machine_state(LARGE, 1)));
    let shown = ascii.shown(120, 40);
    assert!(shown.is_ascii(), "{shown}");
}

/// Everything that there is has a place: what is not on the page is said.
#[test]
fn what_is_off_the_page_is_said_or_behind_a_tab() {
    let mut fixture = watching(LARGE, 3);
    for (width, height) in SIZES {
        let shown = fixture.shown(width, height);
        for panel in ["Cores", "GPUs", "Memory, disks, network", "Processes"] {
            assert!(
                shown.contains(panel),
                "{panel} at {width}x{height}:\n{shown}"
            );
        }
        assert!(shown.contains(" of 900"), "{shown}");
    }
}

#[test]
fn before_the_first_look_it_says_so_and_esc_leads_back() {
    let mut fixture = watching(SMALL, 0);
    assert!(fixture.shown(80, 24).contains("looking at the machine"));
    let effects = fixture.press("esc");
    assert!(effects.contains(&Effect::Monitor(MonitorEffect::End)));
    assert!(fixture.shown(80, 24).contains("Recent runs"));
}

#[test]
fn processes_are_sorted_filtered_and_shown_as_a_tree() {
    let mut fixture = watching(SMALL, 5);
    assert!(fixture.shown(120, 40).contains("Processes by CPU"));
    fixture.press("s");
    assert!(fixture.shown(120, 40).contains("Processes by memory"));
    fixture.press("t");
    let tree = fixture.shown(120, 40);
    assert!(tree.contains("as a tree") && tree.contains("└"), "{tree}");
    fixture.press("t / r a n k space 3 enter");
    let filtered = fixture.shown(120, 40);
    assert!(filtered.contains("--rank 3"), "{filtered}");
    assert!(!filtered.contains("--rank 4"), "{filtered}");
    fixture.press("/ x enter");
    assert!(fixture.shown(120, 40).contains("no process matches"));
}

#[test]
fn a_held_picture_stays_until_it_is_let_go() {
    let mut fixture = watching(SMALL, 5);
    fixture.press("f");
    let held = fixture.shown(120, 40);
    assert!(held.contains("FROZEN"), "{held}");
    fixture.app.update(look(machine_state(SMALL, 30)));
    assert_eq!(fixture.shown(120, 40), held);
    fixture.press("f");
    assert!(!fixture.shown(120, 40).contains("FROZEN"));
}

#[test]
fn a_signal_is_sent_only_after_a_button_was_pressed() {
    let mut fixture = watching(SMALL, 1);
    fixture.press("s s s s");
    fixture.shown(80, 24);
    fixture.press("down");
    // By number now: the second process.
    let effects = fixture.press("K");
    assert!(effects.is_empty());
    let shown = fixture.shown(80, 24);
    assert!(
        shown.contains("Process 4010") && shown.contains("Nothing is sent"),
        "{shown}"
    );
    assert!(
        fixture.press("enter").is_empty(),
        "nothing is the first button"
    );
    fixture.press("K tab");
    assert!(fixture.shown(80, 24).contains("SIGTERM asks it to end"));
    let effects = fixture.press("enter");
    let target = ProcessTarget {
        pid: 4010,
        started_ticks: 1001,
        name: "python".to_owned(),
    };
    let send = MonitorEffect::Send(target, ProcessSignal::Terminate);
    assert_eq!(effects, [Effect::Monitor(send)]);
}

/// Whoever types faster than pictures come means the process that the filter leaves, and whoever
/// reads the picture means the process that it marks, although others come first meanwhile.
#[test]
fn a_signal_is_for_the_process_that_was_meant() {
    let mut fixture = watching(SMALL, 5);
    fixture.shown(120, 40);
    fixture.press("/ r a n k space 3 enter K");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("Process ") && shown.contains("--rank 3"),
        "{shown}"
    );
    let mut fixture = watching(SMALL, 5);
    let marked = |shown: &str| {
        let mut lines = shown.lines().filter(|line| line.contains('▸'));
        let line = lines
            .find(|line| line.contains("python"))
            .unwrap()
            .to_owned();
        let numbers = line
            .split_whitespace()
            .find(|word| word.parse::<u32>().is_ok());
        numbers.unwrap().to_owned()
    };
    let pid = marked(&fixture.shown(120, 40));
    let mut state = machine_state(SMALL, 6);
    state.processes.reverse();
    for (place, process) in state.processes.iter_mut().enumerate() {
        process.cores = place as f32;
    }
    fixture.app.update(look(state));
    fixture.press("K");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains(&format!("Process {pid} of")), "{shown}");
}

#[test]
fn read_only_sends_nothing() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let mut start = MonitorStart {
        read_only: true,
        ..MonitorStart::default()
    };
    assert_eq!(
        fixture.app.begin_at_machine(&mut start),
        [MonitorEffect::Begin]
    );
    fixture.app.update(look(machine_state(SMALL, 1)));
    assert!(fixture.press("K").is_empty());
    assert!(fixture.shown(80, 24).contains("switched off"));
    assert!(fixture.press("tab enter").is_empty());
}

/// A recording that is played shows what was seen when it was made.
#[test]
fn a_replay_shows_what_was_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.jsonl");
    let mut recorder = StateRecorder::create(&path, &super::fixture::machine()).unwrap();
    let mut live = watching(ONE_GPU, 0);
    let mut alerts = AlertWatch::new(AlertLimits::default());
    let mut pictures = Vec::new();
    for at in 0..40 {
        let state = machine_state(ONE_GPU, at);
        recorder.add(&state).unwrap();
        let alerts = alerts.look(&state);
        let look = Arc::new(MonitorLook { state, alerts });
        live.app.update(AppEvent::Looked(look));
        pictures.push(live.shown(120, 40));
    }
    let recording = Recording::open(&path).unwrap();
    let mut replay = Fixture::new(ThemeName::Dark, false);
    let mut start = MonitorStart {
        recording: Some(recording),
        ..MonitorStart::default()
    };
    assert!(
        replay.app.begin_at_machine(&mut start).is_empty(),
        "this machine is left alone"
    );
    // All but the last line, which says where the recording is.
    let body = |shown: &str| shown.rsplit_once('\n').unwrap().0.to_owned();
    for picture in &pictures {
        assert_eq!(body(&replay.shown(120, 40)), body(picture));
        replay
            .app
            .update(AppEvent::Tick(Duration::from_millis(500)));
    }
    assert!(replay.shown(120, 40).contains("19 s of 19 s"));
    // Back to the beginning, and ahead.
    replay.press("space");
    assert_eq!(body(&replay.shown(120, 40)), body(&pictures[0]));
    replay.press(". . , space ]");
    assert!(
        replay.press("K tab enter").is_empty(),
        "nothing is sent from a recording"
    );
}

#[test]
fn the_machine_is_watched_beside_a_run() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter s");
    fixture.press(": t h i s space m a c h i n e enter");
    fixture.app.update(look(machine_state(SMALL, 1)));
    assert!(fixture.shown(120, 40).contains("This machine"));
    fixture.press("esc");
    assert!(!fixture.shown(120, 40).contains("This machine"));
    assert!(fixture.app.is_running());
}
