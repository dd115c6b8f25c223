//! A worker that is there and cannot be used is said to be so before a run needs it.

use std::os::unix::fs::PermissionsExt;

use workbench_ddp_protocol::version_line;

use super::super::inspect::{Inventory, WorkerState};
use super::Bench;

#[test]
fn a_worker_of_other_sources_is_not_ready() {
    let bench = Bench::new().fetched().with_cargo("exit 0");
    bench.run().unwrap_err();
    let worker = bench.place.worker();
    std::fs::create_dir_all(worker.parent().unwrap()).unwrap();
    let look = || Inventory::of(&bench.place, None, &bench.source);
    assert_eq!(look().worker, WorkerState::NotBuilt);
    for (said, problem) in [
        ("a shell script", Some("another program")),
        ("protocol 2 0123", Some("another state of the sources")),
        (&version_line(), None),
    ] {
        std::fs::write(&worker, format!("#!/bin/sh\necho {said}\n")).unwrap();
        std::fs::set_permissions(&worker, PermissionsExt::from_mode(0o755)).unwrap();
        let report = look();
        assert_eq!(report.is_ready(), problem.is_none(), "{:?}", report.worker);
        let (mark, text) = &report.lines()[1];
        let remedy = "`workbench setup` builds it anew";
        match problem {
            Some(problem) => {
                assert!(text.contains(problem) && text.contains(remedy), "{text}");
                assert_eq!(*mark, "unfit");
            }
            None => assert_eq!(*mark, "ok", "{text}"),
        }
    }
}
