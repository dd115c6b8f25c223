//! What is said about machines that are good, and about machines that are not.

use super::tree;
use crate::check::findings;
use crate::finding::{FindingState, MachineFinding};
use crate::{GpuFacts, MachineFacts};

fn finding<'a>(findings: &'a [MachineFinding], what: &str) -> &'a MachineFinding {
    findings
        .iter()
        .find(|finding| finding.what == what)
        .unwrap()
}

#[test]
fn findings_name_what_hinders() {
    let root = tree(&[
        (
            "proc/stat",
            "cpu  10 0 10 70 0 0 0 10\ncpu0 10 0 10 70 0 0 0 10\n",
        ),
        (
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "hpet\n",
        ),
    ]);
    let facts = MachineFacts {
        cores_logical: 16,
        cores_usable: 1.5,
        cores_limit: "cgroup quota 1.5 of 16".to_owned(),
        memory_bytes: 1 << 29,
        governor: Some("powersave".to_owned()),
        hypervisor: true,
        ..MachineFacts::default()
    };
    let found = findings(&facts, root.path());
    for what in ["cores", "memory", "clock", "governor", "hypervisor"] {
        let finding = finding(&found, what);
        assert_eq!(finding.state, FindingState::Limited, "{what}");
        assert!(finding.remedy.is_some(), "{what}");
    }
    assert_eq!(
        finding(&found, "/proc").detail,
        "Samples lack what /proc/self/statm would say."
    );
    assert_eq!(finding(&found, "GPU driver").state, FindingState::Missing);
    assert!(finding(&found, "hypervisor").detail.contains("10.00 %"));
    assert_eq!(
        finding(&found, "cores").detail,
        "1.5 cores can be used at once (cgroup quota 1.5 of 16)."
    );
}

#[test]
fn findings_on_a_good_machine_are_all_ok() {
    let root = tree(&[
        ("proc/stat", "cpu  10 0 10 70 0 0 0 0\n"),
        ("proc/self/statm", "1 1 1 0 0 0 0\n"),
        (
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "tsc\n",
        ),
    ]);
    let facts = MachineFacts {
        cores_logical: 16,
        cores_usable: 16.0,
        cores_limit: "16 processors".to_owned(),
        memory_bytes: 64 << 30,
        governor: Some("performance".to_owned()),
        hypervisor: true,
        gpu_driver: Some("580.1".to_owned()),
        gpus: vec![GpuFacts {
            index: 0,
            name: "Example GPU".to_owned(),
            memory_bytes: 80 << 30,
            power_limit_w: Some(700.0),
        }],
        ..MachineFacts::default()
    };
    let found = findings(&facts, root.path());
    for finding in &found {
        assert_eq!(finding.state, FindingState::Ok, "{finding:?}");
        assert!(
            finding.detail.ends_with('.') && finding.remedy.is_none(),
            "{finding:?}"
        );
    }
    assert_eq!(
        finding(&found, "GPU 0").detail,
        "The GPU is Example GPU, with 80.0 GiB of memory and a power limit of 700 W."
    );
}

#[test]
fn a_driver_without_gpus_and_a_lost_gpu_are_missing() {
    let root = tree(&[]);
    let mut facts = MachineFacts {
        gpu_driver: Some("580.1".to_owned()),
        ..MachineFacts::default()
    };
    assert_eq!(
        finding(&findings(&facts, root.path()), "GPU").state,
        FindingState::Missing
    );
    facts.gpus.push(GpuFacts {
        index: 3,
        ..GpuFacts::default()
    });
    assert_eq!(
        finding(&findings(&facts, root.path()), "GPU 3").state,
        FindingState::Missing
    );
}
